"""Decoded sound as a WAV file of float32, for a program that reads nothing else."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.model import Sound

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_IEEE_FLOAT = 3
_LIMIT = 2**32 - 1 - _HEADER.size  # bytes; RIFF counts in 32 bits


def is_wav(path: Path) -> bool:
    """Whether a regular file begins as a WAV file does, whatever its name."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            start = file.read(12)
    except OSError:
        return False  # whoever reads it next has the words for that
    return start[:4] in (b"RIFF", b"RF64") and start[8:] == b"WAVE"


def write_wav(path: Path, sound: Sound) -> None:
    """Write mono float32 at the sound's own rate.

    Raises:
        UsageError: It is longer than a WAV file can be.
    """
    size = 0
    with path.open("wb") as file:
        file.write(bytes(_HEADER.size))
        for block in sound.blocks:
            data = block.astype("<f4", copy=False).tobytes()
            size += len(data)
            if size > _LIMIT:
                raise UsageError(f"{path.name}: longer than a WAV file can be, {_LIMIT} bytes of samples")
            file.write(data)
        file.seek(0)
        file.write(_header(sound.rate, size))


def _header(rate: int, size: int) -> bytes:
    form = (_IEEE_FLOAT, 1, rate, 4 * rate, 4, 32)
    return _HEADER.pack(b"RIFF", _HEADER.size - 8 + size, b"WAVE", b"fmt ", 16, *form, b"data", size)
