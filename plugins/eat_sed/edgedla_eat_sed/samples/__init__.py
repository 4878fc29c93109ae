"""Twenty short recordings to verify, calibrate and show the model with; README.md says how they were chosen.

Importing this reads nothing: `ATTRIBUTION.csv`, the list of the clips in order, is read on the first call.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

from edgedla.artifacts import sha256
from edgedla.spec import Credit

HERE = Path(__file__).parent
CALIBRATION_FOLD = "2"
"""Fold 1 is the test fold: what it says of a quantised network counts if it had no part in quantising."""
TEST_FOLD = "1"
# A file of ESC-50 and what is made of it, as 1-137-A-32.wav and 1-137-A-32_22.05k.wav.
NAME = re.compile(r"([1-5])-\d+-[A-Z]-\d{1,2}(?!\d).*\.[A-Za-z0-9]+", re.ASCII)


def files() -> tuple[Path, ...]:
    """All clips: first a dog's bark, one clip of each class, then a second one of each class."""
    return tuple(HERE / row["filename"] for row in _attribution())


def calibration_files() -> tuple[Path, ...]:
    """The clips to calibrate a quantiser on, none of them in the test fold."""
    return tuple(HERE / row["filename"] for row in _attribution() if row["fold"] == CALIBRATION_FOLD)


def credit(path: Path) -> Credit | None:
    """Whom a bundled clip is owed to."""
    if path.parent != HERE:
        return None
    row = next((row for row in _attribution() if row["filename"] == path.name), None)
    return Credit(author=row["author"], source=row["source"], licence=row["licence"]) if row else None


def is_test_clip(path: Path) -> bool:
    """Whether a file is of the test fold: by the data set's file names, and a bundled clip by any name."""
    try:
        if TEST_FOLD in _folds(path):
            return True
        return path.is_file() and sha256(path) in _test_clips()
    except (OSError, RuntimeError):  # RuntimeError: links in a circle
        return False  # whoever reads it will say why it cannot be read


def is_training_clip(path: Path) -> bool:
    """Whether a file is of the folds that the bundled weights were trained on, by the data set's names."""
    try:
        return bool(_folds(path) - {TEST_FOLD})
    except (OSError, RuntimeError):
        return False


def _folds(path: Path) -> set[str]:
    """The fold that the names of a file, and of what it links to, speak of."""
    found = (NAME.fullmatch(name) for name in (path.name, path.resolve().name))
    return {match[1] for match in found if match}


@cache
def _test_clips() -> frozenset[str]:
    return frozenset(sha256(HERE / row["filename"]) for row in _attribution() if row["fold"] == TEST_FOLD)


@cache
def _attribution() -> tuple[dict[str, str], ...]:
    with (HERE / "ATTRIBUTION.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
