"""The bundled network itself: what the rewrites make of it, and that it keeps its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest

from cpu_graphs import operators, run
from edgedla.stages.simplify import simplify_file
from edgedla_eat_sed.plugin import EatSed
from edgedla_targets.onnxruntime_cpu.fast import accelerate, tidy
from edgedla_targets.onnxruntime_cpu.graph import Graph
from edgedla_targets.onnxruntime_cpu.int8_graph import to_int8

if TYPE_CHECKING:
    from typing import Any

    Array = np.typing.NDArray[Any]


@pytest.fixture(scope="module")
def eat() -> EatSed:
    return EatSed(EatSed.resolve(EatSed.Options(), None))


@pytest.fixture(scope="module")
def simplified(eat: EatSed, tmp_path_factory: pytest.TempPathFactory) -> onnx.ModelProto:
    folder = tmp_path_factory.mktemp("eat")
    eat.export(None, folder / "eat.onnx")
    simplify_file(folder / "eat.onnx", folder / "eat_sim.onnx")
    return onnx.load(folder / "eat_sim.onnx")


@pytest.fixture(scope="module")
def clips(eat: EatSed) -> list[dict[str, Array]]:
    return list(eat.samples(20))


def logits(model: onnx.ModelProto, clips: list[dict[str, Array]]) -> Array:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return np.concatenate([session.run(None, clip)[0] for clip in clips])


@pytest.fixture(scope="module")
def expected(simplified: onnx.ModelProto, clips: list[dict[str, Array]]) -> Array:
    return logits(simplified, clips)


def test_the_fast_graph_has_the_same_logits(
    simplified: onnx.ModelProto, clips: list[dict[str, Array]], expected: Array
) -> None:
    model = accelerate(simplified)
    onnx.checker.check_model(model, full_check=True)
    found = logits(model, clips)
    assert np.abs(found - expected).max() <= 1e-4
    np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))


def test_every_rewrite_finds_its_pattern(simplified: onnx.ModelProto) -> None:
    model = accelerate(simplified)
    before, after = Graph(simplified).shapes, Graph(model).shapes
    squares = [node for node in model.graph.node if node.op_type == "Pow"]
    assert len(squares) == 9  # two norms in each of four layers, and the last
    products = [after[node.output[0]] for node in model.graph.node if node.op_type == "Gemm"]
    assert sum(shape[0] == 1 for shape in products) >= 5  # query, projection, feed-forward part, classes
    assert any(shape[2:3] == (2,) for name, shape in after.items() if name not in before)
    kernels = [item.dims for item in model.graph.initializer if len(item.dims) == 4]
    assert not any(dims[1] >= 64 and dims[3] == 5 for dims in kernels)  # Winograd took them all


def test_int8_keeps_the_class(
    eat: EatSed, simplified: onnx.ModelProto, clips: list[dict[str, Array]], expected: Array
) -> None:
    model = to_int8(tidy(simplified), eat.calibration(100))
    assert model is not None
    assert "Conv" not in operators(model)
    assert len(model.SerializeToString()) < len(simplified.SerializeToString()) / 2
    same = logits(model, clips).argmax(axis=1) == expected.argmax(axis=1)
    assert same.mean() >= 0.95


def test_rewriting_twice_gives_the_same_bytes(
    simplified: onnx.ModelProto, clips: list[dict[str, Array]]
) -> None:
    assert accelerate(simplified).SerializeToString() == accelerate(simplified).SerializeToString()
    one, two = (to_int8(tidy(simplified), clips[:2]) for _ in range(2))
    assert one is not None
    assert two is not None
    assert one.SerializeToString() == two.SerializeToString()
    assert len(run(one, clips[0])) == 1
