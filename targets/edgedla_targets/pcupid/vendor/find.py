"""From the target's options to a route."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgedla.errors import UsageError
from edgedla_targets.pcupid.vendor import profile, tree
from edgedla_targets.pcupid.vendor.direct import Direct
from edgedla_targets.pcupid.vendor.opendla import OpenDla
from edgedla_targets.pcupid.vendor.place import Docker, Native
from edgedla_targets.pcupid.vendor.recording import Recording
from edgedla_targets.pcupid.vendor.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgedla.toolchain import Toolchain
    from edgedla_targets.pcupid.vendor.job import Route
    from edgedla_targets.pcupid.vendor.place import Place
    from edgedla_targets.pcupid.vendor.route import ToolRoute

EMULATED = Path(__file__).parent.parent / "emulated"
VARIABLE = "SGS_IPU_DIR"  # set by the vendor's own cfg_env.sh
REPLAY = "replay:"
IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*")  # above all it must not begin like an option of docker


class RouteOptions(Protocol):
    """The options that say which tools are used and how; those of the target."""

    @property
    def toolchain(self) -> str:
        """auto, emulated, a folder, or replay:FOLDER."""
        ...

    @property
    def opendla(self) -> str:
        """Folder of a model zoo, `emulated`, or empty."""
        ...

    @property
    def docker_image(self) -> str:
        """Image to run in; empty: natively."""
        ...

    @property
    def profile(self) -> str:
        """auto, a name, or a TOML file."""
        ...

    @property
    def record(self) -> str:
        """Folder to record in; empty: none."""
        ...

    @property
    def timeout(self) -> float:
        """Seconds a program may take."""
        ...


def find_route(
    options: RouteOptions,
    tools: Toolchain,
    *,
    emulated: Path = EMULATED,
    environ: Mapping[str, str] | None = None,
) -> Route:
    """The way that the options ask for; for `auto`, says which it is.

    `auto` takes the toolchain whose cfg_env.sh was sourced in the calling shell, else the emulated one.

    Raises:
        UsageError: A path is not what its option needs, a recording is damaged, options contradict.
        PrerequisiteError: Docker is wanted and does not work; found out when the first tool is run.
    """
    if options.toolchain.startswith(REPLAY):
        if options.record:
            raise UsageError("a replay cannot be recorded", hint="leave out record, or name a toolchain")
        return Replay(Path(options.toolchain.removeprefix(REPLAY)).expanduser())
    route = _tool_route(options, tools, emulated, os.environ if environ is None else environ)
    if not options.record:
        return route
    return Recording(route, Path(options.record).expanduser())


def _tool_route(
    options: RouteOptions, tools: Toolchain, emulated: Path, environ: Mapping[str, str]
) -> ToolRoute:
    folder = _toolchain(options.toolchain, emulated, environ)
    found = profile.choose(options.profile, folder)
    tree.complete(folder, found)
    if "auto" in (options.toolchain, options.profile):
        _say(tools.echo, f"toolchain: {folder}, profile '{found.name}': {found.summary}")
    place: Place = Native(folder, found.environment)
    if options.docker_image:
        place = Docker(folder, _image(options.docker_image))
    common = (tools, found, place, folder, options.timeout)
    if not options.opendla:
        return Direct(*common)
    zoo = emulated / "opendla" if options.opendla == "emulated" else Path(options.opendla).expanduser()
    return OpenDla(*common, tree=tree.zoo(zoo))


def _image(name: str) -> str:
    if not IMAGE.fullmatch(name):
        raise UsageError(f"docker_image {name!r} is no name of an image", hint="such as sgs_docker:v1.8")
    return name


@lru_cache(maxsize=64)
def _say(echo: Callable[[str], None], line: str) -> None:
    """To one listener the same is said once: a build looks for its route several times."""
    echo(line)


def _toolchain(wanted: str, emulated: Path, environ: Mapping[str, str]) -> Path:
    if wanted == "auto" and environ.get(VARIABLE):
        try:
            return tree.toolchain(Path(environ[VARIABLE]))
        except UsageError as error:
            raise UsageError(f"{VARIABLE}: {error.message}", hint=f"unset {VARIABLE}") from None
    if wanted in ("auto", "emulated"):
        return tree.toolchain(emulated / "sdk")
    return tree.toolchain(Path(wanted).expanduser())
