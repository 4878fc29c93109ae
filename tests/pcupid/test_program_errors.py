"""What the program says when something is wrong, and that it gives everything back even then."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edgedla_targets.pcupid.emulated.board import Board
from program_builds import Objects, Program, identity, tensor_file

LABELS = ("one", "two", "three", "four")
FAST = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CALLS = (
    *("MI_SYS_Init", "MI_IPU_GetOfflineModeStaticInfo", "MI_IPU_CreateDevice", "MI_IPU_CreateCHN"),
    *("MI_IPU_GetInOutTensorDesc", "MI_IPU_GetInputTensors", "MI_IPU_GetOutputTensors", "MI_IPU_Invoke"),
)
# Lets the call that EDLA_FAIL names answer EDLA_CODE; the linker sends all calls here.
FAILING = """
#include <stdlib.h>
#include <string.h>
#include "mi_sys.h"
#include "mi_ipu.h"
static int failing(const char *name)
{
    const char *fail = getenv("EDLA_FAIL");
    return fail && !strcmp(fail, name) ? atoi(getenv("EDLA_CODE")) : 0;
}
#define WRAP(name, parameters, arguments) \\
    MI_S32 __real_##name parameters; \\
    MI_S32 __wrap_##name parameters; \\
    MI_S32 __wrap_##name parameters { return failing(#name) ? failing(#name) : __real_##name arguments; }
WRAP(MI_SYS_Init, (MI_U16 soc), (soc))
WRAP(MI_IPU_GetOfflineModeStaticInfo,
     (SerializedReadFunc read, char *path, MI_IPU_OfflineModelStaticInfo_t *info), (read, path, info))
WRAP(MI_IPU_CreateDevice, (MI_IPU_DevAttr_t *device, SerializedReadFunc read, char *path, MI_U32 size),
     (device, read, path, size))
WRAP(MI_IPU_CreateCHN,
     (MI_IPU_CHN *channel, MI_IPUChnAttr_t *attributes, SerializedReadFunc read, char *path),
     (channel, attributes, read, path))
WRAP(MI_IPU_GetInOutTensorDesc, (MI_IPU_CHN channel, MI_IPU_SubNet_InputOutputDesc_t *found),
     (channel, found))
