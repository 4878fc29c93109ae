"""Whom a recording is owed to, and what a licence's text says of commercial use."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from edgedla.bounded import read_bounded
from edgedla.errors import UsageError
from edgedla.spec import Credit

if TYPE_CHECKING:
    from pathlib import Path

ATTRIBUTION = "meta/attribution.csv"
"""In a data set: who made each recording. Columns `filename`, `author`, `source`, `licence`."""
LICENCE_FILES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt", "COPYING")
LARGEST = 16_000_000  # bytes of a table or a licence
FORBIDS = re.compile(
    r"\bNC\b|non[\s_-]*commercial|not?\s+for\s+commercial|no\s+commercial|research[\s_-]*(use\s+)?only"
    r"|academic[\s_-]*(use\s+)?only",
    re.IGNORECASE,
)
"""Words by which licences keep commercial use to themselves: `CC BY-NC 3.0`, `non-commercial`, …"""


def forbidding(text: str) -> str:
    """The line of a licence that speaks against commercial use, "" where none does."""
    return next((line.strip()[:300] for line in text.splitlines() if FORBIDS.search(line)), "")


def read_credits(path: Path) -> dict[str, Credit]:
    """Credits by file name from a table; empty where there is no such file.

    Raises:
        UsageError: It is no such table.
    """
    if not path.is_file():
        return {}
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        return {row["filename"]: _credit(row) for row in reader}
    except (csv.Error, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{path}, line {reader.line_num}: {error}",
            hint="the first line names the columns: filename, author, source, licence",
        ) from None


def licence_of(folder: Path) -> tuple[str, str]:
    """Name and text of a data set's licence file; both empty where it has none."""
    for name in LICENCE_FILES:
        if (folder / name).is_file():
            return name, _text(folder / name)
    return "", ""


def _credit(row: dict[str, str]) -> Credit:
    return Credit(author=row["author"], source=row["source"], licence=row["licence"])


def _text(path: Path) -> str:
    return read_bounded(path, LARGEST).decode("utf-8-sig", errors="replace")
