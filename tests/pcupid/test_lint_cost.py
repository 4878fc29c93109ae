"""Multiply-adds of single nodes, counted by hand or by running the loops, and the shares they give."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgedla_targets.pcupid.lint import lint_graph
from edgedla_targets.pcupid.lint.prepare import prepare
from lint_graphs import full, graph, node, one, zeros

if TYPE_CHECKING:
    from onnx import ModelProto

    from edgedla_targets.pcupid.lint.graph import Graph


def cost(model: ModelProto) -> int:
    (found,) = prepare(model).costs
    return found


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (one("Conv", (1, 16, 1, 100), zeros(32, 16, 1, 5)), 32 * 96 * 16 * 5),
        (
            one("Conv", (1, 16, 10, 10), zeros(32, 16, 3, 3), pads=[1] * 4, strides=[2, 2]),
            32 * 5 * 5 * 16 * 9,
        ),
        (one("Conv", (1, 16, 1, 100), zeros(32, 8, 1, 5), group=2), 32 * 96 * 8 * 5),
        (one("Conv", (1, 16, 10, 10), zeros(16, 1, 3, 3), group=16), 16 * 64 * 9),
        (one("Conv", (1, 16, 1, 100), zeros(16, 1, 1, 15), group=16), 16 * 86 * 15 * 16),
        (one("Conv", (1, 16, 100), zeros(32, 16, 5)), 32 * 96 * 16 * 5),
        (one("ConvTranspose", (1, 16, 10, 10), zeros(16, 32, 3, 3)), 16 * 100 * 32 * 9),
        (one("MatMul", (1, 8, 113, 16), (1, 8, 16, 113)), 8 * 113 * 16 * 113),
        (one("MatMul", (7, 16), zeros(16)), 7 * 16),
        (one("Gemm", (7, 16), zeros(16, 5)), 7 * 16 * 5),
        (one("Gemm", (16, 7), zeros(5, 16), transA=1, transB=1), 7 * 16 * 5),
        (one("Einsum", (2, 7, 16), (16, 5), equation="bij,jk->bik"), 2 * 7 * 16 * 5),
        (one("Einsum", (2, 7, 16), (16, 5), equation="...j,jk->...k"), 0),
        (one("GRU", (9, 2, 8), zeros(1, 30, 8), zeros(1, 30, 10), hidden_size=10), 9 * 2 * 3 * 10 * (8 + 10)),
        (
            one("LSTM", (9, 2, 8), zeros(2, 40, 8), zeros(2, 40, 10), direction="bidirectional"),
            9 * 2 * 80 * 18,
        ),
        (one("Relu", (1, 8)), 0),
        (one("Conv", (1, 16, 1, "width"), zeros(32, 16, 1, 5)), 0),
    ],
)
def test_multiply_adds(model: ModelProto, expected: int) -> None:
    assert cost(model) == expected


@settings(max_examples=30, deadline=None)
@given(
    channels=st.integers(1, 4), filters=st.integers(1, 4), width=st.integers(3, 9), kernel=st.integers(1, 3)
)
def test_a_conv_costs_what_its_loops_run(channels: int, filters: int, width: int, kernel: int) -> None:
    loops = itertools.product(range(filters), range(width - kernel + 1), range(channels), range(kernel))
    assert cost(one("Conv", (1, channels, 1, width), zeros(filters, channels, 1, kernel))) == sum(
        1 for _ in loops
    )


def two_products() -> Graph:
    """A product of 8 x 8 x 8, one of 8 x 8 x 24, and one of constants, which costs nothing."""
    nodes = [
        node("MatMul", "x u", "a"),
        node("MatMul", "u u", "folded"),
        node("Add", "c a", "b"),
        node("MatMul", "b v", "y"),
    ]
    weights = {"u": full(1, 8, 8), "v": full(1, 8, 24), "c": full(1, 8)}
    return prepare(graph(nodes, {"x": (8, 8)}, weights))


def test_shares_are_of_the_whole() -> None:
    prepared = two_products()
    assert [prepared.share(item) for item in prepared.nodes] == [0.25, 0, 0, 0.75]


def test_a_graph_without_products_has_no_shares() -> None:
    prepared = prepare(one("Floor", (1, 8)))
    assert prepared.share(prepared.nodes[0]) is None
    assert [finding.cost for finding in lint_graph(prepared)] == [None]


def test_findings_carry_the_share_of_their_node() -> None:
    found = {(item.rule, item.node): item.cost for item in lint_graph(two_products())}
    assert found == {("IPU053", "make_b"): 0.0, ("IPU070", "make_a"): 0.25, ("IPU070", "make_y"): 0.75}
