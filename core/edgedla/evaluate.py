"""How good a network is on labelled clips, and what the way from one rung to another cost in decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from edgedla.confusion import ClassRow, Confusion, class_rows, confusion
from edgedla.spec import Score, Spec
from edgedla.statistics import (
    Budget,
    Drop,
    Reliability,
    Share,
    drop,
    judge_drop,
    mcnemar,
    reliability,
    share,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from edgedla.clips import ClipList
    from edgedla.rungs import Reply

FlipKind: TypeAlias = Literal["right_to_wrong", "wrong_to_right", "wrong_to_wrong"]

TOP = 3


class Answered(Spec):
    """One clip: its class, and the best `TOP` answers of the rung."""

    clip: str
    label: str  # the model's name of the clip's class
    predicted: str
    score: float
    correct: bool
    top: tuple[Score, ...]


class Unread(Spec):
    """A clip that could not be read, and why."""

    clip: str
    reason: str


class Evaluation(Spec):
    """One rung on labelled clips; what could not be read is in no figure."""

    rung: str
    clips: int
    accuracy: Share
    top3: Share
    classes: tuple[ClassRow, ...]
    confusion: Confusion
    calibration: Reliability | None  # of the scores; None where nothing could be read
    results: tuple[Answered, ...]
    failed: tuple[Unread, ...]


class Flip(Spec):
    """A clip on which two rungs differ: `before` and `after` are the classes that they name."""

    clip: str
    label: str
    kind: FlipKind
    before: str
    after: str
    score_before: float
    score_after: float


class Pairing(Spec):
    """The same clips through two rungs, from `against` to `rung`."""

    against: str
    rung: str
    clips: int
    accuracy: Share  # of `against`
    both_right: int
    both_wrong: int  # the flips from wrong to wrong among them
    right_to_wrong: int
    wrong_to_right: int
    wrong_to_wrong: int
    flips: tuple[Flip, ...]
    p_value: float  # McNemar, exact, two-sided
    drop: Drop
    budget: Budget


class Leakage(Spec):
    """Clips that the network has seen before: their names."""

    calibration: tuple[str, ...] = ()
    training: tuple[str, ...] = ()


def evaluate(
    replies: Sequence[Reply], classes: Mapping[str, int], labels: Sequence[str], rungs: Sequence[str], at: int
) -> Evaluation:
    """The figures of rung number `at`; `classes` are the model's numbers of the data set's classes."""
    good = [reply for reply in replies if not reply.failure]
    truth = [classes[reply.clip.label] for reply in good]
    results = tuple(_answered(reply, at, true, labels) for reply, true in zip(good, truth, strict=True))
    table = confusion(
        labels, zip(truth, (reply.predictions[at].best.class_id for reply in good), strict=True)
    )
    near = sum(
        any(score.class_id == true for score in reply.predictions[at].top[:TOP])
        for reply, true in zip(good, truth, strict=True)
    )
    return Evaluation(
        rung=rungs[at],
        clips=len(good),
        accuracy=share(sum(result.correct for result in results), len(good)),
        top3=share(near, len(good)),
        classes=class_rows(table),
        confusion=table,
        calibration=reliability([_scores(reply, at, len(labels)) for reply in good], truth) if good else None,
        results=results,
        failed=tuple(
            Unread(clip=reply.clip.name, reason=reply.failure) for reply in replies if reply.failure
        ),
    )


def pair(before: Evaluation, after: Evaluation, max_drop: float) -> Pairing:
    """Flips, p and the budget between two evaluations of the same clips.

    Raises:
        ValueError: The clips are not the same, or there is none.
    """
    pairs = list(zip(before.results, after.results, strict=True))
    if any(a.clip != b.clip for a, b in pairs):
        raise ValueError("the two rungs did not answer to the same clips")
    flips = tuple(_flip(a, b) for a, b in pairs if a.predicted != b.predicted)
    counts = {kind: sum(flip.kind == kind for flip in flips) for kind in get_args(FlipKind)}
    lost, won = counts["right_to_wrong"], counts["wrong_to_right"]
    return Pairing(
        against=before.rung,
        rung=after.rung,
        clips=len(pairs),
        accuracy=before.accuracy,
        both_right=sum(a.correct and b.correct for a, b in pairs),
        both_wrong=sum(not a.correct and not b.correct for a, b in pairs),
        **counts,
        flips=flips,
        p_value=mcnemar(lost, won),
        drop=drop(lost, won, len(pairs)),
        budget=judge_drop(lost, won, len(pairs), max_drop),
    )


def find_leaks(
    replies: Sequence[Reply],
    calibration: ClipList,
    training: ClipList,
    trained_on: Callable[[Path], bool],
) -> Leakage:
    """Clips that had a part in calibration or training, by hash; of training also by what the model knows."""
    return Leakage(
        calibration=tuple(reply.clip.name for reply in replies if reply.hash in calibration),
        training=tuple(
            reply.clip.name for reply in replies if reply.hash in training or trained_on(reply.clip.path)
        ),
    )


def _answered(reply: Reply, at: int, true: int, labels: Sequence[str]) -> Answered:
    prediction = reply.predictions[at]
    best = prediction.best
    return Answered(
        clip=reply.clip.name,
        label=labels[true],
        predicted=labels[best.class_id],
        score=best.score,
        correct=best.class_id == true,
        top=prediction.top[:TOP],
    )


def _scores(reply: Reply, at: int, count: int) -> list[float]:
    """Scores in the order of the classes."""
    by_class = {score.class_id: score.score for score in reply.predictions[at].top}
    return [by_class.get(index, 0.0) for index in range(count)]


def _flip(before: Answered, after: Answered) -> Flip:
    return Flip(
        clip=before.clip,
        label=before.label,
        kind="right_to_wrong" if before.correct else "wrong_to_right" if after.correct else "wrong_to_wrong",
        before=before.predicted,
        after=after.predicted,
        score_before=before.score,
        score_after=after.score,
    )
