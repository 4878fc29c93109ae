"""Opening what a user names: regular files only, and every refusal with the file's name and the reason."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, BinaryIO

from edgedla.errors import UsageError

if TYPE_CHECKING:
    import os
    from pathlib import Path


def open_regular(path: Path) -> BinaryIO:
    """The file at `path`, unbuffered; whoever opens it closes it.

    Pipes, devices and folders are refused: a pipe may never answer, and a device may never end.

    Raises:
        UsageError: There is no such file, it is not a regular one, it may not be read, or it is empty.
    """
    try:
        _check_kind(path, path.stat())
        return path.open("rb", buffering=0)
    except OSError as error:
        raise UsageError(f"cannot read '{path}': {error.strerror}") from error
    except ValueError as error:  # a zero byte in the name
        raise UsageError(f"cannot read {str(path)!r}: {error}") from error


def _check_kind(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise UsageError(f"cannot read '{path}': it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"cannot read '{path}': it is not a regular file")
    if status.st_size == 0:
        raise UsageError(f"cannot read '{path}': it is empty (0 bytes)")
