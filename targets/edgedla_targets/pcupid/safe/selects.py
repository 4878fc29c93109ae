"""Picking and re-ranking by Slice and Reshape only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.safe.graph import (
    Editor,
    constant,
    constant_input,
    dims,
    integers,
    rewrite,
    source,
)

if TYPE_CHECKING:
    import onnx_ir as ir


def reshape_ranks(model: ir.Model) -> int:
    """Squeeze, Unsqueeze and Flatten as Reshape."""
    return rewrite(model, {"Squeeze", "Unsqueeze", "Flatten"}, _reshape)


def _reshape(editor: Editor, node: ir.Node) -> ir.Value:
    return editor.reshape(node, source(node), dims(node.outputs[0]))


def slice_selects(model: ir.Model) -> int:
    """Gather of one index as Slice, and Reshape where the axis vanishes."""
    return rewrite(model, {"Gather"}, _select)


def _select(editor: Editor, node: ir.Node) -> ir.Value | None:
    index, data = constant_input(node, 1), source(node)
    if index is None or index.size != 1 or constant(data) is not None:
        return None
    axis, start = node.attributes.get_int("axis", 0), int(index.reshape(-1)[0])
    picked = editor.slice(node, data, axis, start, start + 1)
    wanted = dims(node.outputs[0])
    return picked if dims(picked) == wanted else editor.reshape(node, picked, wanted)


def gather_backward_slices(model: ir.Model) -> int:
    """Slice with a negative step as a Gather of constant indices, axis by axis."""
    return rewrite(model, {"Slice"}, _backward)


def _backward(editor: Editor, node: ir.Node) -> ir.Value | None:
    steps = integers(node, 4)
    if steps is None or min(steps, default=1) > 0:
        return None
    starts, stops, axes = integers(node, 1), integers(node, 2), integers(node, 3)
    if starts is None or stops is None:
        return None
    value = source(node)
    for axis, start, stop, step in zip(axes or range(len(starts)), starts, stops, steps, strict=True):
        value = _take(editor, node, value, axis, slice(start, stop, step))
    return value


def _take(editor: Editor, node: ir.Node, value: ir.Value, axis: int, part: slice) -> ir.Value:
    shape = list(dims(value))
    indices = list(range(shape[axis]))[part]
    if indices == list(range(shape[axis])):
        return value
    shape[axis] = len(indices)
    return editor.op(node, "Gather", [value, editor.integers("indices", indices)], shape, axis=axis)
