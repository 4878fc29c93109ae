"""A calibration set: few recordings of many, so that every class and every kind of level is among them."""

from __future__ import annotations

import bisect
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from edgedla.artifacts import sha256
from edgedla.errors import UsageError
from edgedla.evaluate import Unread
from edgedla.spec import Spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgedla.dataset import Clip
    from edgedla.model import Measure, Model


class Step(Spec):
    """One step of a measure, from `low` up to `high` (`None`: open): clips offered, and clips picked."""

    low: float | None
    high: float | None
    offered: int
    picked: int


class Cover(Spec):
    """How a set is spread over one measure."""

    name: str
    unit: str
    steps: tuple[Step, ...]


class ClassCover(Spec):
    """How many clips of a class were offered and picked."""

    label: str
    offered: int
    picked: int


class Picked(Spec):
    """One clip of the set and its figures, by the names of the measures."""

    clip: str
    label: str
    measures: dict[str, float]


class CalibrationSet(Spec):
    """The set, what it covers, and in words what it lacks."""

    picked: tuple[Picked, ...]
    classes: tuple[ClassCover, ...]
    covers: tuple[Cover, ...]
    lacks: tuple[str, ...]
    held_out: int  # clips of the model's test data, which are never picked
    repeated: int  # clips with the same bytes as another
    failed: tuple[Unread, ...]


@dataclass(frozen=True)
class _Candidate:
    clip: Clip
    figures: tuple[float, ...]
    steps: tuple[int, ...]  # of each measure
    hash: str


def pick(model: Model[Any], clips: Sequence[Clip], count: int, jobs: int) -> CalibrationSet:
    """`count` of the clips, as many of each class, those first whose levels the set has least of.

    The same clips give the same set, in whatever order they come.

    Raises:
        UsageError: No clip is left to pick from.
    """
    allowed = [clip for clip in clips if not model.held_out(clip.path)]
    candidates, failed = _measured(model, allowed, jobs)
    unique = list({each.hash: each for each in sorted(candidates, key=_name, reverse=True)}.values())
    if not unique:
        why = failed[0].reason if failed else "all clips belong to the model's test data"
        raise UsageError(f"there is no clip to calibrate on: {why}")
    chosen = _spread(sorted(unique, key=_name), count)
    measures = tuple(model.measures())
    covers = tuple(_cover(measure, at, unique, chosen) for at, measure in enumerate(measures))
    classes = _class_covers(unique, chosen)
    return CalibrationSet(
        picked=tuple(
            Picked(
                clip=each.clip.name,
                label=each.clip.label,
                measures={m.name: value for m, value in zip(measures, each.figures, strict=True)},
            )
            for each in sorted(chosen, key=_name)
        ),
        classes=classes,
        covers=covers,
        lacks=(*_too_few(count, chosen), *_missing_steps(covers)),
        held_out=len(clips) - len(allowed),
        repeated=len(candidates) - len(unique),
        failed=failed,
    )


def _name(candidate: _Candidate) -> str:
    return candidate.clip.name


def _measured(
    model: Model[Any], clips: Sequence[Clip], jobs: int
) -> tuple[list[_Candidate], tuple[Unread, ...]]:
    measures = tuple(model.measures())

    def read(clip: Clip) -> _Candidate | Unread:
        try:
            figures = model.measure(clip.path)
            steps = tuple(
                bisect.bisect_right(m.edges, value) for m, value in zip(measures, figures, strict=True)
            )
            return _Candidate(clip, figures, steps, sha256(clip.path))
        except UsageError as error:
            return Unread(clip=clip.name, reason=error.message)

    with ThreadPoolExecutor(jobs) as pool:
        try:
            found = list(pool.map(read, clips))
        finally:
            pool.shutdown(cancel_futures=True)
    return (
        [each for each in found if isinstance(each, _Candidate)],
        tuple(each for each in found if isinstance(each, Unread)),
    )


def _spread(candidates: list[_Candidate], count: int) -> list[_Candidate]:
    """Of the class that has fewest, the clip whose steps the set has least of; ties go by name."""
    by_class: dict[str, list[_Candidate]] = {}
    for each in candidates:
        by_class.setdefault(each.clip.label, []).append(each)
    taken: dict[str, int] = dict.fromkeys(by_class, 0)
    filled: dict[tuple[int, int], int] = {}  # measure and step: clips picked
    chosen: list[_Candidate] = []
    while len(chosen) < count and any(by_class.values()):
        label = min((label for label in by_class if by_class[label]), key=lambda label: (taken[label], label))
        best = max(by_class[label], key=lambda each: _worth(each, filled))  # the first of equals
        by_class[label].remove(best)
        taken[label] += 1
        for place in enumerate(best.steps):
            filled[place] = filled.get(place, 0) + 1
        chosen.append(best)
    return chosen


def _worth(candidate: _Candidate, filled: dict[tuple[int, int], int]) -> float:
    return sum(1 / (1 + filled.get(place, 0)) for place in enumerate(candidate.steps))


def _cover(measure: Measure, at: int, offered: Sequence[_Candidate], chosen: Sequence[_Candidate]) -> Cover:
    edges = (None, *measure.edges, None)
    steps = tuple(
        Step(low=low, high=high, offered=_count(offered, at, index), picked=_count(chosen, at, index))
        for index, (low, high) in enumerate(pairwise(edges))
    )
    return Cover(name=measure.name, unit=measure.unit, steps=steps)


def _count(candidates: Iterable[_Candidate], at: int, step: int) -> int:
    return sum(each.steps[at] == step for each in candidates)


def _class_covers(offered: Sequence[_Candidate], chosen: Sequence[_Candidate]) -> tuple[ClassCover, ...]:
    labels = sorted({each.clip.label for each in offered})
    return tuple(
        ClassCover(
            label=label,
            offered=sum(each.clip.label == label for each in offered),
            picked=sum(each.clip.label == label for each in chosen),
        )
        for label in labels
    )


def _too_few(count: int, chosen: Sequence[_Candidate]) -> list[str]:
    return [f"{count - len(chosen)} of {count} clips: there are no more"] if len(chosen) < count else []


def _missing_steps(covers: Iterable[Cover]) -> list[str]:
    return [
        f"{cover.name} {_range(step)} {cover.unit}: {'not picked' if step.offered else 'none was offered'}"
        for cover in covers
        for step in cover.steps
        if not step.picked
    ]


def _range(step: Step) -> str:
    if step.low is None:
        return f"below {step.high:g}"
    return f"from {step.low:g} on" if step.high is None else f"{step.low:g} to {step.high:g}"
