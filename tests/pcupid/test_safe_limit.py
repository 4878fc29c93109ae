"""How far the safe form may be from its source: some times what rounding the inputs alone would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edgedla_targets.pcupid.safe.verify import (
    LARGEST_DIFFERENCE,
    MOST_EXCUSED,
    ROUNDINGS,
    SEED,
    Limit,
    Reference,
)
from safe_graphs import graph

if TYPE_CHECKING:
    from safe_graphs import Array

SHAPE = (1, 64)


def test_graph_that_keeps_digits_gets_the_plain_limit() -> None:
    limit = make_limit(np.zeros(SHAPE, np.float32))
    assert limit.value == LARGEST_DIFFERENCE
    assert limit.allows(LARGEST_DIFFERENCE)
    assert not limit.allows(2 * LARGEST_DIFFERENCE)


def test_graph_that_cancels_digits_may_part_by_some_roundings() -> None:
    subtracted = inputs().astype(np.float16).astype(np.float32)
    moved = np.nextafter(inputs(), np.float32(np.inf))
    left = inputs() - subtracted
    rounding = float(np.abs((moved - subtracted) - left).max() / np.abs(left).max())
    assert LARGEST_DIFFERENCE / ROUNDINGS < rounding < MOST_EXCUSED / ROUNDINGS
    limit = make_limit(subtracted)
    assert limit.value == pytest.approx(ROUNDINGS * rounding)
    assert limit.allows(0.99 * limit.value)
    assert not limit.allows(1.01 * limit.value)


def test_nothing_excuses_more_than_a_hundredth() -> None:
    limit = make_limit(inputs() * np.float32(1.000001))
    assert limit.value == MOST_EXCUSED


def inputs() -> Array:
    """What `Reference` feeds a graph of one input with."""
    return np.random.default_rng(SEED).standard_normal(SHAPE).astype(np.float32)


def make_limit(subtracted: Array) -> Limit:
    text = "g (float[1,64] x) => (float[1,64] y) {y = Sub(x, c)}"
    model = graph(text, c=subtracted).SerializeToString()
    return Limit(model, Reference(model))
