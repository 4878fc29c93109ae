"""GELU as primitives, in the order that torch's exporter writes and the vendor's optimiser looks for."""

from __future__ import annotations

from math import pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx_ir as ir
from onnx_ir.passes import common
from onnxscript.rewriter import pattern

from edgedla_targets.pcupid.safe.graph import Editor, dims, rewrite, source

if TYPE_CHECKING:
    from collections.abc import Callable

CUBIC = 0.044715
"""Hendrycks and Gimpel, "Gaussian Error Linear Units", arXiv 1606.08415, section 2."""


def split_gelu(model: ir.Model) -> int:
    """Gelu (opset 20) by erf or tanh, as its attribute says."""
    return rewrite(model, {"Gelu"}, _gelu)


def _gelu(editor: Editor, node: ir.Node) -> ir.Value:
    data = source(node)
    gate = _tanh_gate if node.attributes.get_string("approximate", "none") == "tanh" else _erf_gate
    opened = _op(editor, node, "Add", gate(editor, node, data), 1.0)
    return _op(editor, node, "Mul", _op(editor, node, "Mul", data, opened), 0.5)


def _erf_gate(editor: Editor, node: ir.Node, data: ir.Value) -> ir.Value:
    return editor.op(node, "Erf", [_op(editor, node, "Div", data, sqrt(2))], dims(data))


def _tanh_gate(editor: Editor, node: ir.Node, data: ir.Value) -> ir.Value:
    cube = _op(editor, node, "Mul", _op(editor, node, "Mul", data, data), data)
    inner = _op(editor, node, "Add", data, _op(editor, node, "Mul", cube, CUBIC))
    return editor.op(node, "Tanh", [_op(editor, node, "Mul", inner, sqrt(2 / pi))], dims(data))


def _op(editor: Editor, node: ir.Node, op_type: str, data: ir.Value, other: ir.Value | float) -> ir.Value:
    operand = other if isinstance(other, ir.Value) else editor.scalar(data, other)
    return editor.op(node, op_type, [data, operand], dims(data))


def order_gelu(model: ir.Model) -> int:
    """Erf-GELU written in another order, as Div √2, Erf, Add 1, Mul x, Mul 0.5."""
    count = RULES.apply_to_model(model)
    if count:
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
        for step in (common.NameFixPass(), common.RemoveUnusedNodesPass(), common.ShapeInferencePass()):
            step(model)
    return count


def _divided(op: Any, x: Any) -> Any:
    return op.Add(op.Erf(op.Div(x, sqrt(2))), 1.0)


def _multiplied(op: Any, x: Any) -> Any:
    return op.Add(op.Erf(op.Mul(x, sqrt(0.5))), 1.0)


def _half_gate(op: Any, x: Any, gate: Any) -> Any:
    return op.Mul(x, op.Mul(gate, 0.5))


def _half_data(op: Any, x: Any, gate: Any) -> Any:
    return op.Mul(op.Mul(x, 0.5), gate)


def _half_last(op: Any, x: Any, gate: Any) -> Any:
    return op.Mul(op.Mul(x, gate), 0.5)


def _canonical(op: Any, x: ir.Value) -> Any:
    opened = op.Add(op.Erf(op.Div(x, _number(op, x, sqrt(2)))), _number(op, x, 1.0))
    return op.Mul(op.Mul(x, opened), _number(op, x, 0.5))


def _number(op: Any, x: ir.Value, number: float) -> Any:
    assert x.dtype is not None
    return op.Constant(value=ir.tensor(np.asarray(number, dtype=x.dtype.numpy())))


def _rule(gate: Callable[..., Any], product: Callable[..., Any]) -> pattern.RewriteRule:
    return pattern.RewriteRule(
        lambda op, x: product(op, x, gate(op, x)), _canonical, name=f"{gate.__name__}{product.__name__}"
    )


RULES = pattern.RewriteRuleSet(
    [
        _rule(gate, product)
        for gate in (_divided, _multiplied)
        for product in (_half_gate, _half_data, _half_last)
        if (gate, product) != (_divided, _half_last)
    ],
    commute=True,
)
