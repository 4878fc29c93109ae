"""Metrics between two runs, against values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgedla.compare import judge, measure
from edgedla.spec import Tolerance


def feeds(*rows: list[float]) -> list[dict[str, np.ndarray]]:
    return [{"output": np.array([row], np.float32)} for row in rows]


def test_values_computed_by_hand() -> None:
    metrics = measure(feeds([3, 4], [0, 2]), feeds([3, 5], [0, 2]), classes=True)
    assert metrics.max_abs == 1
    assert metrics.cosine == pytest.approx(29 / (5 * math.sqrt(34)))
    assert metrics.snr_db == pytest.approx(10 * math.log10(29))  # signal 9+16+4, noise 1
    assert metrics.top1_agree == 1


def test_identical_runs_have_no_noise() -> None:
    metrics = measure(feeds([1, 2]), feeds([1, 2]), classes=False)
    assert (metrics.max_abs, metrics.snr_db, metrics.top1_agree) == (0, None, None)
    assert metrics.cosine == pytest.approx(1)


def test_a_wrong_scale_keeps_the_class_and_loses_the_signal() -> None:
    metrics = measure(feeds([1, 2]), feeds([2, 4]), classes=True)
    assert metrics.top1_agree == 1
    verdict = judge(metrics, Tolerance(max_abs=None, snr_db=10))
    assert verdict.reason == "signal-to-noise ratio 0.0 dB is below 10.0 dB"
    assert judge(metrics, Tolerance(max_abs=None, snr_db=-1)).ok
    assert judge(measure(feeds([1]), feeds([1]), classes=False), Tolerance(snr_db=99)).ok


def test_a_flipped_class_is_counted() -> None:
    assert measure(feeds([1, 2], [1, 2]), feeds([2, 1], [1, 2]), classes=True).top1_agree == 0.5


def test_silence_against_silence() -> None:
    assert measure(feeds([0, 0]), feeds([0, 0]), classes=False).cosine == 1
    assert measure(feeds([0, 0]), feeds([0, 1]), classes=False).cosine == 0


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        ([{"other": np.zeros((1, 2))}], "outputs are"),
        ([{"output": np.zeros((2, 1))}], "shape"),
        ([{"output": np.array([[np.nan, 0]])}], "not finite"),
    ],
)
def test_what_cannot_be_compared_says_why(candidate: list[dict[str, np.ndarray]], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        measure(feeds([1, 2]), candidate, classes=False)


def test_verdict_names_each_figure_outside_its_limit() -> None:
    metrics = measure(feeds([1, 2]), feeds([2, 1]), classes=True)
    verdict = judge(metrics, Tolerance(max_abs=0.5, top1=1.0))
    assert not verdict.ok
    assert "max abs difference 1 is above 0.5" in verdict.reason
    assert "class agreement 0.0%" in verdict.reason
    assert judge(metrics, Tolerance(max_abs=None, top1=0)).ok


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=8), st.floats(0.001, 1))
def test_max_abs_is_the_offset(row: list[float], offset: float) -> None:
    shifted = [float(np.float32(value) + np.float32(offset)) for value in row]
    metrics = measure(feeds(row), feeds(shifted), classes=False)
    assert metrics.max_abs == pytest.approx(offset, abs=1e-5)
    assert judge(metrics, Tolerance(max_abs=offset + 1e-4)).ok
