"""Pictures of text, drawn with the font that Pillow brings along (Aileron, CC0): they belong to nobody.

What is drawn depends on a seed alone, given the same Pillow. Samples and calibration have no word in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

_SAMPLE_WORDS = """
    harbour ticket window Monday coffee garden 2024 Total Platform 17 open closed bridge No. 58 paper lantern
    Room 312 Exit north Invoice river 64.90 orange valley Station market 10:45 summer please quiet
"""
_CALIBRATION_WORDS = """
    kitchen Friday 1999 engine yellow Flight 206 sugar Menu soup 7.50 bread apple Street 84 doctor hotel
    winter library Entrance Price 33% office School west Tower cinema train 08:15 museum forest sale new
    Hall B12 tea lemon west gate push pull danger high voltage keep left island ferry ABC XYZ 1234567890
"""
SAMPLES, CALIBRATION = "samples", "calibration"
_WORDS = {SAMPLES: tuple(_SAMPLE_WORDS.split()), CALIBRATION: tuple(_CALIBRATION_WORDS.split())}
_FIRST_SEED = {SAMPLES: 0, CALIBRATION: 1000}
_SIZES = ((640, 480), (480, 640), (800, 600), (600, 600))
_FONT_SIZES = (20, 44)  # pixels
_MARGIN = 24
_PAPERS = ((255, 255, 255), (244, 236, 216), (222, 235, 247), (38, 50, 56), (20, 20, 20))
_LIGHT_INK = 3  # papers from this one on are dark


@dataclass(frozen=True)
class DrawnLine:
    """A line as it was drawn: its text, and left, top, right, bottom of its ink in pixels."""

    text: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class DrawnPage:
    """A page, and what stands on it."""

    picture: Image
    lines: tuple[DrawnLine, ...]


def pages(kind: str, limit: int) -> Iterator[Image]:
    """The first `limit` pages of a kind."""
    return (page(kind, number).picture for number in range(limit))


def page(kind: str, number: int) -> DrawnPage:
    """The page with this number: a few lines of some words each, one below the other."""
    from PIL import Image, ImageDraw

    random = _random(kind, number)
    width, height = _SIZES[number % len(_SIZES)]
    paper = number % len(_PAPERS)
    picture = Image.new("RGB", (width, height), _PAPERS[paper])
    lines: list[DrawnLine] = []
    pen, top = ImageDraw.Draw(picture), _MARGIN
    while True:
        font = _font(int(random.integers(*_FONT_SIZES)))
        text, left = _phrase(kind, random), _MARGIN + int(random.integers(0, width // 4))
        box = pen.textbbox((left, top), text, font=font)
        if box[3] > height - _MARGIN:
            return DrawnPage(picture, tuple(lines))
        if box[2] < width - _MARGIN:
            pen.text((left, top), text, font=font, fill=_ink(random, light=paper >= _LIGHT_INK))
            lines.append(DrawnLine(text, box))
        top = int(box[3]) + int(random.integers(12, 40))


def lines(kind: str, limit: int) -> Iterator[Image]:
    """The first `limit` lines of a kind."""
    return (line(kind, number).picture for number in range(limit))


def line(kind: str, number: int) -> DrawnPage:
    """The line with this number, with a little paper round it."""
    from PIL import Image, ImageDraw

    random = _random(kind, number)
    font, text = _font(int(random.integers(*_FONT_SIZES))), _phrase(kind, random)
    paper = number % len(_PAPERS)
    left, top, right, bottom = font.getbbox(text)
    border = 2 + int(random.integers(0, 5))
    picture = Image.new(
        "RGB", (int(right - left) + 2 * border, int(bottom - top) + 2 * border), _PAPERS[paper]
    )
    place = (border - left, border - top)
    box = ImageDraw.Draw(picture).textbbox(place, text, font=font)
    ink = _ink(random, light=paper >= _LIGHT_INK)
    ImageDraw.Draw(picture).text(place, text, font=font, fill=ink)
    return DrawnPage(picture, (DrawnLine(text, box),))


def sample_files(kind: str) -> Sequence[Path]:
    """The pictures that come with the plugin, `page` or `line`."""
    return sorted((Path(__file__).parent / "samples").glob(f"{kind}_*.png"))


def _random(kind: str, number: int) -> np.random.Generator:
    import numpy as np

    return np.random.default_rng(_FIRST_SEED[kind] + number)


def _phrase(kind: str, random: np.random.Generator) -> str:
    words = _WORDS[kind]
    return " ".join(words[index] for index in random.integers(0, len(words), int(random.integers(1, 4))))


def _ink(random: np.random.Generator, *, light: bool) -> tuple[int, int, int]:
    levels = random.integers(0, 90, 3)
    return tuple(int(255 - level if light else level) for level in levels)  # type: ignore[return-value]


def _font(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow without FreeType has no such font"
    return font
