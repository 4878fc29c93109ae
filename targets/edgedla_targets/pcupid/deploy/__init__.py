"""A bundle put to work on a board: checked, copied, tested, switched to, tested again, taken back if need be.

The modules in the order of their work: `payload` (what is copied), `ssh` (the connection), `host` (what the
board says of itself), `verdict` (what came of it), with `answer` for what boards say, `elf` for programs, and
three scripts that the board runs: `check.sh`, `copy.sh`, `activate.sh`.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.deploy.host import Host, check_folder
from edgedla_targets.pcupid.deploy.payload import Payload, payload
from edgedla_targets.pcupid.deploy.ssh import Ssh, check_host
from edgedla_targets.pcupid.deploy.verdict import judge

if TYPE_CHECKING:
    from edgedla.deployment import Deployment, Place
    from edgedla.workspace import Bundle
    from edgedla_targets.pcupid.deploy.answer import Answer

CHECK_SECONDS = 60.0
SLOWEST = 50_000  # bytes per second that a copy is given time for
ATTEMPT_SECONDS = 600  # for each of the three runs of the program


def deploy(bundle: Bundle, place: Place) -> Deployment | None:
    """Put a bundle to work; `None` of a dry run.

    Raises:
        UsageError: Host, folder or bundle are not what they should be.
        PrerequisiteError: There is no ssh.
        DeviceError: The host cannot be reached or cannot take it. Its links are as they were; only where the
            connection was lost in the last step, the host ends that by itself.
    """
    check_host(place.host)
    folder, given = check_folder(place.folder), payload(bundle)
    with TemporaryDirectory(prefix="edgedla-deploy-") as scratch:
        ssh = Ssh(place, bundle.root.absolute(), Path(scratch))
        host = _ask(ssh, folder, given)
        if host is None or not host.there:
            _copy(ssh, folder, given, Path("" if host is None else scratch, f"{given.release}.tar"))
        answer = _activate(ssh, folder, given)
    if host is None or answer is None:
        return None
    return judge(answer, host, _shown(folder), given)


def _ask(ssh: Ssh, folder: str, given: Payload) -> Host | None:
    """What the host says of itself, once it has been found fit; `None` of a dry run."""
    ssh.place.report(f"asking {ssh.place.host}")
    answer = ssh.ask("check", [folder, given.release], CHECK_SECONDS)
    if answer is None:
        return None
    host = Host.of(ssh.place.host, answer)
    host.admit(given)
    if host.there:
        ssh.place.report(f"{given.release} is there already")
    return host


def _copy(ssh: Ssh, folder: str, given: Payload, archive: Path) -> None:
    ssh.place.report(f"copying {given.size} bytes to {_shown(folder)}/releases/{given.release}")
    if not ssh.place.tools.dry_run:
        given.pack(archive)
    ssh.send("copy", [folder, given.release], archive, CHECK_SECONDS + given.size / SLOWEST)


def _activate(ssh: Ssh, folder: str, given: Payload) -> Answer | None:
    ssh.place.report(f"testing and switching {_shown(folder)}/current")
    tensor = ["--tensor"] if given.tensor else []
    words = [str(ssh.place.keep), str(ATTEMPT_SECONDS), given.program, given.image, given.clip, *tensor]
    return ssh.ask("activate", [folder, given.release, *words], 3 * ATTEMPT_SECONDS + CHECK_SECONDS)


def _shown(folder: str) -> str:
    """As one would type it; what stands in front is for our scripts."""
    return folder.removeprefix("./")
