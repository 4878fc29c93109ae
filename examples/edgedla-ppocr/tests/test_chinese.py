"""Chinese text, drawn with IPAex Gothic (IPA Font License), which only the tests need."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw, ImageFont

from edgedla_ppocr.page import PageReader

if TYPE_CHECKING:
    from conftest import Place

# Characters that Japanese and simplified Chinese share.
LINES = ("北京大学", "上海市中心", "文字 2024", "出口入口", "天地人")


@pytest.mark.parametrize("target", ["onnxruntime", "pcupid"])
def test_chinese_lines_are_found_and_read(target: str, request: pytest.FixtureRequest) -> None:
    place: Place = request.getfixturevalue("built" if target == "onnxruntime" else "built_for_board")
    picture = Image.new("RGB", (480, 480), "white")
    font = ImageFont.truetype(font_file(), 48)
    for number, text in enumerate(LINES):
        ImageDraw.Draw(picture).text((60, 30 + 90 * number), text, fill="black", font=font)
    with PageReader.open(place.folder / "build", target) as reader:
        found = [line.text.replace(" ", "") for line in reader.read(picture)]
    assert found == [text.replace(" ", "") for text in LINES]


def font_file() -> Path:
    spec = find_spec("matplotlib_fontja")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "fonts" / "ipaexg.ttf"
