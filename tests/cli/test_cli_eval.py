"""`edgedla eval`, `robustness` and `calibrate-set`, over a network that one can see through."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from edgedla.clips import TRAINING, clip_hash, write_clips
from wry import WRY, labelled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result, Site

    Command = Callable[..., Result]

SHARE = {"hits", "count", "value", "low", "high"}


@pytest.fixture
def data(work: Path) -> Path:
    """Twenty clips, all of which `beep` knows; eight of them are close to the edge."""
    return labelled(
        work / "data", *(sign * size for size in (0.5, 0.6, 0.7, 0.8, 2, 3, 4, 5, 6, 7) for sign in (-1, 1))
    )


@pytest.fixture
def wry(site: Site, beep: Path) -> None:
    """The target that leans."""
    assert beep.is_dir()
    site.add("wry", WRY)


def test_eval_says_all_of_it(edgedla: Command, beep: Path, data: Path) -> None:
    answer = edgedla("eval", "beep", "--data", "data", "--against", "onnx", "--max-drop", "20", "--json").json
    assert (answer["schema"], answer["ok"], answer["warnings"]) == ("edgedla.eval/1", True, [])
    found = answer["data"]
    assert found["data"] == {
        "folder": "data",
        "layout": "esc",
        "fold": None,
        "clips": 20,
        "left_out": 0,
        "unlisted": 0,
    }
    assert (found["model"], found["target"], found["rung"], found["bundle"]) == (
        "beep",
        "onnxruntime",
        "fast",
        "build/beep/onnxruntime",
    )
    assert found["accuracy"].keys() == SHARE
    assert (found["clips"], found["accuracy"]["hits"], found["accuracy"]["value"]) == (20, 20, 1.0)
    assert found["confusion"] == {"labels": ["silence", "beep"], "counts": [[10, 0], [0, 10]]}
    assert [row["label"] for row in found["classes"]] == ["silence", "beep"]
    assert found["classes"][0].keys() == {"label", "support", "predicted", "recall", "precision", "f1"}
    assert found["calibration"].keys() == {"ece", "brier", "bins"}
    assert found["results"][0].keys() == {"clip", "label", "predicted", "score", "correct", "top"}
    assert (found["failed"], found["leakage"]) == ([], {"calibration": [], "training": []})
    assert found["against"]["against"] == "onnx"
    assert found["against"]["budget"] == {"max_drop": 20.0, "verdict": "pass", "clips_needed": 16}
    assert beep.samefile(beep.parents[2] / found["bundle"])
    assert data.is_dir()


def test_eval_for_people(edgedla: Command, beep: Path, data: Path) -> None:
    assert beep.is_dir()
    lines = edgedla("eval", "beep", "--data", data, "--fold", "2").out.splitlines()
    assert lines[0] == "accuracy of fast\t100.0% (72.2% to 100.0%)\t10 of 10"
    assert "beep\t10\t100.0% (72.2% to 100.0%)\t100.0%\t1.00" in lines
    assert "1 beep\t10" in lines  # no silence is in that fold, and none was heard


@pytest.mark.usefixtures("wry")
def test_flips_are_counted_named_and_held_against_the_budget(edgedla: Command, data: Path) -> None:
    words = ("eval", "beep", "--target", "wry", "--data", data, "--set", "wry.lean=5.5")
    pair = ("--against", "simplified")
    exceeded = edgedla(*words, *pair, "--json", code=1).json
    found = exceeded["data"]["against"]
    assert (found["right_to_wrong"], found["wrong_to_right"], found["p_value"]) == (8, 0, 2 / 2**8)
    assert {flip["clip"] for flip in found["flips"]} == {f"{index:04}.txt" for index in range(1, 17, 2)}
    assert {flip["kind"] for flip in found["flips"]} == {"right_to_wrong"}
    assert found["drop"]["value"] == pytest.approx(40)
    assert found["budget"]["verdict"] == "exceed"
    assert (
        "'wry' loses more than 1 points against 'simplified': +40.00 points" in exceeded["error"]["message"]
    )
    too_few = edgedla(*words, *pair, "--max-drop", "45", code=1).err
    assert "20 clips are too few to say whether 'wry' loses more than 45 points" in too_few
    assert int(too_few.partition("; some ")[2].partition(" clips would decide")[0]) > 20
    passed = edgedla(*words, *pair, "--max-drop", "75").out
    assert "drop in points\t40.00 (" in passed
    assert "0001.txt\tbeep\tright to wrong\tbeep" in passed
    # The other way round nothing is lost.
    gained = edgedla(*words, "--rung", "onnx", "--against", "wry", "--json").json["data"]["against"]
    assert (gained["wrong_to_right"], gained["drop"]["value"]) == (8, pytest.approx(-40))


@pytest.mark.usefixtures("wry")
def test_a_build_that_a_gate_stopped_is_evaluated_as_far_as_it_came(edgedla: Command, data: Path) -> None:
    answer = edgedla(
        "eval",
        "beep",
        "--target",
        "wry",
        "--data",
        data,
        "--json",
        "--set",
        "wry.lean=1",
        "--set",
        "wry.strict=true",
        code=1,
    ).json
    assert (answer["data"]["rung"], answer["data"]["accuracy"]["hits"]) == ("wry", 16)
    assert "rung 'wry' parts from 'simplified'" in answer["error"]["message"]


def test_files_that_cannot_be_read_are_named(edgedla: Command, beep: Path, data: Path) -> None:
    assert beep.is_dir()
    (data / "audio/0002.txt").write_text("no number")
    (data / "audio/0003.txt").unlink()
    (data / "audio/unlisted.txt").write_text("1")
    answer = edgedla("eval", "beep", "--data", data, "--json", code=2).json
    assert [each["clip"] for each in answer["data"]["failed"]] == ["0002.txt", "0003.txt"]
    assert answer["data"]["accuracy"]["count"] == 18
    assert "2 of 20 clips could not be read, first" in answer["error"]["message"]
    assert answer["warnings"] == ["1 recordings in the folder are not in its table and were left out"]
    for path in (data / "audio").iterdir():
        path.write_text("no number")
    assert "none of 20 clips could be read" in edgedla("eval", "beep", "--data", data, code=2).err


def wait_for(process: subprocess.Popen[str], arrived: Callable[[], bool]) -> None:
    """Wait until something has happened, as long as the process that is to do it lives."""
    while not arrived():
        assert process.poll() is None
        time.sleep(0.02)


MISUSES = {
    "no such folder": (("--data", "nowhere"), "there is no such folder"),
    "empty": (("--data", "empty"), "neither meta/esc50.csv nor a folder per class"),
    "fold": (("--data", "data", "--fold", "7"), "there is no fold 7"),
    "rung": (("--data", "data", "--rung", "fats"), "no rung 'fats'"),
    "against": (("--data", "data", "--against", "fixed"), "no rung 'fixed'"),
    "itself": (("--data", "data", "--against", "fast"), "that is the rung that is evaluated"),
    "budget": (("--data", "data", "--max-drop", "1"), "--max-drop limits what is lost"),
    "classes": (("--data", "other"), "the model does not know 1 of its 2 classes: hum"),
    "bundle": (("--data", "data", "--bundle", "nowhere"), "nowhere"),
    "decided": (
        ("--data", "data", "--bundle", "x", "--precision", "int8"),
        "--bundle names one that is done",
    ),
    "torch": (("--data", "data", "--rung", "torch"), "no rung 'torch'"),
    "other pair": (
        ("--data", "data", "--bundle", "build/beep/onnxruntime", "--target", "pcupid"),
        "holds 'beep' for",
    ),
}


@pytest.mark.parametrize("case", MISUSES)
def test_misuse_is_answered_without_a_traceback(edgedla: Command, beep: Path, data: Path, case: str) -> None:
    assert beep.is_dir()
    (data.parent / "empty").mkdir()
    for name in ("beep/a.txt", "hum/b.txt"):
        (data.parent / "other" / name).parent.mkdir(parents=True)
        (data.parent / "other" / name).write_text("1")
    words, reason = MISUSES[case]
    result = edgedla("eval", "beep", *words, code=2)
    assert reason in result.err
    assert "Traceback" not in result.err
    if case == "classes":
        found = edgedla("eval", "beep", *words, "--known-only", "--json").json["data"]
        assert (found["clips"], found["data"]["left_out"]) == (1, 1)


@pytest.mark.usefixtures("wry")
def test_calibration_on_test_clips_is_an_error(edgedla: Command, data: Path, work: Path) -> None:
    clip = work / "calib/renamed.txt"
    clip.parent.mkdir()
    clip.write_text((data / "audio/0004.txt").read_text() + "\n")  # other bytes, the same input
    (work / "list.txt").write_text("calib/renamed.txt\ndata/audio/0005.txt\n")
    words = ("eval", "beep", "--target", "wry", "--data", data, "--set", "wry.calibrate=true", "--json")
    for calib, leaked in (("calib", ["0004.txt"]), ("list.txt", ["0004.txt", "0005.txt"])):
        answer = edgedla(*words, "--calib", calib, code=1).json
        assert answer["data"]["leakage"]["calibration"] == leaked
        assert (
            f"leakage: {len(leaked)} of the clips have calibrated the quantiser" in answer["error"]["message"]
        )
    # The bundle remembers, and says of no path where the recordings were.
    again = edgedla("eval", "beep", "--target", "wry", "--data", data, "--json", code=1).json
    assert again["data"]["leakage"]["calibration"] == ["0004.txt", "0005.txt"]
    listed = json.loads((work / "build/beep/wry/convert/calibration_clips.json").read_text())
    assert {clip["name"] for clip in listed["clips"]} == {"renamed.txt", "0005.txt"}
    manifest = json.loads((work / "build/beep/wry/manifest.json").read_text())
    assert "calibration_clips" in {artifact["kind"] for artifact in manifest["artifacts"]}
    assert edgedla(*words).json["data"]["leakage"]["calibration"] == []  # on the model's own samples


def test_training_clips_are_a_warning(edgedla: Command, site: Site, data: Path, work: Path) -> None:
    import numpy as np

    site.beep()
    run = work / "run"
    run.mkdir()
    clip = data / "audio/0001.txt"
    feed = {"mel": np.full((1, 8), float(clip.read_text()), np.float32)}
    write_clips(run / TRAINING, [clip_hash(clip, feed)])
    answer = edgedla("eval", "beep", "--data", data, "--checkpoint", run, "--json").json
    assert answer["data"]["leakage"] == {"calibration": [], "training": ["0001.txt"]}
    assert answer["warnings"][0].startswith("leakage: 1 of 20 clips were trained on, first 0001.txt")
    # The bundle knows without the checkpoint.
    again = edgedla("eval", "beep", "--data", data, "--json").json
    assert again["data"]["leakage"]["training"] == ["0001.txt"]
    (run / TRAINING).write_text("{")
    assert TRAINING in edgedla("eval", "beep", "--data", data, "--checkpoint", run, code=2).err


def test_exchanged_labels_are_seen(edgedla: Command, beep: Path, data: Path) -> None:
    assert beep.is_dir()
    table = data / "meta/esc50.csv"
    table.write_text(
        table.read_text().replace("beep", "x").replace("silence", "beep").replace("x", "silence", 99)
    )
    table.write_text(table.read_text().replace(".tsilencet", ".txt").replace("esilence", "ex"))
    answer = edgedla("eval", "beep", "--data", data, "--json").json
    assert answer["data"]["accuracy"]["hits"] == 0
    assert answer["warnings"] == [
        "'silence' and 'beep' are mostly taken for each other: are the names in the order of the outputs?"
    ]


def test_interrupted(beep: Path, data: Path, work: Path, site: Site) -> None:
    assert beep.is_dir()
    source = site.folder / "edgedla_beep.py"
    slow = 'import time; open("begun", "w").close(); time.sleep(0.4)\n        try:'
    source.write_text(source.read_text().replace("        try:", f"        {slow}", 1))
    command = [
        sys.executable,
        "-m",
        "edgedla",
        "eval",
        "beep",
        "--data",
        str(data),
        "--json",
        "--bundle",
        str(beep),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=work
    ) as process:
        wait_for(process, (work / "begun").exists)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["error"]["code"] == "interrupted"
    assert "Traceback" not in err


def test_robustness_needs_a_model_that_can_be_disturbed(edgedla: Command, beep: Path, data: Path) -> None:
    assert beep.is_dir()
    assert "says of no disturbance" in edgedla("robustness", "beep", "--data", data, code=2).err


HUM = """
    def disturbances(self):
        from edgedla.model import Disturbance
        return (Disturbance("hum", "dB", (1, 15)),)

    def disturb(self, path, kind, amount, seed):
        feed = self.preprocess(path)
        return {"mel": feed["mel"] - amount / 10}
