"""`edgedla run` and `build` with the program on an emulated board, and faults planted in its sources."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

import edgedla_eat_sed.samples
import edgedla_templates
from edgedla.artifacts import MANIFEST, RECORDS, sha256
from edgedla.cli import main
from edgedla.errors import DeviceError, GateError, ToolchainError
from edgedla_targets.pcupid.program.predictor import BATCH
from pcupid_builds import BOARD_NOTICE, NOTICE, prepare, tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from throwaway import Site

    Run = Callable[..., Any]

TEMPLATES = Path(edgedla_templates.__file__).parent / "pcupid"
CLIPS = edgedla_eat_sed.samples.files()


@pytest.fixture
def run(
    bundle: Path, capfd: pytest.CaptureFixture[str], program_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """`edgedla run --json` of the tiny network's bundle in this process."""
    monkeypatch.setenv("EDGEDLA_CACHE_DIR", str(program_cache))

    def answer(*words: str | Path, code: int = 0) -> Any:
        capfd.readouterr()
        status = main(["run", "--bundle", str(bundle), *map(str, words), "--json"])
        said = capfd.readouterr()
        assert status == code, said.err
        assert json.loads(said.out)["exit_code"] == code
        return json.loads(said.out)

    return answer


def wav(path: Path, seconds: float, rate: int = 16000) -> Path:
    """A recording of a rising tone between quiet noise."""
    time = np.arange(round(seconds * rate)) / rate
    noise = 0.01 * np.random.default_rng(1).standard_normal(len(time))
    soundfile.write(path, 0.5 * np.sin(400 * time**2) * (time > seconds / 2) + noise, rate, "FLOAT")
    return path


def scores(answer: Any) -> list[tuple[str, dict[str, float]]]:
    """Input and score by label of each result, in order."""
    return [
        (result["input"], {score["label"]: score["score"] for score in result["top"]})
        for result in answer["data"]["results"]
    ]


def same(one: Any, other: Any, *, within: float) -> bool:
    """Whether two answers have the same inputs in order, and scores that differ by `within` at most."""
    pairs = zip(scores(one), scores(other), strict=True)
    return all(
        a[0] == b[0] and all(abs(a[1][label] - b[1][label]) <= within for label in a[1].keys() | b[1].keys())
        for a, b in pairs
    )


def test_the_program_says_what_the_simulator_says(run: Run, bundle: Path) -> None:
    before = tree(bundle)
    words = [word for clip in CLIPS[:6] for word in ("-i", str(clip))]
    board = run(*words, "--top-k", 35)
    assert board["data"]["board"] == "emulated:native"
    assert board["warnings"] == [NOTICE, BOARD_NOTICE]
    assert all(min(result["ms"].values()) >= 0 < result["ms"]["net"] for result in board["data"]["results"])
    simulator = run(*words, "--top-k", 35, "--board", "simulator")
    assert simulator["data"]["board"] is None
    assert simulator["warnings"] == [NOTICE]
    # Two resamplers: within what the front end may differ.
    assert same(board, simulator, within=2e-3)
    assert [result["label"] for result in board["data"]["results"]] == [
        result["label"] for result in simulator["data"]["results"]
    ]
    assert tree(bundle) == before  # so that it may be where nothing can be written


