"""Stage prove: what a target compiled, run where it runs it; and which stages another compiler repeats."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from beep_builds import HOSTCC, MAIN_C, prepare, run, statuses
from edgedla import fingerprint
from edgedla.artifacts import MANIFEST
from edgedla.errors import GateError

if TYPE_CHECKING:
    from pathlib import Path

    from throwaway import Site

PROVING = """
import os
from edgedla import GateError, OnnxRunner, Target, Tolerance, hookimpl
from edgedla.artifacts import Gate
from edgedla.ladder import Step


class Scaled(OnnxRunner):
    def run(self, feed):
        scale = float(os.environ.get("PROVING_SCALE", "1"))
        return {name: value * scale for name, value in super().run(feed).items()}


class Proving(Target):
    name = "proving"

    def compile(self, context):
        program = context.dir("compile") / "program"
        program.write_text("made by " + self.program_identity())
        return [program]

    def program_identity(self):
        return os.environ.get("PROVING_COMPILER", "one")

    def rungs(self, context):
        if "PROVING_AWAY" in os.environ:
            context.warn("no board is here")
            return []
        assert context.artifact("program").read_text().startswith("made by")
        return [Step("board", lambda: Scaled(context.artifact("onnx")), Tolerance(max_abs=0.0))]

    def checks(self, context):
        if "PROVING_FAILS" in os.environ:
            raise GateError("gate 'board.self_test': 1 of 2 checks passed")
        return [Gate(name="board.self_test", ok=True, value=0, limit=0)]


@hookimpl
def edgedla_targets():
    return [Proving]
"""


@pytest.fixture
def proving(site: Site) -> None:
    site.beep()
    site.add("proving", PROVING)


@pytest.mark.usefixtures("proving")
def test_rungs_of_a_target_are_climbed_and_its_checks_are_gates(work: Path) -> None:
    assert statuses(run(work, "proving"))["prove"] == "run"
    manifest = json.loads((work / "build/beep/proving" / MANIFEST).read_text())
    board = manifest["rungs"][-1]
    assert (board["name"], board["against"], board["max_abs"]) == ("board", "simplified", 0.0)
    assert board["total"]["max_abs"] is not None
    gates = [gate["name"] for gate in manifest["gates"]]
    assert gates[-3:] == ["board.max_abs", "board.top1_agree", "board.self_test"]


@pytest.mark.usefixtures("proving")
def test_a_board_that_parts_is_named(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVING_SCALE", "1.5")
    monkeypatch.setenv("PROVING_FAILS", "1")  # not asked where a rung parts already
    with pytest.raises(GateError, match="stage prove: rung 'board' parts from 'simplified': max abs"):
        run(work, "proving")
    assert not (work / "build/beep/proving" / MANIFEST).exists()


@pytest.mark.usefixtures("proving")
def test_a_check_that_says_no_ends_the_build(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVING_FAILS", "1")
    for _ in range(2):  # what failed is not passed over because it was done before
        with pytest.raises(GateError, match=r"gate 'board\.self_test': 1 of 2"):
            run(work, "proving")


@pytest.mark.usefixtures("proving")
def test_what_cannot_be_run_here_is_skipped_and_said_each_time(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVING_AWAY", "1")
    for status in ("run", "reused"):
        made = run(work, "proving")
        assert statuses(made) | {"compile": status, "prove": "skipped"} == statuses(made)
        assert made.warnings == ["no board is here"]


@pytest.mark.usefixtures("proving")
def test_another_compiler_makes_the_program_anew_and_nothing_else(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(work, "proving")
    monkeypatch.setenv("PROVING_COMPILER", "two")
    found = statuses(run(work, "proving"))
    assert [name for name, status in found.items() if status == "run"] == ["compile", "prove", "bundle"]
    assert (work / "build/beep/proving/bin/program").read_text() == "made by two"


def test_templates_and_what_is_copied_beside_them_are_not_reused(site: Site, work: Path) -> None:
    site.beep()
    site.add("hostcc", HOSTCC)
    folder = site.folder / "hostcc_templates"
    (folder / "deep").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "main.c.j2").write_text(MAIN_C)
    run(work, "hostcc")
    for name in ("main.c.j2", "deep/Makefile"):
        (folder / name).write_text(MAIN_C + "/* changed */\n")
        fingerprint.of_templates.cache_clear()
        assert statuses(run(work, "hostcc"))["codegen"] == "run", name
    assert statuses(run(work, "hostcc"))["codegen"] == "reused"


def test_a_target_without_rungs_has_nothing_to_prove(site: Site, work: Path) -> None:
    site.beep()
    made = prepare(cwd=work)
    made.run(lambda _: None)
    assert statuses(made)["prove"] == "skipped"
    assert made.warnings == []
