"""Rules of matrix products, softmax and reductions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.lint.rule import Hit, Rule
from edgedla_targets.pcupid.lint.rules.ranks import REDUCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgedla_targets.pcupid.lint.graph import Graph
    from edgedla_targets.pcupid.lint.node import Node

LONGEST_SOFTMAX = 32 * 512
SOFTMAX = ("Softmax", "LogSoftmax")
SINGLE_AXIS_OPSET = 13  # before it, Softmax flattened all dimensions from its axis on
AXES = 1  # input of reductions


def _batches(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("MatMul"):
        shapes = [tensor.static for tensor in node.inputs if tensor and tensor.static is not None]
        if len(shapes) == 2 and min(map(len, shapes)) > 2:  # noqa: PLR2004 # two operands, each with a batch
            left, right = (shape[:-2] for shape in shapes)
            if left != right:
                yield Hit(f"MatMul of batches {left} and {right}", node)


def _softmax_axes(graph: Graph, node: Node) -> tuple[tuple[int, ...], range] | None:
    """The input's shape and the axes that are summed over."""
    data = node.input(0)
    shape = data.static if data else None
    single = graph.opset >= SINGLE_AXIS_OPSET
    axis = node.number("axis", -1 if single else 1)
    if not shape or not -len(shape) <= axis < len(shape):
        return None
    axis %= len(shape)
    return shape, range(axis, axis + 1 if single else len(shape))


def _softmax_axis(graph: Graph) -> Iterator[Hit]:
    """Innermost is the last axis, or the channels of four dimensions, which the tools turn last."""
    for node in graph.of(*SOFTMAX):
        found = _softmax_axes(graph, node)
        if found is None:
            continue
        shape, axes = found
        wide = [axis for axis in axes if shape[axis] > 1]
        inner = ([len(shape) - 1], [1]) if len(shape) == 4 else ([len(shape) - 1],)  # noqa: PLR2004 # NCHW
        if wide and wide not in inner:
            yield Hit(f"{node.op} over axis {', '.join(map(str, wide))} of {node.input(0)}", node)


def _softmax_length(graph: Graph) -> Iterator[Hit]:
    for node in graph.of(*SOFTMAX):
        found = _softmax_axes(graph, node)
        length = math.prod(found[0][axis] for axis in found[1]) if found else 0
        if length > LONGEST_SOFTMAX:
            yield Hit(f"{node.op} over {length} elements", node)


def reduced(node: Node) -> tuple[int, ...]:
    """The axes a reduction removes, from the front; none where they cannot be told."""
    data = node.input(0)
    rank = (data.rank if data else None) or 0
    axes = node.numbers("axes") or node.constants(AXES)
    if not axes:
        return () if node.input(AXES) or node.number("noop_with_empty_axes", 0) else tuple(range(rank))
    return tuple(sorted(axis % rank for axis in axes)) if rank else ()


def _several_maxima(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("ReduceMax"):
        if len(reduced(node)) > 1:
            yield Hit(f"ReduceMax over {len(reduced(node))} axes", node)


def _apart(graph: Graph) -> Iterator[Hit]:
    for node in graph.of(*REDUCTIONS):
        axes = reduced(node)
        if axes and axes[-1] - axes[0] >= len(axes):
            yield Hit(f"{node.op} over axes {', '.join(map(str, axes))}", node)


RULES = (
    Rule(
        "IPU055",
        "error",
        "Batches of MatMul",
        "both operands of MatMul have the same batch dimensions",
        "S1.0.9 manual, DLA SDK Support; Op Support page",
        "documented",
        "repeat the smaller operand with Concat, or Reshape the batch into the rows",
        _batches,
    ),
    Rule(
        "IPU056",
        "note",
        "Axis of Softmax",
        "Softmax over the innermost dimension; any other is wrapped in transposes",
        "S1.0.9 manual, DLA SDK Support; Op Support page",
        "documented",
        "transpose once, earlier, so that the axis is the last",
        _softmax_axis,
    ),
    Rule(
        "IPU057",
        "error",
        "Length of Softmax",
        "Softmax over at most 16384 elements",
        "S1.0.9 manual, DLA SDK Support; Op Support page",
        "documented",
        "take the Softmax out of the graph and compute it on the CPU",
        _softmax_length,
    ),
    Rule(
        "IPU060",
        "error",
        "Axes of ReduceMax",
        "ReduceMax over one axis at a time",
        "S1.0.9 manual, DLA SDK Support; Op Support page",
        "documented",
        "write one ReduceMax per axis",
        _several_maxima,
    ),
    Rule(
        "IPU061",
        "note",
        "Axes of reductions",
        "reductions over adjacent axes",
        "S1.0.9 manual, DLA SDK Support; Op Support page",
        "documented",
        "transpose before, or write one reduction per axis",
        _apart,
    ),
)
