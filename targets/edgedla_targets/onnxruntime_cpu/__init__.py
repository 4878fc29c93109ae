"""The plugin `onnxruntime`: run on the CPU of this machine, faster than the exported graph by itself.

Importing it costs nothing; the work is in the modules beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from edgedla import Converter, OnnxRunner, Options, Target, Tolerance, hookimpl

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla import Runner
    from edgedla.context import Context


EDGEDLA_CONTRACT = (1, 1)


class CpuOptions(Options):
    """Options of the onnxruntime target."""

    precision: Literal["fp32", "int8"] = Field(
        default="fp32", description="fp32 says what the trained network says; int8 is faster and nearly so."
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="Threads inside one inference; 0: what suits the number of jobs.",
    )


class FastOnnxFromOnnx(Converter):
    """The same network in a form that onnxruntime runs faster."""

    name = "fast_onnx_from_onnx"
    source = "onnx"
    result = "onnx_fast"
    rung = "fast"
    tolerance = Tolerance(max_abs=1e-4, top1=1.0)

    def convert(self, path: Path, context: Context) -> Path:
        """`<stem>_fast.onnx`."""
        import onnx

        from edgedla_targets.onnxruntime_cpu.fast import accelerate

        result = context.dir("convert") / f"{context.spec.stem}_fast.onnx"
        onnx.save(accelerate(onnx.load(path)), result)
        return result

    def runner(self, path: Path, context: Context) -> Runner:
        """A default session: what is verified is the graph."""
        return OnnxRunner(path)


class Int8FromOnnx(Converter):
    """The network with its convolutions over signals in 8 bits, calibrated on real inputs."""

    name = "int8_from_onnx"
    source = "onnx"
    result = "onnx_int8"
    rung = "int8"
    tolerance = Tolerance(max_abs=None, top1=0.95)

    def convert(self, path: Path, context: Context) -> Path:
        """`<stem>_int8.onnx`; the float graph where nothing can be quantised, and a word about it.

        Raises:
            GateError: There are no calibration inputs, or the network has no finite answer to one.
        """
        import onnx

        from edgedla_targets.onnxruntime_cpu.fast import accelerate, tidy
        from edgedla_targets.onnxruntime_cpu.int8_graph import to_int8

        model, result = onnx.load(path), context.dir("convert") / f"{context.spec.stem}_int8.onnx"
        quantised = to_int8(tidy(model), context.calibration())
        if quantised is None:
            context.report("int8: the graph has no convolution over signals to quantise; it stays float32")
        onnx.save(quantised or accelerate(model), result)
        return result

    def runner(self, path: Path, context: Context) -> Runner:
        """A default session: what is verified is the graph."""
        return OnnxRunner(path)


class OnnxruntimeCpu(Target[CpuOptions]):
    """onnxruntime's CPU provider, for this machine."""

    name = "onnxruntime"
    summary = "CPU of this machine, by onnxruntime"
    toolchain = "onnxruntime"
    Options = CpuOptions

    def __init__(self, options: CpuOptions) -> None:
        super().__init__(options)
        self.accepts = {"fp32": FastOnnxFromOnnx.result, "int8": Int8FromOnnx.result}[options.precision]

    def runner(self, path: Path, jobs: int = 1) -> Runner:
        """A session over the ONNX file at `path`, with threads for `jobs` calls at once.

        Raises:
            UsageError: The file is missing or damaged.
            DeviceError: onnxruntime cannot run it here.
        """
        from edgedla_targets.onnxruntime_cpu.runner import CpuRunner, threads_for

        return CpuRunner(path, self.options.threads or threads_for(jobs), alone=jobs <= 1)


@hookimpl
def edgedla_converters() -> list[type[Converter]]:
    """Two ways to make a graph faster."""
    return [FastOnnxFromOnnx, Int8FromOnnx]


@hookimpl
def edgedla_targets() -> list[type[Target[Any]]]:
    """The onnxruntime target."""
    return [OnnxruntimeCpu]
