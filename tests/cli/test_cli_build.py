"""`edgedla build`: reuse, places that cannot be written, two at once, no room on the disk."""

from __future__ import annotations

import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from throwaway import BEEP

if TYPE_CHECKING:
    from collections.abc import Callable

    from throwaway import Result, Site

    Command = Callable[..., Result]

TINY = Path(__file__).parents[1] / "data/eat/tiny"


def tree(root: Path) -> dict[str, bytes]:
    """Every file of a bundle; of a stage's record, which holds a hash of all code, only that it is there."""
    return {
        str(path.relative_to(root)): b"" if path.parent.name == ".stages" else path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def statuses(result: Result) -> set[str]:
    return {stage["status"] for stage in result.json["data"]["stages"]}


def test_a_build_tells_what_it_wrote_and_what_to_type_next(edgedla: Command, site: Site, beep: Path) -> None:
    assert site.folder.is_dir()
    result = edgedla("build", "beep", "--out", "with space")
    paths = [line.split("\t")[0] for line in result.out.splitlines()]
    assert "with space/onnx/beep_sim.onnx" in paths
    assert result.err.endswith("next: edgedla run --bundle 'with space'\n")
    assert tree(beep.parents[2] / "with space") == tree(beep)


@pytest.mark.usefixtures("beep")
def test_the_second_build_reuses_all_and_changes_nothing(edgedla: Command, beep: Path) -> None:
    before = tree(beep)
    edgedla("build", "beep")
    result = edgedla("build", "beep", "--json")
    assert statuses(result) == {"reused", "skipped"}
    assert {item["path"] for item in result.json["data"]["artifacts"]} < set(before)
    assert all(gate["ok"] for gate in result.json["data"]["gates"])
    assert tree(beep) == before


def test_fresh_reuses_nothing_and_ends_the_same(edgedla: Command, beep: Path) -> None:
    before = tree(beep)
    result = edgedla("build", "beep", "--fresh", "--json")
    assert "reused" not in statuses(result)
    assert tree(beep) == before


def test_dry_run_writes_nothing(edgedla: Command, site: Site, work: Path) -> None:
    site.beep()
    result = edgedla("build", "beep", "--dry-run", "--out", "there")
    assert result.out.splitlines()[0] == "out:    there"
    assert list(work.iterdir()) == []


@pytest.mark.usefixtures("beep")
@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("beeb", "no model named 'beeb'", "did you mean 'beep'?"),
        ("beep --target onnxruntim", "no target named 'onnxruntim'", "did you mean 'onnxruntime'?"),
        ("beep --out file", "/file: cannot be made: File exists", "choose another --out"),
        ("beep --out file/below", "/file/below: cannot be made: Not a directory", "choose another --out"),
        ("beep --out /proc/nowhere", "/proc/nowhere: cannot be made", "choose another --out"),
        ("beep --out full", "--out full: holds other files and no bundle", "new or empty"),
        ("beep --calib nowhere", "--calib nowhere: there is no such folder", ""),
        (
            "beep --calib file",
            "file: there is no file 'not a checkpoint', which line 1 names",
            "one file a line",
        ),
        ("beep --calib empty", "empty: the folder holds no file with suffix .txt", ""),
        ("beep --checkpoint nowhere", "--checkpoint nowhere: there is no such file or folder", ""),
        ("beep --checkpoint /dev/null", "--checkpoint /dev/null: not a file or folder", ""),
        ("beep --templates nowhere", "--templates nowhere: there is no such folder", ""),
        ("beep --window start", "--window: 'beep' has no option 'window'", "leave out --window"),
        ("eat_sed --checkpoint file", "file", ""),
        ("eat_sed --checkpoint empty", "empty", ""),
    ],
)
def test_what_is_refused(edgedla: Command, work: Path, words: str, message: str, hint: str) -> None:
    (work / "file").write_text("not a checkpoint")
    (work / "empty").mkdir()
    (work / "full").mkdir()
    (work / "full/README.md").write_text("mine")
    result = edgedla("build", *words.split(), code=2)
    assert message in result.err
    assert hint in result.err
    assert "Traceback" not in result.err
    assert (work / "full/README.md").read_text() == "mine"


def test_a_folder_of_an_awkward_name(edgedla: Command, site: Site, work: Path) -> None:
    site.beep()
    edgedla("build", "beep", "--out", "ä b/[bold]c")
    (work / "a.txt").write_text("1")
    assert edgedla("run", "--bundle", "ä b/[bold]c", "-i", "a.txt").out


def test_another_build_at_work(edgedla: Command, beep: Path) -> None:
    with FileLock(beep / ".lock"):
        result = edgedla("build", "beep", code=2)
    assert f"another build is at work in {beep}" in result.err


@pytest.mark.parametrize("limit", [0, 100, 300, 1000])
def test_no_room_on_the_disk(site: Site, work: Path, limit: int) -> None:
    site.beep()

    def allow_little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-B", "-m", "edgedla", "build", "beep", "--json"],
        preexec_fn=allow_little,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert f"{work}/build/beep/onnxruntime" in done.stderr
    assert "cannot be written: File too large" in done.stderr
    assert "make room there" in done.stderr
    assert not (work / "build/beep/onnxruntime/manifest.json").exists()


def test_warnings_are_told_and_kept(edgedla: Command, beep: Path, site: Site) -> None:
    shutil.rmtree(beep)
    site.add(
        "watcher",
        "import edgedla\n@edgedla.hookimpl\ndef edgedla_after_stage(stage): raise OSError(stage)\n",
    )
    result = edgedla("build", "beep", "--json")
    assert "plugin 'watcher' failed in edgedla_after_stage: OSError: export" in result.json["warnings"]
    assert "warning: plugin 'watcher' failed" in result.err


def test_two_at_once_in_real(site: Site, work: Path) -> None:
    site.add(
        "beep",
        BEEP.replace(
            "    def export(self, checkpoint, path):\n",
            "    def export(self, checkpoint, path):\n        __import__('time').sleep(1)\n",
        ),
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "edgedla", "build", "beep"],
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = sorted((process.communicate()[1], process.returncode) for process in both)
    assert sorted(code for _, code in ended) == [0, 2]
    assert any("another build is at work" in err for err, _ in ended)
    assert (work / "build/beep/onnxruntime/manifest.json").is_file()


@pytest.mark.slow
def test_a_build_that_is_stopped_again_and_again_ends_the_same(edgedla: Command, work: Path) -> None:
    words = ["build", "eat_sed", "--checkpoint", str(TINY), "--out"]
    began = time.monotonic()
    edgedla(*words, "calm")
    whole = time.monotonic() - began
    calm, moments = tree(work / "calm"), random.Random(1)  # noqa: S311 - no secret
    for number in (signal.SIGINT, signal.SIGKILL, signal.SIGINT):
        process = subprocess.Popen(
            [sys.executable, "-m", "edgedla", *words, "rough"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        time.sleep(whole * moments.uniform(0.3, 0.7))
        process.send_signal(number)
        process.communicate(timeout=60)
        # By SIGINT itself: all was done, and Python was tidying up.
        assert process.returncode in (0, 130, -signal.SIGKILL, -signal.SIGINT)
        for name, data in tree(work / "rough").items() if (work / "rough").exists() else ():
            assert name.startswith(".") or data == calm[name]
    edgedla(*words, "rough")
    assert tree(work / "rough") == calm
