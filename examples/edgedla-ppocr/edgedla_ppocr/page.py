"""A whole page: its lines by the detector, each cut out and laid straight, their text by the recogniser."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from edgedla import Model, UsageError, open_bundle

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from edgedla import Reading, Region, Runner
    from PIL.Image import Image

    from edgedla_ppocr.detector import PpocrDet
    from edgedla_ppocr.recogniser import PpocrRec

    Point = tuple[float, float]

BUILD = Path("build")
TARGET = "onnxruntime"
LEAST_SCORE = 0.5  # of a line's text; what is less was no text, as a rule
TALL = 1.5  # height for a width of one from which a region holds a line that goes up or down

ModelT = TypeVar("ModelT", bound=Model[Any])


@dataclass(frozen=True)
class Line:
    """A line of text: its corners in pixels of the page, what it says, and how sure the recogniser is."""

    corners: tuple[Point, ...]
    text: str
    score: float


class PageReader:
    """Two bundles at work; closing it frees what they hold."""

    def __init__(self, detector: tuple[PpocrDet, Runner], recogniser: tuple[PpocrRec, Runner]) -> None:
        self._detector, self._find = detector
        self._recogniser, self._read = recogniser

    @classmethod
    def open(cls, build: Path = BUILD, target: str = TARGET) -> Self:
        """The bundles that `edgedla build ppocr_det` and `ppocr_rec` have left below `build`.

        Raises:
            UsageError: There is none; the hint is the command that makes it.
        """
        from edgedla_ppocr.detector import PpocrDet
        from edgedla_ppocr.recogniser import PpocrRec

        return cls(_open(build, target, PpocrDet), _open(build, target, PpocrRec))

    def read(self, picture: Image) -> list[Line]:
        """The lines of a page in reading order."""
        found = self._detector.postprocess(self._find.run(self._detector.feed(picture)))
        placed = self._detector.placed(found, picture.size)
        lines = []
        for region in placed.regions or ():
            best = max(map(self._reading, upright(cut(picture, region))), key=lambda reading: reading.score)
            if best.text.strip() and best.score >= LEAST_SCORE:
                lines.append(Line(region.corners, best.text.strip(), best.score))
        return lines

    def close(self) -> None:
        """Free what the bundles hold."""
        self._find.close()
        self._read.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _reading(self, picture: Image) -> Reading:
        found = self._recogniser.postprocess(self._read.run(self._recogniser.feed(picture))).reading
        assert found is not None, "a recogniser reads"
        return found


def read_page(path: Path, build: Path = BUILD, target: str = TARGET) -> list[Line]:
    """The lines of text in a picture, in reading order, by the bundles below `build`.

    Raises:
        UsageError: The picture cannot be read, or a bundle is missing.
    """
    from edgedla_ppocr.images import read_image

    picture = read_image(path)
    with PageReader.open(build, target) as reader:
        return reader.read(picture)


def cut(picture: Image, region: Region) -> Image:
    """What lies within a region of four corners, laid straight."""
    from math import dist

    from PIL import Image

    upper_left, upper_right, lower_right, lower_left = region.corners
    width = max(1, int(max(dist(upper_left, upper_right), dist(lower_left, lower_right))))
    height = max(1, int(max(dist(upper_left, lower_left), dist(upper_right, lower_right))))
    straight = ((0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height)))
    # Pillow asks for each pixel of the result where it comes from.
    sources = _perspective(straight, region.corners)
    return picture.transform((width, height), Image.Transform.PERSPECTIVE, sources, Image.Resampling.BICUBIC)


def upright(part: Image) -> list[Image]:
    """The ways to read a part: as it is, or a tall one turned to either side."""
    from PIL.Image import Transpose

    if part.height < TALL * part.width:
        return [part]
    return [part.transpose(Transpose.ROTATE_90), part.transpose(Transpose.ROTATE_270)]


def _perspective(places: tuple[Point, ...], goals: tuple[Point, ...]) -> tuple[float, ...]:
    """Eight numbers a to h: (x, y) goes to (ax + by + c, dx + ey + f) / (gx + hy + 1)."""
    import numpy as np

    rows, values = [], []
    for (x, y), (u, v) in zip(places, goals, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return tuple(np.linalg.solve(np.array(rows, np.float64), np.array(values, np.float64)).tolist())


def _open(build: Path, target: str, kind: type[ModelT]) -> tuple[ModelT, Runner]:
    bundle = open_bundle(build / kind.name / target)
    if not isinstance(bundle.model, kind):
        raise UsageError(f"{bundle.root} is a bundle of {bundle.model.name}, expected {kind.name}")
    return bundle.model, bundle.runner
