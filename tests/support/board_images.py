"""Emulated images of tiny networks, in all formats that buffers have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgedla_targets.pcupid.emulated import SDK, container
from edgedla_targets.pcupid.emulated.header import Header, Tensor
from emulated_bench import Bench, chain, ini, listener, random

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt
    from onnx import NodeProto, ValueInfoProto

ELEMENTS = {
    "FP32": TensorProto.FLOAT,
    "INT16": TensorProto.INT16,
    "U8": TensorProto.UINT8,
    "GRAY": TensorProto.UINT8,
}
Format = Literal["FP32", "INT16", "U8", "GRAY"]
VARIABLE = 4096  # bytes of intermediates that `plain` images ask for


def chained(folder: Path, kind: str) -> Path:
    """The listener's image with FP32 or INT16 at both ends, through the emulated toolchain."""
    config = ini(kind={"FP32": "RAWDATA_F32_NHWC", "INT16": "RAWDATA_S16_NHWC"}[kind])
    if kind == "INT16":
        config = config.replace("dequantizations=TRUE", "dequantizations=FALSE")
    Bench(folder).samples()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SGS_IPU_DIR", str(SDK))
        chain(folder, listener(), config, "1,1,1,64")
    return folder / "net.img"


def two(path: Path) -> Path:
    """An image with two inputs and two outputs of different kinds and sizes, without any toolchain."""
    nodes = [
        helper.make_node("Cast", ["right"], ["r"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["left", "r"], ["sum"]),
        helper.make_node("Sub", ["left", "r"], ["gap"]),
        helper.make_node("ReduceMax", ["gap"], ["most"], axes=[1], keepdims=1),
    ]
    left = Tensor(name="left", shape=(1, 20))
    right = Tensor(name="right", shape=(1, 20), format="INT16", scale=0.5)
    outputs = Tensor(name="sum", shape=(1, 20)), Tensor(name="most", shape=(1, 1))
    return _write(path, nodes, (left, right), outputs, {}, {})


def plain(path: Path, kind: Format = "FP32", shape: Sequence[int] = (1, 40), **header: Any) -> Path:
    """An image that gives 2·x - 1 of its input, in one format at both ends, without any toolchain."""
    element = ELEMENTS[kind]
    nodes = [
        helper.make_node("Cast", ["x"], ["a"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["a", "two"], ["b"]),
        helper.make_node("Sub", ["b", "one"], ["c"]),
        helper.make_node("Clip", ["c", "low", "high"], ["d"]),
        helper.make_node("Cast", ["d"], ["y"], to=element),
    ]
    low, high = {"FP32": (-1e30, 1e30), "INT16": (-32767, 32767)}.get(kind, (0, 255))
    constants = {"two": 2.0, "one": 1.0, "low": low, "high": high}
    x, y = (Tensor(name=name, shape=tuple(shape), format=kind) for name in ("x", "y"))
    return _write(path, nodes, (x,), (y,), constants, header)


def values(tensor: Tensor, seed: int = 0) -> npt.NDArray[Any]:
    """Contents for the buffer of an input."""
    numbers = random(*tensor.shape, seed=seed)
    if tensor.format == "FP32":
        return numbers
    return np.clip(numbers * 60 + (128 if tensor.format != "INT16" else 0), 0, 255).astype(tensor.dtype)


def _write(  # noqa: PLR0913, PLR0917 - what an image is made of
    path: Path,
    nodes: list[NodeProto],
    inputs: tuple[Tensor, ...],
    outputs: tuple[Tensor, ...],
    constants: dict[str, float],
    fields: dict[str, Any],
) -> Path:
    kept = [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", _ends(inputs), _ends(outputs), kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    words: dict[str, Any] = {
        "edgedla": "0",
        "chip": "pcupid",
        "kind": "offline",
        "variable_buffer_size": VARIABLE,
    } | fields
    container.write(path, Header(inputs=inputs, outputs=outputs, **words), model.SerializeToString())
    return path


def _ends(tensors: tuple[Tensor, ...]) -> list[ValueInfoProto]:
    return [helper.make_tensor_value_info(each.name, ELEMENTS[each.format], each.shape) for each in tensors]
