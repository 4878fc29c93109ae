"""From a map of how likely each pixel is text to slanted boxes (differentiable binarisation).

What is above THRESHOLD is cut into connected pieces. The smallest rectangle round a piece is a line of text
if the map's mean over it is high enough; the network was trained on shrunken lines, so it is widened again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgedla import Region

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

    Map = npt.NDArray[np.float32]
    Corners = tuple[tuple[float, float], ...]

THRESHOLD = 0.3  # of a pixel
LEAST_SIDE = 3.0  # pixels, of the rectangle before it is widened
LEAST_WIDENED = 5.0  # and after
MOST = 1000  # regions
RECTANGLE = 4
HALF_PIXEL = 0.5


@dataclass(frozen=True)
class Rule:
    """What makes a piece of the map a line of text: its mean, and how far its edges are moved out.

    They are moved by area * `widening` / circumference.
    """

    score: float
    widening: float


def find_regions(found: Map, rule: Rule) -> list[Region]:
    """Lines of text in a map (height, width) of numbers from 0 to 1, in reading order, in its pixels."""
    regions = []
    for rectangle in _rectangles(found):
        score = _mean(found, rectangle)
        if score < rule.score:
            continue
        wide = _rectangle(rectangle.buffer(rectangle.area * rule.widening / rectangle.length))
        if wide is not None and _short_side(wide) >= LEAST_WIDENED:
            regions.append(Region(corners=_ordered(wide), score=min(score, 1.0), label="text"))
    return reading_order(regions)


def reading_order(regions: list[Region]) -> list[Region]:
    """Row by row from above, each from the left; a row is whose middles lie within half a line's height."""
    rows: list[list[Region]] = []
    for region in sorted(regions, key=lambda region: _middle(region)[1]):
        first = rows[-1][0] if rows else None
        if first is not None and _middle(region)[1] - _middle(first)[1] < _height(first) / 2:
            rows[-1].append(region)
        else:
            rows.append([region])
    return [region for row in rows for region in sorted(row, key=lambda region: _middle(region)[0])]


def _rectangles(found: Map) -> Iterator[Any]:
    """Smallest rectangles round connected pieces, as polygons; those without a width are left out."""
    import numpy as np
    from scipy import ndimage
    from shapely import MultiPoint

    pieces, _ = ndimage.label(_thickened(found > THRESHOLD), np.ones((3, 3)))
    for number, place in enumerate(ndimage.find_objects(pieces)[:MOST], 1):
        rows, columns = np.nonzero(pieces[place] == number)
        points = np.column_stack([columns + place[1].start, rows + place[0].start])
        rectangle = _rectangle(MultiPoint(points))
        if rectangle is not None and _short_side(rectangle) >= LEAST_SIDE:
            yield rectangle


def _thickened(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """One pixel more to the right and below, which joins pieces that nearly touch."""
    result = mask.copy()
    result[1:] |= mask[:-1]
    result[:, 1:] |= result[:, :-1].copy()
    return result


def _rectangle(shape: Any) -> Any | None:
    """The smallest rectangle round a shape; `None` round a point or a straight line."""
    found = shape.minimum_rotated_rectangle
    return found if found.geom_type == "Polygon" else None


def _mean(found: Map, rectangle: Any) -> float:
    """Mean of the map over the pixels that a rectangle touches."""
    import numpy as np
    from shapely import contains_xy

    touched = rectangle.buffer(HALF_PIXEL, join_style="mitre")
    left, top, right, bottom = (max(0, int(value)) for value in touched.bounds)
    part = found[top : bottom + 1, left : right + 1]
    rows, columns = np.indices(part.shape)
    inside = contains_xy(touched, columns + left, rows + top)
    return float(part[inside].mean()) if inside.any() else 0.0


def _short_side(rectangle: Any) -> float:
    a, b, c = rectangle.exterior.coords[:3]
    return min(_distance(a, b), _distance(b, c))


def _ordered(rectangle: Any) -> Corners:
    """Upper left, upper right, lower right, lower left, by which way the long side slants."""
    corners = sorted(rectangle.exterior.coords[:RECTANGLE])
    left, right = sorted(corners[:2], key=_y), sorted(corners[2:], key=_y)
    ordered = (left[0], right[0], right[1], left[1])
    return tuple((float(x), float(y)) for x, y in ordered)


def _middle(region: Region) -> tuple[float, float]:
    count = len(region.corners)
    return sum(x for x, _ in region.corners) / count, sum(y for _, y in region.corners) / count


def _height(region: Region) -> float:
    return _distance(region.corners[0], region.corners[-1])


def _distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    from math import dist

    return dist(a, b)


def _y(corner: tuple[float, float]) -> float:
    return corner[1]
