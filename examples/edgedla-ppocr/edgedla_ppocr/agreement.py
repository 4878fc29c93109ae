"""How far bundles agree with the package's own pipeline on drawn pages: python -m edgedla_ppocr.agreement.

Lines are the same where their outlines overlap by half (intersection over union). The character error rate
(CER) counts the edits from one text to another over the characters of the latter; a line that has no partner
counts in full.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedla import EdgedlaError, PrerequisiteError

from edgedla_ppocr.page import BUILD, TARGET, Line, PageReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL.Image import Image

    from edgedla_ppocr.draw import DrawnPage

    Pipeline = Callable[[Image], list[Line]]

OVERLAP = 0.5
FIRST_PAGE, PAGES = 100, 12  # drawn for this alone: neither samples nor calibration


@dataclass(frozen=True)
class Agreement:
    """One pipeline held against another, or against what was drawn."""

    lines: int
    expected_lines: int
    same_place: int
    same_text: int  # of those in the same place
    same_letters: int  # the same, spaces aside
    cer: float

    @property
    def recall(self) -> float:
        """Share of the expected lines that were found."""
        return self.same_place / self.expected_lines if self.expected_lines else 1.0

    @property
    def precision(self) -> float:
        """Share of the lines that were expected."""
        return self.same_place / self.lines if self.lines else 1.0


def agreement(pages: Sequence[tuple[Sequence[Line], Sequence[Line]]]) -> Agreement:
    """Lines that were found and lines that were expected, page by page."""
    place = text = letters = edits = 0
    for found, expected in pages:
        partners = match(found, expected)
        place += len(partners)
        text += sum(a.text == b.text for a, b in partners)
        letters += sum(a.text.replace(" ", "") == b.text.replace(" ", "") for a, b in partners)
        edits += sum(distance(a.text, b.text) for a, b in partners)
        edits += sum(len(line.text) for line in found) - sum(len(a.text) for a, _ in partners)
        edits += sum(len(line.text) for line in expected) - sum(len(b.text) for _, b in partners)
    characters = sum(len(line.text) for _, expected in pages for line in expected)
    return Agreement(
        sum(len(found) for found, _ in pages),
        sum(len(expected) for _, expected in pages),
        place,
        text,
        letters,
        edits / max(1, characters),
    )


def match(found: Sequence[Line], expected: Sequence[Line]) -> list[tuple[Line, Line]]:
    """Lines in the same place, each in one pair at most, those that overlap most first."""
    overlaps = sorted(
        ((overlap(a, b), i, j) for i, a in enumerate(found) for j, b in enumerate(expected)), reverse=True
    )
    pairs: dict[int, int] = {}
    for share, i, j in overlaps:
        if share >= OVERLAP and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return [(found[i], expected[j]) for i, j in sorted(pairs.items())]


def overlap(a: Line, b: Line) -> float:
    """Intersection over union of two outlines."""
    from shapely import Polygon

    one, other = Polygon(a.corners), Polygon(b.corners)
    union = one.union(other).area
    return float(one.intersection(other).area / union) if union else 0.0


def distance(a: str, b: str) -> int:
    """The fewest characters to put in, take out or exchange that make `b` of `a`."""
    row = list(range(len(b) + 1))
    for i, one in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (one != other))
    return row[-1]


def package_pipeline() -> Pipeline:
    """`RapidOCR` of the package that the weights come from, with its own settings.

    Raises:
        PrerequisiteError: Its OpenCV does not find the libraries of a desktop.
    """
    import numpy as np

    try:
        from rapidocr_onnxruntime import RapidOCR
    except ImportError as error:
        raise PrerequisiteError(
            f"the package's own pipeline cannot be imported: {error}",
            hint="apt install libgl1 libglib2.0-0",
        ) from error
    engine: Any = RapidOCR()

    def read(picture: Image) -> list[Line]:
        found, _ = engine(np.ascontiguousarray(np.asarray(picture)[:, :, ::-1]))
        return [
            Line(tuple((float(x), float(y)) for x, y in corners), text, float(score))
            for corners, text, score in found or ()
        ]

    return read


def drawn_lines(page: DrawnPage) -> list[Line]:
    """What stands on a drawn page."""
    lines = []
    for line in page.lines:
        left, top, right, bottom = line.box
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        lines.append(Line(corners, line.text, 1.0))
    return lines


def measure(pages: Sequence[DrawnPage], ours: Pipeline, theirs: Pipeline) -> dict[str, Agreement]:
    """Ours against theirs and the other way round, and both against what was drawn."""
    mine = [ours(page.picture) for page in pages]
    other = [theirs(page.picture) for page in pages]
    drawn = [drawn_lines(page) for page in pages]
    return {
        "bundle against package": agreement(list(zip(mine, other, strict=True))),
        "package against bundle": agreement(list(zip(other, mine, strict=True))),
        "bundle against drawn": agreement(list(zip(mine, drawn, strict=True))),
        "package against drawn": agreement(list(zip(other, drawn, strict=True))),
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; exit status as of the edgedla command."""
    import json

    from edgedla_ppocr import draw

    parser = ArgumentParser(prog="python -m edgedla_ppocr.agreement", description=__doc__)
    parser.add_argument("--build", type=Path, default=BUILD, help="folder of the bundles")
    parser.add_argument("--target", default=TARGET)
    parser.add_argument("--pages", type=int, default=PAGES, help="how many to draw")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    pages = [draw.page(draw.SAMPLES, FIRST_PAGE + number) for number in range(options.pages)]
    try:
        theirs = package_pipeline()
        with PageReader.open(options.build, options.target) as reader:
            found = measure(pages, reader.read, theirs)
    except EdgedlaError as error:
        sys.stderr.write(f"error: {error.message}\n" + (f"hint: {error.hint}\n" if error.hint else ""))
        return error.exit_code
    if options.json:
        sys.stdout.write(json.dumps({name: asdict(each) for name, each in found.items()}) + "\n")
    else:
        sys.stdout.writelines(f"{name}: {describe(each)}\n" for name, each in found.items())
    return 0


def describe(found: Agreement) -> str:
    """One line for a person."""
    return (
        f"{found.same_place} of {found.expected_lines} lines found, {found.lines - found.same_place} more, "
        f"{found.same_text} with the same text, {found.same_letters} but for spaces, CER {found.cer:.1%}"
    )


if __name__ == "__main__":
    sys.exit(main())