"""


@pytest.mark.usefixtures("wry")
def test_robustness_of_both_rungs(edgedla: Command, site: Site, data: Path) -> None:
    source = site.folder / "edgedla_beep.py"
    source.write_text(source.read_text().replace("    def postprocess", f"{HUM}\n    def postprocess"))
    words = ("robustness", "beep", "--target", "wry", "--data", data, "--set", "wry.lean=1")
    found = edgedla(*words, "--json").json["data"]
    assert (found["rungs"], found["clips"], found["seed"]) == (["onnx", "wry"], 20, 0)
    assert [found["clean"]["accuracy"][name]["hits"] for name in found["rungs"]] == [20, 16]
    series = found["series"][0]
    assert (series["kind"], series["unit"]) == ("hum", "dB")
    hits = [[point["accuracy"][name]["hits"] for name in found["rungs"]] for point in series["points"]]
    assert hits == [[20, 16], [16, 15]]
    assert [point["flips"] for point in series["points"]] == [4, 1]
    few = edgedla(*words, "--clips", "4", "--kind", "hum")
    assert few.out.splitlines()[0].startswith("as recorded\t\t100.0%")
    assert "no disturbance named 'hmm'" in edgedla(*words, "--kind", "hmm", code=2).err


def test_calibrate_set_picks_and_build_takes_it(
    edgedla: Command, site: Site, beep: Path, data: Path, work: Path
) -> None:
    assert beep.is_dir()
    site.add("wry", WRY)
    answer = edgedla(
        "calibrate-set",
        "data",
        "--model",
        "beep",
        "--n",
        "6",
        "--without-fold",
        "1",
        "--out",
        "lists/c.txt",
        "--json",
    ).json
    found = answer["data"]
    assert [(row["label"], row["offered"], row["picked"]) for row in found["classes"]] == [("beep", 10, 6)]
    lines = (work / "lists/c.txt").read_text().splitlines()
    assert len(lines) == 6
    assert all((work / "lists" / line).is_file() for line in lines)
    edgedla("build", "beep", "--target", "wry", "--calib", "lists/c.txt", "--set", "wry.calibrate=true")
    listed = json.loads((work / "build/beep/wry/convert/calibration_clips.json").read_text())
    assert {clip["name"] for clip in listed["clips"]} == {line.rpartition("/")[2] for line in lines}
    copied = edgedla("calibrate-set", data / "audio", "--model", "beep", "--n", "3", "--out", "copies")
    assert len(list((work / "copies").iterdir())) == 3
    assert "next: edgedla build MODEL --target TARGET --calib copies" in copied.err
    for words, reason in (
        (("nowhere", "--out", "x.txt"), "no such folder"),
        (("data", "--out", "copies"), "there is something already"),
        (("data/audio", "--out", "x.txt", "--without-fold", "1"), "plain files have no folds"),
        (("data", "--out", "data/audio/0001.txt/x.txt"), "cannot be written"),
    ):
        assert reason in edgedla("calibrate-set", *words, "--model", "beep", code=2).err
    assert "which model?" in edgedla("calibrate-set", "data", "--out", "x.txt", code=2).err


@pytest.fixture
def cluster(work: Path, site: Site) -> Any:
    """A scheduler and two worker processes with the plugins of this test; their addresses and processes."""
    started: list[subprocess.Popen[str]] = []
    env = os.environ | {"MARKS": str(work), "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "20s"}

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words], env=env, cwd=work, text=True, stderr=subprocess.DEVNULL
        )
        started.append(process)
        return process

    assert site.folder.is_dir()
    start(
        "scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--no-show",
        "--scheduler-file",
        "scheduler.json",
    )
    told = work / "scheduler.json"
    wait_for(started[0], lambda: told.exists() and bool(told.read_text().strip()))
    address = json.loads(told.read_text())["address"]
    workers = [
        start("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        for _ in range(2)
    ]
    yield address, workers
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_cluster_says_the_same_though_a_worker_is_killed(
    edgedla: Command, site: Site, beep: Path, work: Path, cluster: tuple[str, list[subprocess.Popen[str]]]
) -> None:
    address, workers = cluster
    data = labelled(work / "many", *(0.01 * number for number in range(-150, 150)))
    words = (
        "eval",
        "beep",
        "--data",
        data,
        "--bundle",
        beep,
        "--against",
        "onnx",
        "--max-drop",
        "5",
        "--json",
    )
    local = edgedla(*words)
    source = site.folder / "edgedla_beep.py"
    place = 'os.environ["MARKS"] + f"/at-work-{os.getpid()}"'
    mark = f'import os, time; open({place}, "w").close(); time.sleep(0.02)'
    source.write_text(source.read_text().replace("        try:", f"        {mark}\n        try:", 1))
    command = [sys.executable, "-m", "edgedla", *map(str, words), "--scheduler", address]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=work
    ) as process:
        wait_for(process, lambda: all((work / f"at-work-{worker.pid}").exists() for worker in workers))
        workers[0].kill()
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert json.loads(out) == local.json


def test_no_cluster(edgedla: Command, beep: Path, data: Path) -> None:
    words = ("eval", "beep", "--data", data, "--bundle", beep, "--scheduler")
    for address, code, reason in (
        ("tcp://127.0.0.1:1", 4, "no scheduler answers: Connection refused"),
        ("nonsense://x:1", 2, "no address of a scheduler"),
        ("tcp://x:port", 2, "no address of a scheduler"),
        ("127.0.0.1:8786", 2, "no address of a scheduler"),
    ):
        result = edgedla(*words, address, code=code)
        assert reason in result.err
        assert "Traceback" not in result.err
