"""Where a customer's SDK has its headers and libraries, and of which generation they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edgedla.errors import PrerequisiteError
from edgedla_targets.pcupid.program.sdk import Sdk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

HEADER = "mi_ipu.h"
INCLUDES = ("project/release/include", "release/include", "include", ".")
LIBRARIES = (
    "project/release/chip/*/*/common/*/*/mi_libs/{link}",
    "project/release/chip/*/*/common/*/*/mi_libs",
    "project/release/*/*/common/*/*/mi_libs/{link}",
    "project/release/*/*/common/*/*/mi_libs",
    "mi_libs/{link}",
    "lib",
    ".",
)
"""The vendor's release trees from the newest on, below the SDK or its `project` folder, and flat folders."""
LINKS = ("dynamic", "static")  # the board has the shared ones
CHOOSE = "--set pcupid.sdk_libraries=DIR"


@dataclass(frozen=True)
class Found:
    """An SDK, and the other folders of libraries that could have been meant."""

    sdk: Sdk
    others: tuple[Path, ...] = ()

    @property
    def note(self) -> str:
        """What was taken, where there was a choice."""
        if not self.others:
            return ""
        rest = ", ".join(map(str, self.others))
        return f"libraries of {self.sdk.libraries} were taken, not those of {rest}; choose by {CHOOSE}"


def find_sdk(folder: Path, libraries: Path | None, chip: str, compiler: str) -> Found:
    """Headers and libraries below `folder`; of several, those for this chip and this compiler.

    Args:
        folder: An SDK, its `project` folder, or a flat folder with `include` and `lib`.
        libraries: The user's choice of a folder of libraries; `None`: search.
        chip: A part of the path that is preferred.
        compiler: Name or prefix of the compiler, whose version is preferred in the path.

    Raises:
        PrerequisiteError: There are none; says where was looked.
    """
    include = _headers(folder)
    if libraries is not None:
        _check_libraries(Sdk(include, libraries))
        return Found(Sdk(include, libraries))
    looked = [*_candidates(folder)]
    usable = [place for place in looked if not Sdk(include, place).missing]
    if not usable:
        raise _no_libraries(folder, looked)
    first, *others = sorted(usable, key=lambda place: _rank(place, folder, chip, compiler))
    # The static libraries beside the shared ones are no other choice.
    rest = tuple(place for place in others if place.parent != first.parent)
    return Found(Sdk(include, first), rest)


@dataclass(frozen=True)
class Shape:
    """The generation of some headers, which the program's sources tell apart when they are compiled."""

    generation: Literal["new", "mid", "old"]
    soc_id: bool | None  # whether calls of MI_SYS take one; `None`: the header does not say
    version: str  # of MI_SYS; empty where it is not said

    def __str__(self) -> str:
        """One line for a person."""
        takes = {True: "with SocId", False: "without SocId", None: "SocId unknown"}[self.soc_id]
        return f"{self.generation} headers, {takes}" + (f", MI_SYS {self.version}" if self.version else "")


def shape(include: Path) -> Shape:
    """The generation of the headers in a folder."""
    ipu = _text(include, ("mi_ipu.h", "mi_ipu_datatype.h"))
    system = _text(include, ("mi_sys.h",))
    major, minor = (_define(system, f"SYS_{part}_VERSION") for part in ("MAJOR", "MINOR"))
    generation: Literal["new", "mid", "old"] = "old"
    if re.search(r"\bMI_IPU_MAX_BATCH_TENSOR_CNT\b", ipu):
        generation = "new"
    elif re.search(r"\bMI_IPU_GetOfflineModeStaticInfo\b", ipu):
        generation = "mid"
    return Shape(
        generation,
        None if major is None else int(major) >= 3,  # noqa: PLR2004 - the first with SocId
        ".".join(filter(None, (major, minor))),
    )


def _headers(folder: Path) -> Path:
    for name in INCLUDES:
        if (folder / name / HEADER).is_file():
            return folder / name if name != "." else folder
    what = "holds no" if folder.is_dir() else "there is no such folder, and so no"
    raise PrerequisiteError(
        f"--sdk {folder}: {what} {HEADER}; looked in {', '.join(INCLUDES)}",
        hint="name the folder that holds project/release/include, or one with include and lib",
    )


def _candidates(folder: Path) -> Iterable[Path]:
    seen: dict[Path, None] = {}
    for base in (folder, folder.parent if folder.name == "project" else folder):
        for pattern in LIBRARIES:
            for link in LINKS if "{link}" in pattern else ("",):
                found = sorted(base.glob(pattern.format(link=link))) if pattern != "." else [base]
                seen |= dict.fromkeys(place for place in found if place.is_dir())
    return seen


def _rank(place: Path, folder: Path, chip: str, compiler: str) -> tuple[bool, bool, bool, bool, str]:
    """Best first: this chip, this compiler's version, glibc as it builds, shared before static."""
    parts = place.relative_to(folder).parts if place.is_relative_to(folder) else place.parts
    numbers = set(re.findall(r"\d+(?:\.\d+)+", compiler))
    return (
        chip not in parts,
        not numbers & set(parts),
        any(libc in compiler for libc in ("uclibc", "musl")) == ("glibc" in parts),
        place.name == "static",
        str(place),
    )


def _check_libraries(sdk: Sdk) -> None:
    if sdk.missing:
        names = ", ".join(f"lib{name}.so or lib{name}.a" for name in sdk.missing)
        raise PrerequisiteError(
            f"pcupid.sdk_libraries: {sdk.libraries} holds no {names}", hint=f"name another folder: {CHOOSE}"
        )


def _no_libraries(folder: Path, looked: Sequence[Path]) -> PrerequisiteError:
    places = ", ".join(map(str, looked)) if looked else ", ".join(LIBRARIES)
    return PrerequisiteError(
        f"--sdk {folder}: no folder with both libmi_ipu and libmi_sys; looked in {places}",
        hint=f"build the SDK's libraries first, or name their folder: {CHOOSE}",
    )


def _text(folder: Path, names: Sequence[str]) -> str:
    files = [folder / name for name in names if (folder / name).is_file()]
    text = "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)


def _define(text: str, name: str) -> str | None:
    found = re.search(rf"^\s*#\s*define\s+{name}\s+\(?(\d+)", text, re.MULTILINE)
    return found[1] if found else None
