"""The emulated toolchain through the same code as the vendor's: both routes, planned, recorded, replayed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

import standin
from edgedla.errors import ToolchainError
from edgedla_targets.pcupid.vendor import find_route

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla_targets.pcupid.vendor.job import Job, Route

INI = """\
[INPUT_CONFIG]
inputs=wave;
training_input_formats=RAWDATA_F32_NHWC;
input_formats=RAWDATA_F32_NHWC;
quantizations=TRUE;

[OUTPUT_CONFIG]
outputs=logits;
dequantizations=TRUE;
"""
CFG = """\
CHIP_LIST=pcupid
Model_LIST=eat_sim
INPUT_SIZE_LIST=0
INPUT_INI_LIST=input_config.ini
CLASS_NUM_LIST=0
SAVE_NAME_LIST=eat.img
QUANT_DATA_PATH=quant_data
"""
PREPROCESS = """\
import numpy as np
def image_preprocess(path, norm=True):
    return np.load(path).astype(np.float32)
"""


def graph(path: Path, opset: int = 13) -> None:
    """A convolution over 64 samples, its mean per channel, 3 logits."""
    rng = np.random.default_rng(7)
    weight = numpy_helper.from_array(rng.standard_normal((3, 1, 1, 7)).astype(np.float32), "weight")
    nodes = [
        helper.make_node("Conv", ["wave", "weight"], ["hidden"], pads=[0, 3, 0, 3]),
        helper.make_node("Relu", ["hidden"], ["active"]),
        helper.make_node("ReduceMean", ["active"], ["logits"], axes=[2, 3], keepdims=0),
    ]
    ends = [
        helper.make_tensor_value_info("wave", onnx.TensorProto.FLOAT, [1, 1, 1, 64]),
        helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [1, 3]),
    ]
    made = helper.make_graph(nodes, "tiny", ends[:1], ends[1:], [weight])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(model, path)


def make_job(root: Path) -> Job:
    inputs = root / "inputs"
    inputs.mkdir()
    graph(inputs / "eat_sim.onnx")
    for name, text in {"input_config.ini": INI, "sed_eat.cfg": CFG, "preprocess.py": PREPROCESS}.items():
        (inputs / name).write_text(text)
    rng = np.random.default_rng(8)
    for name in ("dog", "cat", "rain"):
        # 4-D inputs are NHWC to the tools.
        np.save(inputs / f"{name}.npy", rng.standard_normal((1, 1, 64, 1)).astype(np.float32))
    return standin.job(root, input_shapes=((1, 1, 1, 64),))


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return make_job(tmp_path)


def route(tmp_path: Path, **more: str) -> Route:
    choice = standin.Choice(toolchain="emulated", **more)  # type: ignore[arg-type] # any of its fields
    return find_route(choice, standin.tools(tmp_path))


def logits(text: Path) -> list[float]:
    words = text.read_text().split("tensor data:")[1].split("}")[0].split()
    return [float(word) for word in words if word.replace(".", "").lstrip("-").isdigit()]


def reference(job: Job, sample: Path) -> list[float]:
    session = onnxruntime.InferenceSession(str(job.onnx), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"wave": np.load(sample).transpose(0, 3, 1, 2)})
    return [float(value) for value in np.ravel(np.asarray(found))]


@dataclass(frozen=True)
class Made:
    """One run of everything by the direct route, recorded."""

    root: Path
    job: Job
    answers: dict[str, list[list[float]]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("emulated")
    job = make_job(root)
    recorder = route(root, record=str(root / "tape"))
    assert recorder.identity().startswith("emulated ")
    paths = [recorder.float_sim(job), recorder.fixed_sim(job), recorder.image(job)]
    answers = {
        path.name: [logits(text) for text in recorder.simulate(job, path, job.samples)] for path in paths
    }
    return Made(root, job, answers)


def elsewhere(made: Made, name: str) -> Job:
    return standin.job(made.root, folder=made.root / name, input_shapes=made.job.input_shapes)


@pytest.mark.slow
def test_from_graph_to_image_and_back_to_numbers(made: Made) -> None:
    wanted = [reference(made.job, sample) for sample in made.job.samples]
    assert np.allclose(made.answers["eat_float.sim"], wanted, atol=2e-6)
    assert np.allclose(made.answers["eat_fixed.sim"], wanted, atol=2e-2)
    assert made.answers["eat_fixed.sim"] == made.answers["eat.img"], "fixed and offline are the same bits"
    assert made.answers["eat_fixed.sim"] != made.answers["eat_float.sim"]


@pytest.mark.slow
def test_the_model_zoo_makes_the_same(made: Made) -> None:
    job = elsewhere(made, "by zoo")
    by_zoo = route(made.root, opendla="emulated")
    assert by_zoo.image(job).read_bytes() == made.job.image_path.read_bytes()
    texts = by_zoo.simulate(job, job.float_path, job.samples)
    assert [logits(text) for text in texts] == made.answers["eat_float.sim"]


@pytest.mark.slow
def test_the_plan_makes_the_same(made: Made) -> None:
    job = elsewhere(made, "by hand")
    bare = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    standin.typed(route(made.root).plan(job), bare)
    assert job.image_path.read_bytes() == made.job.image_path.read_bytes()


@pytest.mark.slow
def test_a_replay_says_the_same(made: Made) -> None:
    job, tape = elsewhere(made, "replayed"), made.root / "tape"
    player = find_route(standin.Choice(toolchain=f"replay:{tape}"), standin.tools(made.root))
    assert player.identity().startswith("replay of emulated ")
    assert player.image(job).read_bytes() == made.job.image_path.read_bytes()
    texts = player.simulate(job, job.image_path, job.samples)
    assert [logits(text) for text in texts] == made.answers["eat.img"]
    everything = b"\n".join(file.read_bytes() for file in tape.rglob("*") if file.is_file())
    assert os.fsencode(made.root) not in everything


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("=TRUE", "=true", "E-PCU-023"),
        ("outputs=logits", "outputs=nothing", "E-PCU-011"),
        ("inputs=wave", "inputs=other", "E-PCU-010"),
        ("[OUTPUT_CONFIG]", "[OTHER]", "E-PCU-020"),
        ("[INPUT_CONFIG]", "\ufeff[INPUT_CONFIG]", "E-PCU-021"),
    ],
)
def test_what_it_refuses_has_a_code(job: Job, tmp_path: Path, old: str, new: str, code: str) -> None:
    job.input_config.write_text(INI.replace(old, new), encoding="utf-8")
    with pytest.raises(ToolchainError, match=f"^{code}: "):
        route(tmp_path).float_sim(job)


def test_an_opset_that_is_too_new(job: Job, tmp_path: Path) -> None:
    graph(job.onnx, opset=17)
    with pytest.raises(ToolchainError, match=r"^E-PCU-001: .*opset 17.* exited with 0 and left no"):
        route(tmp_path).float_sim(job)


def test_a_sample_of_the_wrong_shape(job: Job, tmp_path: Path) -> None:
    np.save(job.samples[0], np.zeros((1, 64), np.float32))
    with pytest.raises(ToolchainError, match=r"^E-PCU-058: "):
        route(tmp_path).fixed_sim(job)


def test_a_chip_it_does_not_know(job: Job, tmp_path: Path) -> None:
    other = standin.job(tmp_path, chip="pcupid2", input_shapes=job.input_shapes)
    with pytest.raises(ToolchainError, match=r"^E-PCU-041: "):
        route(tmp_path).float_sim(other)


def test_a_file_for_another_chip(job: Job, tmp_path: Path) -> None:
    made = route(tmp_path)
    path = made.float_sim(job)
    other = standin.job(tmp_path, chip="opera", input_shapes=job.input_shapes)
    with pytest.raises(ToolchainError, match=r"^E-PCU-043: "):
        made.simulate(other, path, job.samples)
