"""The plugin contract: what its version stands for, and that the page of hooks says what the manager does."""

from __future__ import annotations

import re
from pathlib import Path

import pluggy
import pytest

from contract import FOLDER, hooks, record, surface
from edgedla import CONTRACT, hookspecs
from edgedla.conformance import companion
from edgedla.plugins import Plugins
from edgedla.quarantine import contract_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/hooks.md").read_text()
FIRST = "The first plugin that answers is taken."


def versions() -> list[tuple[int, int]]:
    found = [re.fullmatch(r"(\d+)\.(\d+)", path.stem) for path in FOLDER.iterdir()]
    return sorted((int(each[1]), int(each[2])) for each in found if each)


def kept(line: str, newer: list[str]) -> bool:
    """Whether what a plugin relied on is there still: maybe as something that it may leave out now."""
    grown = rf"{re.escape(line.removesuffix(')'))}(, \w+=)*\)"
    return line in newer or f"{line} (optional)" in newer or any(re.fullmatch(grown, each) for each in newer)


def test_what_plugins_rely_on_is_that_of_this_version() -> None:
    recorded = record(CONTRACT).read_text().splitlines()
    assert surface() == recorded, (
        "the contract has changed: raise edgedla.CONTRACT as docs/reference/hooks.md says where this one was "
        "released, and run `python tests/support/contract.py`"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [pair for pair in zip(versions(), versions()[1:], strict=False) if pair[0][0] == pair[1][0]],
)
def test_a_minor_version_takes_nothing_away(old: tuple[int, int], new: tuple[int, int]) -> None:
    newer = record(new).read_text().splitlines()
    assert [line for line in record(old).read_text().splitlines() if not kept(line, newer)] == []


def test_what_is_taken_away_is_seen() -> None:
    assert kept("Model.run(self, a)", ["Model.run(self, a, b=)"])
    assert kept("Score.label", ["Score.label (optional)"])
    assert not kept("Model.run(self, a)", ["Model.run(self, a, b)"])
    assert not kept("Score.label (optional)", ["Score.label"])
    assert not kept("hook edgedla_jinja(env)", ["hook edgedla_jinja()"])


def test_the_record_is_of_the_newest_version() -> None:
    assert versions()[-1] == CONTRACT


def test_own_plugins_say_which_they_keep() -> None:
    plugins = Plugins()
    for name in ("eat_sed", "onnxruntime", "pcupid"):
        assert contract_of(plugins.module(name)) == CONTRACT
    assert contract_of(companion) == CONTRACT


def test_the_page_says_the_version() -> None:
    assert f"The contract of this edgedla is **{CONTRACT[0]}.{CONTRACT[1]}**." in PAGE


def test_the_page_says_which_hooks_take_the_first_answer() -> None:
    manager = pluggy.PluginManager("edgedla")
    manager.add_hookspecs(hookspecs)
    sections = dict(re.findall(r"^### `(\w+)\(.*?\)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
    assert sections.keys() == hooks().keys()
    for name, text in sections.items():
        spec = getattr(manager.hook, name).spec
        assert bool(spec.opts["firstresult"]) == (FIRST in " ".join(text.split())), name
