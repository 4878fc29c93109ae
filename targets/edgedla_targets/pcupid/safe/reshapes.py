"""Reshapes and moves of unit axes: as few as possible, and none that changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.safe.folding import drop_unused
from edgedla_targets.pcupid.safe.graph import Editor, dims, is_op, node_of, rewrite, source

if TYPE_CHECKING:
    import onnx_ir as ir

    from edgedla_targets.pcupid.safe.graph import Dims

HIGHEST_RANK = 4
"""Most operators of the IPU take tensors up to this rank."""


def merge_reshapes(model: ir.Model) -> int:
    """Chains of Reshape as one, equal ones as one, those that change nothing away."""
    editor, count = Editor(model.graph), 0
    known: dict[tuple[ir.Value, Dims], ir.Value] = {}
    for node in tuple(model.graph):
        if is_op(node, "Reshape"):
            count += _merge(editor, node, known)
    drop_unused(model)
    return count


def _merge(editor: Editor, node: ir.Node, known: dict[tuple[ir.Value, Dims], ir.Value]) -> int:
    root, result = source(node), node.outputs[0]
    while is_op(root.producer(), "Reshape"):
        root = source(node_of(root))
    twin = root if dims(root) == dims(result) else known.get((root, dims(result)))
    if twin is not None and not (result.is_graph_output() and _must_stay(twin)):
        editor.replace(node, twin)
        return 1
    known.setdefault((root, dims(result)), result)
    if root is source(node):
        return 0
    node.replace_input_with(0, root)
    node.replace_input_with(1, editor.integers("shape", dims(result)))
    node.attributes.pop("allowzero", None)
    return 1


def _must_stay(value: ir.Value) -> bool:
    return value.producer() is None or value.is_graph_output()


def simplify_transposes(model: ir.Model) -> int:
    """Transpose that only moves unit axes as Reshape; others with the batch in front and in rank four."""
    return rewrite(model, {"Transpose"}, _transpose)


def _transpose(editor: Editor, node: ir.Node) -> ir.Value | None:
    data, wanted = source(node), dims(node.outputs[0])
    shape = dims(data)
    permutation = node.attributes.get_ints("perm", range(len(shape))[::-1])
    order = [axis for axis in permutation if shape[axis] != 1]
    if order == sorted(order):
        return editor.reshape(node, data, wanted)
    if len(order) < len(shape) > HIGHEST_RANK:
        return _turn(editor, node, data, order)
    if shape[0] == 1 and permutation[0] != 0:
        return _turn(editor, node, data, [0, *(axis for axis in permutation if axis != 0)])
    return None


def _turn(editor: Editor, node: ir.Node, data: ir.Value, order: list[int]) -> ir.Value:
    """The axes in `order`, the others, of size one, left out; in the shape that `node` gave."""
    shape, kept = dims(data), sorted(order)
    matrix = editor.reshape(node, data, [shape[axis] for axis in kept]) if len(kept) < len(shape) else data
    permutation = [kept.index(axis) for axis in order]
    turned = editor.op(node, "Transpose", [matrix], [shape[axis] for axis in order], perm=permutation)
    return editor.reshape(node, turned, dims(node.outputs[0]))
