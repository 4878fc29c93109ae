"""A user's files: of a folder, by suffix, and those to calibrate on."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

from edgedla.dataset import read_list
from edgedla.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.model import Model


def find_files(path: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """A file, or those of a folder and its subfolders, hidden ones left out, sorted by path.

    Raises:
        UsageError: There is no such file, or the folder holds none of these suffixes.
    """
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            return [path]
        found = sorted(file for file in path.rglob("*") if _is_input(file, path, suffixes))
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file or folder") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if not found:
        wanted = f" with suffix {', '.join(suffixes)}" if suffixes else ""
        raise UsageError(f"{path}: the folder holds no file{wanted}")
    return found


def _is_input(file: Path, folder: Path, suffixes: tuple[str, ...]) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return not hidden and (not suffixes or file.suffix.lower() in suffixes) and file.is_file()


def calibration_files(path: Path | None, model: Model[Any]) -> tuple[Path, ...]:
    """The files to calibrate on: of a folder or a list, none without `path`.

    Raises:
        UsageError: There are none, or some belong to the model's test data.
    """
    files: tuple[Path, ...] = ()
    if path is not None:
        files = read_list(path) if path.is_file() else tuple(find_files(path, model.suffixes))
    held_out = [file for file in files if model.held_out(file)]
    if held_out:
        raise UsageError(
            f"--calib {path}: {len(held_out)} file(s) belong to the test data of '{model.name}', "
            f"first {held_out[0].name}; calibrating on them would spoil what is measured on them",
            hint="take them out",
        )
    return files
