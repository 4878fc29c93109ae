"""What a count of right answers is worth: intervals, the exact test for pairs, and how many clips it takes.

docs/explanation/statistics.md says what each figure means, and names the papers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeAlias

from edgedla.spec import Spec

if TYPE_CHECKING:
    from collections.abc import Sequence

Judgement: TypeAlias = Literal["pass", "exceed", "undecided"]

LEVEL = 0.95
Z = 1.959963984540054  # of the normal distribution, 2.5 % on either side
BINS = 15
"""Of the calibration error, as in Guo et al. 2017."""


class Share(Spec):
    """`hits` of `count` with the 95 % interval of Wilson (1927); no figures where nothing was counted."""

    hits: int
    count: int
    value: float | None
    low: float | None
    high: float | None


class Drop(Spec):
    """By how much the second of a pair is less often right, in percentage points, with its 95 % interval."""

    value: float
    low: float
    high: float


class Budget(Spec):
    """Whether a drop stays within `max_drop` percentage points."""

    max_drop: float
    verdict: Judgement
    clips_needed: int | None  # to say so, if flips stay as frequent; None: no number does


class Bin(Spec):
    """Answers whose score lies above `low` and up to `high`: their mean score and the share that is right."""

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


class Reliability(Spec):
    """Whether scores are probabilities: expected calibration error with its bins, and Brier score."""

    ece: float
    brier: float
    bins: tuple[Bin, ...]


def share(hits: int, count: int) -> Share:
    """The share of `hits` and its Wilson interval.

    Raises:
        ValueError: There are more hits than were counted, or fewer than none.
    """
    if not 0 <= hits <= count:
        raise ValueError(f"{hits} of {count}")
    if not count:
        return Share(hits=0, count=0, value=None, low=None, high=None)
    middle = (hits + Z * Z / 2) / (count + Z * Z)
    half = Z / (count + Z * Z) * math.sqrt(hits * (count - hits) / count + Z * Z / 4)
    # The ends are exact where all or none are hits; rounding must not lead out of 0 to 1, nor past the share.
    low = 0.0 if hits == 0 else min(middle - half, hits / count)
    high = 1.0 if hits == count else max(middle + half, hits / count)
    return Share(hits=hits, count=count, value=hits / count, low=low, high=high)


def mcnemar(lost: int, won: int) -> float:
    """Exact two-sided p of McNemar's test: how often a fair coin parts the flips this far or further."""
    flips = lost + won
    tail = sum(math.comb(flips, k) for k in range(min(lost, won) + 1))
    return min(1.0, 2 * tail / (1 << flips))


def drop(lost: int, won: int, count: int) -> Drop:
    """The drop over `count` pairs, `lost` turned wrong and `won` right, and the interval of Tango (1998).

    Raises:
        ValueError: There are more flips than pairs, or no pair.
    """
    if count < 1 or min(lost, won) < 0 or lost + won > count:
        raise ValueError(f"{lost} lost and {won} won of {count}")
    value = (lost - won) / count
    low = _end(lost / count, won / count, count, -1.0, value)
    high = _end(lost / count, won / count, count, 1.0, value)
    return Drop(value=100 * value, low=100 * low, high=100 * high)


def judge_drop(lost: int, won: int, count: int, max_drop: float) -> Budget:
    """Whether the whole interval of the drop lies within the budget, or beyond it; else it is undecided."""
    found = drop(lost, won, count)
    verdict: Judgement = "undecided"
    if found.high <= max_drop:
        verdict = "pass"
    elif found.low > max_drop:
        verdict = "exceed"
    return Budget(
        max_drop=max_drop, verdict=verdict, clips_needed=clips_needed(lost / count, won / count, max_drop)
    )


def clips_needed(lost: float, won: float, max_drop: float) -> int | None:
    """How many clips decide about a budget if flips stay as frequent: shares `lost` and `won` of the clips.

    z² · (2q + D·(1 - D)) / (D - d)², the score statistic of Tango (1998) solved for the number of pairs:
    D is the budget, d = lost - won, and q the most likely share of `won` if the drop were D. `None` where
    d is D: then more clips of the same kind never decide.
    """
    limit = max_drop / 100
    gap = limit - (lost - won)
    variance = _variance(lost, won, limit)
    if abs(gap) < 1e-12:  # noqa: PLR2004 - rounding of a difference of shares
        return None
    if variance <= 0:
        return 1
    # The least bit less, so that rounding does not ask for one clip more than the interval itself.
    return max(1, math.ceil(Z * Z * variance / gap**2 * (1 - 1e-9)))


def reliability(scores: Sequence[Sequence[float]], truth: Sequence[int]) -> Reliability:
    """ECE over `BINS` equal bins of the best score, and Brier's (1950) sum over the classes, 0 to 2.

    Raises:
        ValueError: There is no answer.
    """
    if not scores:
        raise ValueError("nothing was answered")
    best = [max(range(len(row)), key=row.__getitem__) for row in scores]
    pairs = [(row[index], index == true) for row, index, true in zip(scores, best, truth, strict=True)]
    bins = tuple(_bin(pairs, index) for index in range(BINS))
    gaps = [
        each.count * abs(each.confidence - each.accuracy)
        for each in bins
        if each.confidence is not None and each.accuracy is not None
    ]
    squares = [
        math.fsum((score - (index == true)) ** 2 for index, score in enumerate(row))
        for row, true in zip(scores, truth, strict=True)
    ]
    return Reliability(ece=math.fsum(gaps) / len(scores), brier=math.fsum(squares) / len(scores), bins=bins)


def _bin(pairs: Sequence[tuple[float, bool]], index: int) -> Bin:
    inside = [
        (score, hit) for score, hit in pairs if min(BINS - 1, max(0, math.ceil(score * BINS) - 1)) == index
    ]
    count = len(inside)
    return Bin(
        low=index / BINS,
        high=(index + 1) / BINS,
        count=count,
        confidence=math.fsum(score for score, _ in inside) / count if count else None,
        accuracy=sum(hit for _, hit in inside) / count if count else None,
    )


def _end(lost: float, won: float, count: int, side: float, value: float) -> float:
    """One end of Tango's interval: where the score statistic is Z, by bisection between `value` and ±1."""
    inner, outer = value, side
    for _ in range(60):
        middle = (inner + outer) / 2
        spread = math.sqrt(max(0.0, _variance(lost, won, middle)) / count)
        if abs(middle - value) <= Z * spread:
            inner = middle
        else:
            outer = middle
    return inner


def _variance(lost: float, won: float, delta: float) -> float:
    """Variance of the difference of one pair where the true drop is `delta`, flips as likely as can be.

    2q + delta·(1 - delta) with q the share of `won` that makes shares `lost` and `won` most likely.
    """
    half = lost + won - (2 - lost + won) * delta
    constant = -won * delta * (1 - delta)
    q = (half + math.sqrt(max(0.0, half * half - 8 * constant))) / 4
    return 2 * q + delta * (1 - delta)
