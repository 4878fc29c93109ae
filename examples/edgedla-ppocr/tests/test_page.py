"""A page's lines are cut out straight and read."""

from __future__ import annotations

from math import cos, radians, sin
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from edgedla import Region, UsageError
from PIL import Image, ImageDraw, ImageFont

from edgedla_ppocr import draw
from edgedla_ppocr.page import PageReader, cut, read_page, upright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Place

PAPER, INK = (250, 250, 250), (10, 10, 60)


@pytest.fixture(scope="module")
def reader(built: Place) -> Iterator[PageReader]:
    with PageReader.open(built.folder / "build") as found:
        yield found


def written(text: str, size: int = 36) -> Image.Image:
    picture = Image.new("RGB", (480, 360), PAPER)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(picture).text((240, 180), text, fill=INK, font=font, anchor="mm")
    return picture


def test_part_that_is_cut_straight_is_the_part() -> None:
    picture = Image.effect_noise((120, 90), 80).convert("RGB")
    corners = ((20.0, 30.0), (80.0, 30.0), (80.0, 60.0), (20.0, 60.0))
    found = cut(picture, Region(corners=corners, score=1))
    assert np.array_equal(np.asarray(found), np.asarray(picture.crop((20, 30, 80, 60))))


def test_slanted_part_is_laid_straight() -> None:
    c, s = cos(radians(20)), sin(radians(20))
    corners = tuple(
        (100 + c * x - s * y, 100 + s * x + c * y) for x, y in ((-60, -10), (60, -10), (60, 10), (-60, 10))
    )
    picture = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(picture).polygon(corners, fill="black")
    found = np.asarray(cut(picture, Region(corners=corners, score=1)))
    assert found.shape in {(19, 119, 3), (20, 120, 3)}
    assert found[2:-2, 2:-2].max() < 30


def test_tall_part_is_turned_to_both_sides() -> None:
    picture = Image.new("RGB", (40, 100), "white")
    picture.paste(INK, (0, 0, 40, 50))
    left, right = upright(picture)
    assert left.size == right.size == (100, 40)
    assert left.getpixel((10, 20)) == right.getpixel((90, 20)) == INK
    assert upright(left) == [left]


@pytest.mark.parametrize("number", range(3))
def test_drawn_page_is_read(reader: PageReader, number: int) -> None:
    page = draw.page(draw.SAMPLES, number)
    assert [line.text for line in reader.read(page.picture)] == [line.text for line in page.lines]


@pytest.mark.parametrize("degrees", [-25, 12, 90, -90])
def test_slanted_and_upright_lines_are_read(reader: PageReader, degrees: int) -> None:
    picture = written("Platform 17").rotate(degrees, resample=Image.Resampling.BICUBIC, fillcolor=PAPER)
    (line,) = reader.read(picture)
    assert line.text == "Platform 17"
    assert line.score > 0.9


@pytest.mark.parametrize("size", [(480, 360), (1, 1), (2000, 40)])
def test_empty_picture_has_no_lines(reader: PageReader, size: tuple[int, int]) -> None:
    assert reader.read(Image.new("RGB", size, PAPER)) == []


def test_corners_are_those_of_the_picture(reader: PageReader) -> None:
    large = written("Platform 17").resize((1920, 1440))
    (small_line,), (large_line,) = reader.read(written("Platform 17")), reader.read(large)
    np.testing.assert_allclose(np.array(large_line.corners) / 4, small_line.corners, atol=3)


def test_page_in_a_file(built: Place, tmp_path: Path) -> None:
    written("Exit north").save(tmp_path / "page.png")
    (line,) = read_page(tmp_path / "page.png", built.folder / "build")
    assert line.text == "Exit north"


def test_missing_bundle_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        PageReader.open(tmp_path)
    assert caught.value.hint == "edgedla build ppocr_det --target onnxruntime"


def test_missing_page_is_named(built: Place) -> None:
    with pytest.raises(UsageError, match=r"gone\.png': No such file"):
        read_page(Path("gone.png"), built.folder / "build")
