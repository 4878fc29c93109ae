"""The two ends of a network: layouts, normalisation of images, 16-bit inputs and outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper

from edgedla_targets.pcupid.emulated import native, qdq
from edgedla_targets.pcupid.emulated.graph import IMAGE_RANK, shape
from edgedla_targets.pcupid.emulated.header import Tensor
from edgedla_targets.pcupid.emulated.ini import native_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    import onnx

    from edgedla_targets.pcupid.emulated.header import Layout
    from edgedla_targets.pcupid.emulated.ini import Config

TO_NCHW = (0, 3, 1, 2)
TO_NHWC = (0, 2, 3, 1)


def set_layouts(model: onnx.ModelProto, config: Config) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Turn 4-D inputs and outputs to NHWC, unless the ini says NCHW; the tensors at both ends."""
    inputs = {value.name: value for value in model.graph.input}
    outputs = {value.name: value for value in model.graph.output}
    return (
        tuple(
            _set_input(model, inputs[name], config.input_layout(index))
            for index, name in enumerate(config.inputs)
        ),
        tuple(
            _set_output(model, outputs[name], config.output_layout(index))
            for index, name in enumerate(config.outputs)
        ),
    )


def _set_input(model: onnx.ModelProto, value: onnx.ValueInfoProto, layout: Layout) -> Tensor:
    sizes = shape(value)
    if layout == "NHWC" and len(sizes) == IMAGE_RANK:
        inner = _describe_inner(model, value)
        _rename_reads(model, value.name, inner)
        model.graph.node.insert(0, helper.make_node("Transpose", [value.name], [inner], perm=TO_NCHW))
        sizes = [sizes[axis] for axis in TO_NHWC]
        _set_shape(value, sizes)
    return Tensor(name=value.name, shape=tuple(sizes), layout=layout)


def _set_output(model: onnx.ModelProto, value: onnx.ValueInfoProto, layout: Layout) -> Tensor:
    sizes = shape(value)
    if layout == "NHWC" and len(sizes) == IMAGE_RANK:
        inner = _describe_inner(model, value)
        _rename(model, value.name, inner)
        model.graph.node.append(helper.make_node("Transpose", [inner], [value.name], perm=TO_NHWC))
        sizes = [sizes[axis] for axis in TO_NHWC]
        _set_shape(value, sizes)
    return Tensor(name=value.name, shape=tuple(sizes), layout=layout)


def _describe_inner(model: onnx.ModelProto, value: onnx.ValueInfoProto) -> str:
    """Note type and shape of the tensor on the graph's side of a transpose; its name."""
    inner = model.graph.value_info.add()
    inner.CopyFrom(value)
    inner.name = f"{value.name}/nchw"
    return str(inner.name)


def _set_shape(value: onnx.ValueInfoProto, sizes: list[int]) -> None:
    kind = value.type.tensor_type.elem_type
    value.CopyFrom(helper.make_tensor_value_info(value.name, kind, sizes))


def _rename_reads(model: onnx.ModelProto, name: str, inner: str) -> None:
    for node in model.graph.node:
        node.input[:] = [inner if entry == name else entry for entry in node.input]


def _rename(model: onnx.ModelProto, name: str, inner: str) -> None:
    _rename_reads(model, name, inner)
    for node in model.graph.node:
        node.output[:] = [inner if entry == name else entry for entry in node.output]


def set_fixed_input(
    model: onnx.ModelProto, config: Config, index: int, tensor: Tensor, scale: float
) -> Tensor:
    """Let an input take what the board delivers: float32 values, int16 levels, or an image in bytes."""
    training = native_value(config.training_formats[index])
    inner = f"{tensor.name}/fixed"
    _rename_reads(model, tensor.name, inner)
    if training in native.CHANNELS:
        _prepend(model, _normalise(model, config, index, tensor, inner))
        _retype(model.graph.input, tensor.name, TensorProto.UINT8)
        return tensor.model_copy(update={"format": "GRAY" if training == "GRAY" else "U8"})
    if training == "RAWDATA_F32_NHWC":
        _prepend(model, qdq.round_int16(model, tensor.name, inner, scale))
        return tensor
    _prepend(model, [qdq.dequantize_int16(model, tensor.name, inner, scale)])
    _retype(model.graph.input, tensor.name, TensorProto.INT16)
    return tensor.model_copy(update={"format": "INT16", "scale": scale})


def _normalise(
    model: onnx.ModelProto, config: Config, index: int, tensor: Tensor, inner: str
) -> list[onnx.NodeProto]:
    place = native.image_indices(config).index(index)
    training = native_value(config.training_formats[index])
    numbers = [
        qdq.add_weight(model, f"{inner}/{key}", _per_channel(config, key, place, training, tensor))
        for key in ("mean", "std_value")
    ]
    return [
        helper.make_node("Cast", [tensor.name], [f"{inner}/float"], to=TensorProto.FLOAT),
        helper.make_node("Sub", [f"{inner}/float", numbers[0]], [f"{inner}/centred"]),
        helper.make_node("Div", [f"{inner}/centred", numbers[1]], [inner]),
    ]


def _per_channel(config: Config, key: str, place: int, training: str, tensor: Tensor) -> npt.NDArray[Any]:
    values = native.channel_values(config, key, place)[: native.CHANNELS[training]]
    ordered = np.array(values[::-1] if training == "BGR" else values, np.float32)
    channels_last = tensor.layout == "NHWC" and len(tensor.shape) == IMAGE_RANK
    return ordered if channels_last else ordered.reshape(-1, 1, 1)


def set_fixed_output(model: onnx.ModelProto, tensor: Tensor, scale: float, *, float32: bool) -> Tensor:
    """Let an output leave as int16 levels, or as the float32 values they stand for."""
    inner = f"{tensor.name}/fixed"
    _rename(model, tensor.name, inner)
    if float32:
        model.graph.node.extend(qdq.round_int16(model, inner, tensor.name, scale))
        return tensor
    model.graph.node.append(qdq.quantize_int16(model, inner, tensor.name, scale))
    _retype(model.graph.output, tensor.name, TensorProto.INT16)
    return tensor.model_copy(update={"format": "INT16", "scale": scale})


def _prepend(model: onnx.ModelProto, nodes: list[onnx.NodeProto]) -> None:
    for node in reversed(nodes):
        model.graph.node.insert(0, node)


def _retype(values: Iterable[onnx.ValueInfoProto], name: str, kind: int) -> None:
    next(value for value in values if value.name == name).type.tensor_type.elem_type = kind
