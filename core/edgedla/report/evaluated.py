"""An evaluation for the page: its figures derived anew from its clips, whoever counted them before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgedla.confusion import Confusion, class_rows, confusion
from edgedla.errors import UsageError
from edgedla.evaluate import Answered, Evaluation, Leakage, Pairing, pair
from edgedla.statistics import share

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgedla.report.schemas import EvalData, Recordings


@dataclass(frozen=True)
class Evaluated:
    """One rung on labelled clips; `before` is the confusion of the rung that it is paired with."""

    data: Recordings
    found: Evaluation
    leakage: Leakage
    paired: Pairing | None
    before: Confusion | None


def from_file(path: Path, data: EvalData, labels: Sequence[str], rungs: Sequence[str]) -> Evaluated:
    """What `edgedla eval --json` wrote; only what follows from the single clips is taken from it.

    Raises:
        UsageError: Classes or rungs are not those of the bundle, or the file contradicts itself.
    """
    checks = _Checks(path)
    checks.same("confusion.labels", data.confusion.labels, tuple(labels))
    checks.known("rung", data.rung, rungs)
    _check_clips(checks, data, labels)
    found = _counted(data, labels)
    for name in ("clips", "confusion"):
        checks.same(name, getattr(data, name), getattr(found, name))
    for name in ("accuracy", "top3"):
        checks.same(f"{name}.hits", getattr(data, name).hits, getattr(found, name).hits)
    _check_calibration(checks, found)
    paired, before = None, None
    if data.against:
        checks.known("against.against", data.against.against, rungs)
        former = _former(checks, found, data.against, labels)
        paired, before = pair(former, found, data.against.budget.max_drop), former.confusion
        for name in ("clips", "right_to_wrong", "wrong_to_right", "wrong_to_wrong", "flips"):
            checks.same(f"against.{name}", getattr(data.against, name), getattr(paired, name))
    return Evaluated(data.data, found, data.leakage, paired, before)


@dataclass(frozen=True)
class _Checks:
    """Complaints about one file."""

    path: Path

    def same(self, place: str, said: object, counted: object) -> None:
        if said != counted:
            raise UsageError(
                f"{self.path}: {place} is {_short(said)}, and it should be {_short(counted)}",
                hint="the file was damaged, or is of a network with other classes: evaluate again",
            )

    def known(self, place: str, name: str, names: Sequence[str]) -> None:
        if name not in names:
            raise UsageError(f"{self.path}: {place} is {name!r}, which is none of {', '.join(names)}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 80 else f"{text[:80]}…"  # noqa: PLR2004 - of a line


def _check_clips(checks: _Checks, data: EvalData, labels: Sequence[str]) -> None:
    names = [result.clip for result in data.results]
    checks.same("results, clips named once", len(set(names)), len(names))
    for index, result in enumerate(data.results):
        checks.known(f"results.{index}.label", result.label, labels)
        checks.known(f"results.{index}.predicted", result.predicted, labels)
        checks.same(f"results.{index}.correct", result.correct, result.label == result.predicted)
    if not names:
        raise UsageError(f"{checks.path}: not one clip was answered")


def _check_calibration(checks: _Checks, found: Evaluation) -> None:
    if found.calibration is None:
        return
    checks.same("calibration.bins, clips", sum(each.count for each in found.calibration.bins), found.clips)
    shares = [value for each in found.calibration.bins for value in (each.low, each.high, each.accuracy)]
    if min(each.count for each in found.calibration.bins) < 0 or any(
        value is not None and not 0 <= value <= 1 for value in (*shares, found.calibration.ece)
    ):
        raise UsageError(f"{checks.path}: calibration holds what is no share")


def _counted(data: EvalData, labels: Sequence[str]) -> Evaluation:
    """The evaluation with all figures counted from its clips."""
    near = sum(any(score.label == result.label for score in result.top) for result in data.results)
    plain = Evaluation(**{name: getattr(data, name) for name in Evaluation.model_fields})
    return _recount(plain, data.results, labels).model_copy(
        update={"top3": share(near, len(data.results)), "clips": len(data.results)}
    )


def _recount(shape: Evaluation, results: tuple[Answered, ...], labels: Sequence[str]) -> Evaluation:
    number = {label: index for index, label in enumerate(labels)}
    table = confusion(labels, ((number[each.label], number[each.predicted]) for each in results))
    return shape.model_copy(
        update={
            "results": results,
            "accuracy": share(sum(each.correct for each in results), len(results)),
            "confusion": table,
            "classes": class_rows(table),
        }
    )


def _former(checks: _Checks, found: Evaluation, paired: Pairing, labels: Sequence[str]) -> Evaluation:
    """The other rung: where nothing flipped it said the same. Its `top3` and scores are not known."""
    flips = {flip.clip: flip for flip in paired.flips}
    checks.same("against.flips, clips", len(flips), len(paired.flips))
    missing = flips.keys() - {result.clip for result in found.results}
    checks.same("against.flips, clips without a result", len(missing), 0)
    results = []
    for result in found.results:
        flip = flips.get(result.clip)
        if flip:
            checks.known(f"against.flips, {result.clip}: before", flip.before, labels)
            change = {
                "predicted": flip.before,
                "score": flip.score_before,
                "correct": flip.before == flip.label,
            }
            result = result.model_copy(update=change)  # noqa: PLW2901 - the same clip on another rung
        results.append(result)
    return _recount(found.model_copy(update={"rung": paired.against}), tuple(results), labels)
