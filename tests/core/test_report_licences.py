"""Licences: what forbids commercial use, and whom recordings are owed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edgedla.errors import UsageError
from edgedla.licences import forbidding, licence_of, read_credits

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "text",
    [
        "CC BY-NC 3.0",
        "CC-BY-NC-SA-4.0",
        "cc by nc",
        "Creative Commons Attribution Non-Commercial",
        "Creative Commons Attribution-NonCommercial 4.0",
        "for research use only",
        "academic only",
        "Not for commercial use",
        "no commercial use",
    ],
)
def test_forbids_commercial_use(text: str) -> None:
    assert forbidding(f"Licence\n  {text}  \nend") == text


@pytest.mark.parametrize("text", ["CC BY 3.0", "CC0", "Apache-2.0", "MIT", "", "sync only", "vanilla NCX"])
def test_leaves_commercial_use(text: str) -> None:
    assert not forbidding(text)


def test_credits_are_read_from_a_table(tmp_path: Path) -> None:
    path = tmp_path / "attribution.csv"
    assert read_credits(path) == {}
    path.write_text('filename,author,source,licence\na.wav,"Ann, B",https://example.org,CC0\n')
    assert read_credits(path)["a.wav"].author == "Ann, B"


@pytest.mark.parametrize(
    "text", ["name,who\na,b\n", 'filename,author,source,licence\n"a', "filename,author\na\n"]
)
def test_tables_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "attribution.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"attribution.csv, line \d+"):
        read_credits(path)


def test_a_licence_file_is_found(tmp_path: Path) -> None:
    assert licence_of(tmp_path) == ("", "")
    (tmp_path / "LICENSE").write_bytes(b"CC BY-NC \xff")
    assert licence_of(tmp_path) == ("LICENSE", "CC BY-NC \ufffd")
