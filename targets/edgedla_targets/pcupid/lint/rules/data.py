"""Rules of operators that only move data: Pad, Gather, Slice, Concat, and how axes are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgedla_targets.pcupid.lint.rule import Hit, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgedla_targets.pcupid.lint.graph import Graph
    from edgedla_targets.pcupid.lint.node import Node
    from edgedla_targets.pcupid.lint.rule import Check

SAFE_INPUTS = 64
MOST_INPUTS = 1024
STEPS = 4  # input of Slice
INT32 = np.iinfo(np.int32)
AXES_INPUT = {"Slice": 3, "Squeeze": 1, "Unsqueeze": 1, "ReduceSum": 1}  # of opset 13


def _reflect(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("Pad"):
        if node.text("mode", "constant") == "reflect":
            yield Hit("Pad with mode reflect", node)


def _other_pad(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("Pad"):
        mode = node.text("mode", "constant")
        if mode not in ("constant", "reflect"):
            yield Hit(f"Pad with mode {mode}", node)


def _pad_value(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("Pad"):
        if node.text("mode", "constant") == "constant" and not _pads_zero(node):
            yield Hit("Pad with another value than 0", node)


def _pads_zero(node: Node) -> bool:
    """Opset 11 moved the value from an attribute to the third input."""
    if "value" in node.attributes:
        return not node.attributes["value"].f
    given = node.input(2)
    return given is None or (given.value is not None and not given.value.astype(bool).any())


def _gather(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("Gather"):
        indices = node.input(1)
        if indices is None or not indices.constant:
            yield Hit("Gather with indices that are computed", node)
        elif any(not INT32.min <= index <= INT32.max for index in node.constants(1) or ()):
            yield Hit("Gather with an index that does not fit 32 bits", node)


def _backwards(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("Slice"):
        if any(step < 0 for step in node.constants(STEPS) or ()):
            yield Hit("Slice with a negative step", node)


def _inputs(low: int, high: float) -> Check:
    def check(graph: Graph) -> Iterator[Hit]:
        for node in graph.of("Concat"):
            if low < len(node.inputs) <= high:
                yield Hit(f"Concat of {len(node.inputs)} inputs", node)

    return check


def _concat_axis(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("Concat"):
        if node.number("axis", 0) < 0:
            yield Hit(f"Concat with axis {node.number('axis', 0)}", node)


def _axes(graph: Graph) -> Iterator[Hit]:
    for node in graph.live:
        negative = [axis for axis in _written_axes(node) if axis < 0]
        if negative and node.op != "Concat" and node.standard:
            yield Hit(f"{node.op} with axis {', '.join(map(str, negative))}", node)


def _written_axes(node: Node) -> tuple[int, ...]:
    single = (node.number("axis", 0),)
    given = node.constants(AXES_INPUT[node.op]) if node.op in AXES_INPUT else None
    return single + (node.numbers("axes") or ()) + (given or ())


RULES = (
    Rule(
        "IPU040",
        "warning",
        "Reflecting Pad",
        "Pad of mode constant with value 0",
        "S1.0.9 manual, DLA SDK Support; SDK 1.1.5: 'Pad only support `constant` mode!'; the S1.0.9 front "
        "end writes a correct MIRROR_PAD, which nothing shows to run",
        "measured",
        "Slice the border, reverse it by a Gather of constant indices, and Concat; or pad on the CPU where "
        "it is the first operator",
        _reflect,
    ),
    Rule(
        "IPU041",
        "error",
        "Other Pad modes",
        "Pad of mode constant with value 0",
        "S1.0.9 front end: 'Pad only support `constant` and `reflect` mode!'",
        "measured",
        "Slice the border, repeat it by a Gather of constant indices, and Concat",
        _other_pad,
    ),
    Rule(
        "IPU042",
        "warning",
        "Value of Pad",
        "Pad of mode constant with value 0",
        "S1.0.9 manual, DLA SDK Support",
        "documented",
        "Concat with a constant",
        _pad_value,
    ),
    Rule(
        "IPU043",
        "error",
        "Indices of Gather",
        "indices are constants that fit int32",
        "S1.0.9 manual, DLA SDK Support; Op Support page",
        "documented",
        "compute the indices before export, or write the choice as a MatMul with a one-hot matrix",
        _gather,
    ),
    Rule(
        "IPU044",
        "warning",
        "Direction of Slice",
        "Slice steps are positive",
        "SDK 1.1.5 silently computed another width; S1.0.9 keeps the step",
        "measured",
        "reverse by a Gather of constant indices",
        _backwards,
    ),
    Rule(
        "IPU045",
        "warning",
        "Many inputs of Concat",
        "Concat of at most 64 inputs",
        "SDK 1.1.5: from 65 its simulator fails, from 101 the converter crashes; documented limit 1024",
        "measured",
        "one Gather of constant indices instead of single slices; simplifiers join nested Concats again",
        _inputs(SAFE_INPUTS, MOST_INPUTS),
    ),
    Rule(
        "IPU046",
        "error",
        "Inputs of Concat",
        "Concat of at most 1024 inputs",
        "S1.0.9 manual, DLA SDK Support",
        "documented",
        "one Gather of constant indices instead of single slices",
        _inputs(MOST_INPUTS, float("inf")),
    ),
    Rule(
        "IPU047",
        "warning",
        "Axis of Concat",
        "the axis of Concat is counted from the front",
        "SDK 1.1.5 takes -1 after the change of layout, silently joining channels; S1.0.9 is right",
        "measured",
        "write the axis as 0 or a positive number",
        _concat_axis,
    ),
    Rule(
        "IPU048",
        "warning",
        "Negative axes",
        "axes are counted from the front",
        "by analogy with Concat, where it went wrong",
        "likely",
        "write the axis as 0 or a positive number",
        _axes,
    ),
)
