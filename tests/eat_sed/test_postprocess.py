"""From logits to a prediction."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgedla.errors import GateError, UsageError
from edgedla_eat_sed.postprocess import prediction

LABELS = ("dog", "rooster", "rain")


def test_softmax_best_first() -> None:
    top = prediction(np.array([[0.0, np.log(6), np.log(3)]], np.float32), LABELS).top
    assert [(score.class_id, score.label) for score in top] == [(1, "rooster"), (2, "rain"), (0, "dog")]
    assert [score.score for score in top] == pytest.approx([0.6, 0.3, 0.1], abs=1e-7)


def test_row_and_vector_are_the_same() -> None:
    logits = np.array([1.0, -2.0, 0.5], np.float32)
    assert prediction(logits, LABELS) == prediction(logits[None], LABELS)


def test_equal_scores_stand_by_class_id() -> None:
    top = prediction(np.array([1.0, 3.0, 1.0, 3.0, 1.0]), tuple("abcde")).top
    assert [score.class_id for score in top] == [1, 3, 0, 2, 4]


def test_scores_too_small_to_tell_apart_keep_the_order_of_logits() -> None:
    top = prediction(np.array([-3000.0, 1000.0, -2000.0]), LABELS).top
    assert [(score.label, score.score) for score in top] == [("rooster", 1), ("rain", 0), ("dog", 0)]


def test_integer_logits_of_a_quantised_network() -> None:
    assert prediction(np.array([[-128, 127, 0]], np.int8), LABELS).top[0].label == "rooster"


@given(arrays(np.float32, 12, elements=st.floats(allow_nan=False, allow_infinity=False, width=32)))
def test_scores_are_a_distribution_in_order(logits: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
    top = prediction(logits, tuple("abcdefghijkl")).top
    assert sorted(score.class_id for score in top) == list(range(12))
    assert sum(score.score for score in top) == pytest.approx(1)
    assert all(0 <= score.score <= 1 for score in top)
    assert all(better.score >= worse.score for better, worse in pairwise(top))
    assert top[0].class_id == logits.argmax()


@pytest.mark.parametrize("shape", [(2,), (4,), (1, 2), (2, 3), (3, 1), (1, 1, 3), ()])
def test_outputs_that_do_not_fit_the_labels(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="do not fit 3 labels"):
        prediction(np.zeros(shape, np.float32), LABELS)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_no_prediction(value: float) -> None:
    with pytest.raises(GateError, match="a logit that is no number"):
        prediction(np.array([[0, value, 0]]), LABELS)
