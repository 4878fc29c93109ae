"""The figures of `edgedla robustness`, counted anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.errors import UsageError
from edgedla.robustness import Point, Robustness
from edgedla.statistics import share

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgedla.report.schemas import RobustnessData


def from_file(path: Path, data: RobustnessData, rungs: Sequence[str]) -> Robustness:
    """What `edgedla robustness --json` wrote.

    Raises:
        UsageError: Its rungs are not those of the bundle, or it contradicts itself.
    """
    for name in data.rungs:
        if name not in rungs:
            raise UsageError(f"{path}: rung {name!r} is none of {', '.join(rungs)}")
    found = Robustness(**{name: getattr(data, name) for name in Robustness.model_fields})
    return found.model_copy(
        update={
            "clean": _checked(path, "clean", found.clean, found),
            "series": tuple(
                each.model_copy(
                    update={"points": tuple(_checked(path, each.kind, point, found) for point in each.points)}
                )
                for each in found.series
            ),
        }
    )


def _checked(path: Path, place: str, point: Point, found: Robustness) -> Point:
    if tuple(point.accuracy) != found.rungs:
        raise UsageError(f"{path}: {place}: accuracy is of {', '.join(point.accuracy) or 'no rung'}")
    shares = point.accuracy.items()
    if any(each.count != found.clips or not 0 <= each.hits <= each.count for _, each in shares):
        raise UsageError(f"{path}: {place}: counts do not fit {found.clips} clips")
    return point.model_copy(
        update={"accuracy": {name: share(each.hits, each.count) for name, each in shares}}
    )
