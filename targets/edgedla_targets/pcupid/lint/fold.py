"""One node at a time: the types of its outputs, and their values where it only computes small constants.

Torch writes pads, sizes and axes as little calculations; without their results no shape behind them is known.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import AttributeProto, TensorProto, TypeProto, defs, helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    from onnx import ModelProto, NodeProto

SMALL = 4096
"""Elements up to which a constant's value is kept: pads and axes are far smaller, weights far larger."""

FOLDED = frozenset(
    [
        "Add",
        "Cast",
        "Concat",
        "ConstantOfShape",
        "Div",
        "Equal",
        "Expand",
        "Floor",
        "Gather",
        "Greater",
        "Identity",
        "Less",
        "Max",
        "Min",
        "Mul",
        "Neg",
        "Not",
        "Range",
        "Reshape",
        "Shape",
        "Size",
        "Slice",
        "Squeeze",
        "Sub",
        "Tile",
        "Transpose",
        "Unsqueeze",
        "Where",
    ]
)
"""What calculations with shapes are made of. None needs more memory than its inputs and its output."""

IMPURE = frozenset(
    (
        "Bernoulli",
        "If",
        "Loop",
        "Multinomial",
        "RandomNormal",
        "RandomNormalLike",
        "RandomUniform",
        "RandomUniformLike",
        "Scan",
    )
)
"""Their results depend on more than their inputs, so they are never constant."""


def infer(
    node: NodeProto, types: Mapping[str, TypeProto], values: Mapping[str, TensorProto], model: ModelProto
) -> dict[str, TypeProto]:
    """The types of a node's outputs as far as they follow from its inputs; empty where ONNX cannot tell."""
    if node.op_type in IMPURE:
        return {}
    try:
        schema = defs.get_schema(node.op_type, opset_of(model), "")
        return shape_inference.infer_node_outputs(
            schema,
            node,
            {name: types[name] for name in node.input if name in types},
            {name: values[name] for name in node.input if name in values},
            opset_imports=list(model.opset_import),
            ir_version=model.ir_version,
        )
    except Exception:  # noqa: BLE001 # a node from a hostile file can fail in any way; its shape is unknown then
        return {}


def evaluate(
    node: NodeProto, types: Mapping[str, TypeProto], values: Mapping[str, TensorProto], model: ModelProto
) -> dict[str, TensorProto]:
    """The small constants a node computes; empty where it computes none. `types` must hold its outputs'."""
    if node.op_type == "Constant":
        return _constant(node)
    if node.op_type not in FOLDED or not all(_small(types.get(name)) for name in node.output if name):
        return {}
    if node.op_type in ("Shape", "Size"):
        return _run(node, {node.input[0]: _stand_in(types.get(node.input[0]))}, model) if node.input else {}
    if not all(name in values for name in node.input if name):
        return {}
    return _run(node, {name: array_of(values[name]) for name in node.input if name}, model)


def opset_of(model: ModelProto) -> int:
    """The version of ONNX's own operators; 1 where the file names none, as the format says."""
    versions = [opset.version for opset in model.opset_import if opset.domain in ("", "ai.onnx")]
    return max(versions, default=1)


def sizes_of(kind: TypeProto | None) -> tuple[int | None, ...] | None:
    """The shape in a type; `None` where it has none."""
    if kind is None or not kind.HasField("tensor_type") or not kind.tensor_type.HasField("shape"):
        return None
    sizes = kind.tensor_type.shape.dim
    known = (size.HasField("dim_value") and size.dim_value >= 0 for size in sizes)
    return tuple(size.dim_value if sure else None for size, sure in zip(sizes, known, strict=True))


_NUMBERS = {
    "value_float": (AttributeProto.FLOAT, np.float32),
    "value_floats": (AttributeProto.FLOATS, np.float32),
    "value_int": (AttributeProto.INT, np.int64),
    "value_ints": (AttributeProto.INTS, np.int64),
}
"""Attributes of Constant: their types, and those of the constants they make."""


def _small(kind: TypeProto | None) -> bool:
    sizes = sizes_of(kind)
    known = [size for size in sizes or () if size is not None]
    return sizes is not None and len(known) == len(sizes) and math.prod(known) <= SMALL


def _stand_in(kind: TypeProto | None) -> npt.NDArray[Any] | None:
    """An array of the shape that takes no memory: only its shape is asked for."""
    sizes = sizes_of(kind)
    if sizes is None or None in sizes:
        return None
    return np.broadcast_to(np.zeros((), np.float32), [size for size in sizes if size is not None])


def array_of(tensor: TensorProto) -> npt.NDArray[Any] | None:
    """The numbers of a stored tensor; `None` of an element type numpy cannot hold, or of broken data."""
    try:
        return numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError):
        return None


def _constant(node: NodeProto) -> dict[str, TensorProto]:
    if len(node.attribute) != 1 or len(node.output) != 1:
        return {}
    found = _stored(node.attribute[0])
    return {node.output[0]: found} if found and math.prod(found.dims) <= SMALL else {}


def _stored(attribute: AttributeProto) -> TensorProto | None:
    if attribute.name == "value":
        return attribute.t if attribute.type == AttributeProto.TENSOR else None
    form = _NUMBERS.get(attribute.name)
    if form is None or attribute.type != form[0]:
        return None
    return numpy_helper.from_array(np.asarray(helper.get_attribute_value(attribute), form[1]))


def _run(
    node: NodeProto, feed: Mapping[str, npt.NDArray[Any] | None], model: ModelProto
) -> dict[str, TensorProto]:
    if any(array is None for array in feed.values()):
        return {}
    try:
        with np.errstate(all="ignore"):
            results = ReferenceEvaluator(node, opsets={"": opset_of(model)}).run(None, dict(feed))
        return {
            name: numpy_helper.from_array(np.asarray(array))
            for name, array in zip(node.output, results, strict=True)
            if name
        }
    except Exception:  # noqa: BLE001 # as above: its value is unknown then
        return {}
