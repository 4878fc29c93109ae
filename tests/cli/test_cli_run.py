"""`edgedla run`: which files are meant, what is answered, and what becomes of those that cannot be read."""

from __future__ import annotations

import math
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from throwaway import BEEP

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result, Site

    Command = Callable[..., Result]


def names(result: Result) -> list[str]:
    return [item["input"] for item in result.json["data"]["results"]]


@pytest.mark.usefixtures("beep")
def test_every_result_has_the_fields_that_scripts_rely_on(edgedla: Command, sounds: Path) -> None:
    answer = edgedla("run", "beep", "-i", sounds / "a.txt", "--json").json
    assert answer["data"].keys() == {"model", "target", "toolchain", "board", "results", "failed"}
    data = answer["data"]
    assert (data["model"], data["toolchain"], data["board"]) == ("beep", "onnxruntime", None)
    (result,) = answer["data"]["results"]
    assert result.keys() == {"input", "class_id", "label", "score", "top", "regions", "reading", "ms"}
    assert result["top"][0] == {key: result[key] for key in ("class_id", "label", "score")}
    assert result["ms"].keys() == {"pre", "net", "post"}
    # The weights are linspace(-1, 1, 16): in the second column -13/15, -9/15 … 15/15.
    expected = sum(value * (4 * row - 13) for row, value in enumerate([1, 2, 3, 1, 2, 3, 1, 2])) / 15
    assert result["label"] == "beep"
    assert math.isclose(result["score"], expected, rel_tol=1e-5)


@pytest.mark.usefixtures("beep")
def test_files_folders_and_globs_each_once_and_hidden_ones_left_out(edgedla: Command, sounds: Path) -> None:
    inputs = [str(sounds / "b.txt"), "sounds", "sounds/*.txt", "./sounds/b.txt", "sounds/**/c.txt"]
    found = names(edgedla("run", *[word for name in inputs for word in ("-i", name)], "--json"))
    assert found == [str(sounds / "b.txt"), "sounds/a.txt", "sounds/b.txt", "sounds/deep/c.txt"]


ODD = [
    "with space.txt",
    "Überraschung ☃.txt",
    "[bold]x.txt",
    ":smile:.txt",
    "line\nbreak.txt",
    "-dash.txt",
    "esc\x1b[31m.txt",
]


@pytest.mark.usefixtures("beep")
def test_names_are_taken_and_shown_as_they_are(edgedla: Command, work: Path) -> None:
    for name in ODD:
        (work / name).write_text("1")
    words = [word for name in ODD for word in ("-i", name)]
    assert names(edgedla("run", *words, "--json")) == ODD
    lines = edgedla("run", *words).out.splitlines()
    assert [line.split("\t")[0] for line in lines] == [
        name.replace("\n", "\\n").replace("\x1b", "\\x1b") for name in ODD
    ]


@pytest.mark.usefixtures("beep")
def test_a_name_that_is_no_text_still_comes_out(edgedla: Command, work: Path) -> None:
    (work / "in").mkdir()
    path = os.fsencode(work) + b"/in/caf\xe9.txt"
    with open(path, "w") as file:  # noqa: PTH123 - pathlib takes no bytes
        file.write("1")
    (found,) = names(edgedla("run", "-i", "in", "--json"))
    assert os.fsencode(found) == b"in/caf\xe9.txt"
    assert edgedla("run", "-i", "in", env={"PYTHONIOENCODING": "ascii"}).out.startswith("in/caf\\udce9.txt\t")


@pytest.mark.usefixtures("beep")
def test_json_is_readable_where_stdout_is_not_unicode(edgedla: Command, work: Path) -> None:
    (work / "ü.txt").write_text("1")
    assert names(edgedla("run", "-i", "ü.txt", "--json", env={"PYTHONIOENCODING": "ascii"})) == ["ü.txt"]


@pytest.mark.usefixtures("beep")
def test_an_unreadable_file_among_good_ones(edgedla: Command, sounds: Path) -> None:
    (sounds / "b.txt").write_text("no number")
    answer = edgedla("run", "-i", "sounds", "--json", code=2).json
    assert [item["input"] for item in answer["data"]["results"]] == ["sounds/a.txt", "sounds/deep/c.txt"]
    (failed,) = answer["data"]["failed"]
    assert failed["input"] == "sounds/b.txt"
    assert answer["warnings"] == [failed["reason"]]
    assert answer["error"]["message"] == "1 of 3 inputs could not be read"


