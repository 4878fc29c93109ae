"""Samples and preprocess modules: what the emulated simulator and calibrator take, and how they fail."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from emulated_bench import PREPROCESS, Bench, ini, listener, pair, random

if TYPE_CHECKING:
    from pathlib import Path

FLOAT_NAME = "net_float.sim"
GOOD = random(1, 1, 64, 1)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a float.sim and its config."""
    bench = Bench(tmp_path_factory.mktemp("converted"))
    bench.put("net.onnx", listener())
    bench.put("net.ini", ini())
    bench.samples()
    assert bench.convert().code == 0
    return bench.folder


@pytest.fixture
def bench(converted: Path, tmp_path: Path) -> Bench:
    """The same in a folder of the test's own."""
    shutil.copytree(converted, tmp_path, dirs_exist_ok=True)
    return Bench(tmp_path)


def results(bench: Bench) -> set[str]:
    return {path.name.removeprefix(f"unknown_{FLOAT_NAME}_") for path in bench.folder.glob("log/output/*")}


def test_list_files(bench: Bench) -> None:
    bench.put("mit Lücke.npy", GOOD)
    lines = [
        " quant_data/s0.npy ",
        str(bench.folder / "quant_data/s1.npy"),
        "mit Lücke.npy",
        "quant_data/s0.npy",
    ]
    bench.put("list.txt", "\r\n".join(lines))
    done = bench.simulate(image="list.txt")
    assert done.code == 0, done.text
    assert results(bench) == {"s0.npy.txt", "s1.npy.txt", "mit Lücke.npy.txt"}


def test_trailing_empty_line_fails_after_the_earlier_samples(bench: Bench) -> None:
    bench.put("list.txt", "quant_data/s0.npy\n\n")
    done = bench.simulate(image="list.txt")
    assert done.code == 1
    assert "IsADirectoryError" in done.text
    assert results(bench) == {"s0.npy.txt"}


@dataclass(frozen=True)
class Fault:
    """What the list says, or `-i` and `-n`, and the exception it ends in."""

    says: str
    lines: str = "quant_data/s0.npy\n"
    image: str = "list.txt"
    preprocess: str | None = "preprocess.py"
    source: str = PREPROCESS


