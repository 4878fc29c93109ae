"""A unit axis put in or taken out: what becomes of shapes, axes and lists with one entry per axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedla_targets.pcupid.safe.graph import Dims

T = TypeVar("T")


@dataclass(frozen=True)
class RankChange:
    """Tensors of `rank` get an axis of size one at `position` (`insert`), or lose the one there."""

    rank: int
    position: int
    insert: bool

    def fits(self, shape: Dims) -> bool:
        """Whether a tensor of this shape can be changed.

        >>> [RankChange(4, 1, insert=False).fits(shape) for shape in ((1, 1, 7, 5), (1, 2, 7, 5), (1, 7, 5))]
        [True, False, False]
        """
        return len(shape) == self.rank and (self.insert or shape[self.position] == 1)

    def row(self, values: Sequence[T], fill: T) -> tuple[T, ...]:
        """A list with one entry per axis, with `fill` for a new axis.

        >>> RankChange(3, 2, insert=True).row((1, 16, 50), 1)
        (1, 16, 1, 50)
        """
        new = (fill,) if self.insert else ()
        return (*values[: self.position], *new, *values[self.position + (not self.insert) :])

    def axis(self, axis: int) -> int | None:
        """The new number of an axis, `None` for the one that vanishes.

        >>> [RankChange(3, 2, insert=True).axis(axis) for axis in range(3)]
        [0, 1, 3]
        >>> [RankChange(4, 1, insert=False).axis(axis) for axis in range(4)]
        [0, None, 1, 2]
        """
        if self.insert:
            return axis + (axis >= self.position)
        return None if axis == self.position else axis - (axis > self.position)

    def axes(self, axes: Sequence[int]) -> list[int] | None:
        """New numbers of several axes, `None` if one of them vanishes."""
        found = [self.axis(axis) for axis in axes]
        kept = [axis for axis in found if axis is not None]
        return kept if len(kept) == len(found) else None

    def operand(self, shape: Dims) -> Dims:
        """The shape that a broadcast operand needs.

        >>> RankChange(3, 2, insert=True).operand((16, 1)), RankChange(3, 2, insert=True).operand((50,))
        ((1, 16, 1, 1), (50,))
        """
        missing = self.rank - len(shape)
        # Axes from `position` on keep their distance to the end: a shorter shape of these alone still fits.
        if missing > self.position or (self.insert and missing == self.position > 0):
            return shape
        return self.row(((1,) * missing + shape), 1)
