"""Fixed sizes and plain names change nothing of what the graphs compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
from edgedla import Model, UsageError
from onnx import TensorProto, helper

from edgedla_ppocr.detector import DetectorOptions, PpocrDet
from edgedla_ppocr.recogniser import PpocrRec, RecogniserOptions
from edgedla_ppocr.weights import DETECTOR, RECOGNISER, Weights

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla import Feed

SMALL = DetectorOptions(width=96, height=64)
MODELS: list[tuple[Model[Any], Weights]] = [
    (PpocrDet(SMALL), DETECTOR),
    (PpocrRec(RecogniserOptions()), RECOGNISER),
    (PpocrRec(RecogniserOptions(width=640)), RECOGNISER),
]


@pytest.mark.parametrize(("model", "weights"), MODELS)
def test_numbers_are_those_of_the_graph_of_any_size(
    model: Model[Any], weights: Weights, tmp_path: Path
) -> None:
    spec, path = model.spec(), tmp_path / "fixed.onnx"
    model.export(None, path)
    noise = np.random.default_rng(0).uniform(-1, 1, spec.inputs[0].shape).astype(np.float32)
    found = run(path, {spec.inputs[0].name: noise})
    expected = run(weights.path(), {"x": noise})
    assert found[0].shape == spec.outputs[0].shape
    np.testing.assert_allclose(found[0], expected[0], atol=1e-5)


def run(path: Path, feed: Feed) -> list[Any]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return list(session.run(None, feed))


def test_two_exports_are_the_same_file(tmp_path: Path) -> None:
    model = PpocrDet(SMALL)
    for name in ("a", "b"):
        model.export(None, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_own_weights_are_taken(tmp_path: Path) -> None:
    path = write_network(tmp_path / "own.onnx", ("x",), ("y",))
    PpocrDet(SMALL).export(path, tmp_path / "fixed.onnx")
    graph = onnx.load(tmp_path / "fixed.onnx").graph
    assert [value.name for value in (*graph.input, *graph.output)] == ["image", "text"]


@pytest.mark.parametrize(
    ("inputs", "outputs", "reason"),
    [(("x", "z"), ("y",), "has 2 inputs"), (("x",), ("y", "z"), "has 2 outputs")],
)
def test_graphs_of_another_kind_are_refused(
    tmp_path: Path, inputs: tuple[str, ...], outputs: tuple[str, ...], reason: str
) -> None:
    path = write_network(tmp_path / "own.onnx", inputs, outputs)
    with pytest.raises(UsageError, match=reason):
        PpocrDet(SMALL).export(path, tmp_path / "fixed.onnx")


def test_graph_that_makes_other_shapes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no network that takes"):
        PpocrDet(SMALL).export(RECOGNISER.path(), tmp_path / "fixed.onnx")


def write_network(path: Path, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Path:
    """Mean over the channels, with free sizes; further inputs and outputs stand beside it."""
    tensors = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, "h", "w"])
        for names, channels in ((inputs, 3), (outputs, 1))
        for name in names
    }
    nodes = [helper.make_node("ReduceMean", [inputs[0]], [name], axes=[1], keepdims=1) for name in outputs]
    graph = helper.make_graph(
        nodes, "own", [tensors[name] for name in inputs], [tensors[name] for name in outputs]
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=8), path)
    return path
