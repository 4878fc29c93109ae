"""The working folder of calibrator and simulator: what they leave there, and where results go."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.emulated.console import ConverterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgedla_targets.pcupid.emulated.header import Header

OUTPUT = Path("output")
LOG = Path("log")
STRAYS = ("output", "tensor_min_max.txt")


@contextlib.contextmanager
def log() -> Iterator[None]:
    """Work in `./output`; at the end, or at a failure, move it into a fresh `./log`. The old one is lost."""
    _remove(OUTPUT)
    try:
        yield
    finally:
        _remove(LOG)
        LOG.mkdir()
        for name in STRAYS:
            if Path(name).exists():
                shutil.move(name, LOG / name)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def result(wanted: Path | None, source: Path, name: str) -> Path:
    """Where a result goes: to `wanted`, into it where it is a folder, or beside `source`."""
    if wanted is None:
        return source.with_name(name)
    if wanted.is_dir():
        return wanted / name
    if not wanted.absolute().parent.is_dir():
        raise OSError(f"Could not access path: {wanted}")
    return wanted


def check_chip(header: Header, chip: str) -> None:
    """Refuse a file that was made for another chip; ConverterError."""
    if header.chip != chip:
        raise ConverterError(f"The model was made for {header.chip}, not for {chip}")
