"""Draws the pictures that come with the plugin: python tests/write_samples.py [FOLDER]."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import edgedla_ppocr
from edgedla_ppocr import draw

if TYPE_CHECKING:
    from PIL.Image import Image

SAMPLES = Path(edgedla_ppocr.__file__).parent / "samples"
PAGES, LINES = 4, 8
COLOURS = 32


def write(folder: Path) -> list[Path]:
    pictures = {f"page_{number}.png": draw.page(draw.SAMPLES, number).picture for number in range(PAGES)}
    pictures |= {f"line_{number}.png": draw.line(draw.SAMPLES, number).picture for number in range(LINES)}
    return [_save(picture, folder / name) for name, picture in pictures.items()]


def _save(picture: Image, path: Path) -> Path:
    picture.quantize(COLOURS).save(path, optimize=True)
    return path


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES)
