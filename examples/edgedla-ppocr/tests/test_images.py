"""What becomes of a picture, and where a region of it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from edgedla import Prediction, Region, UsageError
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edgedla_ppocr.detector import DetectorOptions, PpocrDet
from edgedla_ppocr.images import GREY, letterbox, letterbox_scale, line, read_image, tensor
from edgedla_ppocr.raw import board_bytes, main
from edgedla_ppocr.recogniser import PpocrRec, RecogniserOptions

if TYPE_CHECKING:
    from pathlib import Path

DETECTOR, RECOGNISER = PpocrDet(DetectorOptions()), PpocrRec(RecogniserOptions())
SIZES = st.tuples(st.integers(1, 900), st.integers(1, 900))
RED, ORIENTATION, QUARTER_TURN = (255, 0, 0), 0x0112, 6


def test_tensor_is_blue_green_red_from_minus_one_to_one() -> None:
    found = tensor(Image.new("RGB", (2, 1), RED))
    assert found.shape == (1, 3, 1, 2)
    assert found.dtype == np.float32
    assert found[0, :, 0, 0].tolist() == [-1.0, -1.0, 1.0]


def test_levels_come_back_exactly() -> None:
    levels = np.arange(256, dtype=np.uint8)
    picture = Image.fromarray(np.repeat(levels[None, :, None], 3, axis=2))
    image = DETECTOR.spec().image
    assert image is not None
    back = tensor(picture)[0] * image.std[0] + image.mean[0]
    assert np.array_equal(np.rint(back).astype(np.uint8), np.repeat(levels[None, None], 3, axis=0))


@given(SIZES)
def test_picture_fills_the_upper_left_corner_as_far_as_it_goes(size: tuple[int, int]) -> None:
    found = letterbox(Image.new("RGB", size, RED), 320, 160)
    assert found.size == (320, 160)
    assert found.getpixel((0, 0)) == RED
    filled = (np.asarray(found) == RED).all(axis=2)
    rows, columns = int(filled.any(axis=1).sum()), int(filled.any(axis=0).sum())
    assert rows == 160 or columns == 320
    assert filled[:rows, :columns].all()
    scale = letterbox_scale(size, 320, 160)
    assert (columns, rows) == (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    if not filled.all():
        assert found.getpixel((319, 159)) == GREY


@given(SIZES)
def test_line_has_its_ratio_or_is_squeezed(size: tuple[int, int]) -> None:
    found = line(Image.new("RGB", size, RED), 320, 48)
    columns = int((np.asarray(found) == RED).all(axis=2).any(axis=0).sum())
    assert found.size == (320, 48)
    assert columns == min(320, -(-size[0] * 48 // size[1]))


@given(SIZES, st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=4))
def test_regions_come_back_to_the_pixels_of_the_picture(
    size: tuple[int, int], shares: list[tuple[float, float]]
) -> None:
    scale = letterbox_scale(size, 640, 640)
    corners = tuple((x * size[0], y * size[1]) for x, y in shares)
    inside = Region(corners=tuple((x * scale, y * scale) for x, y in corners), score=0.5)
    outside = Region(corners=((-9.0, -9.0), (9999.0, 0.0), (0.0, 9999.0)), score=0.5)
    first, second = DETECTOR.placed(Prediction(regions=(inside, outside)), size).regions or ()
    np.testing.assert_allclose(first.corners, corners, atol=1e-6)
    assert second.corners == ((0.0, 0.0), (float(size[0]), 0.0), (0.0, float(size[1])))


def test_locate_takes_the_size_of_the_file(tmp_path: Path) -> None:
    Image.new("RGB", (320, 100)).save(tmp_path / "a.png")
    found = DETECTOR.locate(
        Prediction(regions=(Region(corners=((0, 0), (20, 0), (20, 10)), score=1),)), tmp_path / "a.png"
    )
    assert found.regions is not None
    assert found.regions[0].corners == ((0, 0), (10, 0), (10, 5))


def test_transparent_is_white(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").getpixel((0, 0)) == (255, 255, 255)


def test_picture_is_turned_upright(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[ORIENTATION] = QUARTER_TURN
    Image.new("RGB", (30, 20)).save(tmp_path / "a.jpg", exif=turned)
    assert read_image(tmp_path / "a.jpg").size == (20, 30)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16"])
def test_pictures_of_other_kinds(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    Image.new(mode, (40, 30)).save(path)
    assert DETECTOR.preprocess(path)["image"].shape == (1, 3, 640, 640)
    assert RECOGNISER.preprocess(path)["image"].shape == (1, 3, 48, 320)


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_damaged_pictures_are_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a b ü.png"
    if content is None:
        Image.effect_noise((40, 40), 90).save(path)
        path.write_bytes(path.read_bytes()[:500])
    else:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="it is no picture, or a damaged one") as caught:
        DETECTOR.preprocess(path)
    assert str(path) in caught.value.message


def test_missing_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.png': No such file"):
        RECOGNISER.preprocess(tmp_path / "gone.png")


def test_bytes_for_the_board_are_blue_green_red(tmp_path: Path) -> None:
    Image.new("RGB", (640, 640), RED).save(tmp_path / "a.png")
    assert main([str(tmp_path / "a.png"), str(tmp_path / "a.raw")]) == 0
    assert (tmp_path / "a.raw").read_bytes() == bytes((0, 0, 255)) * 640 * 640
    assert main([str(tmp_path / "a.png"), str(tmp_path / "b.raw"), "--line"]) == 0
    assert (tmp_path / "b.raw").read_bytes()[: 48 * 3] == bytes((0, 0, 255)) * 48
    assert board_bytes(Image.new("RGB", (1, 1), (1, 2, 3))) == bytes((3, 2, 1))


def test_bytes_of_a_missing_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "gone.png"), str(tmp_path / "a.raw")]) == 2
    assert "gone.png': No such file" in capsys.readouterr().err