@pytest.mark.usefixtures("beep")
def test_the_only_file_is_the_error_itself(edgedla: Command, sounds: Path) -> None:
    (sounds / "b.txt").write_text("no number")
    answer = edgedla("run", "-i", "sounds/b.txt", code=2)
    assert answer.err.count("sounds/b.txt") == 1
    assert "others" not in answer.err


@pytest.mark.usefixtures("beep")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nothing.txt", "nothing.txt: no such file or folder"),
        ("*.wav", "*.wav: the pattern matches no file"),
        ("empty", "empty: the folder holds no file with suffix .txt"),
        ("", "the name of an input is empty"),
        ("--json", "-i --json: no such file or folder"),
        ("x" * 300, f"{'x' * 300}: File name too long"),
    ],
)
def test_names_that_lead_to_nothing(edgedla: Command, work: Path, name: str, reason: str) -> None:
    (work / "empty").mkdir()
    assert f"error: {reason}\n" in edgedla("run", "-i", name, code=2).err


@pytest.mark.usefixtures("beep")
@pytest.mark.parametrize(("count", "shown"), [(1, 1), (2, 2), (100, 2)])
def test_top_k(edgedla: Command, sounds: Path, count: int, shown: int) -> None:
    answer = edgedla("run", "-i", sounds / "a.txt", "--top-k", count, "--json").json
    assert len(answer["data"]["results"][0]["top"]) == shown


@pytest.mark.usefixtures("beep")
@pytest.mark.parametrize(("threshold", "label"), [("0", "beep"), ("1", None)])
def test_threshold(edgedla: Command, work: Path, threshold: str, label: str | None) -> None:
    (work / "a.txt").write_text("0 0 0 0 0 0 0 0.5")
    (result,) = edgedla("run", "-i", "a.txt", "--threshold", threshold, "--json").json["data"]["results"]
    assert (result["label"], len(result["top"])) == (label, 2 if label else 0)
    line = edgedla("run", "-i", "a.txt", "--threshold", threshold).out
    assert line.split("\t")[1] == (label or "-")


@pytest.mark.usefixtures("beep")
@pytest.mark.parametrize(
    "words",
    [
        ("--top-k", "0"),
        ("--top-k", "-1"),
        ("--threshold", "1.5"),
        ("--threshold", "nan"),
        ("--threshold", "-0.1"),
        ("--jobs", "-1"),
        ("--jobs", "many"),
        ("--long", "jump"),
        ("--long", "slide"),  # beep has no windows
        ("--window", "middle"),  # nor that option
        ("--precision", "int4"),  # nor the target this one
        ("--bundle", "build/beep/onnxruntime", "--set", "onnxruntime.threads=2"),
        ("--bundle", "build/beep/onnxruntime", "--precision", "int8"),
    ],
)
def test_values_that_are_refused(edgedla: Command, sounds: Path, words: tuple[str, ...]) -> None:
    answer = edgedla("run", "-i", sounds / "a.txt", *words, "--json", code=2).json
    assert words[-2].strip("-") in answer["error"]["message"] + (answer["error"]["hint"] or "")


@pytest.mark.usefixtures("beep")
def test_the_order_of_answers_does_not_depend_on_jobs(edgedla: Command, work: Path) -> None:
    (work / "many").mkdir()
    for index in range(40):
        (work / f"many/{index:02}.txt").write_text(str(index))
    one, eight = (names(edgedla("run", "-i", "many", "--jobs", jobs, "--json")) for jobs in (1, 8))
    assert one == eight == sorted(one)
    assert len(one) == 40


def test_two_models_built_and_none_named(edgedla: Command, beep: Path) -> None:
    shutil.copytree(beep, beep.parent.parent / "boop/onnxruntime")
    answer = edgedla("run", code=2)
    assert "which model? 2 are built: beep, boop" in answer.err
    assert "hint: edgedla run beep --target onnxruntime" in answer.err


@pytest.mark.usefixtures("work")
def test_nothing_is_built_before_the_inputs_are_known_to_be_there(
    site: Site, edgedla: Command, work: Path
) -> None:
    site.beep()
    edgedla("run", "beep", "-i", "nothing.txt", code=2)
    assert not (work / "build").exists()


