"""LayerNormalization in the primitive order that the vendor's optimiser looks for, batch norm folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnx_ir.passes import common
from onnxscript.rewriter import RewriteRuleSet
from onnxscript.rewriter.rules.common import (
    fuse_batchnorm_into_conv_rule,
    fuse_batchnorm_into_conv_transpose_rule,
    fuse_batchnorm_into_gemm_rule,
)

from edgedla.errors import UsageError
from edgedla_targets.pcupid.safe.graph import Editor, dims, optional, rewrite, source

if TYPE_CHECKING:
    import onnx_ir as ir

AXES_AS_INPUT = 18
"""Since this opset ReduceMean takes its axes as an input."""

BATCH_NORM_RULES = RewriteRuleSet(
    [
        fuse_batchnorm_into_conv_rule,
        fuse_batchnorm_into_conv_transpose_rule,
        fuse_batchnorm_into_gemm_rule,
    ]
)


def split_layer_norm(model: ir.Model) -> int:
    """LayerNormalization as ReduceMean, Sub, Mul, ReduceMean, Add, Sqrt, Div, Mul, Add."""
    opset = model.opset_imports[""]
    return rewrite(model, {"LayerNormalization"}, lambda editor, node: _layer_norm(editor, node, opset))


def _layer_norm(editor: Editor, node: ir.Node, opset: int) -> ir.Value:
    if any(output.uses() or output.is_graph_output() for output in node.outputs[1:]):
        raise UsageError(f"node '{node.name}': mean and deviation of LayerNormalization are outputs")
    data = source(node)
    rank = len(dims(data))
    first = node.attributes.get_int("axis", -1) % rank
    axes = list(range(first, rank))
    mean = _mean(editor, node, data, axes, opset)
    centred = editor.op(node, "Sub", [data, mean], dims(data))
    squares = editor.op(node, "Mul", [centred, centred], dims(data))
    variance = _mean(editor, node, squares, axes, opset)
    epsilon = editor.scalar(data, node.attributes.get_float("epsilon", 1e-5))
    safe = editor.op(node, "Add", [variance, epsilon], dims(variance))
    deviation = editor.op(node, "Sqrt", [safe], dims(variance))
    result = editor.op(node, "Div", [centred, deviation], dims(data))
    for op_type, index in (("Mul", 1), ("Add", 2)):
        operand = optional(node, index)
        if operand is not None:
            result = editor.op(node, op_type, [result, operand], dims(data))
    return result


def _mean(editor: Editor, node: ir.Node, value: ir.Value, axes: list[int], opset: int) -> ir.Value:
    shape = [1 if axis in axes else size for axis, size in enumerate(dims(value))]
    if opset < AXES_AS_INPUT:
        return editor.op(node, "ReduceMean", [value], shape, axes=axes, keepdims=1)
    return editor.op(node, "ReduceMean", [value, editor.integers("axes", axes)], shape, keepdims=1)


def fold_batch_norm(model: ir.Model) -> int:
    """Batch norm behind a convolution or Gemm, folded into its weights."""
    count = BATCH_NORM_RULES.apply_to_model(model)
    if count:
        common.NameFixPass()(model)
        common.RemoveUnusedNodesPass()(model)
    return count
