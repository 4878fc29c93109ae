"""QuantizeLinear and DequantizeLinear nodes, with their scales and zero points as weights of the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    import numpy.typing as npt
    import onnx

    Grid = tuple[Any, Any]  # scale and zero point, in their own types

DOMAIN = "com.microsoft"  # its operators know 16 bits at every opset
INT16_MAX = 32767
UINT8_MAX = 255
TINY = 1e-12  # scale of a tensor that is zero everywhere


def symmetric_scale(low: float, high: float) -> float:
    """Scale that maps the larger end of a range to 32767; a float32 number."""
    return float(np.float32(max(-low, high, 0.0) / INT16_MAX or TINY))


def add_weight(model: onnx.ModelProto, name: str, value: npt.NDArray[Any]) -> str:
    """Add a weight to the graph; its name."""
    model.graph.initializer.append(numpy_helper.from_array(value, name))
    return name


def quantize_int16(model: onnx.ModelProto, source: str, result: str, scale: float) -> onnx.NodeProto:
    """A node that makes int16 levels of floats."""
    return _node(model, ("QuantizeLinear", source, result), (np.float32(scale), np.int16(0)))


def dequantize_int16(model: onnx.ModelProto, source: str, result: str, scale: float) -> onnx.NodeProto:
    """A node that makes floats of int16 levels."""
    return _node(model, ("DequantizeLinear", source, result), (np.float32(scale), np.int16(0)))


def round_int16(model: onnx.ModelProto, source: str, result: str, scale: float) -> list[onnx.NodeProto]:
    """Nodes that take floats to int16 levels and back."""
    return _round(model, source, result, (np.float32(scale), np.int16(0)))


def round_uint8(
    model: onnx.ModelProto, source: str, result: str, low: float, high: float
) -> list[onnx.NodeProto]:
    """Nodes that take floats to 256 levels from `low` to `high`, zero among them, and back."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = np.float32((high - low) / UINT8_MAX or TINY)
    zero = np.uint8(np.clip(np.round(-low / scale), 0, UINT8_MAX))
    return _round(model, source, result, (scale, zero))


def weight_node(
    model: onnx.ModelProto, result: str, weight: npt.NDArray[Any], axis: int, bits: int
) -> onnx.NodeProto:
    """A node that makes floats of a weight in int8 or int16: symmetric, one scale per index of `axis`."""
    limit, dtype = {8: (127, np.int8), 16: (INT16_MAX, np.int16)}[bits]
    others = tuple(index for index in range(weight.ndim) if index != axis)
    scale = (np.maximum(np.abs(weight).max(axis=others), TINY) / limit).astype(np.float32)
    levels = np.round(weight / np.expand_dims(scale, others)).clip(-limit, limit).astype(dtype)
    name = add_weight(model, f"{result}/levels", levels)
    return _node(model, ("DequantizeLinear", name, result), (scale, np.zeros(scale.shape, dtype)), axis)


def _round(model: onnx.ModelProto, source: str, result: str, grid: Grid) -> list[onnx.NodeProto]:
    levels = f"{result}/levels"
    return [
        _node(model, ("QuantizeLinear", source, levels), grid),
        _node(model, ("DequantizeLinear", levels, result), grid),
    ]


def _node(
    model: onnx.ModelProto, edge: tuple[str, str, str], grid: Grid, axis: int | None = None
) -> onnx.NodeProto:
    kind, source, result = edge
    prefix = f"{result}/{kind}"
    scale = add_weight(model, f"{prefix}/scale", np.asarray(grid[0]))
    zero = add_weight(model, f"{prefix}/zero", np.asarray(grid[1]))
    node = helper.make_node(kind, [source, scale, zero], [result], name=prefix, domain=DOMAIN)
    if axis is not None:
        node.attribute.append(helper.make_attribute("axis", axis))
    return node
