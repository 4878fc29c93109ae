"""How each operator takes part in a change of rank: new shapes of inputs, new values of attributes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx_ir as ir

from edgedla_targets.pcupid.safe.graph import (
    Editor,
    constant,
    constant_input,
    dims,
    integers,
    optional,
    source,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgedla_targets.pcupid.safe.graph import Array, Dims
    from edgedla_targets.pcupid.safe.rank import RankChange

UNARY = {
    *(
        "Abs",
        "Acos",
        "Asin",
        "Atan",
        "Cast",
        "Ceil",
        "Clip",
        "Cos",
        "Elu",
        "Erf",
        "Exp",
        "Floor",
        "HardSigmoid",
    ),
    *(
        "Identity",
        "LeakyRelu",
        "Log",
        "Neg",
        "Not",
        "Reciprocal",
        "Relu",
        "Round",
        "Selu",
        "Sigmoid",
        "Sign",
        "Sin",
    ),
    *("Softplus", "Softsign", "Sqrt", "Tanh", "ThresholdedRelu"),
}
BROADCAST = {
    *("Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Mean", "Min"),
    *("Mul", "Or", "Pow", "PRelu", "Sub", "Sum", "Where", "Xor"),
}
ELEMENTWISE = UNARY | BROADCAST
POOLS = {"AveragePool", "MaxPool", "GlobalAveragePool", "GlobalMaxPool"}
CHANNEL_NORMS = {"BatchNormalization", "InstanceNormalization"}
REDUCTIONS = {"ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum", "ReduceL1", "ReduceL2", "ReduceProd"}

MATRIX_RANK = 2
HEIGHT_AXIS, SIGNAL_RANK = 2, 3  # of (N, C, W) that becomes (N, C, 1, W)


@dataclass
class Move:
    """Changes to one node: input number to new shape or new content, attribute to new value."""

    shapes: dict[int, Dims] = field(default_factory=dict)
    contents: dict[int, Array] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)


def plan(node: ir.Node, change: RankChange) -> Move | None:
    """What `node` must become, or `None` where it cannot take part."""
    if (
        node.domain
        or node.op_type not in PLANS
        or not all(change.fits(dims(output)) for output in node.outputs)
    ):
        return None
    return PLANS[node.op_type](node, change)


def apply(editor: Editor, node: ir.Node, change: RankChange, move: Move) -> None:
    """Change `node` in place, with a Reshape at each of its borders."""
    for index, shape in move.shapes.items():
        node.replace_input_with(index, editor.view(source(node, index), shape))
    for index, content in move.contents.items():
        node.replace_input_with(index, editor.constant(f"{source(node, index).name}_moved", content))
    for name, value in move.attributes.items():
        node.attributes[name] = ir.convenience.convert_attribute(name, value)
    for output in node.outputs:
        editor.restore(output, change.row(dims(output), 1))


def _elementwise(node: ir.Node, change: RankChange) -> Move:
    present = {index: value for index, value in enumerate(node.inputs) if value is not None}
    return Move({index: change.operand(dims(value)) for index, value in present.items()})


def _data(node: ir.Node, change: RankChange) -> Move | None:
    """Only the first input has the rank of the signal."""
    data = dims(source(node))
    return Move({0: change.row(data, 1)}) if change.fits(data) else None


def _channel_norm(node: ir.Node, change: RankChange) -> Move | None:
    """Batch and channel are the first two axes."""
    return _data(node, change) if change.insert and change.position > 1 else None


def _along_axis(node: ir.Node, change: RankChange) -> Move | None:
    axis, move = change.axis(node.attributes.get_int("axis", 0)), _data(node, change)
    if axis is None or move is None:
        return None
    move.attributes["axis"] = axis
    return move


def _concat(node: ir.Node, change: RankChange) -> Move | None:
    axis = change.axis(node.attributes.get_int("axis", 0))
    shapes = {index: change.row(dims(value), 1) for index, value in enumerate(node.inputs)}
    return None if axis is None else Move(shapes, attributes={"axis": axis})


def _reduce(node: ir.Node, change: RankChange) -> Move | None:
    listed = integers(node, 1) if node.op_type == "ReduceSum" else node.attributes.get_ints("axes")
    move, axes = _data(node, change), change.axes(listed or ())
    if move is None or not axes or not node.attributes.get_int("keepdims", 1):
        return None
    if node.op_type == "ReduceSum":
        move.contents[1] = np.asarray(axes, dtype=np.int64)
    else:
        move.attributes["axes"] = axes
    return move


def _slice(node: ir.Node, change: RankChange) -> Move | None:
    axes, move = change.axes(integers(node, 3) or ()), _data(node, change)
    if not axes or move is None:
        return None
    move.contents[3] = np.asarray(axes, dtype=np.int64)
    return move


def _gather(node: ir.Node, change: RankChange) -> Move | None:
    indices = constant_input(node, 1)
    return _along_axis(node, change) if indices is not None and indices.ndim == 1 else None


def _pad(node: ir.Node, change: RankChange) -> Move | None:
    pads, move = integers(node, 1), _data(node, change)
    if pads is None or move is None or optional(node, 3) is not None:
        return None
    halves = pads[: change.rank], pads[change.rank :]
    if not change.insert and any(half[change.position] for half in halves):
        return None
    move.contents[1] = np.asarray([change.row(half, 0) for half in halves], dtype=np.int64).reshape(-1)
    return move


def _transpose(node: ir.Node, change: RankChange) -> Move | None:
    permutation, move = node.attributes.get_ints("perm"), _data(node, change)
    if (
        permutation is None
        or move is None
        or change.insert
        or permutation[change.position] != change.position
    ):
        return None
    move.attributes["perm"] = change.axes([axis for axis in permutation if axis != change.position])
    return move


def _matmul(node: ir.Node, change: RankChange) -> Move | None:
    """A constant matrix serves rows of any rank; of two signals only a batch axis may come or go."""
    left, right = dims(source(node)), dims(source(node, 1))
    if not change.fits(left):
        return None
    shapes = {0: change.row(left, 1)}
    if len(right) == MATRIX_RANK and constant(source(node, 1)) is not None:
        return Move(shapes) if change.position <= change.rank - MATRIX_RANK else None
    if change.insert or change.position >= change.rank - MATRIX_RANK or not change.fits(right):
        return None
    return Move(shapes | {1: change.row(right, 1)})


def _window(node: ir.Node, change: RankChange) -> Move | None:
    """A 1-D window becomes one of height 1."""
    move = _data(node, change)
    if move is None or (change.insert, change.position, change.rank) != (True, HEIGHT_AXIS, SIGNAL_RANK):
        return None
    if "Conv" in node.op_type:
        move.shapes[1] = change.row(dims(source(node, 1)), 1)
    for name, fill in (
        ("kernel_shape", 1),
        ("strides", 1),
        ("dilations", 1),
        ("output_padding", 0),
        ("output_shape", 1),
    ):
        if name in node.attributes:
            move.attributes[name] = [fill, *node.attributes.get_ints(name, ())]
    if "pads" in node.attributes:
        before, after = node.attributes.get_ints("pads", ())
        move.attributes["pads"] = [0, before, 0, after]
    return move


def _resize(node: ir.Node, change: RankChange) -> Move | None:
    move, region = _data(node, change), constant_input(node, 1)
    if (
        move is None
        or not change.insert
        or (optional(node, 1) is not None and (region is None or region.size))
    ):
        return None
    for index in (2, 3):
        factors = constant_input(node, index)
        if optional(node, index) is not None and factors is None:
            return None
        if factors is not None and factors.size:
            move.contents[index] = np.asarray(change.row(factors.tolist(), 1), dtype=factors.dtype)
    return move


PLANS: dict[str, Callable[[ir.Node, RankChange], Move | None]] = {
    **dict.fromkeys(ELEMENTWISE, _elementwise),
    **dict.fromkeys(CHANNEL_NORMS, _channel_norm),
    **dict.fromkeys(POOLS | {"Conv", "ConvTranspose"}, _window),
    **dict.fromkeys(REDUCTIONS, _reduce),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Split", "ArgMax", "ArgMin"), _along_axis),
    "Concat": _concat,
    "Slice": _slice,
    "Gather": _gather,
    "Pad": _pad,
    "Transpose": _transpose,
    "MatMul": _matmul,
    "Resize": _resize,
}
