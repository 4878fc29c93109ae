"""A target whose network leans to one side by as much as one wants, for `beep` of throwaway.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# `beep` says "beep" of a file whose number is above zero. `wry.lean=1` adds 16/15 to the score of "silence",
# so that numbers from 0 to 1 turn wrong; `wry.calibrate` lets the converter see the calibration inputs.
WRY = '''
"""A target whose one converter shifts an output."""

from edgedla import Converter, OnnxRunner, Options, Target, Tolerance, hookimpl


class WryOptions(Options):
    lean: float = 0.0
    calibrate: bool = False
    strict: bool = False


class WryFromOnnx(Converter):
    name = "wry_from_onnx"
    source = "onnx"
    result = rung = "wry"
    tolerance = Tolerance(max_abs=None, top1=0)

    def convert(self, path, context):
        import numpy as np
        import onnx
        from onnx import helper, numpy_helper

        options = context.target.options
        if options.calibrate:
            assert list(context.calibration())
        if options.strict:
            type(self).tolerance = Tolerance()
        model = onnx.load(path)
        graph = model.graph
        graph.node[-1].output[0] = "straight"
        lean = np.array([16 / 15 * options.lean, 0], np.float32)
        graph.initializer.append(numpy_helper.from_array(lean, "lean"))
        graph.node.append(helper.make_node("Add", ["straight", "lean"], ["prob"]))
        onnx.save(model, context.dir("convert") / "wry.onnx")
        return context.dir("convert") / "wry.onnx"

    def runner(self, path, context):
        return OnnxRunner(path)


class Wry(Target):
    name = "wry"
    summary = "leans"
    accepts = "wry"
    Options = WryOptions


@hookimpl
def edgedla_converters():
    return [WryFromOnnx]


@hookimpl
def edgedla_targets():
    return [Wry]
'''


def labelled(folder: Path, *numbers: float) -> Path:
    """A data set of ESC's layout for `beep`: one file per number, two folds in turn."""
    rows = ["filename,fold,target,category"]
    (folder / "audio").mkdir(parents=True)
    (folder / "meta").mkdir()
    for index, number in enumerate(numbers):
        name = f"{index:04}.txt"
        (folder / "audio" / name).write_text(str(number))
        label = "beep" if number > 0 else "silence"
        rows.append(f"{name},{index % 2 + 1},{int(number > 0)},{label}")
    (folder / "meta/esc50.csv").write_text("\n".join(rows) + "\n")
    return folder
