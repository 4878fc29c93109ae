"""Builds for pcupid that are stopped: by kill -9 at any moment, and by SIGTERM while a tool is at work."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import standin
from edgedla.errors import ToolchainError
from pcupid_builds import BUILT, WORDS, prepare, tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from throwaway import Result

    Command = Callable[..., Result]

KILLS = 10


def start(*words: str | Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "edgedla", "build", *WORDS, *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


@pytest.mark.slow
def test_killed_at_ten_moments_it_ends_the_same(
    edgedla: Command, work: Path, first_build: tuple[Path, dict[str, Any]]
) -> None:
    root, answer = first_build
    calm, out, killed = tree(root), work / "rough", 0
    whole = 1 + sum(stage["seconds"] for stage in answer["data"]["stages"])
    moments = random.Random(7)  # noqa: S311 - no secret
    for _ in range(3 * KILLS):
        process = start("--out", out)
        time.sleep(whole * moments.uniform(0.1, 0.95))
        process.kill()
        process.communicate(timeout=60)
        found = tree(out) if out.exists() else {}
        assert all(data == calm[name] for name, data in found.items() if not name.startswith(".")), (
            found.keys()
        )
        killed += process.returncode == -signal.SIGKILL
        if killed == KILLS:
            break
        if process.returncode == 0:  # it has gone on to the end: begin anew
            assert found == calm
            shutil.rmtree(out)
    assert killed == KILLS
    edgedla("build", *WORDS, "--out", out)
    assert tree(out) == calm
    assert not (out / ".work").exists()


def test_what_the_tools_had_finished_is_not_done_again(work: Path, bundle: Path, tmp_path: Path) -> None:
    vendor = standin.toolchain(tmp_path / "tools")
    standin.fault(vendor, "compiler.py", "sys.exit('no licence')")
    words = {"toolchain": str(vendor), "calibration_samples": 2}
    with pytest.raises(ToolchainError, match=r"compiler\.py"):
        prepare(work, target_options=words).run(lambda _: None)
    (job,) = (bundle / ".work").glob("job-*")
    assert {path.name for path in job.iterdir()} >= {"eat_float.sim", "eat_fixed.sim"}
    again = "pathlib.Path(os.environ['SGS_IPU_DIR'], 'ran-' + name).touch(); sys.exit('not again')"
    for script in ("ConvertTool.py", "calibrator.py"):
        standin.fault(vendor, script, again)
    with pytest.raises(ToolchainError, match=r"compiler\.py"):
        prepare(work, target_options=words).run(lambda _: None)
    assert not list(vendor.glob("ran-*"))
    # Other options are another job, and the folders of all jobs go when a build succeeds.
    prepare(work, target_options={"calibration_samples": 3}).run(lambda _: None)
    assert not (bundle / ".work").exists()


def test_sigterm_stops_the_tool_too(work: Path, bundle: Path, tmp_path: Path) -> None:
    vendor = standin.toolchain(tmp_path / "tools")
    began = tmp_path / "began"
    standin.fault(
        vendor,
        "calibrator.py",
        f"pathlib.Path({str(began)!r}).write_text(str(os.getpid())); time.sleep(100)",
    )
    process = start("--toolchain", vendor)
    for _ in range(600):
        if began.exists() and began.read_text():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"interrupted" in err
    assert b"the same command goes on" in err
    assert not Path(f"/proc/{began.read_text()}").exists()
    (job,) = (bundle / ".work").glob("job-*")
    assert (job / "eat_float.sim").exists()
    assert not (job / "eat_fixed.sim").exists()
    assert work / BUILT == bundle
