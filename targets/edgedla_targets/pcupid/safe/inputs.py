"""What stands directly behind a graph input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.safe.graph import Editor, dims, is_op

if TYPE_CHECKING:
    import onnx_ir as ir


def shield_raw_inputs(model: ir.Model) -> int:
    """A raw signal (N, 1, 1, W) that a convolution reads directly, cut in two and joined again first.

    The oldest tool takes a one-channel input of a convolution for an image and widens it to three channels.
    The cut changes no number, and unlike a Reshape to the same shape no simplifier removes it.
    """
    editor = Editor(model.graph)
    return sum(_shield(editor, value) for value in model.graph.inputs if _is_at_risk(value))


def _is_at_risk(value: ir.Value) -> bool:
    shape = dims(value)
    return (
        len(shape) == 4  # noqa: PLR2004 # (N, C, H, W)
        and shape[1:3] == (1, 1)
        and shape[3] > 1
        and any(is_op(use.node, "Conv") for use in value.uses())
    )


def _shield(editor: Editor, value: ir.Value) -> int:
    readers = [use.node for use in value.uses() if is_op(use.node, "Conv")]
    anchor, shape = editor.graph[0], dims(value)
    middle, width = shape[3] // 2, shape[3]
    parts = [editor.slice(anchor, value, 3, 0, middle), editor.slice(anchor, value, 3, middle, width)]
    joined = editor.op(anchor, "Concat", parts, shape, axis=3)
    for node in readers:
        node.replace_input_with(0, joined)
    return 1
