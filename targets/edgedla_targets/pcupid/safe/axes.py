"""Axes counted from the front: a negative one is taken in the wrong layout by old tools, silently."""

from __future__ import annotations

import onnx_ir as ir

from edgedla_targets.pcupid.safe.graph import Editor, constant_input, dims, integers, source

LAST_BY_DEFAULT = {"Softmax", "LogSoftmax", "Hardmax", "TopK", "LpNormalization"}
"""These take the last axis where the attribute is left out."""

WITH_AXIS = LAST_BY_DEFAULT | {
    *("Concat", "Split", "Gather", "GatherElements", "ScatterElements", "Compress", "ArgMax", "ArgMin"),
    *("Flatten", "QuantizeLinear", "DequantizeLinear", "SplitToSequence", "OneHot"),
}

AXES_INPUT = {"ReduceSum": 1, "Squeeze": 1, "Unsqueeze": 1, "Slice": 3}
"""Place of the input that holds the axes, in opset 13."""


def count_axes_from_front(model: ir.Model) -> int:
    """Non-negative `axis`, `axes` and constant Gather indices."""
    editor = Editor(model.graph)
    return sum(
        _axis(node) + _axes(editor, node) + _indices(editor, node) for node in model.graph if not node.domain
    )


def _rank(node: ir.Node) -> int:
    # These two count in the rank of their result.
    value = node.outputs[0] if node.op_type in {"Unsqueeze", "OneHot"} else source(node)
    return len(dims(value))


def _axis(node: ir.Node) -> int:
    if node.op_type not in WITH_AXIS:
        return 0
    axis = node.attributes.get_int("axis", -1 if node.op_type in LAST_BY_DEFAULT else 0)
    if axis >= 0:
        return 0
    node.attributes["axis"] = ir.AttrInt64("axis", axis + _rank(node))
    return 1


def _axes(editor: Editor, node: ir.Node) -> int:
    if node.op_type.startswith("Reduce") and min(node.attributes.get_ints("axes", (0,)), default=0) < 0:
        axes = sorted(axis % _rank(node) for axis in node.attributes.get_ints("axes", ()))
        node.attributes["axes"] = ir.AttrInt64s("axes", axes)
        return 1
    place = AXES_INPUT.get(node.op_type)
    listed = integers(node, place) if place is not None else None
    if place is None or listed is None or min(listed, default=0) >= 0:
        return 0
    node.replace_input_with(place, editor.integers("axes", [axis % _rank(node) for axis in listed]))
    return 1


def _indices(editor: Editor, node: ir.Node) -> int:
    indices = constant_input(node, 1) if node.op_type == "Gather" else None
    if indices is None or indices.size == 0 or indices.min() >= 0:
        return 0
    size = dims(source(node))[node.attributes.get_int("axis", 0)]
    node.replace_input_with(1, editor.constant("indices", indices % size))
    return 1
