"""Arithmetic in the forms that the hardware computes without detours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgedla_targets.pcupid.safe.graph import (
    Editor,
    constant,
    constant_input,
    dims,
    is_op,
    optional,
    rewrite,
    source,
)

if TYPE_CHECKING:
    import onnx_ir as ir

COMMUTATIVE = {"Add", "Mul", "Max", "Min"}
ARITHMETIC = {"Add", "Sub", "Mul", "Div", "Max", "Min", "Pow"}
CHANNELS_FIRST_RANK = 4
"""From this rank on the vendor takes axis 1 as channels; below, the last axis."""


def multiply_out_powers(model: ir.Model) -> int:
    """Pow to 2 and 3 as Mul, to one half as Sqrt."""
    return rewrite(model, {"Pow"}, _power)


def _power(editor: Editor, node: ir.Node) -> ir.Value | None:
    exponent, base = constant_input(node, 1), source(node)
    if exponent is None or exponent.size != 1 or len(dims(node.outputs[0])) != len(dims(base)):
        return None
    value = float(exponent.reshape(-1)[0])
    if value == 0.5:  # noqa: PLR2004 # the exponent of a square root
        return editor.op(node, "Sqrt", [base], dims(base))
    if value not in {2, 3}:
        return None
    result = base
    for _ in range(int(value) - 1):
        result = editor.op(node, "Mul", [result, base], dims(base))
    return result


def drop_neutral(model: ir.Model) -> int:
    """Where of a uniform condition, Add of zeros to a product of matrices: the value that passes through."""
    return rewrite(model, {"Where", "Add"}, lambda _, node: PASSED[node.op_type](node))


def _chosen(node: ir.Node) -> ir.Value | None:
    condition = constant_input(node, 0)
    if condition is None or condition.size == 0 or condition.min() != condition.max():
        return None
    return _same_shape(node, source(node, 1 if condition.any() else 2))


def _unmasked(node: ir.Node) -> ir.Value | None:
    # Only there: the last Add of a LayerNorm belongs to its pattern even where it adds nothing.
    for value, other in (node.inputs, reversed(node.inputs)):
        array = constant(other)
        if value is not None and array is not None and not array.any() and is_op(value.producer(), "MatMul"):
            return _same_shape(node, value)
    return None


def _same_shape(node: ir.Node, value: ir.Value) -> ir.Value | None:
    return value if constant(value) is None and dims(value) == dims(node.outputs[0]) else None


PASSED = {"Where": _chosen, "Add": _unmasked}


def put_constants_second(model: ir.Model) -> int:
    """The constant of Add, Mul, Max and Min as second operand."""
    count = 0
    for node in model.graph:
        if node.domain == "" and node.op_type in COMMUTATIVE and len(node.inputs) == 2:  # noqa: PLR2004 # binary
            first, second = source(node), source(node, 1)
            if constant(first) is not None and constant(second) is None:
                node.replace_input_with(0, second)
                node.replace_input_with(1, first)
                count += 1
    return count


def broadcast_constants(model: ir.Model) -> int:
    """Constants that are neither one number nor one per channel, in the full shape of the other operand."""
    editor = Editor(model.graph)
    return sum(
        _broadcast(editor, node) for node in model.graph if node.domain == "" and node.op_type in ARITHMETIC
    )


def _broadcast(editor: Editor, node: ir.Node) -> int:
    count = 0
    for index, value in enumerate(node.inputs):
        array, other = constant(value), optional(node, 1 - index) if len(node.inputs) == 2 else None  # noqa: PLR2004 # binary
        if array is None or other is None or constant(other) is not None:
            continue
        shape = dims(other)
        if shape == dims(node.outputs[0]) and not _is_plain(array.shape, shape):
            full = np.ascontiguousarray(np.broadcast_to(array, shape))
            node.replace_input_with(index, editor.constant(f"{source(node, index).name}_full", full))
            count += 1
    return count


def _is_plain(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """One number, one per channel, or the same shape (leading axes of size one may be left out)."""
    rank = len(other)
    full = (1,) * (rank - len(shape)) + shape
    channel = 1 if rank >= CHANNELS_FIRST_RANK else rank - 1
    return full == other or all(size == 1 for axis, size in enumerate(full) if axis != channel)
