"""Intervals, McNemar, budgets and calibration error against values computed elsewhere, and their properties.

The constants come from scipy, by the program in tests/data/statistics/README.md, which shares no formula with
ours: Tango's interval is found there by a search for the most likely table.
"""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edgedla.statistics import (
    BINS,
    clips_needed,
    drop,
    judge_drop,
    mcnemar,
    reliability,
    share,
)

WILSON = [
    (59, 80, 0.6318104033557181, 0.8214259851149064),
    (0, 10, 0.0, 0.27753279986288926),
    (10, 10, 0.7224672001371109, 1.0),
    (1, 3, 0.06149194472039626, 0.7923403991979523),
    (263, 300, 0.8346262759711766, 0.909182685706332),
]
MCNEMAR = [
    (5, 2, 0.453125),
    (12, 2, 0.012939453125),
    (10, 0, 0.001953125),
    (40, 12, 0.0001275387838557407),
    (3, 3, 1.0),
    (0, 0, 1.0),
]
# Ends in percentage points.
TANGO = [
    (0, 0, 80, -4.581813, 4.581813),
    (1, 0, 44, -5.939323, 11.807710),
    (0, 1, 44, -11.807710, 5.939323),
    (5, 2, 80, -3.409119, 11.763890),
    (12, 2, 50, 6.111241, 34.470875),
    (3, 3, 20, -25.789624, 25.789624),
    (10, 0, 10, 44.493440, 100.0),
    (40, 12, 400, 3.609327, 10.694113),
]

counts = st.integers(0, 400)


@pytest.mark.parametrize(("hits", "count", "low", "high"), WILSON)
def test_wilson(hits: int, count: int, low: float, high: float) -> None:
    found = share(hits, count)
    assert found.low == pytest.approx(low, abs=1e-12)
    assert found.high == pytest.approx(high, abs=1e-12)
    assert found.value == hits / count


def test_a_share_of_nothing_has_no_figures() -> None:
    found = share(0, 0)
    assert (found.value, found.low, found.high) == (None, None, None)
    for hits, count in ((-1, 3), (4, 3), (1, 0)):
        with pytest.raises(ValueError, match="of"):
            share(hits, count)


@given(counts, counts)
def test_wilson_holds_the_share_and_mirrors(hits: int, misses: int) -> None:
    assume(hits + misses)
    found, other = share(hits, hits + misses), share(misses, hits + misses)
    assert found.low is not None
    assert found.high is not None
    assert found.value is not None
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low == pytest.approx(1 - (other.high or 0), abs=1e-12)
    wider = share(10 * hits, 10 * (hits + misses))
    assert (wider.high or 0) - (wider.low or 0) < found.high - found.low


@pytest.mark.parametrize(("lost", "won", "p"), MCNEMAR)
def test_mcnemar(lost: int, won: int, p: float) -> None:
    assert mcnemar(lost, won) == pytest.approx(p, rel=1e-12)
    assert mcnemar(won, lost) == mcnemar(lost, won)


def test_mcnemar_of_an_approval_survey() -> None:
    # Agresti, Categorical Data Analysis, table 10.1: 150 and 86 of 1600 changed their mind; exact p < 0.001.
    assert mcnemar(150, 86) == pytest.approx(3.716e-05, rel=1e-3)
    assert mcnemar(5000, 5000) == 1.0  # more flips than a float holds powers of two


@pytest.mark.parametrize(("lost", "won", "count", "low", "high"), TANGO)
def test_tango(lost: int, won: int, count: int, low: float, high: float) -> None:
    found = drop(lost, won, count)
    assert found.value == pytest.approx(100 * (lost - won) / count)
    assert (found.low, found.high) == pytest.approx((low, high), abs=2e-6)


@given(counts, counts, counts)
def test_a_drop_lies_in_its_interval_and_mirrors(lost: int, won: int, same: int) -> None:
    count = lost + won + same
    assume(count)
    found, other = drop(lost, won, count), drop(won, lost, count)
    assert -100 - 1e-9 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= 100 + 1e-9
    assert (found.low, found.high) == pytest.approx((-other.high, -other.low), abs=1e-6)


def test_no_drop_without_pairs() -> None:
    for lost, won, count in ((0, 0, 0), (2, 1, 2), (-1, 0, 3)):
        with pytest.raises(ValueError, match="lost"):
            drop(lost, won, count)


def test_clips_needed_without_flips() -> None:
    # With no flip the statistic is Wilson's of 0 out of n: n = z²·(1 - D)/D.
    assert clips_needed(0, 0, 1.0) == math.ceil(1.959963984540054**2 * 99)
    assert judge_drop(0, 0, 380, 1.0).verdict == "undecided"
    assert judge_drop(0, 0, 381, 1.0).verdict == "pass"
    assert judge_drop(0, 0, 80, 5.0).verdict == "pass"


def test_a_budget_is_kept_exceeded_or_open() -> None:
    assert judge_drop(40, 12, 400, 12.0).verdict == "pass"
    assert judge_drop(40, 12, 400, 3.0).verdict == "exceed"
    assert judge_drop(40, 12, 400, 7.0).verdict == "undecided"
    assert judge_drop(40, 12, 400, 7.0).clips_needed is None  # the drop is the budget
    assert judge_drop(0, 12, 400, 0.0).verdict == "pass"  # it got better
    assert judge_drop(0, 0, 400, 0.0).clips_needed is None


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 300), st.floats(0.1, 50))
def test_so_many_clips_decide_and_no_fewer(lost: int, won: int, same: int, limit: float) -> None:
    count = lost + won + same
    needed = clips_needed(lost / count, won / count, limit)
    assume(needed is not None)
    assert needed is not None
    decided = judge_drop(lost, won, count, limit).verdict != "undecided"
    assert decided == (count >= needed) or abs(count - needed) <= 1  # flips are whole, shares are not


def test_calibration_error_by_hand() -> None:
    # Two answers at 0.9, one of them right; one at 0.5, right.
    found = reliability([[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]], [0, 0, 0])
    assert found.ece == pytest.approx((2 * abs(0.9 - 0.5) + 1 * abs(0.5 - 1)) / 3)
    assert found.brier == pytest.approx((0.02 + 1.62 + 0.5) / 3)
    assert len(found.bins) == BINS
    assert sum(each.count for each in found.bins) == 3
    assert all(a.high == b.low for a, b in pairwise(found.bins))


def test_sure_and_right_is_calibrated() -> None:
    found = reliability([[1.0, 0.0], [0.0, 1.0]], [0, 1])
    assert (found.ece, found.brier) == (0, 0)
    with pytest.raises(ValueError, match="nothing"):
        reliability([], [])


@given(
    st.lists(st.tuples(st.lists(st.floats(0.001, 1), min_size=3, max_size=3), st.integers(0, 2)), min_size=1)
)
def test_calibration_error_is_a_share(rows: list[tuple[list[float], int]]) -> None:
    scores = [[value / math.fsum(row) for value in row] for row, _ in rows]
    found = reliability(scores, [true for _, true in rows])
    assert 0 <= found.ece <= 1
    assert 0 <= found.brier <= 2
    assert sum(each.count for each in found.bins) == len(rows)
    hits = sum(each.count * (each.accuracy or 0) for each in found.bins)
    right = sum(
        max(range(3), key=row.__getitem__) == true for row, (_, true) in zip(scores, rows, strict=True)
    )
    assert hits == pytest.approx(right)
