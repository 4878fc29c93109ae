"""SDK folders in the vendor's layouts, made of the emulated headers and libraries, and their compilers."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from edgedla.toolchain import Toolchain
from edgedla_targets.pcupid.program.compilers import native
from edgedla_targets.pcupid.program.sdk import emulated_sdk

if TYPE_CHECKING:
    from pathlib import Path

NEW = "project/release/chip/pcupid/dispcam/common/glibc/12.4.0/mi_libs"
OLD = "project/release/dispcam/pcupid/common/uclibc/4.9.4/mi_libs"
PREFIX = "board-linux-gnu-12.4.0-"


def make_sdk(folder: Path, *places: str, shape: str = "new") -> Path:
    """An SDK with headers of a shape, and the libraries in each of `places`."""
    place = folder.parent
    made = emulated_sdk(native(place), place / "sdk-cache", Toolchain(place / "logs"), shape)
    shutil.copytree(made.include, folder / "project/release/include")
    for each in places:
        shutil.copytree(made.libraries, folder / each)
    return folder


def cross_compiler(folder: Path, program: str = "cc") -> str:
    """A prefix below `folder` whose gcc is this machine's compiler."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / f"{PREFIX}gcc"
    script.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
    script.chmod(0o755)
    return str(folder / PREFIX)
