"""Where the tools run: on this machine, or in a container on it."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from edgedla.errors import PrerequisiteError, ToolchainError
from edgedla_targets.pcupid.vendor import failures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgedla.toolchain import Completed, Toolchain

# cfg_env.sh works only in its own folder, and what it returns means nothing. No path is part of the script.
SCRIPT = 'cd -- "$1" || exit; . ./cfg_env.sh; cd -- "$2" && shift 2 && exec "$@"'
INSIDE_TOOLCHAIN = "/edgedla/toolchain"
INSIDE_JOB = "/edgedla/job"
DOCKER_PATIENCE = 60.0  # seconds for questions to the docker daemon
DOCKER_REFUSED = 125  # exit status of `docker run` where the container never started
PLAIN_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"}


class Place(Protocol):
    """Turns a command of the tools into one for this machine."""

    @property
    def toolchain(self) -> str:
        """The toolchain's folder as the tools see it."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables for the program that is started on this machine."""
        ...

    def argv(self, command: Sequence[str], folder: Path) -> list[str]:
        """`command` in `folder` with the toolchain's environment."""
        ...

    def check(self, tools: Toolchain) -> None:
        """Find out whether anything can run here; PrerequisiteError."""
        ...

    def stop(self, tools: Toolchain, folder: Path) -> None:
        """End what runs on after its command has been killed."""
        ...

    def identity(self, tools: Toolchain) -> str:
        """What the place itself adds to what decides a result."""
        ...


@dataclass(frozen=True)
class Native:
    """This machine."""

    root: Path
    variables: Mapping[str, str]

    @property
    def toolchain(self) -> str:
        """The folder itself."""
        return str(self.root)

    @property
    def environment(self) -> Mapping[str, str]:
        """Plain messages at once, and what the profile asks for."""
        own = {key: value.replace("{python}", sys.executable) for key, value in self.variables.items()}
        return PLAIN_ENVIRONMENT | own

    def argv(self, command: Sequence[str], folder: Path) -> list[str]:
        """By way of a shell, for cfg_env.sh is to be sourced."""
        return ["bash", "-c", SCRIPT, "edgedla", self.toolchain, str(folder), *command]

    def check(self, tools: Toolchain) -> None:
        """There must be a bash."""
        tools.find("bash", "apt-get install bash")

    def stop(self, tools: Toolchain, folder: Path) -> None:
        """Nothing: all programs were in the group that was killed."""

    def identity(self, tools: Toolchain) -> str:
        """Nothing."""
        return ""


@dataclass(frozen=True)
class Docker:
    """A container of the vendor's image: no network, the caller's user, one folder to write into."""

    root: Path
    image: str

    @property
    def toolchain(self) -> str:
        """Where it is mounted: short and free of what the tools cannot take."""
        return INSIDE_TOOLCHAIN

    @property
    def environment(self) -> Mapping[str, str]:
        """Nothing for docker itself."""
        return {}

    def argv(self, command: Sequence[str], folder: Path) -> list[str]:
        """A container for this one command."""
        variables = PLAIN_ENVIRONMENT | {"HOME": INSIDE_JOB}
        return [
            *("docker", "run", "--rm", "--pull", "never", "--network", "none", "--name", container(folder)),
            *("--user", f"{os.getuid()}:{os.getgid()}"),
            *("--mount", _mount(self.root, INSIDE_TOOLCHAIN, "readonly")),
            *("--mount", _mount(folder, INSIDE_JOB)),
            *("--workdir", INSIDE_JOB),
            *(word for key, value in variables.items() for word in ("--env", f"{key}={value}")),
            *("--entrypoint", "bash", self.image, "-c", SCRIPT, "edgedla", INSIDE_TOOLCHAIN, INSIDE_JOB),
            *command,
        ]

    def check(self, tools: Toolchain) -> None:
        """There must be a docker, its daemon, and the image."""
        self._image_id(tools)

    def stop(self, tools: Toolchain, folder: Path) -> None:
        """Kill the container: it outlives the client that started it. It may be gone already."""
        with suppress(ToolchainError, PrerequisiteError):
            _docker(tools, "kill", container(folder), folder=folder)

    def identity(self, tools: Toolchain) -> str:
        """The image's own digest: a tag can be moved."""
        return f"docker {self.image} {self._image_id(tools)}"

    def _image_id(self, tools: Toolchain) -> str:
        tools.find("docker", "install docker, or leave docker_image empty to run natively")
        done = _docker(tools, "image", "inspect", "--format", "{{.Id}}", self.image, folder=self.root)
        answer = done.tail[-1] if done.tail else ""
        if done.exit_code or not answer.startswith("sha256:"):
            raise refused(f"docker exited with {done.exit_code}", done.tail, self.image)
        return answer.removeprefix("sha256:")[:12]


def container(folder: Path) -> str:
    """Name of the container that works in a folder."""
    return f"edgedla-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"


def refused(ending: str, tail: Sequence[str], image: str) -> PrerequisiteError:
    """Why docker did not start a container, with what helps."""
    found = failures.find("docker", "\n".join([*tail, ending]))
    last = tail[-1] if tail else ending
    if found is None:
        return PrerequisiteError(f"docker refused to work: {last}", hint="see what `docker info` says")
    message = f"{found.code}: {found.cause}: {last}"
    return PrerequisiteError(message, hint=found.remedy.replace("IMAGE", image))


def _docker(tools: Toolchain, *words: str, folder: Path) -> Completed:
    with TemporaryDirectory(prefix="edgedla-docker-") as logs:
        asking = replace(tools, dry_run=False, log_dir=Path(logs))
        return asking.run(
            ["docker", *words], name="docker", cwd=folder, timeout=DOCKER_PATIENCE, trust_exit=False
        )


def _mount(source: Path, target: str, *flags: str) -> str:
    """A value of --mount, which docker reads as a line of CSV."""
    line = io.StringIO()
    fields = ["type=bind", f"source={source}", f"target={target}", *flags]
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()
