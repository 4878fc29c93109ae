"""A folder of files that is there whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def check_free(out: Path) -> None:
    """Refuse a folder in which there is something.

    Raises:
        UsageError: It is not empty, no folder, or not to be looked into.
    """
    if not os.path.lexists(out):
        return
    hint = "--out names another folder; nothing is ever overwritten"
    if not out.is_dir():
        raise UsageError(f"{out}: there is something of that name, and it is no folder", hint=hint)
    try:
        first = next(out.iterdir(), None)
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}") from None
    if first is not None:
        raise UsageError(f"{out}: the folder is not empty, there is '{first.name}'", hint=hint)


def write_tree(out: Path, files: Mapping[str, bytes]) -> None:
    """Write files, by their paths below `out`, beside it, and then give them their places.

    Raises:
        UsageError: `out` is taken, or cannot be written.
    """
    check_free(out)
    out = out.absolute()
    existed = out.is_dir()
    partial = (out if existed else out.parent) / f".{out.name}.{os.getpid()}.partial"
    placed: list[Path] = []
    try:
        for name, data in files.items():
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if existed:  # it may be somebody's current folder, so it stays the folder it is
            for entry in sorted(partial.iterdir()):
                placed.append(out / entry.name)
                entry.rename(placed[-1])
            partial.rmdir()
        else:
            partial.rename(out)
    except BaseException as error:
        for path in (partial, *placed):
            _remove(path)
        if isinstance(error, OSError):
            raise UsageError(
                f"{out}: cannot be written: {error.strerror}", hint="--out names another folder"
            ) from None
        raise


def _remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        path.unlink(missing_ok=True)
