"""Files that are read whole: at most so much of them, and nothing that never ends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from edgedla.bounded import read_bounded
from edgedla.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_is_just_not_too_large(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1234")
    assert read_bounded(path, 4) == b"1234"
    with pytest.raises(UsageError, match="a: larger than 3 bytes; that is no list"):
        read_bounded(path, 3, "that is no list")


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, reason in {"pipe": "not a file", ".": "not a file", "none": "No such file"}.items():
        with pytest.raises(UsageError, match=reason):
            read_bounded(tmp_path / name, 9)
