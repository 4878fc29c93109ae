"""Plugins that are bad each in its own way: named with their distribution and the remedy that fits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from edgedla import CONTRACT
from plants import altered
from throwaway import BEEP

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result, Site

    Command = Callable[..., Result]

NEWER = f"EDGEDLA_CONTRACT = ({CONTRACT[0]}, {CONTRACT[1] + 1})\n"
OLDER = "EDGEDLA_CONTRACT = (0, 9)\n"
UPGRADE = "pip install --upgrade"
TRAINER = "    @classmethod\n    def trainer(cls):\n        raise OSError('no trainer today')\n\n"

# By name: source, lines of metadata, reason, remedy.
BAD = {
    "newer": (NEWER, "", f"made for plugin contract {CONTRACT[0]}.{CONTRACT[1] + 1}", f"{UPGRADE} edgedla,"),
    "older": (OLDER, "", "made for plugin contract 0.9", f"{UPGRADE} edgedla-older,"),
    "odd": ("EDGEDLA_CONTRACT = 'new'\n", "", "not a pair of whole numbers", f"{UPGRADE} edgedla-odd,"),
    "ahead": (
        "from edgedla import Oracle\n",
        "",
        "cannot import name 'Oracle'",
        f"{UPGRADE} edgedla edgedla-ahead,",
    ),
    "unmet": (
        "from edgedla import Oracle\n",
        "Requires-Dist: edgedla>=9\nRequires-Dist: numpy\nRequires-Dist: torch<1; extra == 'x'\n",
        "it needs edgedla>=9, and here is 0.1.0",
        "pip install 'edgedla>=9',",
    ),
    "lonely": (
        "import oracle\n",
        "Requires-Dist: oracle-of-delphi[smoke]>=2\n",
        "it needs oracle-of-delphi[smoke]>=2, and it is not installed",
        "pip install 'oracle-of-delphi[smoke]>=2',",
    ),
    "orphan": ("import oracle\n", "", "No module named 'oracle'", "--force-reinstall edgedla-orphan"),
    "misspelt": (
        "from edgedla import hookimpl\n\n@hookimpl\ndef edgedla_modles():\n    return []\n",
        "",
        "edgedla_modles",
        f"{UPGRADE} edgedla edgedla-misspelt,",
    ),
    "raises": ("raise RuntimeError('why')\n", "", "RuntimeError: why", f"{UPGRADE} edgedla-raises,"),
    "exits": ("raise SystemExit('no')\n", "", "SystemExit: no", f"{UPGRADE} edgedla-exits,"),
    "lacks": (
        altered(BEEP, ("def samples(", "def sample("), ('"beep"', '"half"')),
        "",
        "does not implement samples",
        f"{UPGRADE} edgedla-lacks,",
    ),
    "dumb": (
        altered(BEEP, ('"one matrix product"', "3"), ('"beep"', '"dumb"')),
        "",
        "`summary` is no text but 3",
        f"{UPGRADE} edgedla-dumb,",
    ),
    "lazy": (
        altered(BEEP, ("    def spec(", f"{TRAINER}    def spec("), ('"beep"', '"lazy"')),
        "",
        "OSError: no trainer today",
        f"{UPGRADE} edgedla-lazy,",
    ),
    "rival": (
        BEEP,
        "",
        "model 'beep' is brought by two plugins, 'beep' and 'rival' is taken by edgedla-beep 1.0",
        "pip uninstall edgedla-rival, or edgedla-beep: one of the two,",
    ),
}


def metadata(site: Site, name: str, lines: str) -> None:
    (path,) = site.folder.glob(f"edgedla_{name}-*/METADATA")
    path.write_text(path.read_text() + lines)


@pytest.fixture
def crowd(site: Site, beep: Path) -> Site:
    """`beep`, working, among all of them, one that talks on stdout, and a second plugin called `beep`."""
    assert beep.is_dir()
    for name, (source, lines, _, _) in BAD.items():
        site.add(name, source)
        metadata(site, name, lines)
    site.add("loud", "import os\nprint('hello')\nos.system('echo hello')\n")
    site.add("beep", "", distribution="zz-other-beep")
    return site


@pytest.mark.usefixtures("crowd")
def test_each_is_named_with_its_remedy(edgedla: Command) -> None:
    rows = edgedla("list-plugins", "--json").json["data"]["plugins"]
    broken = {row["distribution"]: row for row in rows if row["status"] == "broken"}
    assert broken.keys() == {f"edgedla-{name}" for name in BAD} | {"zz-other-beep"}
    for name, (_, _, reason, remedy) in BAD.items():
        row = broken[f"edgedla-{name}"]
        assert reason in row["reason"], name
        assert f"{row['hint']},".startswith(remedy) or remedy in row["hint"], name
        assert row["hint"].endswith(f"EDGEDLA_DISABLE_PLUGINS={name} to do without")
    second = broken["zz-other-beep"]
    assert second["reason"] == "the name 'beep' is taken by edgedla-beep 1.0"
    assert second["hint"] == "pip uninstall zz-other-beep, or edgedla-beep: one of the two"


@pytest.mark.usefixtures("crowd")
def test_all_else_goes_on_and_stdout_stays_clean(edgedla: Command, work: Path) -> None:
    (work / "a.txt").write_text("1")
    for words in ("list-models", "list-targets", "doctor", "config show", "build beep", "run beep -i a.txt"):
        result = edgedla(*words.split(), "--json")
        assert json.loads(result.out)["ok"], words


LIES = {
    "wrong": ("return ModelSpec(", "return dict(", "spec() returns dict, not a ModelSpec"),
    "shape": ('name="prob", shape=(1, 2)', 'name="prob", shape=(1, 3)', "its spec says prob float32 (1, 3)"),
    "name": ('name="mel", shape=(1, 8)', 'name="mel", shape=(1, 9)', "its spec says mel float32 (1, 9)"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_spec_that_lies(site: Site, edgedla: Command, lie: str) -> None:
    old, new, said = LIES[lie]
    site.add("liar", altered(BEEP, (old, new), ('name = "beep"', 'name = "liar"')), version="0.3")
    site.beep()
    answer: Any = edgedla("build", "liar", "--json", code=None).json
    error = answer["error"]
    assert answer["exit_code"] == (1 if lie in ("shape", "name") else 5)
    assert said in error["message"]
    assert "edgedla-liar 0.3" in error["message"]
    assert error["hint"].startswith("pip install --upgrade edgedla-liar; its author: ")
    assert error["hint"].endswith("edgedla check-plugin liar")
    assert edgedla("list-models", "--json").json["ok"]
    edgedla("build", "beep", "--dry-run")


BUGS = {
    "spec": ("return ModelSpec(", "1 / 0\n        return ModelSpec("),
    "resolve": (
        "    def spec(self):",
        "    @classmethod\n    def resolve(cls, *_):\n        1 / 0\n\n    def spec(self):",
    ),
    "samples": ("for _ in range(min(limit, 4))", "for _ in range(1 / 0)"),
    "export": ("weight = np", "1 / 0\n        weight = np"),
}


@pytest.mark.parametrize("where", BUGS)
def test_a_bug_in_a_plugin_is_charged_to_it(site: Site, edgedla: Command, where: str) -> None:
    site.add("buggy", altered(BEEP, BUGS[where]), version="0.3")
    error = edgedla("build", "beep", "--json", code=101).json["error"]
    assert error["message"].startswith("bug in the plugin 'buggy' of edgedla-buggy 0.3: ")
    assert error["hint"].startswith("pip install --upgrade edgedla-buggy, or report it with the log")


def test_a_bug_of_edgedla_is_charged_to_nobody(site: Site, edgedla: Command) -> None:
    site.beep()
    (site.folder / "sitecustomize.py").write_text(
        "import edgedla.config as config\nconfig.Config.load = classmethod(lambda *_, **__: 1 / 0)\n"
    )
    assert "bug in edgedla or a plugin: ZeroDivisionError" in edgedla("list-models", code=101).err


def test_metadata_are_read_once_per_plugin(site: Site, edgedla: Command) -> None:
    """Reading and parsing them is what discovery costs; see tests/cli/measure_plugins.py for figures."""
    for index in range(20):
        site.add(f"beep{index}", BEEP.replace('name = "beep"', f'name = "beep{index}"'))
    (site.folder / "sitecustomize.py").write_text(COUNT)
    counts = json.loads(edgedla("list-models", "-q").err.splitlines()[-1])
    ours = {place: count for place, count in counts.items() if "edgedla_beep" in place}
    assert len(ours) == 20
    assert set(ours.values()) == {1}
    assert not [place for place in counts if "edgedla" not in place], "of no plugin"


COUNT = """
import atexit, json, sys
from collections import Counter
from importlib import metadata
counts, read = Counter(), metadata.PathDistribution.read_text

def read_text(self, name):
    if name == "METADATA":
        counts[str(self._path)] += 1
    return read(self, name)

metadata.PathDistribution.read_text = read_text
atexit.register(lambda: print(json.dumps(counts), file=sys.stderr))
"""
