"""C compilers: those on PATH, the one that the package ziglang brings, and a board's own."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla.errors import PrerequisiteError
from edgedla.toolchain import Toolchain

if TYPE_CHECKING:
    from collections.abc import Mapping

NATIVE = ("cc", "gcc", "clang")
MACHINES = {"aarch64": ("aarch64", "aarch64-linux-musl"), "armhf": ("arm", "arm-linux-musleabihf")}
"""What an emulated board is: the name of the processor in qemu, and the triple in zig."""
NO_COMPILER = "apt install gcc libc6-dev, or pip install 'edgedla[cross]'"
NO_ZIG = "pip install 'edgedla[cross]'"
NO_QEMU = "apt install qemu-user"


@dataclass(frozen=True)
class Compiler:
    """How a C compiler is called, and how what it makes is run here."""

    argv: tuple[str, ...]
    identity: str  # name and version, for keys of what it made
    launcher: tuple[str, ...] = ()  # goes before the program; empty: this machine runs it
    archiver: tuple[str, ...] = ("ar",)
    flags: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def native(cache: Path) -> Compiler:
    """The compiler for this machine: one on PATH, else zig.

    Raises:
        PrerequisiteError: There is none; the hint is what brings one.
    """
    for name in NATIVE:
        if found := shutil.which(name):
            return Compiler(
                (found,), _first_line((found, "--version")), archiver=(shutil.which("ar") or "ar",)
            )
    if find_spec("ziglang") is None:
        raise PrerequisiteError("there is no C compiler: neither cc, gcc, clang nor zig", hint=NO_COMPILER)
    return zig(f"{platform.machine()}-linux-musl", cache)


def emulated(machine: str, cache: Path) -> Compiler:
    """The compiler for an emulated `aarch64` or `armhf`, whose programs qemu runs.

    Raises:
        PrerequisiteError: zig or qemu is missing; the hint is what brings it.
    """
    processor, triple = MACHINES[machine]
    launcher = () if platform.machine() == processor else (_qemu(processor),)
    return zig(triple, cache, launcher)


def zig(triple: str, cache: Path, launcher: tuple[str, ...] = ()) -> Compiler:
    """The C compiler of the package ziglang; what it makes is static.

    Raises:
        PrerequisiteError: The package is missing.
    """
    try:
        number = version("ziglang")
    except PackageNotFoundError:
        raise PrerequisiteError(
            "compiling for another machine needs the package 'ziglang'", hint=NO_ZIG
        ) from None
    folder = str(cache / "zig")
    return Compiler(
        (sys.executable, "-m", "ziglang", "cc", "-target", triple),
        f"zig {number} {triple}",
        launcher,
        (sys.executable, "-m", "ziglang", "ar"),
        ("-static", "-s"),
        {"ZIG_GLOBAL_CACHE_DIR": folder, "ZIG_LOCAL_CACHE_DIR": folder},
    )


def cross(prefix: str) -> Compiler:
    """The compiler of a board's SDK: `PREFIXgcc`, or the program that the prefix itself names.

    Raises:
        PrerequisiteError: There is no such program.
    """
    name = f"{prefix}gcc"
    found = shutil.which(name) or (shutil.which(prefix) if prefix else None)
    if found is None:
        place = f"there is no compiler {name}" if "/" in name else f"the compiler {name} is not on PATH"
        raise PrerequisiteError(
            place,
            hint="unpack the toolchain that comes with the SDK, and give --cross-compile with its folder: "
            "--cross-compile /FOLDER/bin/PREFIX-",
        )
    path = str(Path(found).absolute())
    return Compiler((path,), _first_line((path, "--version")))


def _qemu(processor: str) -> str:
    for name in (f"qemu-{processor}", f"qemu-{processor}-static"):
        if found := shutil.which(name):
            return found
    raise PrerequisiteError(
        f"running a program for {processor} here needs qemu-{processor}, which is not on PATH", hint=NO_QEMU
    )


def _first_line(argv: tuple[str, ...]) -> str:
    with tempfile.TemporaryDirectory(prefix="edgedla-") as folder:
        place = Path(folder)
        Toolchain(place).run(argv, name="version", cwd=place, timeout=60, stdout=place / "version.txt")
        lines = (place / "version.txt").read_text(errors="replace").splitlines()
    return lines[0] if lines else argv[0]
