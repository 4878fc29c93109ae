"""`edgedla config show`, and what a broken configuration file does to each verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result

    Command = Callable[..., Result]


def test_each_value_is_shown_with_its_origin(edgedla: Command, work: Path, tmp_path: Path) -> None:
    user = tmp_path / "config/edgedla/config.toml"
    user.parent.mkdir(parents=True)
    user.write_text('build_dir = "there"\njobs = 3\n')
    (work / "edgedla.toml").write_text("jobs = 4\n[onnxruntime]\nthreads = 2\n")
    environment = {"EDGEDLA_EAT_SED__WINDOW": "centre", "EDGEDLA_TARGET": "onnxruntime"}
    result = edgedla("config", "show", "--set", "eat_sed.hop=0.25", "--json", env=environment)
    found = {item["key"]: (item["value"], item["origin"]) for item in result.json["data"]["settings"]}
    expected = {
        "build_dir": ("there", str(user)),
        "jobs": (4, "edgedla.toml"),
        "onnxruntime.threads": (2, "edgedla.toml"),
        "eat_sed.window": ("centre", "EDGEDLA_EAT_SED__WINDOW"),
        "target": ("onnxruntime", "EDGEDLA_TARGET"),
        "eat_sed.hop": (0.25, "--set"),
        "eat_sed.ds_factors": ([4, 4, 4, 4], "default"),
    }
    assert {key: found[key] for key in expected} == expected
    lines = edgedla("config", "show", env=environment).out.splitlines()
    assert "eat_sed.ds_factors\t4,4,4,4\tdefault" in lines
    assert "jobs\t4\tedgedla.toml" in lines


VERBS = [
    "list-targets",
    "list-models",
    "list-plugins",
    "doctor",
    "config show",
    "build eat_sed",
    "run",
    "bench",
    "deploy --host board",
]


@pytest.mark.parametrize("verb", VERBS)
def test_a_file_that_is_no_toml_stops_every_verb(edgedla: Command, work: Path, verb: str) -> None:
    (work / "edgedla.toml").write_text("jobs = \n")
    result = edgedla(*verb.split(), "--json", code=2)
    assert result.json["error"]["message"].startswith("edgedla.toml is not TOML: ")
    assert "line 1" in result.json["error"]["message"]
    assert not (work / "build").exists()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("jbos = 2", "edgedla.toml:1: edgedla has no key 'jbos'", "did you mean 'jobs'?"),
        ('\njobs = "2"', "edgedla.toml:2: jobs: expected a valid integer, found '2'", ""),
        ("jobs = -1", "edgedla.toml:1: jobs: expected greater than or equal to 0, found -1", ""),
        ("[onnxruntim]\nthreads = 1", "no model or target named 'onnxruntim'", "did you mean 'onnxruntime'?"),
        ("[onnxruntime]\nthread = 1", "'onnxruntime' has no key 'thread'", "did you mean 'threads'?"),
    ],
)
def test_a_wrong_key_or_value_is_named(
    edgedla: Command, work: Path, text: str, message: str, hint: str
) -> None:
    (work / "edgedla.toml").write_text(text)
    result = edgedla("list-models", code=2)
    assert message in result.err
    assert hint in result.err


def test_help_and_version_and_completion_work_all_the_same(edgedla: Command, work: Path) -> None:
    (work / "edgedla.toml").write_text("jobs = \n")
    for words in (("--help",), ("--version",), ("run", "--help"), ("completion", "fish")):
        assert edgedla(*words).out


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("onnxruntime", "is not of the form SECTION.KEY=VALUE"),
        ("nowhere.threads=1", "no model or target named 'nowhere'"),
        ("onnxruntime.thread=1", "did you mean 'threads'?"),
        ("onnxruntime.threads=many", "--set: onnxruntime.threads: expected a valid integer"),
        ("onnxruntime.threads=-1", "greater than or equal to 0, found '-1'"),
        ("eat_sed.window=middle", "expected 'start' or 'centre', found 'middle'"),
    ],
)
def test_set(edgedla: Command, work: Path, setting: str, message: str) -> None:
    assert message in edgedla("build", "eat_sed", "--dry-run", "--set", setting, code=2).err
    assert not (work / "build").exists()


def test_broken_environment(edgedla: Command) -> None:
    result = edgedla("list-targets", code=2, env={"EDGEDLA_JOB": "2"})
    assert "environment variable 'EDGEDLA_JOB' sets nothing" in result.err
    assert "did you mean 'EDGEDLA_JOBS'?" in result.err
