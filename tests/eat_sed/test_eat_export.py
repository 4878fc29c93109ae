"""The exported graph, simplified: only what embedded converters keep intact, and the network's numbers."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxsim
import pytest
from onnx import ModelProto, NodeProto, helper, numpy_helper, shape_inference

from edgedla.runner import OnnxRunner
from edgedla_eat_sed.plugin import EatSed
from edgedla_eat_sed.settings import EatOptions

TINY = Path(__file__).parents[1] / "data" / "eat" / "tiny"

# Nodes that vendor tools refuse, or read wrongly.
FORBIDDEN = {
    *("LayerNormalization", "Gelu", "Squeeze", "Unsqueeze", "Expand", "Where", "Shape", "Pow"),
    *("BatchNormalization", "ConstantOfShape", "Gather", "Cast", "Identity", "Einsum"),
}
ACCEPTED = {
    *("Add", "Concat", "Constant", "Conv", "Div", "Erf", "Gemm", "LeakyRelu", "MatMul", "Mul", "Pad"),
    *("ReduceMean", "Reshape", "Slice", "Softmax", "Sqrt", "Sub", "Transpose"),
}


@dataclass(frozen=True)
class Exported:
    """A model and what became of it: the files, and the simplified graph with all shapes inferred."""

    model: EatSed
    checkpoint: Path | None
    raw: Path
    simplified: Path
    graph: ModelProto

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Tensor name to shape, of inputs, outputs, constants and all that lies between; -1 is unknown."""
        graph = self.graph.graph
        values = [*graph.input, *graph.output, *graph.value_info]
        known = {
            value.name: tuple(
                dim.dim_value if dim.HasField("dim_value") else -1 for dim in value.type.tensor_type.shape.dim
            )
            for value in values
        }
        return known | {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}

    def constants(self) -> dict[str, np.ndarray]:
        """Values of initializers and Constant nodes."""
        graph = self.graph.graph
        nodes = [node for node in graph.node if node.op_type == "Constant"]
        found = {node.output[0]: numpy_helper.to_array(node.attribute[0].t) for node in nodes}
        return found | {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}

    def nodes(self, *kinds: str) -> list[NodeProto]:
        """Nodes of these kinds in order; all without an argument."""
        return [node for node in self.graph.graph.node if not kinds or node.op_type in kinds]


def attributes(node: NodeProto) -> dict[str, Any]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


