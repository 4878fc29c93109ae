"""The pictures that come with the plugin are small, as they are drawn, and no part of the calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import write_samples
from PIL import Image

from edgedla_ppocr import draw
from edgedla_ppocr.detector import DetectorOptions, PpocrDet
from edgedla_ppocr.recogniser import PpocrRec, RecogniserOptions

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 30_000  # bytes
SHIPPED = sorted(write_samples.SAMPLES.glob("*.png"))


def test_shipped_pictures_are_as_drawn(tmp_path: Path) -> None:
    made = sorted(write_samples.write(tmp_path))
    assert [path.name for path in made] == [path.name for path in SHIPPED]
    for ours, theirs in zip(made, SHIPPED, strict=True):
        one, other = (np.asarray(Image.open(path).convert("RGB"), float) for path in (ours, theirs))
        assert one.shape == other.shape
        assert np.abs(one - other).mean() < 2, f"python tests/write_samples.py draws another {theirs.name}"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_pictures_are_small(path: Path) -> None:
    assert path.stat().st_size < LARGEST


def test_samples_are_the_shipped_pictures() -> None:
    detector, recogniser = PpocrDet(DetectorOptions()), PpocrRec(RecogniserOptions())
    assert [*detector.sample_files(), *recogniser.sample_files()] == [
        path for kind in ("page", "line") for path in SHIPPED if path.name.startswith(kind)
    ]
    assert len(list(detector.samples(2))) == 2
    assert len(list(recogniser.samples(100))) == write_samples.LINES


def test_calibration_shares_no_words_with_the_samples() -> None:
    words = {
        kind: {
            word.casefold()
            for number in range(50)
            for line in (*draw.page(kind, number).lines, *draw.line(kind, number).lines)
            for word in line.text.split()
        }
        for kind in (draw.SAMPLES, draw.CALIBRATION)
    }
    assert not words[draw.SAMPLES] & words[draw.CALIBRATION]
    assert all(len(found) > 20 for found in words.values())


@pytest.mark.parametrize("model", [PpocrDet(DetectorOptions()), PpocrRec(RecogniserOptions())])
def test_calibration_is_as_long_as_asked_and_the_same_again(model: PpocrDet | PpocrRec) -> None:
    first, again = list(model.calibration(3)), list(model.calibration(3))
    assert len(first) == 3
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one["image"], other["image"])
    assert not np.array_equal(first[0]["image"], first[1]["image"])


@pytest.mark.parametrize("number", range(8))
def test_drawn_lines_lie_on_the_page_and_not_on_each_other(number: int) -> None:
    page = draw.page(draw.SAMPLES, number)
    tops = [line.box[1] for line in page.lines]
    bottoms = [line.box[3] for line in page.lines]
    assert len(page.lines) > 3
    assert tops[0] >= 0
    assert bottoms[-1] <= page.picture.height
    assert all(line.box[2] <= page.picture.width for line in page.lines)
    assert all(bottom < top for bottom, top in zip(bottoms, tops[1:], strict=False))
