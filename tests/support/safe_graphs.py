"""Graphs written as ONNX text, made safe and compared: shared by the tests of the safe form."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper, parser, shape_inference

from edgedla_targets.pcupid.safe import make_safe

if TYPE_CHECKING:
    from pathlib import Path

    Array = np.ndarray[Any, np.dtype[Any]]


def graph(text: str, opset: int = 13, ir_version: int = 8, /, **constants: Any) -> onnx.ModelProto:
    """The graph `text`, like `g (float[1,4] x) => (float[1,4] y) {y = Relu(x)}`, with these initialisers."""
    head = f'<ir_version: {ir_version}, opset_import: ["": {opset}]>'
    model: onnx.ModelProto = parser.parse_model(f"{head} {text}")
    for index, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{index}"
    tensors = [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    model.graph.initializer.extend(tensors)
    return model


def noise(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def ints(*numbers: int) -> Array:
    return np.array(numbers, dtype=np.int64)


def run(model: onnx.ModelProto, *inputs: Array) -> list[Array]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    outputs: list[Array] = session.run(None, dict(zip(names, inputs, strict=True)))
    return outputs


class Safe:
    """A model made safe, and made safe again; says how far its numbers are from the source's."""

    def __init__(self, model: onnx.ModelProto, folder: Path) -> None:
        source, result, again = (folder / name for name in ("source.onnx", "safe.onnx", "again.onnx"))
        onnx.save(model, source)
        self.applied = make_safe(source, result)
        assert make_safe(result, again) == []
        assert again.read_bytes() == result.read_bytes()
        self.source, self.model = onnx.load(source), onnx.load(result)
        self.nodes = list(self.model.graph.node)
        self.types = Counter(node.op_type for node in self.nodes)

    def difference(self, seed: int = 7) -> float:
        """The largest absolute difference on inputs that `make_safe` itself did not use."""
        inputs = [noise(*_dims(value), seed=seed) for value in self.source.graph.input]
        pairs = zip(run(self.source, *inputs), run(self.model, *inputs), strict=True)
        return max(float(np.abs(one - other).max()) for one, other in pairs)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each tensor, inferred anew."""
        inferred = shape_inference.infer_shapes(self.model, strict_mode=True, data_prop=True).graph
        values = (*inferred.input, *inferred.output, *inferred.value_info)
        known = {value.name: _dims(value) for value in values}
        return known | {tensor.name: tuple(tensor.dims) for tensor in inferred.initializer}

    def attribute(self, op_type: str, name: str) -> Any:
        """The attribute of the only node of this type."""
        (node,) = (node for node in self.nodes if node.op_type == op_type)
        return next(helper.get_attribute_value(entry) for entry in node.attribute if entry.name == name)

    def order(self) -> list[str]:
        return [node.op_type for node in self.nodes]

    def constant(self, name: str) -> Array:
        (tensor,) = (tensor for tensor in self.model.graph.initializer if tensor.name == name)
        return numpy_helper.to_array(tensor)


def _dims(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
