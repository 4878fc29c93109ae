"""What is compiled once and kept: folders named after all that went in, whole or not there."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_DIGITS = 32  # of a key that names a folder


def kept(cache: Path, kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """The folder of this key, filled by `make` where it is not there yet.

    Two processes may make it at once: each works in a folder of its own, the first to end gives its name, and
    what the other made is taken away.

    Raises:
        UsageError: The cache cannot be written.
    """
    final = cache / kind / key[:_DIGITS]
    if final.is_dir():
        return final
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".", dir=final.parent))
    except OSError as error:
        raise UsageError(
            f"{final.parent}: cannot be written: {error.strerror}",
            hint="EDGEDLA_CACHE_DIR=FOLDER names another place for what is kept",
        ) from None
    try:
        make(scratch)
        scratch.chmod(0o755)
        with contextlib.suppress(OSError):  # another process was first, and made the same
            scratch.rename(final)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return final
