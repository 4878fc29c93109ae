"""A file from anywhere, read whole, but no more of it than is reasonable."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def read_bounded(path: Path, most: int, verdict: str = "") -> bytes:
    """The bytes of a file of at most `most` bytes; `verdict` is what a larger one cannot be.

    Raises:
        UsageError: It cannot be read, is larger, or no regular file; a pipe would keep us waiting.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UsageError(f"{path}: not a file")
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if len(data) > most:
        raise UsageError(f"{path}: larger than {most} bytes{verdict and f'; {verdict}'}")
    return data
