"""The program on the emulated board: classes, values, formats of tensors, files, folders, self-test."""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper

from edgedla_eat_sed.postprocess import prediction
from edgedla_targets.pcupid.emulated.header import Tensor
from edgedla_targets.pcupid.emulated.network import decode, encode
from edgedla_targets.pcupid.program.golden import Clip
from program_builds import Network, Objects, Program, identity, tensor_file

if TYPE_CHECKING:
    from edgedla_targets.pcupid.emulated.board import Board

LABELS = ("one", "two", "three", "four")
FAST = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
finite = st.floats(-(2.0**100), 2.0**100, width=32)


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory, sanitized: Objects, board: Board) -> Program:
    """Four classes by softmax of the input itself."""
    return identity((1, 4), LABELS, scores="softmax").program(
        tmp_path_factory.mktemp("classes"), sanitized, board
    )


@pytest.fixture(scope="module")
def sigmoids(tmp_path_factory: pytest.TempPathFactory, sanitized: Objects, board: Board) -> Program:
    folder = tmp_path_factory.mktemp("sigmoids")
    return identity((4,), LABELS, scores="sigmoid").program(folder, sanitized, board)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, sanitized: Objects, board: Board) -> Program:
    """Classes whose scores are what the network says."""
    return identity((4,), LABELS).program(tmp_path_factory.mktemp("bare"), sanitized, board)


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory, sanitized: Objects, board: Board) -> Program:
    """Two inputs and two outputs, 32 and 16 bits, and no classes."""
    b = Tensor(name="b", shape=(4, 3), format="INT16", scale=0.25, zero_point=5)
    z = Tensor(name="z", shape=(4, 3), format="INT16", scale=0.5)
    nodes = (helper.make_node("Neg", ["a"], ["y"]), helper.make_node("Identity", ["b"], ["z"]))
    network = Network((Tensor(name="a", shape=(2, 3)), b), (Tensor(name="y", shape=(2, 3)), z), nodes)
    return network.program(tmp_path_factory.mktemp("values"), sanitized, board)


def feed(folder: Path, *rows: Any) -> list[str]:
    """Options that name a file for each row."""
    words = []
    for index, row in enumerate(rows):
        words += ["-i", str(tensor_file(folder / f"in_{index}.f32", row))]
    return words


# --- classes and scores -------------------------------------------------------------------------------------


@FAST
@given(st.lists(st.lists(finite, min_size=4, max_size=4), min_size=1, max_size=8))
def test_softmax_is_that_of_python(classes: Program, tmp_path: Path, rows: list[list[float]]) -> None:
    answer = classes.run(*feed(tmp_path, *rows), "--json", "-k", "4", "-t", "0").json
    for row, result in zip(rows, answer["results"], strict=True):
        expected = prediction(np.asarray(row, np.float32), LABELS).top
        assert [each["class_id"] for each in result["top"]] == [each.class_id for each in expected]
        assert [each["label"] for each in result["top"]] == [each.label for each in expected]
        for found, wanted in zip(result["top"], expected, strict=True):
            assert found["score"] == pytest.approx(wanted.score, abs=1e-6)
        assert (result["class_id"], result["label"], result["score"]) == tuple(result["top"][0].values())


@FAST
@given(st.lists(st.lists(finite, min_size=4, max_size=4), min_size=1, max_size=8))
def test_sigmoid_is_that_of_its_formula(sigmoids: Program, tmp_path: Path, rows: list[list[float]]) -> None:
    answer = sigmoids.run(*feed(tmp_path, *rows), "--json", "-k", "9").json
    for row, result in zip(rows, answer["results"], strict=True):
        order = sorted(range(4), key=lambda i: (-row[i], i))
        assert [each["class_id"] for each in result["top"]] == order
        for each in result["top"]:
            value = row[each["class_id"]]
            exact = 1 / (1 + math.exp(-value)) if value > -700 else 0.0
            assert each["score"] == pytest.approx(exact, abs=1e-6)


def test_without_a_formula_scores_are_the_values(bare: Program, tmp_path: Path) -> None:
    ran = bare.run(*feed(tmp_path, [1, 7.5, -3, 7.5]), "-k", "3", "-t", "-100")
    assert ran.lines("class id") == ["1", "3", "0"]
    assert ran.lines("score") == ["7.500000", "7.500000", "1.000000"]


