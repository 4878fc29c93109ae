"""One connection at a time, by the system's OpenSSH: what it is given, and what its failures mean."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla.errors import DeviceError, EdgedlaError, ToolchainError, UsageError
from edgedla_targets.pcupid.deploy.answer import Answer, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedla.deployment import Place
    from edgedla.toolchain import Completed

HERE = Path(__file__).parent
HINT = "apt install openssh-client"
ANSWER = "edgedla"  # how our scripts' answers begin
_NO_CONNECTION = 255  # ssh's own exit status
# A name reaches ssh's configuration, which may hand it to a shell.
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
_HOST = re.compile(rf"(?:{_NAME}@)?(?:{_NAME}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:%{_NAME})?)")
_OPTIONS = {
    "BatchMode": "yes",  # nobody is asked anything
    "ConnectTimeout": "10",
    "ServerAliveInterval": "5",  # a host that vanishes is missed within 15 s
    "ServerAliveCountMax": "3",
    "LogLevel": "INFO",  # else it does not say that the connection was closed
    "ControlMaster": "no",  # would stay behind
    "ClearAllForwardings": "yes",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "PermitLocalCommand": "no",
    "RemoteCommand": "none",
    "RequestTTY": "no",
}


@dataclass(frozen=True)
class _Refusal:
    """Something that ssh says, what it means, and what helps."""

    pattern: str
    meaning: str
    hint: str
    error: type[EdgedlaError] = DeviceError


_REFUSALS = (
    _Refusal(
        "bad configuration option|terminating, .* bad configuration|Bad owner or permissions",
        "ssh does not take its configuration",
        "mend that file; --ssh-config FILE reads another one",
        UsageError,
    ),
    _Refusal(
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "the host shows another key than before",
        "if the board was set up anew: ssh-keygen -R ADDRESS; if not, it may be another machine",
    ),
    _Refusal(
        "Host key verification failed|host key is known",
        "the host's key is not known here",
        "connect once with ssh HOST, compare the fingerprint it shows, and say yes",
    ),
    _Refusal(
        "Permission denied|Too many authentication failures",
        "the host does not let this user in",
        "ssh-copy-id HOST, or name the key in a file for --ssh-config: IdentityFile PATH",
    ),
    _Refusal(
        "Could not resolve hostname", "there is no host of this name", "check the name, or use the address"
    ),
    _Refusal(
        "Connection refused",
        "nothing answers on that port",
        "start the ssh server there; another port goes into a file for --ssh-config: Port N",
    ),
    _Refusal(
        "No route to host|Network is unreachable|Host is down",
        "no way leads to the host",
        "check cable and address",
    ),
    _Refusal("timed out during banner exchange|kex_exchange", "no ssh server answers", "is the port right?"),
    _Refusal(
        "no matching .* found",
        "this ssh and the host's have no algorithm in common",
        "allow an old one in a file for --ssh-config: HostKeyAlgorithms +ssh-rsa",
    ),
)
_LOST = _Refusal(
    "",
    "the connection was lost",
    "run the same command again: what was complete is used, and what the host had begun it ends by itself",
)
_LATE = _Refusal(
    r"onnect.* timed out|onnect to host .* timed out", "the host does not answer", "is it switched on?"
)


def check_host(host: str) -> str:
    """The host as ssh takes it.

    Raises:
        UsageError: It is no `user@address`, or could be taken for something else.
    """
    if _HOST.fullmatch(host):
        return host
    raise UsageError(
        f"--host {host!r}: not of the form USER@ADDRESS",
        hint="a port, a proxy and the like go into a file for --ssh-config",
    )


class Ssh:
    """A host, and a folder on this machine for what it answers."""

    def __init__(self, place: Place, cwd: Path, scratch: Path) -> None:
        self.place = place
        self._cwd = cwd
        self._scratch = scratch
        self._program = "ssh" if place.tools.dry_run else place.tools.find("ssh", HINT)

    def ask(self, script: str, words: Sequence[str], seconds: float) -> Answer | None:
        """Run one of our scripts there; its answer, `None` of a dry run.

        Raises:
            UsageError: ssh's configuration is wrong.
            DeviceError: No connection, no shell, or no whole answer.
        """
        source, command = HERE / f"{script}.sh", f"sh -s {shlex.join(words)}"
        if self.place.tools.dry_run:
            self._run(command, script, seconds, stdin=source)
            return None
        out = self._scratch / f"{script}.answer"
        done = self._run(command, script, seconds, stdin=source, stdout=out)
        answer = read(out)
        if answer is None or done.exit_code:
            raise self.failure(
                done, "did not answer as a POSIX shell does" if answer is None else "broke off"
            )
        return answer

    def send(self, script: str, words: Sequence[str], archive: Path, seconds: float) -> None:
        """Run one of our scripts there over a file from here.

        Raises:
            UsageError: ssh's configuration is wrong.
            DeviceError: No connection, or the script failed.
        """
        text = (HERE / f"{script}.sh").read_text(encoding="utf-8")
        command = shlex.join(["sh", "-c", text, "edgedla", *words])
        done = self._run(command, script, seconds, stdin=archive)
        if done.exit_code:
            raise self.failure(done, "could not take the copy")

    def failure(self, done: Completed, what: str) -> DeviceError:
        """What a script that failed means; its last lines say why."""
        said = "; ".join(done.tail[-3:])
        return DeviceError(
            f"{self.place.host} {what}{f': {said}' if said else ''} (log: {done.log})",
            hint=_advice(said),
        )

    def _run(
        self, command: str, name: str, seconds: float, stdin: Path, stdout: Path | None = None
    ) -> Completed:
        place = self.place
        config = ["-F", str(place.ssh_config)] if place.ssh_config else []
        options = [word for key, value in _OPTIONS.items() for word in ("-o", f"{key}={value}")]
        try:
            done = place.tools.run(
                [self._program, *config, *options, "--", place.host, command],
                name=f"deploy-{name}",
                cwd=self._cwd,
                env={"LC_ALL": "C"},
                timeout=seconds,
                trust_exit=False,
                stdin=stdin,
                stdout=stdout,
            )
        except ToolchainError as error:
            if error.log is None:  # of this machine, as a disk that is full
                raise
            raise DeviceError(f"{place.host}: {error.message} (log: {error.log})", hint=error.hint) from error
        if done.exit_code == _NO_CONNECTION or done.exit_code < 0:
            raise self._refused(done)
        return done

    def _refused(self, done: Completed) -> EdgedlaError:
        said = "\n".join(done.tail)
        found = next((each for each in (*_REFUSALS, _LATE) if re.search(each.pattern, said)), _LOST)
        host = self.place.host
        line = next((line for line in done.tail if found.pattern and re.search(found.pattern, line)), "")
        line = line or (done.tail[-1] if done.tail else f"ssh exited with {done.exit_code}")
        return found.error(
            f"{host}: {found.meaning}: {line} (log: {done.log})", hint=found.hint.replace("HOST", host)
        )


def _advice(said: str) -> str:
    if "No space left" in said:
        return "make room there, or keep fewer releases: --keep N"
    if "Permission denied" in said or "Read-only file system" in said:
        return "name a folder that can be written: --dir PATH"
    return "the log has all it said"
