"""The ways to the tools through the command line: by hand, model zoo, docker, record and replay, failures."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import edgedla_eat_sed.samples
import standin
from edgedla.errors import UsageError
from pcupid_builds import BUILT, NOTICE, WORDS, prepare, tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from throwaway import Result

    Command = Callable[..., Result]

IMAGE = "convert/eat.img"
SCRIPTS = ("ConvertTool.py", "calibrator.py", "compiler.py")


def test_a_dry_run_prints_what_can_be_typed(
    edgedla: Command, work: Path, bundle: Path, tiny_bundle: Path
) -> None:
    before = tree(work)
    data = edgedla("build", *WORDS, "--dry-run", "--json").json["data"]
    printed = edgedla("build", *WORDS, "--dry-run").out
    assert tree(work) == before
    assert printed.endswith("commands:\n" + "".join(f"{line}\n" for line in data["commands"]))
    assert all(script in printed for script in SCRIPTS)
    standin.typed(data["commands"])
    assert (bundle / ".work/job/eat.img").read_bytes() == (tiny_bundle / IMAGE).read_bytes()
    edgedla("build", *WORDS)
    assert not (bundle / ".work").exists()


def test_a_dry_run_in_an_empty_folder_writes_nothing(edgedla: Command, work: Path) -> None:
    data = edgedla("build", *WORDS, "--out", "a b", "--dry-run", "--opendla", "emulated", "--json").json[
        "data"
    ]
    assert list(work.iterdir()) == []
    (line,) = (line for line in data["commands"] if " -a sed/eat " in line)
    assert "-a sed/eat -c config/sed_eat.cfg" in line
    assert f"cd '{work}/a b/.work/job/.work/convert'" in line


@pytest.mark.parametrize("words", [("--opendla", "emulated"), ("--set", "pcupid.opendla=emulated")])
def test_the_model_zoo_makes_the_same_image(
    edgedla: Command, bundle: Path, tiny_bundle: Path, words: tuple[str, str]
) -> None:
    shutil.rmtree(bundle / "convert")
    data = edgedla("build", *WORDS, *words, "--json").json["data"]
    assert next(stage["status"] for stage in data["stages"] if stage["name"] == "convert") == "run"
    assert data["toolchain"] == "emulated"
    assert (bundle / "logs/pcupid-convert.log").is_file()
    assert (bundle / IMAGE).read_bytes() == (tiny_bundle / IMAGE).read_bytes()


@pytest.mark.slow
def test_in_docker(
    edgedla: Command, bundle: Path, tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = standin.docker(tmp_path / "bin")
    own = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{folder}:{own}:{os.environ['PATH']}")
    answer = edgedla("build", *WORDS, "--docker-image", "sgs_docker:v1.8", "--json").json
    assert answer["data"]["toolchain"] == "emulated"
    assert answer["warnings"] == [NOTICE]
    runs = [" ".join(words) for words in standin.calls(folder) if words[0] == "run"]
    assert len(runs) == len(SCRIPTS)
    assert all(script in words for script, words in zip(SCRIPTS, runs, strict=True))
    assert (bundle / IMAGE).read_bytes() == (tiny_bundle / IMAGE).read_bytes()


def test_docker_that_does_not_work_is_missed_at_once(
    edgedla: Command, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = standin.docker(tmp_path / "bin")
    (folder / "refuse-image").write_text(
        "1 Cannot connect to the Docker daemon at unix:///var/run/docker.sock."
    )
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    answer = edgedla("build", *WORDS, "--docker-image", "sgs_docker:v1.8", "--json", code=5).json
    assert "the docker daemon does not run" in answer["error"]["message"]
    assert not (work / BUILT / "onnx").exists()
    edgedla("list-targets")
    edgedla("build", *WORDS, "--docker-image", "sgs_docker:v1.8", "--dry-run")


@pytest.mark.slow
def test_what_was_recorded_is_played_back(edgedla: Command, work: Path, bundle: Path) -> None:
    record = work / "recording"
    shutil.rmtree(bundle / "convert")
    edgedla("build", *WORDS, "--record", record)
    image = (bundle / IMAGE).read_bytes()
    shutil.rmtree(bundle / "convert")
    answer = edgedla("build", *WORDS, "--toolchain", f"replay:{record}", "--json").json
    assert answer["data"]["toolchain"] == "emulated"
    assert answer["warnings"] == [NOTICE]
    assert (bundle / IMAGE).read_bytes() == image
    (work / "calib").mkdir()
    shutil.copy(edgedla_eat_sed.samples.calibration_files()[0], work / "calib/one.ogg")
    with pytest.raises(UsageError, match="not what was recorded"):
        prepare(work, calibration=work / "calib", target_options={"toolchain": f"replay:{record}"}).run(
            lambda _: None
        )


def test_a_tool_that_fails(edgedla: Command, bundle: Path, tmp_path: Path) -> None:
    vendor = standin.toolchain(tmp_path / "tools")
    program = "print('reading'); print('Unsupported ONNX opset version: 99'); sys.exit(1)"
    standin.fault(vendor, "ConvertTool.py", program)
    result = edgedla("build", *WORDS, "--toolchain", vendor, "--json", code=3)
    answer, log = result.json, bundle / "logs/pcupid-float_sim.log"
    assert answer["error"]["code"] == "toolchain"
    assert answer["error"]["message"].startswith("E-PCU-001: ")
    assert f"(log: {log})" in answer["error"]["message"]
    assert answer["error"]["hint"]
    assert answer["data"]["failed"]["log"] == str(log)
    assert answer["data"]["failed"]["tail"][-1] == "Unsupported ONNX opset version: 99"
    assert "Unsupported ONNX opset version: 99" in log.read_text()
    assert f"log:  {log}" in result.err
    assert "  | Unsupported ONNX opset version: 99" in result.err


def test_a_tool_that_leaves_nothing_and_says_nothing(edgedla: Command, bundle: Path, tmp_path: Path) -> None:
    vendor = standin.toolchain(tmp_path / "tools")
    standin.fault(vendor, "calibrator.py", "sys.exit(0)")
    answer = edgedla("build", *WORDS, "--toolchain", vendor, "--json", code=3).json
    assert "left no eat_fixed.sim" in answer["error"]["message"]
    assert answer["data"]["failed"]["argv"][0] == "bash"
    assert (bundle / ".work").is_dir()


def test_listing_targets_asks_no_toolchain(
    edgedla: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = standin.docker(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    edgedla("list-targets", "--json", env={"SGS_IPU_DIR": "/nowhere", "EDGEDLA_PCUPID__DOCKER_IMAGE": "a:b"})
    assert not (folder / "calls.jsonl").exists()
