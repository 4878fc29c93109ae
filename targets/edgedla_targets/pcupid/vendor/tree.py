"""What a folder on the user's disk is: a toolchain, a model zoo, or something that only looks like one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edgedla.artifacts import digest, sha256
from edgedla.errors import UsageError
from edgedla_targets.pcupid.vendor.job import check_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edgedla_targets.pcupid.vendor.profile import Profile

ENVIRONMENT = "cfg_env.sh"
CONVERT_TOOL = "Scripts/ConvertTool/ConvertTool.py"
ZOO_SCRIPT = "convert.sh"
ARCHIVES = (".tar", ".xz", ".gz", ".tgz", ".zip", ".bz2")
MOST_NAMES = 8
CODE = (".py", ".sh", ".so", ".bin", ".toml")


def toolchain(path: Path) -> Path:
    """The folder of a toolchain, without links.

    Raises:
        UsageError: It is none; says what was expected there and what was found.
    """
    expected = f"an SGS_IPU_Toolchain folder with {ENVIRONMENT} and {CONVERT_TOOL}"
    folder = _folder(path, "toolchain", expected)
    if _is_toolchain(folder):
        return folder
    if _is_zoo(folder):
        raise _refuse(
            path, "is an OpenDLAModel tree", expected, f"opendla={path}, and toolchain= its toolchain"
        )
    if inner := next(_below(folder, "toolchain"), None):
        raise _refuse(path, f"is one level too high: the toolchain is {inner.name}", expected, str(inner))
    raise _refuse(path, _found(folder), expected, "give the folder in which cfg_env.sh lies")


def zoo(path: Path) -> Path:
    """The folder of an OpenDLAModel tree, without links.

    Raises:
        UsageError: It is none; says what was expected there and what was found.
    """
    expected = f"an OpenDLAModel folder with {ZOO_SCRIPT} and config/"
    folder = _folder(path, "opendla", expected)
    if _is_zoo(folder):
        return folder
    if _is_toolchain(folder):
        raise _refuse(
            path, "is a toolchain", expected, f"toolchain={path}, and opendla= the model zoo, or nothing"
        )
    if inner := next(_below(folder, "zoo"), None):
        raise _refuse(path, f"is one level too high: the model zoo is {inner.name}", expected, str(inner))
    raise _refuse(path, _found(folder), expected, "give the folder in which convert.sh lies")


def complete(folder: Path, profile: Profile) -> None:
    """Refuse a toolchain that lacks a script of its profile.

    Raises:
        UsageError: Scripts are missing.
    """
    missing = [script for script in profile.scripts if not (folder / script).is_file()]
    if missing:
        raise UsageError(
            f"the toolchain {folder} has no {', '.join(missing)}, which profile '{profile.name}' runs",
            hint="unpack it again, or name another profile",
        )


def version(folder: Path, profile: Profile) -> str:
    """Digest of a toolchain's release: its version files, scripts and programs by content, libraries by size.

    The emulated one is hashed with the code behind its scripts. Neither paths nor times are part of it.
    """
    named = {path for pattern in profile.versions for path in folder.glob(pattern)}
    scripts = {folder / name for name in [ENVIRONMENT, *profile.scripts]}
    root = folder.parent if profile.name == "emulated" else folder / "Scripts"
    code = {path for path in root.rglob("*") if path.suffix in CODE}
    parts = [
        part
        for path in sorted(named | scripts | code)
        if path.is_file()
        for part in (os.path.relpath(path, folder), sha256(path))
    ]
    # The same tools called in another way are others.
    parts.append(profile.model_dump_json())
    sizes = [f"{path.relative_to(folder)} {path.stat().st_size}" for path in _programs(folder)]
    return digest(*parts, "sizes", *sizes)[:12]


def _programs(folder: Path) -> list[Path]:
    return sorted(path for name in ("bin", "libs") for path in (folder / name).rglob("*") if path.is_file())


def _folder(path: Path, option: str, expected: str) -> Path:
    check_path(path, option)
    if not path.exists():
        raise _refuse(path, "does not exist", expected, "check the path")
    if path.is_file():
        packed = path.suffix.lower() in ARCHIVES
        what = "is an archive that is not unpacked" if packed else "is a file"
        raise _refuse(path, what, expected, f"tar -xf {path}" if packed else "give a folder")
    resolved = path.resolve()
    check_path(resolved, option)
    return resolved


def _is_toolchain(folder: Path) -> bool:
    return (folder / ENVIRONMENT).is_file() and (folder / "Scripts").is_dir()


def _is_zoo(folder: Path) -> bool:
    return (folder / ZOO_SCRIPT).is_file() and (folder / "config").is_dir()


def _below(folder: Path, kind: str) -> Iterator[Path]:
    known = _is_toolchain if kind == "toolchain" else _is_zoo
    return (path for path in sorted(folder.iterdir()) if path.is_dir() and known(path))


def _found(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    packed = [name for name in names if name.lower().endswith(ARCHIVES)]
    if packed:
        return f"holds {packed[0]}, which is not unpacked"
    if not names:
        return "is an empty folder"
    more = ", …" if len(names) > MOST_NAMES else ""
    return f"is a folder with {', '.join(names[:MOST_NAMES])}{more}"


def _refuse(path: Path, found: str, expected: str, hint: str) -> UsageError:
    return UsageError(f"{path} {found}; expected {expected}", hint=hint)
