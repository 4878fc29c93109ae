"""Small ONNX graphs for the tests of the onnxruntime target, and what onnxruntime makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from edgedla.runner import Feed

    Array = npt.NDArray[Any]


class Sketch:
    """A graph written node by node; weights are random but always the same."""

    def __init__(self, *shape: int | str, opset: int = 13, name: str = "x") -> None:
        self.opset = opset
        self.inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)]
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.rng = np.random.default_rng(0)

    def const(self, value: object, dtype: Any = np.float32) -> str:
        """Name of a constant."""
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def random(self, *shape: int) -> str:
        """Name of a constant of random values."""
        return self.const(self.rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:])))

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Name of a node's only output."""
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=f"n{len(self.nodes)}", **attributes))
        return name

    def conv(self, x: str, *weight: int, bias: bool = True, **attributes: Any) -> str:
        """A convolution with random weights (out, in / group, 1, taps)."""
        extra = [self.random(weight[0])] if bias else []
        return self.node("Conv", x, self.random(*weight), *extra, **attributes)

    def reflect(self, x: str, width: int) -> str:
        """Samples mirrored at both ends of the last axis."""
        return self.node("Pad", x, self.const([0, 0, 0, width, 0, 0, 0, width], np.int64), mode="reflect")

    def leaky(self, x: str, alpha: float = 0.2) -> str:
        """LeakyRelu."""
        return self.node("LeakyRelu", x, alpha=alpha)

    def model(self, *outputs: str, domains: Sequence[str] = ()) -> onnx.ModelProto:
        """The model; shapes of its outputs are left to inference."""
        infos = [helper.make_empty_tensor_value_info(name) for name in outputs]
        graph = helper.make_graph(self.nodes, "sketch", self.inputs, infos, self.weights)
        opsets = [helper.make_opsetid("", self.opset), *(helper.make_opsetid(name, 1) for name in domains)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        inferred = onnx.shape_inference.infer_shapes(model)
        for value in inferred.graph.output:  # of operators that inference does not know
            value.type.tensor_type.elem_type = value.type.tensor_type.elem_type or TensorProto.FLOAT
        return inferred


def operators(model: onnx.ModelProto) -> list[str]:
    """Operators of the nodes, in order."""
    return [node.op_type for node in model.graph.node]


def run(model: onnx.ModelProto | Path, feed: Feed) -> list[Array]:
    """All outputs, by a default session on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    source = model.SerializeToString() if isinstance(model, onnx.ModelProto) else str(model)
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    found: list[Array] = session.run(None, feed)
    return found


def random_feed(model: onnx.ModelProto, seed: int = 1, **sizes: int) -> Feed:
    """Random values for every input; `sizes` says what named dimensions are."""
    rng, feed, stored = np.random.default_rng(seed), {}, {item.name for item in model.graph.initializer}
    for value in model.graph.input:
        if value.name in stored:
            continue
        tensor = value.type.tensor_type
        shape = [dim.dim_value or sizes[dim.dim_param] for dim in tensor.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        feed[value.name] = rng.standard_normal(shape).astype(dtype)
    return feed


def difference(one: onnx.ModelProto, two: onnx.ModelProto, feed: Feed | None = None) -> float:
    """Largest difference of any output, as a share of the output's largest value."""
    feed = feed or random_feed(one)
    pairs = zip(run(one, feed), run(two, feed), strict=True)
    shares = [np.abs(a.astype(np.float64) - b).max() / max(np.abs(a).max(), 1e-30) for a, b in pairs]
    return float(max(shares))


def down_net(
    channels: int = 64, length: int = 256, taps: int = 5, stride: int = 4, *, reflect: bool = True
) -> Sketch:
    """A dense convolution, LeakyRelu and a strided low-pass filter of nine taps, without an end."""
    sketch = Sketch(1, channels, 1, length)
    half = taps // 2
    x = sketch.reflect("x", half) if reflect else "x"
    x = sketch.conv(
        x, channels, channels, 1, taps, pads=[0, 0 if reflect else half, 0, 0 if reflect else half]
    )
    x = sketch.leaky(x)
    x = sketch.reflect(x, 4) if reflect else x
    pads = [0, 0, 0, 0] if reflect else [0, 4, 0, 4]
    sketch.conv(x, channels, 1, 1, 9, bias=False, group=channels, strides=[1, stride], pads=pads)
    return sketch


def last(sketch: Sketch) -> str:
    """Name of the newest tensor."""
    return str(sketch.nodes[-1].output[0])
