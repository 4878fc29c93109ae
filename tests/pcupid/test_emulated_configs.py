"""Wrong configs and graphs: the emulated ConvertTool does what the real ones were seen to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import helper

from emulated_bench import Bench, graph, ini, listener, pair, picture, random, single

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import onnx

ABORT = "Assertion `0' failed"
TWO = ini("left,right", "sum,gap")
PIXELS = ini("pixels", "map", "RGB").replace("[OUTPUT", "mean=123.68:116.78:103.94;\nstd_value=58;\n[OUTPUT")


@dataclass(frozen=True)
class Row:
    """One change at a time: what the tool leaves with, says, and whether a float.sim is there."""

    config: str = ini()
    code: int = 0
    says: str = ""
    model: str = "listener"
    words: tuple[str, ...] = ()
    shapes: str = ""
    left: str = ""  # a file there must be afterwards

    @property
    def converts(self) -> bool:
        return not self.code and not self.says


def without(text: str, *keys: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if line.partition("=")[0] not in keys)


def edit(text: str, **values: str) -> str:
    lines = []
    for line in text.splitlines(keepends=True):
        key = line.partition("=")[0]
        lines.append(f"{key}={values[key]}\n" if key in values else line)
    return "".join(lines)


def many(outputs: list[str]) -> onnx.ModelProto:
    nodes = [helper.make_node("Relu", ["wave"], [name]) for name in outputs]
    return graph(nodes, {"wave": [1, 8]}, {name: [1, 8] for name in outputs})


def padded(mode: str) -> onnx.ModelProto:
    node = helper.make_node("Pad", ["wave", "pads"], ["logits"], mode=mode)
    pads = np.array([0, 0, 2, 0, 0, 2], np.int64)
    return graph([node], {"wave": [1, 2, 8]}, {"logits": [1, 2, 12]}, {"pads": pads})


def conv1d(group: int) -> onnx.ModelProto:
    node = helper.make_node("Conv", ["wave", "w"], ["logits"], group=group)
    return graph([node], {"wave": [1, 4, 16]}, {"logits": [1, 4, 14]}, {"w": random(4, 4 // group, 3)})


def reshaped() -> onnx.ModelProto:
    node = helper.make_node("Reshape", ["wave", "shape"], ["logits"])
    return graph([node], {"wave": [1, 2, 8]}, {"logits": [1, 16]}, {"shape": np.array([1, 16], np.int64)})


LONG = [letter * 205 for letter in "abcde"]
MODELS: dict[str, tuple[Callable[[], onnx.ModelProto], str]] = {
    "listener": (listener, "1,1,1,64"),
    "batch 2": (lambda: listener(batch=2), "2,1,1,64"),
    "dynamic": (lambda: listener(batch="N"), "1,1,1,64"),
    "opset 12": (lambda: listener(opset=12), "1,1,1,64"),
    "opset 14": (lambda: listener(opset=14), "1,1,1,64"),
    "pair": (pair, "1,6:1,6"),
    "dots": (lambda: pair("a.b", "1", ("c:d", "2")), "1,6:1,6"),
    "long names": (lambda: many(LONG), "1,8"),
    "longest name": (lambda: many(["x" * 256]), "1,8"),
    "picture": (picture, "1,3,6,4"),
    "slash in": (lambda: single("Relu", name="/images"), "1,2,8"),
    "slash out": (lambda: single("Relu", out="/fc/Gemm_output_0"), "1,2,8"),
    "floor": (lambda: single("Floor"), "1,2,8"),
    "mish": (lambda: single("Mish", opset=18), "1,2,8"),
    "pad edge": (lambda: padded("edge"), "1,2,8"),
    "pad reflect": (lambda: padded("reflect"), "1,2,8"),
    "grouped": (lambda: conv1d(group=2), "1,4,16"),
    "bad reshape": (reshaped, "1,2,9"),
}

ROWS = {
    "good": Row(),
    "quantizations FALSE": Row(edit(ini(), quantizations="FALSE;")),
    "dequantizations FALSE": Row(edit(ini(), dequantizations="FALSE;")),
    "quantizations lower case": Row(edit(ini(), quantizations="true;"), 1, ABORT),
    "dequantizations lower case": Row(edit(ini(), dequantizations="true;"), 1, ABORT),
    "fewer dequantizations": Row(edit(TWO, dequantizations="TRUE;"), 1, ABORT, "pair"),
    "no semicolons": Row(ini().replace(";\n", "\n").replace("; a", "# a")),
    "blank after comma in inputs": Row(edit(TWO, inputs="left, right;"), 1, ABORT, "pair"),
    "blank after comma in outputs": Row(edit(TWO, outputs="sum, gap;"), 1, ABORT, "pair"),
    "blank after comma in formats": Row(
        edit(TWO, input_formats="RAWDATA_F32_NHWC, RAWDATA_F32_NHWC;"), 1, ABORT, "pair"
    ),
    "blank after comma in training formats": Row(
        edit(TWO, training_input_formats="RAWDATA_F32_NHWC, RAWDATA_F32_NHWC;"), 1, ABORT, "pair"
    ),
    "blank after comma in quantizations": Row(edit(TWO, quantizations="TRUE, TRUE;"), 1, ABORT, "pair"),
    "blanks around equals": Row(ini().replace("=", " = ")),
    "fewer formats": Row(
        edit(TWO, input_formats="RAWDATA_F32_NHWC;"), 1, "IndexError: list index out of range", "pair"
    ),
    "fewer quantizations": Row(edit(TWO, quantizations="TRUE;"), 1, ABORT, "pair"),
    "two inputs": Row(TWO, model="pair"),
    "inputs in another order": Row(edit(TWO, inputs="right,left;"), model="pair"),
    "one of two inputs": Row(ini("left", "sum,gap"), 1, "AssertionError", "pair", shapes="1,6"),
    "one of two outputs": Row(ini("left,right", "gap"), model="pair"),
    "unknown input": Row(ini("sound"), 1, 'RuntimeError: The model doesn\'t have input named "sound"'),
    "unknown output": Row(ini(outputs="classes"), 1, "KeyError: 'classes'"),
    "slash before input": Row(ini("/images"), 1, 'have input named "images"', "slash in"),
    "slash before output": Row(
        ini(outputs="/fc/Gemm_output_0"), 1, "KeyError: 'fc/Gemm_output_0'", "slash out"
    ),
    "odd names inside": Row(ini("a.b,1", "c:d,2"), model="dots"),
    "quoted list": Row(edit(TWO, inputs="'left,right';"), model="pair"),
    "quoted names": Row(edit(TWO, inputs="'left','right';"), 1, 'have input named "left\'"', "pair"),
    "mean with raw data": Row(ini().replace("[OUT", "mean=0;\nstd_value=1;\n[OUT"), 1, ABORT),
    "old mean with raw data": Row(ini().replace("[OUT", "mean_red=0;\n[OUT"), 1, ABORT),
    "image": Row(PIXELS, model="picture"),
    "image with old keys": Row(
        edit(PIXELS, mean="").replace("mean=\n", "mean_red=1\nmean_green=2\nmean_blue=3\n"), model="picture"
    ),
    "image without mean": Row(without(PIXELS, "mean", "std_value"), 1, ABORT, "picture"),
    "colours swapped": Row(edit(PIXELS, input_formats="BGR;"), 1, ABORT, "picture"),
    "image from raw data": Row(edit(PIXELS, input_formats="RAWDATA_F32_NHWC;"), 1, ABORT, "picture"),
    "S16 trained, F32 given": Row(edit(ini(), training_input_formats="RAWDATA_S16_NHWC;"), 1, ABORT),
    "S16": Row(ini(kind="RAWDATA_S16_NHWC")),
    "no input formats": Row(without(ini(), "input_formats"), 1, ABORT),
    "no training formats": Row(without(ini(), "training_input_formats")),
    "no formats": Row(
        without(ini(), "input_formats", "training_input_formats"), 1, "No option 'training_input_formats'"
    ),
    "unknown format": Row(edit(ini(), input_formats="RAWDATA_F64_NHWC;"), 1, ABORT),
    "lower-case format": Row(ini(kind="rawdata_f32_nhwc"), 1, ABORT),
    "no inputs": Row(without(ini(), "inputs"), 1, "KeyError: 'inputs'"),
    "no outputs": Row(without(ini(), "outputs"), 1, "KeyError: 'outputs'"),
    "unknown key": Row(ini() + "colour=blue;\n"),
    "comment behind a value": Row(edit(ini(), quantizations="TRUE; # note", dequantizations="TRUE # note")),
    "ALL_INT16": Row(ini() + "[CONV_CONFIG]\ninput_format=ALL_INT16;\n"),
    "ALL_INT8": Row(ini() + "[CONV_CONFIG]\ninput_format=ALL_INT8;\n", 1, ABORT),
    "CRLF": Row(ini().replace("\n", "\r\n")),
    "BOM": Row("\ufeff" + ini(), 1, "MissingSectionHeaderError"),
    "UTF-8 comment": Row("; größer\n" + ini()),
    "no output section": Row(ini().partition("[OUTPUT")[0], 1, "KeyError: 'OUTPUT_CONFIG'"),
    "empty ini": Row("", 1, "NoSectionError: No section: 'INPUT_CONFIG'"),
    "ini missing": Row(words=("--input_config", "no.ini"), code=1, says="can not find ini file"),
    "model missing": Row(
        words=("--model_file", "no.onnx"), code=1, says="NameError: Input graph file no.onnx does not exist!"
    ),
    "output folder missing": Row(
        words=("--output_file", "no/net_float.sim"), code=1, says="OSError: \033[31mCould not access path: no"
    ),
    "output is a folder": Row(words=("--output_file", "."), left="Converted_Net_float.sim"),
    "another width": Row(shapes="1,1,1,80"),
    "too few sizes": Row(shapes="1,1,64", code=1, says="IndexError"),
    "too many sizes": Row(shapes="1,1,1,1,64", code=1, says="IndexError"),
    "blanks in sizes": Row(shapes="1, 1, 1, 64"),
    "sizes by x": Row(shapes="1x1x1x64", code=1, says="ValueError: invalid literal for int()"),
    "abbreviated flag": Row(words=("--input_shape", "1,1,1,64")),
    "unknown flag": Row(words=("--chip", "pcupid"), code=2, says="unrecognized arguments"),
    "unknown chip": Row(words=("--soc_version", "pudding2"), code=2, says="invalid choice"),
    "known chip": Row(words=("--soc_version", "mochi")),
    "batch 2": Row(
        model="batch 2", code=1, says="SGS only support N = 1 for 4 dims inputs, but input 'wave' doesn't"
    ),
    "dynamic batch": Row(model="dynamic"),
    "opset 12": Row(model="opset 12"),
    "opset 14": Row(model="opset 14", says="Unsupported ONNX opset version: 14."),
    "shapes that do not fit": Row(TWO, model="pair", shapes="1,6:1,7", says="Shape inference failed"),
    "sizes that do not fit": Row(model="bad reshape", code=1, says=ABORT),
    "op without converter": Row(model="floor", code=1, says="Mace does not support onnx op type Floor yet"),
    "op too new": Row(model="mish", code=1, says="No Op registered for Mish"),
    "pad edge": Row(model="pad edge", code=1, says="Pad only support `constant` and `reflect` mode!"),
    "pad reflect": Row(model="pad reflect"),
    "grouped 1-D convolution": Row(model="grouped", code=1, says="not support group conv."),
    "names over 1024 characters": Row(ini(outputs=",".join(LONG)), 1, ABORT, "long names"),
    "names up to 1024 characters": Row(ini(outputs=",".join(LONG[1:])), model="long names"),
    "name over 255 characters": Row(ini(outputs="x" * 256), 1, ABORT, "longest name"),
    "layout unknown": Row(ini() + "output_layouts=NWHC;\n", 1, ABORT),
    "post-processing": Row(words=("--postprocess", "p.py"), code=1, says="not emulated"),
}


@pytest.mark.parametrize("name", ROWS)
def test_config(name: str, tmp_path: Path) -> None:
    row, bench = ROWS[name], Bench(tmp_path)
    make, shapes = MODELS[row.model]
    bench.put("net.onnx", make())
    bench.put("net.ini", row.config)
    bench.put("net_float.sim", b"of an earlier run")
    done = bench.convert(*row.words, shapes=row.shapes or shapes)
    assert (done.code, row.says in done.text) == (row.code, True), done.text
    result = tmp_path / (row.left or "net_float.sim")
    fresh = result.exists() and result.read_bytes()[:8] == b"EDLASIM1"
    assert fresh == row.converts, done.text
    if row.says == ABORT:
        assert "ConverterError: Convert failed. See console for info." in done.text
        assert not result.exists()
        assert (tmp_path / "Debug_net_float.sim").exists()


@pytest.mark.parametrize("key", ["quantizations", "dequantizations"])
def test_missing_flags_are_written_into_the_ini_and_comments_vanish(key: str, tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.put("net.onnx", pair())
    path = bench.put("net.ini", without(TWO, key))
    assert bench.convert(shapes="1,6:1,6").code == 0
    assert f"{key} = TRUE,TRUE" in path.read_text()
    assert "a comment" not in path.read_text()


def test_a_complete_ini_is_left_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.put("net.onnx", listener())
    path = bench.put("net.ini", ini())
    assert bench.convert().code == 0
    assert path.read_text() == ini()


def test_the_pack_option_writes_layouts(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.put("net.onnx", picture())
    path = bench.put("net.ini", PIXELS)
    bench.put("autogen_net.ini", "of an earlier run")
    assert bench.convert("--output_pack_model_arrays", "onnx", shapes="1,3,6,4").code == 0
    assert "output_layouts = NCHW" in path.read_text()
    assert not (tmp_path / "autogen_net.ini").exists()
    assert {"net_refine.onnx", "Debug_net_float.sim"} <= {entry.name for entry in tmp_path.iterdir()}


@pytest.mark.parametrize("script", ["convert", "calibrate", "compile", "simulate"])
def test_without_the_environment_every_script_refuses(script: str, tmp_path: Path) -> None:
    done = Bench(tmp_path).run(script, env={"SGS_IPU_DIR": ""})
    assert done.code == 1
    assert "OSError: SGS_IPU_DIR is not set" in done.text


def test_every_refusal_is_one_that_the_table_names() -> None:
    """A row that neither converts nor says why would test nothing."""
    assert all(row.converts or row.says for row in ROWS.values())
    assert sum(row.converts for row in ROWS.values()) > 20
