"""Silence on the process's standard error while libmpg123 works."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Two threads that save and restore descriptor 2 crosswise would leave it at the null device.
_LOCK = threading.Lock()


@contextmanager
def hushed() -> Iterator[None]:
    """File descriptor 2 at the null device for the length of one library call.

    libmpg123 prints there about odd tags and damage, libsndfile has no switch against it, and what matters of
    it comes back as an error anyway. What other threads print to standard error meanwhile is lost.
    """
    with _LOCK, Path(os.devnull).open("wb") as null:
        try:
            kept = os.dup(2)
        except OSError:  # closed: nothing is heard as it is
            yield
            return
        os.dup2(null.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