def test_default_text_has_the_lines_of_the_vendors_sample(classes: Program, tmp_path: Path) -> None:
    words = feed(tmp_path, [0, 3, 0, 0], [0, 0, 0, 0])
    ran = classes.run(*words)
    number = r"\d+\.\d{6}"
    assert re.fullmatch(
        rf"""inputs: {words[1]}, {words[3]}
model path: {classes.image}
threshold: 0\.500000
the input image: {words[1]}
pre process time: {number} ms
model invoke time: {number} ms
post process time: {number} ms
class id: 1
label: two
score: 0\.870049
the input image: {words[3]}
pre process time: {number} ms
model invoke time: {number} ms
post process time: {number} ms
class id: -1
""",
        ran.out,
    ), ran.out
    assert (ran.code, ran.err) == (0, "emulated board: edgedla's own, no hardware\n")


def test_top_and_threshold_decide_which_classes_are_named(sigmoids: Program, tmp_path: Path) -> None:
    words = feed(tmp_path, [1, 2, -1, 0])
    assert sigmoids.run(*words, "-k", "9").lines("label") == ["two", "one", "four"]
    assert sigmoids.run(*words, "-k", "2").lines("label") == ["two", "one"]
    assert sigmoids.run(*words, "-k", "9", "-t", "0.88").lines("class id") == ["1"]
    none = sigmoids.run(*words, "-t", "0.9", "--json").json["results"][0]
    assert (none["class_id"], none["label"]) == (None, None)
    assert none["score"] == pytest.approx(0.880797, abs=1e-6)
    assert none["top"][0]["label"] == "two"


def test_an_answer_that_is_no_number_is_a_failure_of_that_input(
    tmp_path: Path, sanitized: Objects, board: Board
) -> None:
    network = Network(
        (Tensor(name="x", shape=(4,)),),
        (Tensor(name="y", shape=(4,)),),
        (helper.make_node("Log", ["x"], ["y"]),),
        LABELS,
    )
    program = network.program(tmp_path, sanitized, board)
    ran = program.run(*feed(tmp_path, [1, 1, -1, 1], [1, 2, 3, 1]), "--json")
    assert ran.code == 1
    assert [each["index"] for each in ran.json["results"]] == [1]
    assert ran.json["failed"][0]["reason"] == "the network answers with values that are no numbers"
    assert ran.json["error"]["code"] == "gate"


# --- values and formats -------------------------------------------------------------------------------------


@FAST
@given(
    st.lists(finite, min_size=6, max_size=6),
    st.lists(st.floats(-1e5, 1e5, width=32), min_size=12, max_size=12),
)
def test_dump_holds_the_exact_bits(values: Program, tmp_path: Path, a: list[float], b: list[float]) -> None:
    tensor_file(tmp_path / "a.f32", a)
    tensor_file(tmp_path / "b.f32", b)
    ran = values.run("-i", "a.f32,b.f32", "--dump", "out", cwd=tmp_path)
    assert ran.code == 0, ran.err
    found = [np.fromfile(tmp_path / f"out/0.{name}.f32", "<f4") for name in ("y", "z")]
    given = Tensor(name="b", shape=(12,), format="INT16", scale=0.25, zero_point=5)
    levels = encode(given, np.array(b, np.float32))
    exact = decode(Tensor(name="z", shape=(12,), format="INT16", scale=0.5), levels)
    assert found[0].tobytes() == (-np.array(a, np.float32)).tobytes()
    assert found[1].tobytes() == exact.tobytes()


def test_a_network_without_classes_shows_its_values(values: Program, tmp_path: Path) -> None:
    tensor_file(tmp_path / "a.f32", [1, 2, 3, 4, 5, 1 / 3])
    tensor_file(tmp_path / "b.f32", range(12))
    ran = values.run("-i", "a.f32,b.f32", cwd=tmp_path)
    assert ran.lines("output y") == ["2x3, 6 values: -1 -2 -3 -4 -5 -0.333333343"]
    assert ran.lines("output z") == ["4x3, 12 values: 2.5 4.5 6.5 8.5 10.5 12.5 14.5 16.5 ..."]
    result = values.run("-i", "a.f32,b.f32", "--json", cwd=tmp_path).json["results"][0]
    assert result["top"] == []
    assert result["outputs"][1]["shape"] == [4, 3]
    assert result["outputs"][1]["count"] == 12
    assert result["outputs"][0]["first"] == [-1, -2, -3, -4, -5, -0.333333343]


