"""A working folder with tiny networks, and the emulated scripts in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import edgedla
import edgedla_targets
from edgedla_targets.pcupid.emulated import SDK

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

INI = """; a comment
[INPUT_CONFIG]
inputs={inputs};
training_input_formats={formats};
input_formats={formats};
quantizations={flags};
[OUTPUT_CONFIG]
outputs={outputs};
dequantizations={oflags};
"""
PREPROCESS = """
import numpy as np

def image_preprocess(path, norm=True):
    return np.load(path)
"""
SCRIPTS = {
    "convert": "ConvertTool/ConvertTool.py",
    "calibrate": "calibrator/calibrator.py",
    "compile": "calibrator/compiler.py",
    "simulate": "calibrator/simulator.py",
}


def ini(inputs: str = "wave", outputs: str = "logits", kind: str = "RAWDATA_F32_NHWC") -> str:
    """A config that the tools take: raw inputs of one format, all flags TRUE."""
    ins, outs = inputs.count(",") + 1, outputs.count(",") + 1
    return INI.format(
        inputs=inputs,
        outputs=outputs,
        formats=",".join([kind] * ins),
        flags=",".join(["TRUE"] * ins),
        oflags=",".join(["TRUE"] * outs),
    )


def graph(
    nodes: Sequence[onnx.NodeProto],
    inputs: dict[str, Sequence[int | str]],
    outputs: dict[str, Sequence[int | str]],
    weights: dict[str, npt.NDArray[Any]] | None = None,
    opset: int = 13,
) -> onnx.ModelProto:
    """A float model of these nodes."""

    def values(named: dict[str, Sequence[int | str]]) -> list[onnx.ValueInfoProto]:
        return [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in named.items()
        ]

    kept = [numpy_helper.from_array(value, name) for name, value in (weights or {}).items()]
    made = helper.make_graph(list(nodes), "tiny", values(inputs), values(outputs), kept)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=7)


def random(*shape: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Normally distributed numbers, the same on every call."""
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def listener(width: int | str = 64, batch: int | str = 1, opset: int = 13) -> onnx.ModelProto:
    """Two convolutions (H = 1), a depthwise one among them, a mean and a fully connected layer."""
    nodes = [
        helper.make_node("Conv", ["wave", "w1", "b1"], ["c1"], kernel_shape=[1, 7], pads=[0, 3, 0, 3]),
        helper.make_node("LeakyRelu", ["c1"], ["r1"], alpha=0.2),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], kernel_shape=[1, 5], strides=[1, 2], group=8),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("ReduceMean", ["r2"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Gemm", ["mean", "w3", "b3"], ["logits"], transB=1),
    ]
    weights = {
        "w1": random(8, 1, 1, 7),
        "b1": random(8, seed=1),
        "w2": random(8, 1, 1, 5, seed=2),
        "w3": random(5, 8, seed=3),
        "b3": random(5, seed=4),
    }
    return graph(nodes, {"wave": [batch, 1, 1, width]}, {"logits": [batch, 5]}, weights, opset)


def pair(
    first: str = "left", second: str = "right", out: tuple[str, str] = ("sum", "gap")
) -> onnx.ModelProto:
    """Two 2-D inputs, two outputs."""
    nodes = [
        helper.make_node("Add", [first, second], [out[0]]),
        helper.make_node("Sub", [first, second], [out[1]]),
    ]
    return graph(nodes, {first: [1, 6], second: [1, 6]}, {out[0]: [1, 6], out[1]: [1, 6]})


def single(
    kind: str, opset: int = 13, name: str = "wave", out: str = "logits", **attributes: Any
) -> onnx.ModelProto:
    """One node on a 3-D tensor."""
    node = helper.make_node(kind, [name], [out], **attributes)
    return graph([node], {name: [1, 2, 8]}, {out: [1, 2, 8]}, opset=opset)


def picture() -> onnx.ModelProto:
    """A convolution on a colour image, with a 4-D output."""
    node = helper.make_node("Conv", ["pixels", "w"], ["map"], pads=[1, 1, 1, 1])
    return graph([node], {"pixels": [1, 3, 6, 4]}, {"map": [1, 2, 6, 4]}, {"w": random(2, 3, 3, 3)})


@dataclass(frozen=True)
class Done:
    """A script that ran to its end."""

    code: int
    text: str  # both streams


@dataclass
class Bench:
    """A folder with files, and the scripts to run in it."""

    folder: Path

    def put(self, name: str, content: str | bytes | onnx.ModelProto | npt.NDArray[Any]) -> Path:
        """Write a file of the fitting kind."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, np.ndarray):
            np.save(path, content)
        elif isinstance(content, onnx.ModelProto):
            path.write_bytes(content.SerializeToString())
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, script: str, *words: str, env: dict[str, str] | None = None) -> Done:
        """One of SCRIPTS, by this Python, as after `source cfg_env.sh`."""
        roots = [str(Path(package.__path__[0]).parent) for package in (edgedla, edgedla_targets)]
        variables = os.environ | {"SGS_IPU_DIR": str(SDK), "PYTHONPATH": os.pathsep.join(roots)} | (env or {})
        done = subprocess.run(
            [sys.executable, str(SDK / "Scripts" / SCRIPTS[script]), *words],
            cwd=self.folder,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
            check=False,
        )
        return Done(done.returncode, done.stdout)

    def convert(self, *words: str, shapes: str = "1,1,1,64", env: dict[str, str] | None = None) -> Done:
        """ConvertTool on `net.onnx` and `net.ini`; flags given again in `words` win."""
        given = ["--model_file", "net.onnx", "--input_shapes", shapes, "--input_config", "net.ini"]
        return self.run("convert", "onnx", *given, "--output_file", "net_float.sim", *words, env=env)

    def calibrate(self, *words: str) -> Done:
        """The calibrator on `net_float.sim` and the samples in `quant_data`."""
        given = [
            "-i",
            "quant_data",
            "-m",
            "net_float.sim",
            "--input_config",
            "net.ini",
            "-n",
            "preprocess.py",
        ]
        return self.run("calibrate", *given, *words)

    def simulate(self, model: str = "net_float.sim", *words: str, image: str = "quant_data") -> Done:
        """The simulator on `quant_data`."""
        return self.run("simulate", "-i", image, "-m", model, "-n", "preprocess.py", *words)

    def samples(self, count: int = 3, shape: tuple[int, ...] = (1, 1, 64, 1)) -> None:
        """Random samples in `quant_data`, and the function that reads them."""
        self.put("preprocess.py", PREPROCESS)
        for index in range(count):
            self.put(f"quant_data/s{index}.npy", random(*shape, seed=index))

    def text(self, name: str) -> str:
        """One of the simulator's result files."""
        return (self.folder / "log" / "output" / name).read_text()


def chain(folder: Path, model: onnx.ModelProto, config: str, shapes: str) -> None:
    """float, fixed and image of a network whose samples are in `quant_data`, in this process."""
    from edgedla_targets.pcupid.emulated import calibrator, compiler, convert_tool

    bench = Bench(folder)
    bench.put("net.onnx", model)
    bench.put("net.ini", config)
    before = Path.cwd()
    os.chdir(folder)
    try:
        words = "onnx --model_file net.onnx --input_config net.ini --output_file net_float.sim"
        convert_tool.main([*words.split(), "--input_shapes", shapes])
        calibrator.main(
            ["-i", "quant_data", "-m", "net_float.sim", "--input_config", "net.ini", "-n", "raw_npy"]
        )
        compiler.main(["-m", "net_fixed.sim", "-o", "net.img"])
    finally:
        os.chdir(before)
