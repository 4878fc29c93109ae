"""Concat of many inputs in groups that no simplifier can merge again."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.safe.graph import Editor, dims, rewrite, source

if TYPE_CHECKING:
    import onnx_ir as ir

MOST_INPUTS = 64
"""Above this, the oldest tool converts a graph that its simulator then cannot run."""


def split_wide_concats(model: ir.Model) -> int:
    """Concat of more than 64 inputs, in two steps with a change of shape between.

    Simplifiers merge a Concat that feeds another one directly, so each group is seen as a matrix in between.
    """
    return rewrite(model, {"Concat"}, _split)


def _split(editor: Editor, node: ir.Node) -> ir.Value | None:
    if len(node.inputs) <= MOST_INPUTS:
        return None
    axis = node.attributes.get_int("axis", 0)
    values = [source(node, index) for index in range(len(node.inputs))]
    while len(values) > MOST_INPUTS:
        groups = [values[start : start + MOST_INPUTS] for start in range(0, len(values), MOST_INPUTS)]
        values = [_matrix(editor, node, group, axis) for group in groups]
        axis = len(dims(values[0])) - 1
    joined = _concat(editor, node, values, axis)
    return editor.reshape(node, joined, dims(node.outputs[0]))


def _matrix(editor: Editor, node: ir.Node, values: list[ir.Value], axis: int) -> ir.Value:
    """The values side by side, as rows of everything before `axis`; never in the rank they came in."""
    joined = _concat(editor, node, values, axis)
    shape = dims(joined)
    rows, columns = prod(shape[:axis]), prod(shape[axis:])
    return editor.reshape(node, joined, (1, rows, columns) if len(shape) == 2 else (rows, columns))  # noqa: PLR2004 # a matrix


def _concat(editor: Editor, node: ir.Node, values: list[ir.Value], axis: int) -> ir.Value:
    if len(values) == 1:
        return values[0]
    shape = list(dims(values[0]))
    shape[axis] = sum(dims(value)[axis] for value in values)
    return editor.op(node, "Concat", values, shape, axis=axis)