FAULTS = {
    "missing file": Fault("FileNotFoundError", "quant_data/none.npy\n"),
    "missing list": Fault("FileNotFoundError", image="none.txt"),
    "two files for one input": Fault(
        "ValueError: Got different num of preprocess_methods and images!",
        "quant_data/s0.npy,quant_data/s1.npy\n",
    ),
    "colon": Fault("Run simulator failed", "a:b.npy\n"),
    "sound as list": Fault("UnicodeDecodeError", image="sound.wav"),
    "empty folder": Fault("FileNotFoundError: No images found", image="empty"),
    "no preprocess": Fault("AttributeError: 'list' object has no attribute 'strip'", preprocess=None),
    "no norm": Fault("TypeError", source="def image_preprocess(path): ..."),
    "no function": Fault("has no attribute 'image_preprocess'", source="x = 1"),
    "a list": Fault("AttributeError: 'list' object", source="def image_preprocess(path, norm): return [1]"),
    "its own error": Fault("ZeroDivisionError", source="def image_preprocess(path, norm): 1 / 0"),
    "second dot": Fault("No module named 'my'", preprocess="my.prep.py"),
    "standard module": Fault("module 'json' has no attribute 'image_preprocess'", preprocess="json.py"),
    "missing module": Fault("ModuleNotFoundError", preprocess="none.py"),
    "too short": Fault(
        "ValueError: Input 'wave' needs float32 (1, 1, 64, 1), got float32 (1, 1, 63, 1)", "short.npy\n"
    ),
    "flat": Fault("got float32 (64,)", "flat.npy\n"),
    "float64": Fault("got float64 (1, 1, 64, 1)", "double.npy\n"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault(name: str, bench: Bench) -> None:
    fault = FAULTS[name]
    bench.put("list.txt", fault.lines)
    bench.put("a:b.npy", GOOD)
    bench.put("short.npy", GOOD[:, :, 1:])
    bench.put("flat.npy", GOOD.ravel())
    bench.put("double.npy", GOOD.astype(np.float64))
    bench.put("sound.wav", b"RIFF\xff\xfe\x00\x80")
    bench.put("empty/notes.txt", "no sample")
    for module in ("my.prep.py", "json.py", "preprocess.py"):
        bench.put(module, fault.source)
    words = ["-n", fault.preprocess] if fault.preprocess else []
    done = bench.run("simulate", "-i", fault.image, "-m", FLOAT_NAME, *words)
    assert done.code == 1
    assert fault.says in done.text, done.text
    assert not results(bench)


def test_a_folder_is_searched_for_known_suffixes(bench: Bench) -> None:
    bench.put("quant_data/deep/s9.NPY", b"")
    shutil.copy(bench.folder / "quant_data/s0.npy", bench.folder / "quant_data/deep/s9.NPY")
    bench.put("quant_data/readme.txt", "not a sample")
    bench.put("quant_data/a.wav", b"not a sample")
    assert bench.simulate().code == 0
    assert results(bench) == {"s0.npy.txt", "s1.npy.txt", "s2.npy.txt", "s9.NPY.txt"}


def test_one_file_a_prefixed_list_and_odd_modules(bench: Bench) -> None:
    assert bench.simulate(image="quant_data/s1.npy").code == 0
    assert results(bench) == {"s1.npy.txt"}
    bench.put("my-prep.py", PREPROCESS)
    bench.put("quant_data/list.txt", "s0.npy\ns2.npy\n")
    done = bench.run("simulate", "-i", "quant_data:list.txt", "-m", FLOAT_NAME, "-n", "my-prep.py")
    assert done.code == 0, done.text
    assert results(bench) == {"s0.npy.txt", "s2.npy.txt"}  # and those of the first run are gone
    assert bench.run("simulate", "-i", "quant_data", "-m", FLOAT_NAME, "-n", "raw_npy").code == 0


def test_norm_goes_by_position_to_the_calibrator_and_by_name_to_the_simulator(bench: Bench) -> None:
    bench.put("preprocess.py", PREPROCESS.replace("norm", "normalize"))
    assert bench.calibrate().code == 0
    done = bench.simulate()
    assert done.code == 1
    assert "unexpected keyword argument 'norm'" in done.text


def test_not_a_number_is_simulated_but_not_calibrated_on(bench: Bench) -> None:
    bench.put("quant_data/s3.npy", GOOD * np.float32(np.nan))
    assert bench.simulate().code == 0
    assert "nan" in bench.text(f"unknown_{FLOAT_NAME}_s3.npy.txt")
    assert bench.calibrate().code == 0
    assert "nan" not in (bench.folder / "log/tensor_min_max.txt").read_text()
    assert "Assertion" in bench.calibrate("-i", "quant_data/s3.npy").text


def test_the_calibrator_stops_at_names_that_are_not_ascii(bench: Bench) -> None:
    bench.put("quant_data/höhe.npy", GOOD)
    done = bench.calibrate()
    assert done.code == 1
    assert "Assertion `0' failed" in done.text


def test_two_inputs_take_two_files_and_two_modules(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.put("net.onnx", pair())
    bench.put("net.ini", ini("right,left", "gap,sum"))
    left, right = random(1, 6), random(1, 6, seed=1)
    bench.put("l.npy", left)
    bench.put("r.npy", right)
    bench.put("one.py", PREPROCESS)
    bench.put("two.py", PREPROCESS)
    bench.put("list.txt", "r.npy, l.npy\n")
    assert bench.convert(shapes="1,6:1,6").code == 0
    words = ["-i", "list.txt", "-m", FLOAT_NAME, "-n"]
    assert "needs" not in bench.run("simulate", *words, "one.py,two.py", "--dump_rawdata").text
    text = bench.text(f"unknown_{FLOAT_NAME}_r.npy.txt")
    assert text.index("gap Tensor:") < text.index("sum Tensor:")
    assert "  ".join(f"{value:.6f}" for value in (left - right)[0].tolist()) in text
    assert (tmp_path / "r.npy_input0.bin").read_bytes() == right.tobytes()
    assert (tmp_path / "r.npy_input1.bin").read_bytes() == left.tobytes()
    assert "Got different num" in bench.run("simulate", *words, "one.py").text
