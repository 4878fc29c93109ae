"""`edgedla train` for any plugin: its trainer's options as flags, and answers to misuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edgedla.cli.train import seconds
from edgedla.errors import UsageError
from throwaway import BEEP

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result, Site

TRAINER = """
from typing import Literal

from pydantic import Field

from edgedla import Options
from edgedla.trainer import Trainer


class Lessons(Options):
    times: int = Field(default=3, ge=1, description="how often it is told")
    words: tuple[str, ...] = Field(default=("beep",), description="what it is told")
    loud: bool = Field(default=False, description="told loudly")


class Teacher(Trainer[Lessons]):
    Options = Lessons

    def train(self, job):
        job.out.mkdir(parents=True)
        (job.out / "told.txt").write_text(" ".join(self.options.words * self.options.times))
        job.progress(0.5, "half way")
        job.say("told")
        if job.seed == 13:
            raise KeyboardInterrupt
        return {"options": self.options.model_dump(mode="json"), "budget": job.budget, "data": str(job.data)}
"""


@pytest.fixture
def school(site: Site) -> Site:
    """`beep` with a trainer, and `mute` without one."""
    code = BEEP.replace("class Beep(Model):", f"{TRAINER}\n\nclass Beep(Model):", 1).replace(
        "    def spec(self):",
        "    @classmethod\n    def trainer(cls):\n        return Teacher\n\n    def spec(self):",
        1,
    )
    site.add("beep", code)
    site.add("mute", BEEP.replace('name = "beep"', 'name = "mute"'))
    return site


@pytest.mark.usefixtures("school")
def test_flags_are_the_trainers_options(edgedla: Callable[..., Result], work: Path) -> None:
    done = edgedla(
        *("train", "beep", "--data", "somewhere", "--times", "2", "--words", "beep", "boop", "--loud"),
        *("--budget", "1.5h", "--out", "school/run", "--json"),
    )
    data = json.loads(done.out)["data"]
    assert data["options"] == {"times": 2, "words": ["beep", "boop"], "loud": True}
    assert (data["budget"], data["data"], data["model"]) == (5400.0, "somewhere", "beep")
    assert (work / "school/run/told.txt").read_text() == "beep boop beep boop"


@pytest.mark.usefixtures("school")
def test_options_come_from_the_configuration_too(edgedla: Callable[..., Result], work: Path) -> None:
    (work / "edgedla.toml").write_text("[beep_train]\ntimes = 5\nloud = true\n")
    env = {"EDGEDLA_BEEP_TRAIN__WORDS": "a,b"}
    done = edgedla("train", "beep", "--data", "x", "--no-loud", "--json", env=env)
    assert json.loads(done.out)["data"]["options"] == {"times": 5, "words": ["a", "b"], "loud": False}
    assert (work / "runs/beep").is_dir()
    assert "beep_train.times  5" in edgedla("config", "show").out.replace("\t", "  ")


@pytest.mark.usefixtures("school")
def test_recipe_lists_them(edgedla: Callable[..., Result]) -> None:
    assert "--times\t3\thow often it is told\n" in edgedla("train", "beep", "--recipe").out


@pytest.mark.usefixtures("school")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("train beep", "train needs a data set"),
        ("train mute --data x", "model 'mute' brings no trainer"),
        ("train beep --data x --time 3", "there is no option --time\nhint: did you mean '--times'?"),
        ("train beep --data x --times", "--times needs a value"),
        ("train beep --data x --times none", "beep_train.times"),
        ("train beep --data x --times 0", "beep_train.times"),
        ("train beep --data x stray", "'stray' belongs to no option"),
        ("train beep --data x --budget soon", "--budget 'soon' is no time"),
        ("train boop --data x", "no model named 'boop'"),
    ],
)
def test_misuse_is_answered(edgedla: Callable[..., Result], work: Path, words: str, message: str) -> None:
    done = edgedla(*words.split(), code=2)
    assert message in done.err
    assert not (work / "runs").exists()


@pytest.mark.usefixtures("school")
def test_an_interruption_that_cannot_be_resumed_says_how_to_begin_anew(
    edgedla: Callable[..., Result],
) -> None:
    done = edgedla("train", "beep", "--data", "my data", "--seed", "13", code=130)
    assert "hint: edgedla train beep --data 'my data' --out runs/beep\n" in done.err


@pytest.mark.parametrize(
    ("text", "value"), [("90m", 5400), ("2h", 7200), ("30s", 30), ("1.5m", 90), ("45", 45)]
)
def test_budgets(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "0", "0m", "-5m", "5 minutes", "m", "1e3", "nan"])
def test_wrong_budgets(text: str) -> None:
    with pytest.raises(UsageError, match="is no time"):
        seconds(text)
