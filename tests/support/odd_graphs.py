"""Networks as strangers bring them: hostile names, open sizes, several inputs, weights in other files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FLOAT = TensorProto.FLOAT


def graph(  # noqa: PLR0913 - each says another thing of a network
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Sequence[Any]],
    outputs: Mapping[str, Sequence[Any] | None],
    weights: Mapping[str, Any] = {},
    *,
    dtype: int = FLOAT,
    opset: int = 13,
    metadata: Mapping[str, str] = {},
) -> onnx.ModelProto:
    """A network; `None` stands for an axis that the file leaves open."""
    made = helper.make_graph(
        nodes,
        "odd",
        [helper.make_tensor_value_info(name, dtype, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.asarray(array, np.float32), name) for name, array in weights.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    helper.set_model_props(model, dict(metadata))
    return model


def row(name: str = "x", result: str = "y", shape: Sequence[Any] = (None, 4), **rest: Any) -> onnx.ModelProto:
    """A matrix product of four numbers with three classes."""
    node = helper.make_node("MatMul", [name, "w"], [result])
    return graph([node], {name: shape}, {result: (None, 3)}, {"w": np.arange(12).reshape(4, 3)}, **rest)


def branched(name: str, result: str) -> onnx.ModelProto:
    """Adds one where the mean is above zero, else takes one away; the branches name the graph's input."""
    branches = {
        f"{word}_branch": helper.make_graph(
            [helper.make_node(operator, [name, "one"], [f"{word} result"])],
            word,
            [],
            [helper.make_tensor_value_info(f"{word} result", FLOAT, None)],
        )
        for word, operator in (("then", "Add"), ("else", "Sub"))
    }
    nodes = [
        helper.make_node("ReduceMean", [name], ["mean"], keepdims=0),
        helper.make_node("Greater", ["mean", "zero"], ["above"]),
        helper.make_node("If", ["above"], [result], **branches),
    ]
    return graph(nodes, {name: (None, 5)}, {result: (None, 5)}, {"one": 1, "zero": 0})


def two_inputs() -> onnx.ModelProto:
    """Two rows of four numbers; their sum, and classes of it."""
    nodes = [
        helper.make_node("Add", ["a/0", "b:0"], ["sum.1"]),
        helper.make_node("MatMul", ["sum.1", "w"], ["classes"]),
    ]
    weights = {"w": np.arange(12).reshape(4, 3) / 12}
    shapes = {"a/0": ("batch", 4), "b:0": ("batch", 4)}
    return graph(nodes, shapes, {"classes": (None, 3), "sum.1": (None, 4)}, weights)


def picture(shape: Sequence[Any]) -> onnx.ModelProto:
    """The mean of each channel."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["picture"], ["means"]),
        helper.make_node("Flatten", ["means"], ["flat"]),
        helper.make_node("Softmax", ["flat"], ["last"]),
        helper.make_node("Identity", ["last"], ["scores"]),
    ]
    return graph(nodes, {"picture": shape}, {"scores": (None, None)})


def beside(folder: Path, place: str) -> Path:
    """A network in `folder` that says its weights are in the file `place`."""
    model = row()
    (weights,) = model.graph.initializer
    (folder / "weights.bin").write_bytes(weights.raw_data)
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    entry = weights.external_data.add()
    entry.key, entry.value = "location", place
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return path