@pytest.mark.slow
@pytest.mark.parametrize("board", ["emulated:aarch64", "emulated:armhf"])
def test_boards_of_other_processors_say_the_same(
    run: Run, board: str, zig_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEDLA_CACHE_DIR", str(zig_cache))
    words = [word for clip in CLIPS[:4] for word in ("-i", str(clip))]
    answer = run(*words, "--top-k", 35, "--board", board)
    assert answer["data"]["board"] == board
    assert same(answer, run(*words, "--top-k", 35), within=1e-6)


def test_many_files_in_order_and_those_that_cannot_be_read(run: Run, work: Path) -> None:
    folder = work / "many"
    folder.mkdir()
    for number in range(BATCH + 3):
        wav(folder / f"{number:02}.wav", 0.1 + number / 100)
    (folder / "05.wav").write_bytes(b"RIFF\x04\0\0\0WAVE")
    (folder / "06.ogg").write_bytes(b"OggS and no more")
    answer = run("-i", folder, "--top-k", 1, code=2)
    read = [Path(result["input"]).name for result in answer["data"]["results"]]
    assert read == sorted({path.name for path in folder.iterdir()} - {"05.wav", "06.ogg"})
    failed = {Path(each["input"]).name: each["reason"] for each in answer["data"]["failed"]}
    assert failed.keys() == {"05.wav", "06.ogg"}
    assert all(reason.startswith(f"cannot read '{folder}/{name}': ") for name, reason in failed.items())
    assert "2 of 36 inputs could not be read" in answer["error"]["message"]


def test_a_recording_that_ends_early_is_used_and_said(run: Run, work: Path) -> None:
    whole = wav(work / "whole.wav", 2).read_bytes()
    (work / "cut.wav").write_bytes(whole[: len(whole) // 2])
    answer = run("-i", work / "cut.wav")
    assert len(answer["data"]["results"]) == 1
    assert any(text.startswith(f"{work / 'cut.wav'}: ") for text in answer["warnings"][2:])


def test_a_window_of_a_long_recording(run: Run, work: Path) -> None:
    path = wav(work / "long.wav", 6)
    found = {}
    for window in ("start", "centre"):
        found[window] = run("-i", path, "--window", window, "--top-k", 35)
        assert same(
            found[window],
            run("-i", path, "--window", window, "--top-k", 35, "--board", "simulator"),
            within=1e-7,
        )
    assert not same(found["start"], found["centre"], within=1e-5)


def test_a_threshold(run: Run) -> None:
    answer = run("--threshold", "0.99")
    result = answer["data"]["results"][0]
    assert (result["class_id"], result["label"], result["top"]) == (None, None, [])
    assert 0 < result["score"] < 0.99


def test_long_recordings_go_by_the_simulator(run: Run, work: Path) -> None:
    answer = run("-i", wav(work / "long.wav", 4), "--long", "slide", "--threshold", 0)
    assert answer["data"]["board"] is None
    assert "--long: windows go to the network without the program of emulated:native" in answer["warnings"]
    assert answer["data"]["results"][0]["events"]


def test_sources_that_were_changed_are_not_compiled(run: Run, bundle: Path) -> None:
    with (bundle / "src/main.c").open("a") as file:
        file.write("/* mine */\n")
    assert "main.c: its hash does not match manifest.json" in run(code=2)["error"]["message"]
    assert run("--board", "simulator")["data"]["results"]


def without_sources(bundle: Path) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text())
    manifest["artifacts"] = [each for each in manifest["artifacts"] if each["kind"] != "source"]
    (bundle / MANIFEST).write_text(json.dumps(manifest))


def test_a_bundle_without_sources_answers_by_the_simulator(run: Run, bundle: Path) -> None:
    without_sources(bundle)
    answer = run()
    assert answer["data"]["board"] is None
    assert "the bundle holds no sources of a program (build it again)" in answer["warnings"][1]
    assert run("--board", "emulated:native", code=5)["error"]["hint"] == "build it again"


def test_an_image_of_the_vendors_runs_on_no_emulated_board(run: Run, bundle: Path) -> None:
    image = bundle / "convert/eat.img"
    image.write_bytes(b"\0" * 64)
    manifest = json.loads((bundle / MANIFEST).read_text())
    for each in manifest["artifacts"]:
        if each["path"] == "convert/eat.img":
            each |= {"sha256": sha256(image), "size": 64}
    (bundle / MANIFEST).write_text(json.dumps(manifest))
    refused = run("--board", "emulated:native", code=2)["error"]
    assert "eat.img is the vendor's, which no emulated board runs" in refused["message"]
    assert refused["hint"].startswith("--board simulator")


def test_boards_there_are(run: Run) -> None:
    error = run("--board", "emulated:riscv", code=2)["error"]
    assert error["message"].startswith("--board: expected 'auto', 'emulated:native'")


def planted(name: str, old: str, new: str) -> bytes:
    """A source of the program, in which `old` has become `new`."""
    source = (TEMPLATES / "program" / name).read_text()
    assert source.count(old) == 1, name
    return source.replace(old, new).encode()


FAULTS = {
    "another output": (
        "edla_buffer.c",
        "memcpy(values, data, buffer->rows * buffer->width);",
        "memcpy(values, data, buffer->rows * buffer->width); values[0] += 1e-3f;",
        GateError,
        r"stage prove: rung 'board' parts from 'offline': max abs difference 0\.001",
    ),
    "not normalised": (
        "edla_front_end.c",
        "peak * window->tensor[i] / window->peak",
        "peak * window->tensor[i]",
        GateError,
        r"gate 'board\.self_test': 3 of 11 checks failed, first: not ok 3 - clip_0: the front end",
    ),
    "swapped labels": (
        "edla_output_json.c",
        "model->labels[score->class_id]",
        "model->labels[model->class_count - 1 - score->class_id]",
        GateError,
        r"gate 'board\.classes': clip_0\.wav is \(\d+, '\w+'\) by the program, \(\d+, '\w+'\) by Python",
    ),
    "left open": (
        "edla_ipu.c",
        "MI_IPU_DestroyDevice()",
        "MI_SUCCESS",
        DeviceError,
        r"prog_sed_eat on emulated:native: the board found fault: .*",
    ),
    "a crash": (
        "main.c",
        "edla_program_run(",
        "*(volatile int *)0 = 1; edla_program_run(",
        DeviceError,
        r"prog_sed_eat on emulated:native was killed by signal 11",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(
    work: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    from edgedla_targets.pcupid.program import generate

    name, old, new, kind, message = FAULTS[fault]
    source, plain = planted(name, old, new), generate._plain  # noqa: SLF001 - where fixed sources are read
    monkeypatch.setattr(
        generate, "_plain", lambda each, override: source if each == name else plain(each, override)
    )
    (bundle / RECORDS / "codegen.json").unlink()  # sources are made anew, and the image is not
    with pytest.raises(kind, match=message):
        prepare(work).run(lambda _: None)


@pytest.mark.slow
def test_a_source_of_the_users_that_does_not_compile(work: Path, bundle: Path) -> None:
    own = work / "mine/program/edla_clock.c"
    own.parent.mkdir(parents=True)
    own.write_bytes(planted(own.name, '#include "edla_clock.h"', "no C at all"))
    assert bundle.is_dir()
    with pytest.raises(ToolchainError, match="exited with 1") as caught:
        prepare(work, templates=work / "mine").run(lambda _: None)
    assert any("edla_clock.c" in line for line in caught.value.tail)


def test_a_model_that_hears_nothing_is_fed_with_tensors(
    site: Site, work: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    site.beep()
    assert main(["build", "beep", "--target", "pcupid"]) == 0
    (work / "a.txt").write_text("1 -2 3 0.5")
    (work / "b.txt").write_text("no numbers")
    (work / "c.txt").write_text("1 1 1 1 -1 -1 -1 -1")
    answers = {}
    for board in ("emulated:native", "simulator"):
        capfd.readouterr()
        words = ["run", "beep", "--target", "pcupid", "-i", str(work), "--board", board, "--json"]
        assert main(words) == 2  # of b.txt
        answers[board] = json.loads(capfd.readouterr().out)
    found = scores(answers["simulator"])
    assert [Path(path).name for path, _ in found] == ["a.txt", "c.txt"]
    assert min(found[1][1].values()) < 0  # these scores are no probabilities
    assert same(answers["emulated:native"], answers["simulator"], within=1e-6)
    assert answers["emulated:native"]["data"]["failed"] == answers["simulator"]["data"]["failed"]
    assert answers["emulated:native"]["data"]["board"] == "emulated:native"


def children(process: int) -> list[str]:
    return Path(f"/proc/{process}/task/{process}/children").read_text().split()


def test_ctrl_c_leaves_nothing_behind(bundle: Path, tmp_path: Path, work: Path) -> None:
    files, temporary = work / "files", tmp_path / "tmp"
    files.mkdir()
    temporary.mkdir()
    long = wav(work / "long.wav", 60, 44100)  # a while for the front end
    for number in range(BATCH):
        (files / f"{number}.wav").symlink_to(long)
    process = subprocess.Popen(
        [sys.executable, "-m", "edgedla", "run", "--bundle", bundle, "-i", files, "--json"],
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    program = ""
    for _ in range(1200):
        for child in children(process.pid):
            if "prog_sed_eat" in Path(f"/proc/{child}/comm").read_text():
                program = child
        if program or process.poll() is not None:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)["error"]["code"]) == (130, "interrupted"), err
    assert program
    assert not Path(f"/proc/{program}").exists()
    assert list(temporary.glob("ed*")) == []  # others: onnxruntime keeps a file of its own there


def test_what_is_cut_off_in_the_cache_is_made_again(run: Run) -> None:
    cache = Path(os.environ["EDGEDLA_CACHE_DIR"])
    assert run()["data"]["board"]
    shutil.rmtree(cache / "programs")
    (cache / "programs/.half").mkdir(parents=True)
    assert run()["data"]["board"]
