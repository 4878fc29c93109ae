"""Targets that answer for files by themselves, and that say what they find on this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from edgedla.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Site

    Command = Callable[..., Any]

ORACLE = """
from typing import Literal
from edgedla import DeviceError, OnnxRunner, Options, Prediction, Score, Target, hookimpl
from edgedla.predict import Answer, Measured, Milliseconds
from edgedla.spec import Check
from pydantic import Field


class Program:
    name = "oracle one"

    def predict(self, files):
        for path in files:
            if path.name == "b.txt":
                yield Answer(path, None, None, f"cannot read '{path}': too short")
                continue
            if path.name == "dead.txt":
                raise DeviceError("the oracle has died", hint="start it again")
            both = (("beep", 0.75), ("silence", 0.25))
            top = tuple(Score(class_id=label == "beep", label=label, score=score) for label, score in both)
            yield Answer(path, Prediction(top=top), Milliseconds(1, 2, 3), warnings=(f"{path.name}: hoarse",))

    def measure(self, files, repeats):
        assert len(files) == 1
        ms = tuple(Milliseconds(0.5, number, 0.25) for number in range(repeats))
        return Measured(ms, 3_000_000, 1_000_000)


class OracleOptions(Options):
    board: Literal["auto", "none"] = Field(default="auto", exclude=True, description="whether it is asked")


class Oracle(Target[OracleOptions]):
    name = "oracle"
    Options = OracleOptions

    def runner(self, path, jobs=1):
        return OnnxRunner(path)

    def predictor(self, bundle, warn):
        assert bundle.cache.is_absolute()
        if self.options.board == "none":
            warn("the oracle is not asked")
            return None
        return Program()

    def diagnose(self):
        if self.options.board == "none":
            raise DeviceError("no oracle", hint="ask another one")
        return [Check(what="tripod", status="missing", detail="needs three legs", hint="buy one")]


@hookimpl
def edgedla_targets():
    return [Oracle]
"""


@pytest.fixture
def ask(site: Site, sounds: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    """One command in this process, with the target; its JSON."""
    assert sounds.is_dir()
    site.beep()
    site.add("oracle", ORACLE)

    def answer(*words: str, code: int = 0) -> Any:
        capfd.readouterr()
        status = main([*words, "--json"])
        said = capfd.readouterr()
        assert status == code, said.err
        return json.loads(said.out)

    answer("build", "beep", "--target", "oracle")
    return answer


RUN = ("run", "beep", "--target", "oracle")


def test_its_answers_are_those_of_run(ask: Command) -> None:
    answer = ask(*RUN, "-i", "sounds", "--top-k", "1", code=2)
    data = answer["data"]
    assert data["board"] == "oracle one"
    assert [(result["input"], result["label"], result["ms"]) for result in data["results"]] == [
        (f"sounds/{name}", "beep", {"pre": 1, "net": 2, "post": 3}) for name in ("a.txt", "deep/c.txt")
    ]
    assert [len(result["top"]) for result in data["results"]] == [1, 1]
    assert data["failed"] == [{"input": "sounds/b.txt", "reason": "cannot read 'sounds/b.txt': too short"}]
    assert answer["warnings"] == ["a.txt: hoarse", "cannot read 'sounds/b.txt': too short", "c.txt: hoarse"]


def test_a_threshold_holds_for_its_answers_too(ask: Command) -> None:
    result = ask(*RUN, "-i", "sounds/a.txt", "--threshold", "0.8")["data"]["results"][0]
    assert (result["label"], result["score"], result["top"]) == (None, 0.75, [])


def test_what_ends_it_ends_the_command(ask: Command, sounds: Path) -> None:
    (sounds / "dead.txt").write_text("1")
    answer = ask(*RUN, "-i", "sounds/a.txt", "-i", "sounds/dead.txt", code=4)
    assert answer["error"] == {
        "code": "device",
        "message": "the oracle has died",
        "hint": "start it again",
    }
    assert len(answer["data"]["results"]) == 1


def test_without_it_the_runner_answers_and_the_reason_is_said(ask: Command) -> None:
    answer = ask(*RUN, "-i", "sounds/a.txt", "--board", "none")
    assert answer["data"]["board"] is None
    assert answer["warnings"] == ["the oracle is not asked"]
    assert answer["data"]["results"][0]["score"] != 0.75


def test_boards_that_a_target_has_not(ask: Command) -> None:
    error = ask(*RUN, "-i", "sounds/a.txt", "--board", "two", code=2)["error"]
    assert error["message"] == "--board: expected 'auto' or 'none', found 'two'"
    error = ask("run", "beep", "--target", "onnxruntime", "-i", "sounds/a.txt", "--board", "none", code=2)[
        "error"
    ]
    assert error == {
        "code": "usage",
        "message": "--board: 'onnxruntime' has no option 'board'",
        "hint": "leave out --board",
    }


def test_doctor_asks_each_target(ask: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def row() -> Any:
        return next(each for each in ask("doctor")["data"]["checks"] if each["for"] == "oracle")

    assert row() == {
        "for": "oracle",
        "what": "tripod",
        "status": "missing",
        "detail": "needs three legs",
        "hint": "buy one",
    }
    monkeypatch.setenv("EDGEDLA_ORACLE__BOARD", "none")
    assert row() == {
        "for": "oracle",
        "what": "options",
        "status": "broken",
        "detail": "no oracle",
        "hint": "ask another one",
    }
