"""The target onnxruntime from the outside: options, builds, gates, sessions and their failures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from pydantic import ValidationError

from cpu_graphs import Sketch, random_feed, run
from edgedla import DeviceError, GateError, UsageError
from edgedla.config import Config
from edgedla.workspace import Wish, Workspace
from edgedla_targets.onnxruntime_cpu import CpuOptions, FastOnnxFromOnnx, Int8FromOnnx, OnnxruntimeCpu, fast
from edgedla_targets.onnxruntime_cpu.runner import CpuRunner, threads_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edgedla.artifacts import Manifest
    from throwaway import Result, Site

# A model of one signal convolution and a pooling, with samples of its own.
HUM = '''
"""A detector of two tones: one convolution over a signal."""

from edgedla import Model, ModelSpec, TensorSpec, hookimpl


class Hum(Model):
    name = "hum"

    def spec(self):
        return ModelSpec(
            inputs=(TensorSpec(name="x", shape=(1, 4, 1, 64)),),
            outputs=(TensorSpec(name="t1", shape=(1, 3, 1, 1)),),
            labels=("low", "high", "none"),
            stem="hum",
        )

    def export(self, checkpoint, path):
        import onnx
        from cpu_graphs import Sketch
        from onnx import TensorProto, helper

        sketch = Sketch(1, 4, 1, 64)
        model = sketch.model(sketch.node("GlobalMaxPool", sketch.conv("x", 3, 4, 1, 5)))
        onnx.save(model, path)

    def samples(self, limit):
        import numpy as np

        rng = np.random.default_rng(0)
        for _ in range(min(limit, 20)):
            yield {"x": rng.standard_normal((1, 4, 1, 64), dtype=np.float32)}


@hookimpl
def edgedla_models():
    return [Hum]
'''


def build(work: Path, model: str, **options: object) -> tuple[Manifest, list[str]]:
    """A build in this process, and what it said."""
    said: list[str] = []
    space = Workspace(Config.load(cwd=work, environ=os.environ))
    manifest = space.build(Wish(model, "onnxruntime", target_options=options), said.append).run(said.append)
    return manifest, said


def kinds(manifest: Manifest) -> dict[str, str]:
    return {artifact.kind: artifact.path for artifact in manifest.artifacts}


def test_the_precision_decides_the_format() -> None:
    assert OnnxruntimeCpu(CpuOptions()).accepts == FastOnnxFromOnnx.result == "onnx_fast"
    assert OnnxruntimeCpu(CpuOptions(precision="int8")).accepts == Int8FromOnnx.result == "onnx_int8"


@pytest.mark.parametrize("options", [{"precision": "fp16"}, {"threads": -1}, {"threads": 5000}, {"cores": 2}])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CpuOptions(**options)


def test_importing_the_plugin_is_cheap() -> None:
    code = (
        "import sys, edgedla_targets.onnxruntime_cpu as plugin\n"
        "plugin.OnnxruntimeCpu(plugin.CpuOptions())\n"
        "heavy = {'numpy', 'onnx', 'onnxruntime', 'torch'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_build_leaves_the_fast_graph_and_its_gate(site: Site, work: Path) -> None:
    site.beep()
    manifest, _ = build(work, "beep")
    assert kinds(manifest)["onnx_fast"] == "convert/beep_fast.onnx"
    assert {"fast.max_abs", "fast.top1_agree"} <= {gate.name for gate in manifest.gates}
    assert [rung.name for rung in manifest.rungs] == ["simplified", "fast"]
    assert manifest.target.options == {"precision": "fp32", "threads": 0}


def test_what_cannot_be_quantised_stays_float_and_is_said_to(site: Site, work: Path) -> None:
    site.beep()
    manifest, said = build(work, "beep", precision="int8")
    assert kinds(manifest)["onnx_int8"] == "convert/beep_int8.onnx"
    assert any("it stays float32" in line for line in said)
    assert {gate.name for gate in manifest.gates} >= {"int8.top1_agree"}
    assert "int8.max_abs" not in {gate.name for gate in manifest.gates}


def test_what_can_be_quantised_is(site: Site, work: Path) -> None:
    site.add("hum", HUM)
    manifest, said = build(work, "hum", precision="int8")
    graph = onnx.load(work / "build/hum/onnxruntime" / kinds(manifest)["onnx_int8"]).graph
    assert "QLinearConv" in {node.op_type for node in graph.node}
    assert not any("float32" in line for line in said)
    rung = next(rung for rung in manifest.rungs if rung.name == "int8")
    assert rung.top1_agree is not None
    assert rung.top1_agree >= 0.95


def test_two_builds_leave_the_same_bytes(site: Site, work: Path) -> None:
    site.add("hum", HUM)
    first = build(work, "hum", precision="int8")[0]
    os.rename(work / "build", work / "before")  # noqa: PTH104 - nothing of it shall be reused
    assert build(work, "hum", precision="int8")[0] == first


@pytest.mark.parametrize(("precision", "rung"), [("fp32", "fast"), ("int8", "int8")])
def test_a_wrong_rewrite_is_caught(
    precision: str, rung: str, site: Site, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add("hum", HUM)

    def turned(model: onnx.ModelProto) -> onnx.ModelProto:
        for item in model.graph.initializer:
            item.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(item), item.name))
        return model

    monkeypatch.setattr(fast, "keep_needed_rows", turned)
    with pytest.raises(GateError, match=f"rung '{rung}' parts from 'simplified'"):
        build(work, "hum", precision=precision)


def test_jobs_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert [threads_for(jobs) for jobs in (1, 2, 3, 8, 100)] == [0, 4, 2, 1, 1]


@pytest.mark.parametrize(("jobs", "spins"), [(1, "1"), (2, "0")])
def test_waiting_threads_spin_only_for_a_single_caller(jobs: int, spins: str, tmp_path: Path) -> None:
    runner = OnnxruntimeCpu(CpuOptions(threads=2)).runner(saved(tmp_path), jobs=jobs)
    options = vars(runner)["_session"].get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == spins
    assert options.intra_op_num_threads == 2


def saved(tmp_path: Path) -> Path:
    sketch = Sketch(1, 4, 1, 64)
    onnx.save(sketch.model(sketch.conv("x", 3, 4, 1, 5)), tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


@pytest.mark.parametrize(("threads", "jobs"), [(0, 1), (0, 4), (2, 4)])
def test_a_runner_says_what_onnxruntime_says(threads: int, jobs: int, tmp_path: Path) -> None:
    path = saved(tmp_path)
    runner = OnnxruntimeCpu(CpuOptions(threads=threads)).runner(path, jobs=jobs)
    feed = random_feed(onnx.load(path))
    np.testing.assert_allclose(runner.run(feed)["t0"], run(path, feed)[0], atol=1e-6)
    runner.close()
    runner.close()


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x08\x12\x04edge"])
def test_a_damaged_file_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"net\.onnx: cannot be loaded") as caught:
        CpuRunner(path, 0)
    assert "edgedla build" in (caught.value.hint or "")


def test_half_a_file_is_damaged(tmp_path: Path) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UsageError, match=r"net\.onnx"):
        CpuRunner(path, 0)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.onnx"):
        CpuRunner(tmp_path / "none.onnx", 0)


def test_an_operator_that_onnxruntime_does_not_have(tmp_path: Path) -> None:
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1,)) for name in "xy"]
    graph = helper.make_graph(
        [helper.make_node("Nonesuch", ["x"], ["y"], domain="own")], "g", info[:1], info[1:]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("own", 1)], ir_version=8)
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(DeviceError, match=r"net\.onnx.*Nonesuch"):
        CpuRunner(tmp_path / "net.onnx", 0)


def test_an_input_of_another_shape_is_no_traceback_of_onnxruntime(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"net\.onnx: onnxruntime cannot run it"):
        CpuRunner(saved(tmp_path), 1).run({"x": np.zeros((1, 2), np.float32)})


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_run_by_the_command_line(
    precision: str, site: Site, work: Path, edgedla: Callable[..., Result]
) -> None:
    site.beep()
    (work / "a.txt").write_text("1 2 3")
    words = ("run", "beep", "--target", "onnxruntime", "--precision", precision, "-i", "a.txt", "--json")
    answer = edgedla(*words).json
    assert answer["data"]["results"][0]["label"] in ("silence", "beep")
    again = edgedla("run", "beep", "--target", "onnxruntime", "-i", "a.txt", "--json").json
    assert again["data"]["results"][0]["top"] == answer["data"]["results"][0]["top"]


def test_an_unknown_precision_is_a_usage_error(site: Site, edgedla: Callable[..., Result]) -> None:
    site.beep()
    words = ("build", "beep", "--target", "onnxruntime", "--precision", "int4", "--json")
    error = json.loads(edgedla(*words, code=2).out)["error"]["message"]
    assert "fp32" in error
    assert "int4" in error
