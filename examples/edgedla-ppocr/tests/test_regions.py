"""Lines of text found in a map: known shapes, the package's own code on real maps, and reading order."""

from __future__ import annotations

from math import cos, radians, sin
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from edgedla import OnnxRunner, Region
from PIL import Image, ImageDraw
from rapidocr_onnxruntime.ch_ppocr_det.utils import DBPostProcess
from shapely import Polygon

from edgedla_ppocr import draw
from edgedla_ppocr.agreement import match
from edgedla_ppocr.detector import DetectorOptions, PpocrDet
from edgedla_ppocr.page import Line
from edgedla_ppocr.regions import MOST, Rule, find_regions, reading_order

if TYPE_CHECKING:
    from conftest import Place

RULE = Rule(score=0.5, widening=1.6)
PLAIN = Rule(score=0.5, widening=0.0)


def drawn(*shapes: list[tuple[float, float]], value: float = 1.0) -> Any:
    picture = Image.new("F", (320, 240))
    for shape in shapes:
        ImageDraw.Draw(picture).polygon(shape, fill=value)
    return np.array(picture, np.float32)


def box(left: float, top: float, width: float, height: float) -> list[tuple[float, float]]:
    return [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]


def turned(width: float, height: float, degrees: float) -> list[tuple[float, float]]:
    c, s = cos(radians(degrees)), sin(radians(degrees))
    corners = [
        (-width / 2, -height / 2),
        (width / 2, -height / 2),
        (width / 2, height / 2),
        (-width / 2, height / 2),
    ]
    return [(160 + c * x - s * y, 120 + s * x + c * y) for x, y in corners]


@pytest.mark.parametrize("degrees", [0, 3, -10, 30, -44])
def test_slanted_box_is_found_with_its_corners_in_order(degrees: float) -> None:
    expected = turned(150, 30, degrees)
    (found,) = find_regions(drawn(expected), PLAIN)
    np.testing.assert_allclose(found.corners, expected, atol=2.5)
    assert found.score > 0.9
    assert found.label == "text"


def test_edges_are_moved_out_by_area_over_circumference() -> None:
    (plain,) = find_regions(drawn(box(50, 60, 100, 20)), PLAIN)
    (wide,) = find_regions(drawn(box(50, 60, 100, 20)), RULE)
    shape = Polygon(plain.corners)
    margin = 1.6 * shape.area / shape.length
    assert plain.corners[0][0] - wide.corners[0][0] == pytest.approx(margin, abs=0.2)
    assert wide.corners[2][1] - plain.corners[2][1] == pytest.approx(margin, abs=0.2)


def test_mean_of_the_map_is_the_score_and_decides() -> None:
    found = drawn(box(50, 60, 100, 20), value=0.6)
    (region,) = find_regions(found, RULE)
    assert region.score == pytest.approx(0.57, abs=0.02)
    assert find_regions(found, Rule(score=0.65, widening=1.6)) == []


@pytest.mark.parametrize(
    ("shape", "value"), [(box(50, 60, 100, 20), 0.29), (box(50, 60, 100, 1), 1.0), (box(50, 60, 1, 1), 1.0)]
)
def test_faint_and_thin_pieces_are_no_text(shape: list[tuple[float, float]], value: float) -> None:
    assert find_regions(drawn(shape, value=value), RULE) == []


def test_empty_map_has_none() -> None:
    assert find_regions(np.zeros((240, 320), np.float32), RULE) == []


def test_full_map_is_one() -> None:
    (found,) = find_regions(np.ones((240, 320), np.float32), PLAIN)
    np.testing.assert_allclose(found.corners, box(0, 0, 319, 239), atol=0.1)


def test_dots_beyond_a_thousand_are_left_out() -> None:
    dots = np.zeros((640, 640), np.float32)
    for row in range(0, 640, 16):
        for column in range(0, 640, 16):
            dots[row : row + 8, column : column + 8] = 1
    assert len(find_regions(dots, RULE)) == MOST


def test_rows_are_read_from_the_left_and_from_above() -> None:
    places = [(0, 0), (100, 4), (200, -3), (10, 40), (150, 43), (0, 90)]
    regions = [Region(corners=tuple(box(x, y, 50, 20)), score=1) for x, y in places]
    assert reading_order(regions[::-1]) == regions


@pytest.mark.parametrize("number", [100, 101, 102, 103, 104])
def test_regions_are_those_of_the_package(built: Place, number: int) -> None:
    model = PpocrDet(DetectorOptions())
    with OnnxRunner(built.folder / "build/ppocr_det/onnxruntime/onnx/ppocr_det_sim.onnx") as runner:
        outputs = runner.run(model.feed(draw.page(draw.SAMPLES, number).picture))
    theirs = DBPostProcess(thresh=0.3, box_thresh=0.5, unclip_ratio=1.6, use_dilation=True, score_mode="fast")
    boxes, scores = theirs(outputs["text"], (640, 640))
    found = model.postprocess(outputs).regions or ()
    ours = [Line(region.corners, f"{region.score:.3f}", region.score) for region in found]
    other = [
        Line(tuple(map(tuple, corners.tolist())), "", score)
        for corners, score in zip(boxes, scores, strict=True)
    ]
    pairs = match(ours, other)
    assert len(pairs) == len(ours) == len(other) > 3
    for one, two in pairs:
        union = Polygon(one.corners).union(Polygon(two.corners)).area
        assert Polygon(one.corners).intersection(Polygon(two.corners)).area / union > 0.85
        assert one.score == pytest.approx(two.score, abs=0.03)