WRAP(MI_IPU_GetInputTensors, (MI_IPU_CHN channel, MI_IPU_TensorVector_t *tensors), (channel, tensors))
WRAP(MI_IPU_GetOutputTensors, (MI_IPU_CHN channel, MI_IPU_TensorVector_t *tensors), (channel, tensors))
WRAP(MI_IPU_Invoke, (MI_IPU_CHN channel, MI_IPU_TensorVector_t *in, MI_IPU_TensorVector_t *out),
     (channel, in, out))
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, sanitized: Objects, board: Board) -> Program:
    """Four classes, whose calls of the board can be made to fail."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "failing.c").write_text(FAILING)
    wraps = ",".join(f"--wrap={name}" for name in CALLS)
    words = ("-fno-builtin", "-Wno-error", "-w", folder / "failing.c", f"-Wl,{wraps}")
    return identity((1, 4), LABELS, scores="softmax").program(folder, sanitized, board, (), *words)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return tensor_file(tmp_path / "good.f32", [0, 0, 9, 0])


@pytest.mark.parametrize("code", [4, 15, 23, 44, 53, 54, 999])
@pytest.mark.parametrize("call", CALLS)
def test_after_any_refused_call_nothing_is_left_behind(
    program: Program, board: Board, good: Path, call: str, code: int
) -> None:
    ran = program.run("-i", good, environment={"EDLA_FAIL": call, "EDLA_CODE": str(code)})
    assert ran.code == 4
    names = {4: "NOMEM", 15: "CREATE_CHANNEL", 23: "MISMATCH_IPU_HEAD_FILE", 44: "INVALID_MODEL_BUFFER"}
    name = {**names, 53: "MISMATCH_INVOKE_FUNC", 54: "MISMATCH_MODEL", 999: "(see mi_ipu)"}[code]
    assert f"error: {call} was refused: {code} {name}\nhint: " in ran.err
    assert board.faults == []


def test_without_a_board_it_says_so(program: Program, good: Path) -> None:
    ran = program.run("-i", good, "--json", environment={"EDGEDLA_BOARD": "/nowhere"})
    assert ran.code == 4
    assert ran.json["error"]["code"] == "device"
    assert "MI_SYS_Init was refused" in ran.err


# --- images -------------------------------------------------------------------------------------------------


def test_no_image(program: Program, good: Path) -> None:
    ran = program.run("-i", good, "-m", "nope.img", image=False)
    assert (ran.code, ran.out, ran.err) == (2, "", "error: nope.img: No such file or directory\n")


def test_a_folder_as_image(program: Program, good: Path) -> None:
    ran = program.run("-i", good, "-m", good.parent, image=False)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"error: {good.parent}: Is a directory\n"


@pytest.mark.parametrize("what", ["cut", "flipped", "empty", "other"])
def test_a_damaged_image(program: Program, good: Path, tmp_path: Path, what: str) -> None:
    data = program.image.read_bytes()
    damages = {"cut": data[:-9], "flipped": data[:-1] + bytes([data[-1] ^ 1]), "other": b"\x7fELF" * 99}
    image = tmp_path / "damaged.img"
    image.write_bytes(damages.get(what, b""))
    ran = program.run("-i", good, "-m", image, "--json", image=False)
    assert ran.code == 4
    assert ran.json["image_sha256"] == hashlib.sha256(image.read_bytes()).hexdigest()
    assert ran.json["error"]["code"] == "device"
    assert f"warning: {image}: not the image of the build that made this program" in ran.err
    test = program.run("--self-test", "-m", image, image=False)
    assert test.code == 4
    assert "not ok 1 - the image is that of the build" in test.out
    assert "Bail out! MI_IPU_" in test.out


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 5), "the image has the input 'x' of 1x5, FP32; this program is made for 'x' of 1x4, FP32"),
        ((2, 4), "the image has the input 'x' of 2x4, FP32; this program is made for 'x' of 1x4, FP32"),
        ((2, 2), "the image has the input 'x' of 2x2, FP32; this program is made for 'x' of 1x4, FP32"),
    ],
)
def test_an_image_of_another_model(
    program: Program, good: Path, tmp_path: Path, shape: tuple[int, ...], message: str
) -> None:
    other = identity(shape).made(tmp_path).image
    ran = program.run("-i", good, "-m", other, "--json", image=False)
    assert ran.code == 4
    assert ran.json["error"] == {"code": "device", "message": message}
    assert f"error: {message}\nhint: take program and image from the same build" in ran.err
    test = program.run("--self-test", "-m", other, image=False)
    assert test.code == 1
    assert "not ok 2 - the image's tensors are those of the program" in test.out


def test_an_image_of_another_chip(program: Program, good: Path) -> None:
    with Board(chip="other") as elsewhere:
        ran = Program(program.path, program.image, elsewhere).run("-i", good)
        assert ran.code == 4
        assert "54 MISMATCH_MODEL" in ran.err
        assert "the image is for another chip" in ran.err
        assert elsewhere.faults == []


@FAST
@example(b"\0" * 63)
@example(b"\0" * 64)
@given(st.binary(max_size=300))
def test_sha256_is_that_of_hashlib(program: Program, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "image").write_bytes(data)
    (tmp_path / "x.f32").touch()
    answer = program.run("-m", tmp_path / "image", "-i", tmp_path / "x.f32", "--json", image=False).json
    assert answer["image_sha256"] == hashlib.sha256(data).hexdigest()


# --- options ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-i"], "-i takes a value"),
        (["-i", ""], "the name of an input is empty"),
        (["--dump", "", "-i", "x"], "--dump takes a path, not ''"),
        ([], "-i PATH is missing"),
        (["-i", "x", "y"], "what is 'y' for?"),
        (["--nonsense"], "there is no option '--nonsense'"),
        (["-i", "x", "-t", "1.5"], "-t takes a number from 0 to 1, not '1.5'"),
        (["-i", "x", "-t", "-0.1"], "-t takes a number from 0 to 1, not '-0.1'"),
        (["-i", "x", "-t", "nan"], "-t takes a number from 0 to 1, not 'nan'"),
        (["-i", "x", "-t", ""], "-t takes a number from 0 to 1, not ''"),
        (["-i", "x", "-t", "0.5x"], "-t takes a number from 0 to 1, not '0.5x'"),
        (["-i", "x", "-k", "0"], "-k takes a whole number from 1 to 1000000, not '0'"),
        (["-i", "x", "-k", "1e3"], "-k takes a whole number from 1 to 1000000, not '1e3'"),
        (["-i", "x", "-k", "-1"], "-k takes a whole number from 1 to 1000000, not '-1'"),
        (["-i", "x", "-k", "9" * 30], f"-k takes a whole number from 1 to 1000000, not '{'9' * 30}'"),
        (["-i", "x", "-n", "10001"], "-n takes a whole number from 1 to 10000, not '10001'"),
        (["-i", "x", "--window", "start"], "--window is for recordings, and 'some_net' does not take any"),
        (["-i", "x", "--self-test"], "--self-test has inputs of its own and takes no -i"),
        (["--json", "--self-test"], "--self-test answers in TAP, not in JSON"),
    ],
)
def test_wrong_options(program: Program, words: list[str], message: str) -> None:
    ran = program.run(*words)
    assert ran.code == 2
    assert ran.err == f"error: {message}\nhint: prog_some_net --help\n"
    if "--json" in words:
        assert ran.json["error"] == {"code": "usage", "message": message}
    else:
        assert ran.out == ""
        assert program.run(*words, "--json").code == 2


def test_usage_errors_are_json_too(program: Program) -> None:
    answer = program.run("-i", "x", "-t", "7", "--json").json
    assert answer["error"]["message"] == "-t takes a number from 0 to 1, not '7'"
    assert (answer["results"], answer["failed"], answer["image_sha256"]) == ([], [], None)


def test_image_is_missing_as_option(program: Program) -> None:
    ran = program.run("-i", "x", image=False)
    assert (ran.code, ran.err.splitlines()[0]) == (2, "error: -m IMAGE is missing")


def test_help_and_version_need_neither_board_nor_image(program: Program) -> None:
    nowhere = {"EDGEDLA_BOARD": "/nowhere"}
    ran = program.run("--help", image=False, environment=nowhere)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("usage: prog_some_net -i PATH [-i PATH]... -m IMAGE [options]\n")
    ran = program.run("--version", image=False, environment=nowhere)
    assert ran.code == 0
    assert hashlib.sha256(program.image.read_bytes()).hexdigest() in ran.out
    assert "emulated" in ran.out


# --- files --------------------------------------------------------------------------------------------------


def test_an_empty_folder(program: Program, tmp_path: Path) -> None:
    (tmp_path / "song.wav").touch()
    ran = program.run("-i", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"error: {tmp_path}: there is no .f32, .raw or .bin file in this folder\n"


def test_a_dump_that_cannot_be_written(program: Program, good: Path, tmp_path: Path) -> None:
    ran = program.run("-i", good, "--dump", good)
    assert ran.code == 2
    assert f"error: {good}/0.y.f32: Not a directory" in ran.err
    ran = program.run("-i", good, "--dump", "/nowhere/at/all", "--json")
    assert ran.code == 2
    assert ran.json["error"] == {"code": "usage", "message": "/nowhere/at/all: No such file or directory"}
    (tmp_path / "full").mkdir()
    (tmp_path / "full/0.y.f32").symlink_to("/dev/full")
    ran = program.run("-i", good, "--dump", tmp_path / "full")
    assert ran.code == 2
    assert "0.y.f32: No space left on device" in ran.err


@pytest.mark.parametrize("words", [["--json"], [], ["--help"], ["--version"], ["--self-test"]])
def test_a_full_disk_behind_stdout(program: Program, good: Path, board: Board, words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        inputs: list[str | Path] = [] if "--self-test" in words else ["-i", good]
        ran = program.run(*inputs, *words, out=full.fileno())
    assert ran.code == 2
    assert "error: stdout: No space left on device" in ran.err
    assert board.faults == []


@FAST
@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=5))
def test_json_is_json_whatever_files_are_called(program: Program, tmp_path: Path, names: list[bytes]) -> None:
    paths = [b"./-" + name.replace(b"\0", b"0").replace(b"/", b"|") for name in names]
    words = [word for path in paths for word in ("-i", os.fsdecode(path))]
    answer = program.run(*words, "--json", cwd=tmp_path).json
    found = [each["input"] for each in answer["failed"]]
    assert [_collapsed(name) for name in found] == [
        _collapsed(path.decode(errors="replace")) for path in paths
    ]
    assert {each["reason"] for each in answer["failed"]} == {"No such file or directory"}


def _collapsed(text: str) -> str:
    """How many replacements stand for one broken sequence is a matter of taste."""
    while "\ufffd\ufffd" in text:
        text = text.replace("\ufffd\ufffd", "\ufffd")
    return text


def test_a_name_longer_than_any_path(program: Program) -> None:
    ran = program.run("-i", "x" * 9000, "--json")
    assert ran.code == 2
    assert len(ran.json["failed"][0]["input"]) == 9000
