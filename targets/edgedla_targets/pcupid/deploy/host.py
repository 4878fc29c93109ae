"""What a host says of itself, and whether it can take what is to be deployed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgedla.errors import DeviceError, UsageError

if TYPE_CHECKING:
    from edgedla_targets.pcupid.deploy.answer import Answer
    from edgedla_targets.pcupid.deploy.payload import Payload

_SPARE = 1024 * 1024  # bytes for folders, links and what the programs say
_REAL = (
    "build it for the board: edgedla build {model} --target pcupid --toolchain SGS_IPU_TOOLCHAIN --sdk DIR "
    "--cross-compile PREFIX"
)
_ELSEWHERE = "name a folder of its own: --dir PATH"


@dataclass(frozen=True)
class Host:
    """A host that answered."""

    name: str
    machine: str  # as `uname -m` has it
    emulated: bool  # the emulated board serves programs there
    missing: tuple[str, ...]  # programs that our scripts need
    unwritable: str  # why the folder cannot be written; empty: it can
    foreign: str  # what stands where our link should; empty: nothing
    free: int | None  # bytes; `None` where it does not say
    current: str
    there: bool  # the release, whole

    @classmethod
    def of(cls, name: str, answer: Answer) -> Host:
        """From what it answered."""
        free = answer.get("free")
        return cls(
            name=name,
            machine=answer.get("machine"),
            emulated=answer.get("board") == "emulated",
            missing=tuple(map(str, answer.all("missing"))),
            unwritable=answer.get("unwritable"),
            foreign=answer.get("foreign"),
            free=int(free) * 1024 if free.isdecimal() and len(free) < _DIGITS else None,
            current=answer.get("current"),
            there=bool(answer.get("there")),
        )

    def admit(self, payload: Payload) -> None:
        """Refuse what cannot work there, before anything is copied.

        Raises:
            DeviceError: What it is, and what would help.
        """
        if payload.emulated and not self.emulated:
            raise DeviceError(
                f"{payload.emulated}, which no board can use, and {self.name} is not the emulated board",
                hint=_REAL.format(model=payload.model),
            )
        if not payload.machine.runs_on(self.machine):
            raise DeviceError(
                f"{payload.program} is a program for {payload.machine}, and {self.name} is '{self.machine}'",
                hint="build it for that machine: --sdk DIR --cross-compile PREFIX, or --board",
            )
        if self.missing:
            raise DeviceError(
                f"{self.name} lacks {', '.join(self.missing)}", hint="busybox brings all of them"
            )
        if self.foreign:
            raise DeviceError(f"{self.name}: {self.foreign} is no link of a deployment", hint=_ELSEWHERE)
        if self.unwritable:
            raise DeviceError(f"{self.name}: nothing can be written: {self.unwritable}", hint=_ELSEWHERE)
        needed = payload.size + _SPARE
        if self.free is not None and not self.there and self.free < needed:
            raise DeviceError(
                f"{self.name} has {self.free} bytes free in that folder, {needed} are needed",
                hint=f"make room there, or {_ELSEWHERE}",
            )


_DIGITS = 16


def check_folder(folder: str) -> str:
    """A folder as our scripts take it: it begins with `/`, or with `./` where it is below the login folder.

    Raises:
        UsageError: It could be taken for something else.
    """
    if not folder or not folder.isprintable():
        raise UsageError(
            f"--dir {folder!r}: not a folder's name", hint="leave it out, or name one without line ends"
        )
    if folder.startswith("~"):
        raise UsageError(
            f"--dir {folder}: '~' means nothing there",
            hint="a name without it is looked for in the login folder",
        )
    parts = [part for part in folder.split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        raise UsageError(
            f"--dir {folder}: not a folder of its own", hint="leave out '..'; edgedla/NAME is a good one"
        )
    return ("/" if folder.startswith("/") else "./") + "/".join(parts)