@pytest.mark.parametrize(("form", "shape"), [("U8", (1, 5, 7, 3)), ("GRAY", (1, 5, 7, 1)), ("U8", (9,))])
def test_images_are_bytes(
    tmp_path: Path, sanitized: Objects, board: Board, form: Any, shape: tuple[int, ...]
) -> None:
    network = Network(
        (Tensor(name="image", shape=shape, format=form),),
        (Tensor(name="y", shape=shape),),
        (helper.make_node("Cast", ["image"], ["y"], to=1),),
    )
    program = network.program(tmp_path, sanitized, board)
    pixels = np.random.default_rng(0).integers(0, 256, math.prod(shape), dtype=np.uint8)
    (tmp_path / "photo.bin").write_bytes(pixels.tobytes())
    assert program.run("-i", "photo.bin", "--dump", ".").code == 0
    assert np.fromfile(tmp_path / "0.y.f32", "<f4").tolist() == pixels.tolist()


# --- files, folders, repeats --------------------------------------------------------------------------------


def test_a_folder_is_its_tensor_files_by_name(classes: Program, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    (folder / "sub.f32").mkdir(parents=True)
    for name in ("b.f32", "a.RAW", "c.bin", ".hidden.f32", "d.wav", "noname"):
        tensor_file(folder / name, [0, 0, 9, 0])
    alone = tensor_file(tmp_path / "z.f32", [9, 0, 0, 0])
    ran = classes.run("-i", folder, "-i", alone, "-i", f"{folder}/")
    names = ["a.RAW", "b.f32", "c.bin"]
    found = [f"{folder}/{name}" for name in names]
    assert ran.lines("the input image") == [*found, str(alone), *found]
    assert ran.lines("label") == ["three", "three", "three", "one", "three", "three", "three"]


def test_many_inputs_are_all_run(classes: Program, tmp_path: Path) -> None:
    for index in range(300):
        tensor_file(tmp_path / f"{index:03}.f32", np.eye(4)[index % 4] * 9)
    answer = classes.run("-i", tmp_path, "--json").json
    assert [result["class_id"] for result in answer["results"]] == [index % 4 for index in range(300)]
    assert 0 < answer["peak_memory_bytes"] < 100e6


def test_every_repeat_is_timed_and_the_median_is_shown(classes: Program, tmp_path: Path) -> None:
    for repeat in (1, 4, 5):
        answer = classes.run(*feed(tmp_path, [1, 2, 3, 4]), "-n", str(repeat), "--json").json
        result = answer["results"][0]
        assert len(result["runs"]) == repeat
        for key in ("pre", "net", "post"):
            middle = np.median([run[key] for run in result["runs"]])
            assert result["ms"][key] == pytest.approx(middle, rel=1e-6)
            assert result["ms"][key] > 0


def test_inputs_that_cannot_be_read_leave_the_others(classes: Program, tmp_path: Path) -> None:
    good = [0, 0, 0, 9]
    files = feed(tmp_path, good, [1, 2], [1, math.nan, 2, 3], [*good, 5], good)
    Path(files[-1]).unlink()
    (tmp_path / "folder.f32").mkdir()
    ran = classes.run(*files, "-i", tensor_file(tmp_path / "last.f32", good), "--json", cwd=tmp_path)
    assert ran.code == 2
    assert [(each["index"], each["label"]) for each in ran.json["results"]] == [(0, "four"), (5, "four")]
    assert [each["reason"] for each in ran.json["failed"]] == [
        "8 bytes, but 'x' has 16 (1x4 of float32)",
        "value 1 is no finite number",
        "20 bytes, but 'x' has 16 (1x4 of float32)",
        "No such file or directory",
    ]
    assert ran.json["error"] == {"code": "usage", "message": "4 of 6 inputs failed"}
    assert ran.err.count("error: ") == 4
    text = classes.run(*files)
    assert (text.code, text.err.count("error: ")) == (2, 4)
    assert text.lines("label") == ["four"]


# --- signals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_gives_the_board_back_what_it_lent(
    classes: Program, tmp_path: Path, board: Board, number: signal.Signals
) -> None:
    words = feed(tmp_path, *([1, 2, 3, 4] for _ in range(50)))
    process = subprocess.Popen(
        [classes.path, "-m", classes.image, *words, "-n", "10000", "--json"],
        env={**os.environ, **board.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(0.5)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b'"error":{"code":"interrupted","message":"interrupted"}' in out
    assert err.endswith(b"error: interrupted\n")
    assert board.faults == []


def test_a_reader_that_goes_away_is_no_reason_to_keep_the_board(
    classes: Program, tmp_path: Path, board: Board
) -> None:
    read, write = os.pipe()
    os.close(read)
    ran = classes.run(*feed(tmp_path, [1, 2, 3, 4]), out=write)
    os.close(write)
    assert ran.code == 2
    assert "error: stdout: Broken pipe" in ran.err
    assert board.faults == []


# --- self-test ----------------------------------------------------------------------------------------------


def self_testing(
    folder: Path, sanitized: Objects, board: Board, *clips: Clip, labels: tuple[str, ...] = LABELS
) -> Program:
    program = identity((1, 4), labels).program(folder, sanitized, board, clips)
    (folder / "golden").mkdir()
    for clip in clips:
        tensor_file(folder / f"golden/{clip.name}.x.f32", [0, 1, 2, 3])
    return program


def clip(outputs: list[float], class_id: int, name: str = "clip_0") -> Clip:
    return Clip(name, (), (np.array(outputs, np.float32),), class_id)


def test_self_test_of_the_build_is_ok(tmp_path: Path, sanitized: Objects, board: Board) -> None:
    ran = self_testing(
        tmp_path, sanitized, board, clip([0, 1, 2, 3], 3), clip([0, 1, 2, 3], 3, "clip_1")
    ).run("--self-test", cwd=tmp_path)
    assert ran.code == 0, ran.out
    assert ran.out.splitlines() == [
        "TAP version 13",
        "1..6",
        "ok 1 - the image is that of the build",
        "ok 2 - the image's tensors are those of the program",
        "ok 3 - clip_0: the network answers as in the build",
        "ok 4 - clip_0: its class is that of the build",
        "ok 5 - clip_1: the network answers as in the build",
        "ok 6 - clip_1: its class is that of the build",
    ]


def test_self_test_says_which_number_is_another(tmp_path: Path, sanitized: Objects, board: Board) -> None:
    wrong = clip([0, 1, float(np.nextafter(np.float32(2), np.float32(3))), 3], 2)
    ran = self_testing(tmp_path, sanitized, board, wrong).run("--self-test")
    assert ran.code == 1
    assert "not ok 3 - clip_0: the network answers as in the build" in ran.out
    assert 'message: "y[2] is 2, the build\'s was 2.00000024, tolerance 0"' in ran.out
    assert "not ok 4 - clip_0: its class is that of the build" in ran.out
    assert 'message: "the best class is 3, the build\'s was 2"' in ran.out


def test_self_test_knows_an_image_of_another_build(tmp_path: Path, sanitized: Objects, board: Board) -> None:
    program = self_testing(tmp_path, sanitized, board, clip([0, 1, 2, 3], 3))
    other = Network(
        (Tensor(name="x", shape=(1, 4)),),
        (Tensor(name="y", shape=(1, 4)),),
        (helper.make_node("Neg", ["x"], ["y"]),),
        LABELS,
    ).made(tmp_path / "other")
    ran = program.run("-m", other.image, "--self-test", image=False)
    assert ran.code == 1
    assert "not ok 1 - the image is that of the build" in ran.out
    assert "ok 2 - the image's tensors" in ran.out
    assert "not ok 3 - clip_0: the network" in ran.out


def test_self_test_without_its_files_is_not_ok(tmp_path: Path, sanitized: Objects, board: Board) -> None:
    program = self_testing(tmp_path, sanitized, board, clip([0, 1, 2, 3], 3))
    (tmp_path / "golden/clip_0.x.f32").rename(tmp_path / "clip_0.x.f32")
    ran = program.run("--self-test")
    assert ran.code == 1
    assert "golden/clip_0.x.f32: No such file or directory" in ran.out
    assert program.run("--self-test", "--golden", tmp_path).code == 0


def test_self_test_of_values_compares_them_all(tmp_path: Path, sanitized: Objects, board: Board) -> None:
    ran = self_testing(tmp_path, sanitized, board, clip([0, 1, 2, 3], -1), labels=()).run("--self-test")
    assert (ran.code, ran.out.count("\nok ")) == (0, 3)
