"""The route from a simplified graph to the board's image."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from edgedla import Converter, OnnxRunner, Tolerance

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla import Runner
    from edgedla.context import Context


class SafeOnnxFromOnnx(Converter):
    """A graph that the IPU tools neither refuse nor misread."""

    name = "safe_onnx_from_onnx"
    source, result, rung = "onnx", "safe_onnx", "safe"

    def convert(self, path: Path, context: Context) -> Path:
        """`onnx/<stem>_sim.onnx`, the name that the model zoo's scripts look for."""
        from edgedla_targets.pcupid.safe import make_safe
        from edgedla_targets.pcupid.work import onnx_name

        safe = context.dir("convert") / onnx_name(context.spec, context.target.options)
        safe.parent.mkdir(parents=True, exist_ok=True)
        for line in make_safe(path, safe):
            context.report(line)
        return safe

    def runner(self, path: Path, context: Context) -> Runner:
        """A plain session."""
        return OnnxRunner(path)


class _Simulated(Converter):
    """A result of the vendor's tools, or of the emulated ones."""

    def runner(self, path: Path, context: Context) -> Runner:
        """The toolchain's simulator."""
        from edgedla_targets.pcupid.simulate import simulator

        return simulator(path, context.model.name, context.spec, context.target.options, context.tools)

    def keep(self, made: Path, context: Context) -> Path:
        """A copy for the bundle of what the job made; the job keeps its own until the build ends."""
        return shutil.copyfile(made, context.dir("convert") / made.name)


class FloatSimFromSafeOnnx(_Simulated):
    """The vendor's format, not yet quantised."""

    name = "float_sim_from_safe_onnx"
    source, result, rung = "safe_onnx", "float_sim", "float"
    # Nothing is quantised yet, and the simulator prints six decimals.
    tolerance = Tolerance(max_abs=1e-4)

    def convert(self, path: Path, context: Context) -> Path:
        """Render the config files, write the samples, convert."""
        from edgedla_targets.pcupid.work import prepare

        work = prepare(context)
        for file in work.files:
            context.leave("config" if file.suffix != ".npy" else "sample", file)
        return self.keep(work.route.float_sim(work.job), context)


class FixedSimFromFloatSim(_Simulated):
    """Quantised with the calibration samples: the one step that loses something."""

    name = "fixed_sim_from_float_sim"
    source, result, rung = "float_sim", "fixed_sim", "fixed"
    # The class alone would not notice a wrong scale; quantisation to 8 bits leaves well over 10 dB.
    tolerance = Tolerance(max_abs=None, top1=0.95, snr_db=10.0)

    def convert(self, path: Path, context: Context) -> Path:
        """Calibrate."""
        from edgedla_targets.pcupid.work import prepare

        work = prepare(context)
        return self.keep(work.route.fixed_sim(work.job), context)


class ImageFromFixedSim(_Simulated):
    """What the board loads; computes the same bits as the fixed network."""

    name = "image_from_fixed_sim"
    source, result, rung = "fixed_sim", "pcupid_img", "offline"
    tolerance = Tolerance(max_abs=0.0)

    def convert(self, path: Path, context: Context) -> Path:
        """Compile."""
        from edgedla_targets.pcupid.work import prepare

        work = prepare(context)
        return self.keep(work.route.image(work.job), context)
