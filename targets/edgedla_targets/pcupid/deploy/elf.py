"""What a program was compiled for, and which machines run it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

# e_ident up to EI_DATA, the rest of it, e_type, e_machine: the same place for 32 and 64 bit.
_HEAD = struct.Struct("<4sBB10xHH")
_LITTLE_ENDIAN = 1
_BITS = {1: 32, 2: 64}  # EI_CLASS
_NAMES = {3: "x86", 40: "ARM", 62: "x86", 183: "ARM", 243: "RISC-V"}  # e_machine

# `uname -m`, the longest beginning that fits: e_machine and bits of what such a kernel runs.
_RUNS = {
    "aarch64": {(183, 64), (40, 32)},
    "arm64": {(183, 64), (40, 32)},
    "arm": {(40, 32)},
    "x86_64": {(62, 64), (3, 32)},
    "i": {(3, 32)},
    "riscv64": {(243, 64)},
}


@dataclass(frozen=True)
class Machine:
    """Instruction set and word size of a program."""

    number: int  # e_machine
    bits: int

    def __str__(self) -> str:
        return f"{self.bits}-bit {_NAMES.get(self.number, f'machine {self.number}')}"

    def runs_on(self, uname: str) -> bool:
        """Whether a kernel that names its machine so runs such programs."""
        known = max((name for name in _RUNS if uname.startswith(name)), key=len, default="")
        return (self.number, self.bits) in _RUNS.get(known, set())


def machine(path: Path) -> Machine:
    """What the program at `path` was compiled for.

    Raises:
        UsageError: It is no program for Linux.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
    if len(head) == _HEAD.size:
        magic, kind, order, _, number = _HEAD.unpack(head)
        if magic == b"\x7fELF" and kind in _BITS and order == _LITTLE_ENDIAN:
            return Machine(number, _BITS[kind])
    raise UsageError(
        f"{path}: no program for Linux: it begins with {head[:8]!r}",
        hint="build it again: edgedla build MODEL",
    )