@pytest.fixture(scope="module", params=[None, TINY], ids=["bundled", "tiny"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    checkpoint: Path | None = request.param
    folder = tmp_path_factory.mktemp("export")
    model = EatSed(EatSed.resolve(EatOptions(), checkpoint))
    raw, simplified = folder / "eat.onnx", folder / "eat_sim.onnx"
    model.export(checkpoint, raw)
    graph, same = onnxsim.simplify(onnx.load(raw))
    assert same
    onnx.save(graph, simplified)
    return Exported(model, checkpoint, raw, simplified, shape_inference.infer_shapes(graph, strict_mode=True))


def test_it_is_valid_onnx_of_opset_13(exported: Exported) -> None:
    for path in (exported.raw, exported.simplified):
        onnx.checker.check_model(str(path), full_check=True)
        (opset,) = onnx.load(path).opset_import
        assert (opset.domain, opset.version) == ("", 13)


def test_inputs_and_outputs_are_those_of_the_spec(exported: Exported) -> None:
    spec, shapes = exported.model.spec(), exported.shapes()
    graph = exported.graph.graph
    assert [value.name for value in graph.input] == ["images"]
    assert [value.name for value in graph.output] == ["output"]
    assert shapes["images"] == spec.inputs[0].shape
    assert shapes["output"] == spec.outputs[0].shape


def test_only_accepted_nodes_are_left(exported: Exported) -> None:
    kinds = Counter(node.op_type for node in exported.nodes())
    assert not FORBIDDEN & set(kinds)
    assert set(kinds) <= ACCEPTED
    assert {node.domain for node in exported.nodes()} <= {"", "ai.onnx"}


def test_every_shape_is_static(exported: Exported) -> None:
    shapes = exported.shapes()
    for node in exported.nodes():
        for name in node.output:
            if node.op_type != "Constant":
                assert shapes[name], f"{name} has no shape"
                assert min(shapes[name]) > 0, f"{name} has shape {shapes[name]}"


def test_convolutions_are_2_d_of_height_1(exported: Exported) -> None:
    shapes, convolutions = exported.shapes(), exported.nodes("Conv")
    stages = len(exported.model.options.ds_factors)
    down, res = stages + 2, (stages + 1) // 2 + 6
    assert len(convolutions) == 1 + 2 * down + 3 * res + 1
    for node in convolutions:
        kernel, stride, dilation = (attributes(node)[key] for key in ("kernel_shape", "strides", "dilations"))
        assert shapes[node.input[1]][2] == 1
        assert [kernel[0], stride[0], dilation[0]] == [1, 1, 1]
        assert set(attributes(node).get("pads", [0])) == {0}
        for name in (node.input[0], node.output[0]):
            assert len(shapes[name]) == 4
            assert shapes[name][2] == 1
    assert sorted({attributes(node)["dilations"][1] for node in convolutions}) == [1, 3, 9]


def test_padding_is_reflection_by_constants_along_the_samples(exported: Exported) -> None:
    constants, pads = exported.constants(), exported.nodes("Pad")
    assert pads
    for node in pads:
        assert attributes(node)["mode"] == b"reflect"
        widths = constants[node.input[1]].tolist()
        assert [widths[axis] for axis in (0, 1, 2, 4, 5, 6)] == [0] * 6
        assert widths[3] == widths[7] > 0


def test_rank_4_is_left_to_convolutions_and_attention(exported: Exported) -> None:
    shapes = exported.shapes()
    assert max(len(shape) for shape in shapes.values()) == 4
    nodes = exported.nodes()
    project = max(index for index, node in enumerate(nodes) if node.op_type == "Conv")
    encoder = [node for node in nodes[project + 1 :] if node.op_type != "Constant"]
    high = Counter(node.op_type for node in encoder if len(shapes[node.output[0]]) == 4)
    layers = exported.model.options.n_layers
    # Query, key and value are split into heads and turned, scored, and put together again.
    assert high == {"Reshape": 3 * layers, "Transpose": 4 * layers, "MatMul": 2 * layers, "Softmax": layers}
    steps, width = exported.model.options.steps + 1, exported.model.options.emb_dim
    residual = [node for node in encoder if node.op_type == "ReduceMean"]
    assert len(residual) == 2 * (2 * layers + 1)
    assert {shapes[node.input[0]] for node in residual} == {(1, steps, width)}


def test_axes_are_counted_from_the_front(exported: Exported) -> None:
    constants = exported.constants()
    for node in exported.nodes():
        found = attributes(node)
        axes = [*np.ravel(found.get("axes", [])), *np.ravel(found.get("axis", []))]
        if node.op_type == "Slice":
            axes += [number for name in node.input[1:] for number in np.ravel(constants[name])]
        assert all(axis >= 0 for axis in axes), f"{node.op_type} {node.name}: {axes}"
    assert {attributes(node)["axis"] for node in exported.nodes("Softmax")} == {3}
    assert {tuple(attributes(node)["axes"]) for node in exported.nodes("ReduceMean")} == {(2,)}


def test_what_is_fixed_is_constant(exported: Exported) -> None:
    """The class token and the positions are constants; so is every shape that Reshape is given."""
    constants = exported.constants()
    (concat,) = exported.nodes("Concat")
    assert sum(name in constants for name in concat.input) == 1
    assert all(node.input[1] in constants for node in exported.nodes("Reshape"))


@pytest.mark.parametrize("file", ["raw", "simplified"])
def test_numbers_are_the_networks_on_real_clips(exported: Exported, file: str) -> None:
    network = exported.model.torch_runner(exported.checkpoint)
    assert network is not None
    graph = OnnxRunner(getattr(exported, file))
    feeds = list(exported.model.samples(4))
    assert len(feeds) == 4
    for feed in feeds:
        assert np.abs(graph.run(feed)["output"] - network.run(feed)["output"]).max() <= 1e-4


def test_the_plain_graph_has_1_d_convolutions_and_the_same_numbers(
    exported: Exported, tmp_path: Path
) -> None:
    exported.model.export_plain(exported.checkpoint, tmp_path / "plain.onnx")
    graph = onnx.load(tmp_path / "plain.onnx")
    weights = {tensor.name: tensor.dims for tensor in graph.graph.initializer}
    convolutions = [node for node in graph.graph.node if node.op_type == "Conv"]
    assert len(convolutions) == len(exported.nodes("Conv"))
    assert {len(weights[node.input[1]]) for node in convolutions} == {3}
    (feed,) = exported.model.samples(1)
    plain, ours = OnnxRunner(tmp_path / "plain.onnx"), OnnxRunner(exported.simplified)
    assert np.abs(plain.run(feed)["output"] - ours.run(feed)["output"]).max() <= 1e-4


def test_exporting_again_gives_the_same_file(exported: Exported, tmp_path: Path) -> None:
    exported.model.export(exported.checkpoint, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == exported.raw.read_bytes()


def test_another_process_gives_the_same_file(exported: Exported, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from edgedla_eat_sed.plugin import EatSed; from edgedla_eat_sed.settings import EatOptions\n"
        "checkpoint = Path(sys.argv[1]) if sys.argv[1] else None\n"
        "EatSed(EatSed.resolve(EatOptions(), checkpoint)).export(checkpoint, Path(sys.argv[2]))\n"
    )
    path = tmp_path / "other.onnx"
    arguments = [sys.executable, "-c", code, str(exported.checkpoint or ""), str(path)]
    subprocess.run(arguments, check=True, cwd=tmp_path, env={**os.environ, "PYTHONHASHSEED": "1"})
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(exported.raw.read_bytes()).digest()
    assert str(tmp_path).encode() not in path.read_bytes()
