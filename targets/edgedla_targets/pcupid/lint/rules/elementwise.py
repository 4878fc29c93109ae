"""Rules of element-wise arithmetic: how operands may be broadcast, their order, and powers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from edgedla_targets.pcupid.lint.rule import Hit, Rule
from edgedla_targets.pcupid.lint.rules.ranks import BINARY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgedla_targets.pcupid.lint.graph import Graph
    from edgedla_targets.pcupid.lint.node import Node, Tensor
    from edgedla_targets.pcupid.lint.rule import Check

Form: TypeAlias = Literal["plain", "channels", "width", "other"]

SYMMETRIC = ("Add", "Mul", "Max", "Min")
ROOT = 0.5
CHANNELS = 1  # axis of four


def _form(left: Tensor, right: Tensor, rank: int) -> Form:
    """How the smaller operand meets the larger: alike or scalar, along channels or width, or otherwise."""
    shapes = [(1,) * (rank - len(tensor.static or ())) + (tensor.static or ()) for tensor in (left, right)]
    small, large = sorted(shapes, key=lambda shape: sum(size > 1 for size in shape))
    wide = [axis for axis, size in enumerate(small) if size > 1]
    if small == large or not wide:
        return "plain"
    if any(size > 1 and size != large[axis] for axis, size in enumerate(small)) or len(wide) > 1:
        return "other"
    return "channels" if wide == [CHANNELS] else "width" if wide == [rank - 1] else "other"


def _pairs(graph: Graph, rank: int) -> Iterator[tuple[Node, Tensor, Tensor, Form]]:
    """Binary arithmetic of static operands whose larger has `rank` dimensions."""
    for node in graph.of(*BINARY):
        if len(node.inputs) != 2:  # noqa: PLR2004 # Max and Min take any number
            continue
        left, right = node.inputs
        if left is None or right is None or left.static is None or right.static is None:
            continue
        if max(len(left.static), len(right.static)) == rank:
            yield node, left, right, _form(left, right, rank)


def _normalises(graph: Graph, node: Node) -> bool:
    """Part of a layer norm: minus its mean, or over its deviation. The tools recognise the whole."""
    divisor = graph.producers.get(node.inputs[1].name) if node.inputs[1] else None
    part = {"Sub": "ReduceMean", "Div": "Sqrt"}.get(node.op)
    return divisor is not None and divisor.op == part


def _broadcast_4d(graph: Graph) -> Iterator[Hit]:
    for node, left, right, form in _pairs(graph, 4):
        along_width = form == "width" and (left.constant or right.constant)
        if form in ("other", "width") and not along_width and not _normalises(graph, node):
            yield Hit(f"{node.op} of {left} and {right}", node)


def _broadcast_5d(graph: Graph) -> Iterator[Hit]:
    for node, left, right, form in _pairs(graph, 5):
        if form != "plain":
            yield Hit(f"{node.op} of {left} and {right}", node)


def _along_width(graph: Graph) -> Iterator[Hit]:
    for node, left, right, form in _pairs(graph, 4):
        if form == "width" and (left.constant or right.constant):
            yield Hit(f"{node.op} of {left} and {right}: the constant varies along the width alone", node)


def _order(graph: Graph) -> Iterator[Hit]:
    for node in graph.of(*SYMMETRIC):
        first, second = node.input(0), node.input(1)
        if first and second and first.constant and not second.constant:
            yield Hit(f"{node.op} with the constant as first operand", node)


def _power(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("Pow"):
        exponent = node.input(1)
        if exponent is None or exponent.value is None:
            yield Hit("Pow with an exponent that is computed", node)
        elif not all(_cheap(float(number)) for number in exponent.value.ravel()):
            yield Hit(f"Pow with the exponent {exponent.value.ravel()[0]:g}", node)


def _cheap(exponent: float) -> bool:
    return exponent == ROOT or (exponent > 0 and exponent.is_integer())


def _rule(number: str, level: Literal["error", "warning"], title: str, limit: str, check: Check) -> Rule:
    return Rule(
        number,
        level,
        title,
        limit,
        "S1.0.9 manual, DLA SDK Support; Op Support page",
        "documented",
        "store the constant in the full shape of the other operand",
        check,
    )


RULES = (
    _rule(
        "IPU050",
        "warning",
        "Broadcasting in four dimensions",
        "operands of the same shape, a scalar, or a vector along the channels",
        _broadcast_4d,
    ),
    _rule(
        "IPU051",
        "error",
        "Broadcasting in five dimensions",
        "operands of the same shape, or a scalar",
        _broadcast_5d,
    ),
    Rule(
        "IPU052",
        "warning",
        "Constants along the width",
        "operands of the same shape, a scalar, or a vector along the channels",
        "SDK 1.1.5 converts it and its simulator aborts (IsBroadCastOp); the S1.0.9 front end takes it",
        "measured",
        "store the constant in the full shape of the other operand",
        _along_width,
    ),
    Rule(
        "IPU053",
        "note",
        "Order of operands",
        "a constant is the second operand",
        "S1.0.9 manual, DLA SDK Support",
        "documented",
        "exchange the operands",
        _order,
    ),
    Rule(
        "IPU054",
        "note",
        "Exponents",
        "Pow with a constant exponent that is a positive integer or 0.5; others run as a custom operator",
        "S1.0.9 manual, DLA SDK Support",
        "documented",
        "write a product, a Sqrt or a Reciprocal",
        _power,
    ),
)