def test_what_is_not_built_is_built_first(site: Site, edgedla: Command, work: Path) -> None:
    site.beep()
    (work / "a.txt").write_text("1")
    one = {"EDGEDLA_DISABLE_PLUGINS": "eat_sed"}
    assert "building beep for onnxruntime" in edgedla("run", "-i", "a.txt", env=one).err
    assert edgedla("run", "-i", "a.txt", env=one).err == ""


@pytest.mark.parametrize("method", ["preprocess", "postprocess"])
def test_a_plugin_that_was_written_for_builds_only(
    site: Site, edgedla: Command, work: Path, method: str
) -> None:
    site.add("beep", BEEP.replace(f"def {method}(", f"def other_{method}("))
    (work / "a.txt").write_text("1")
    answer = edgedla("run", "beep", "--target", "onnxruntime", "-i", "a.txt", "--json", code=2).json
    assert answer["error"]["message"].startswith("model 'beep' can be built, but does not say ")
    assert method in answer["error"]["hint"]


@pytest.mark.usefixtures("beep")
def test_a_model_without_a_sample(edgedla: Command) -> None:
    assert "hint: name a file with -i" in edgedla("run", code=2).err


TOY = """
from edgedla import OnnxRunner, Target, hookimpl


class Toy(Target):
    name = "toy"
    toolchain = "cardboard"

    def notice(self, toolchain):
        return f"toy: nothing of {toolchain} is real"

    def runner(self, path, jobs=1):
        return OnnxRunner(path)


@hookimpl
def edgedla_targets():
    return [Toy]
"""
NAN = BEEP.replace("values = [", 'values = [float("nan")] or [')
WINDOWS = BEEP.replace(
    "    def postprocess(",
    """    def windows(self, path):
        from edgedla import Window

        for index, value in enumerate(path.read_text().split()):
            import numpy as np

            yield Window(index, index + 1.5, {"mel": np.full((1, 8), float(value), np.float32)})

    def postprocess(""",
)


def variant(site: Site, beep: Path, source: str) -> None:
    """Another `beep` over the same bundle."""
    assert beep.is_dir()
    (site.folder / "edgedla_beep.py").write_text(source)


def test_a_score_that_is_no_number_is_no_answer(
    edgedla: Command, site: Site, beep: Path, sounds: Path
) -> None:
    variant(site, beep, NAN)
    answer = edgedla("run", "-i", sounds / "a.txt", "--json", code=2).json
    assert answer["error"]["message"].endswith("a.txt: the network answers with scores that are no numbers")


def test_a_timeline_joins_neighbours_of_one_class(
    edgedla: Command, site: Site, beep: Path, work: Path
) -> None:
    variant(site, beep, WINDOWS)
    (work / "long.txt").write_text("1 2 0 -1 -1 1")
    answer: Any = edgedla("run", "-i", "long.txt", "--long", "slide", "--json").json
    (result,) = answer["data"]["results"]
    assert [(event["start"], event["end"], event["label"]) for event in result["events"]] == [
        (0, 2.5, "beep"),
        (3, 5.5, "silence"),
        (5, 6.5, "beep"),
    ]
    lines = edgedla("run", "-i", "long.txt", "--long", "slide", "--threshold", "1").out
    assert lines == "long.txt\t1.00\t2.50\tbeep\t1.067\n"


def test_a_notice_of_the_target_goes_with_every_result(
    edgedla: Command, site: Site, beep: Path, work: Path
) -> None:
    assert beep.is_dir()
    site.add("toy", TOY)
    (work / "a.txt").write_text("1")
    answer = edgedla("run", "beep", "--target", "toy", "-i", "a.txt", "--json").json
    assert answer["warnings"] == ["toy: nothing of cardboard is real"]
    assert answer["data"]["toolchain"] == "cardboard"


def test_which_target_is_asked_where_there_are_several(edgedla: Command, site: Site) -> None:
    site.beep()
    site.add("toy", TOY)
    result = edgedla("run", "beep", code=2, env={"EDGEDLA_TARGET": ""})
    assert "error: which target? known: " in result.err
    assert "hint: --target " in result.err
