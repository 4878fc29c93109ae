"""Broken plugins and missing libraries: named, with what mends them, and in nobody else's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from throwaway import BEEP

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result, Site

    Command = Callable[..., Result]

BROKEN = {
    "syntax": ("def (:\n", "SyntaxError"),
    "missing": ("import nothing_of_that_name\n", "ModuleNotFoundError"),
    "raises": ("raise RuntimeError('many\\nlines')\n", "RuntimeError: many lines"),
    "misspelt": (
        "from edgedla import hookimpl\n@hookimpl\ndef edgedla_modles(): return []\n",
        "edgedla_modles",
    ),
    "no_list": ("from edgedla import hookimpl\n@hookimpl\ndef edgedla_models(): return 3\n", "TypeError"),
    "twice": (BEEP, "'beep' is brought by two plugins"),
}


@pytest.fixture
def crowd(site: Site, beep: Path) -> Site:
    """`beep`, working, among plugins that are broken each in its own way."""
    assert beep.is_dir()
    for name, (source, _) in BROKEN.items():
        site.add(name, source)
    return site


@pytest.mark.usefixtures("crowd")
def test_broken_plugins_are_listed_with_reason_and_remedy(edgedla: Command) -> None:
    rows = {row["name"]: row for row in edgedla("list-plugins", "--json").json["data"]["plugins"]}
    table = edgedla("list-plugins").out
    for name, (_, reason) in BROKEN.items():
        assert rows[name]["status"] == "broken"
        assert reason in rows[name]["reason"]
        assert f"EDGEDLA_DISABLE_PLUGINS={name}" in rows[name]["hint"]
        assert rows[name]["reason"] in table
        assert rows[name]["hint"] in table
    assert (rows["beep"]["status"], rows["beep"]["models"]) == ("ready", ["beep"])


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("kind", ["targets", "models"])
def test_lists_show_them_too(edgedla: Command, kind: str) -> None:
    rows = edgedla(f"list-{kind}", "--json").json["data"][kind]
    assert {row["name"] for row in rows if row["status"] == "broken"} == set(BROKEN)
    assert all(row.keys() == {"name", "summary", "plugin", "version", "status", "reason"} for row in rows)
    assert sum(row["status"] == "ready" for row in rows) >= 1


@pytest.mark.usefixtures("crowd")
def test_doctor_names_them(edgedla: Command) -> None:
    checks = edgedla("doctor", "--json").json["data"]["checks"]
    assert {check["for"] for check in checks if check["status"] == "broken"} == set(BROKEN)


@pytest.mark.usefixtures("crowd")
def test_all_else_goes_on(edgedla: Command, work: Path) -> None:
    (work / "a.txt").write_text("1")
    assert edgedla("run", "beep", "-i", "a.txt").err == ""
    edgedla("build", "beep", "--dry-run")
    edgedla("config", "show")


@pytest.mark.usefixtures("crowd")
def test_strict_makes_them_an_error(edgedla: Command) -> None:
    strict = {"EDGEDLA_STRICT_PLUGINS": "true"}
    assert "is broken" in edgedla("list-targets", code=5, env=strict).err


@pytest.mark.parametrize("requires", ['("torch",)', "None", "(1 / 0,)"])
def test_requirements_that_are_none(edgedla: Command, site: Site, requires: str) -> None:
    site.add("odd", BEEP.replace("    suffixes =", f"    requires = {requires}\n    suffixes ="))
    rows = edgedla("list-models", "--json").json["data"]["models"]
    assert "broken" in {row["status"] for row in rows}
    assert edgedla("doctor", "--json").json["ok"]


WITHOUT_TORCH = "import sys\nsys.modules['torch'] = sys.modules['onnxsim'] = None\n"


@pytest.fixture
def torchless(site: Site) -> Site:
    """What a machine without the extra `torch` is like: neither found nor importable."""
    (site.folder / "sitecustomize.py").write_text(WITHOUT_TORCH)
    return site


@pytest.mark.usefixtures("torchless")
def test_without_torch_a_bundle_runs(edgedla: Command, eat_bundle: Path) -> None:
    assert "\tdog\t" in edgedla("run", "--bundle", eat_bundle).out


@pytest.mark.usefixtures("torchless")
def test_without_torch_lists_say_what_is_missing(edgedla: Command) -> None:
    edgedla("list-targets")
    (row,) = edgedla("list-models", "--json").json["data"]["models"]
    assert (row["status"], row["reason"]) == (
        "missing",
        "exporting a trained network needs 'torch': pip install 'edgedla[torch]'",
    )
    checks = [c for c in edgedla("doctor", "--json").json["data"]["checks"] if c["for"] == "eat_sed"]
    assert [(c["status"], c["hint"]) for c in checks] == [("missing", "pip install 'edgedla[torch]'")]


@pytest.mark.usefixtures("torchless")
@pytest.mark.parametrize("words", ["build eat_sed", "run eat_sed", "run", "build eat_sed --dry-run"])
def test_without_torch_nothing_is_built(edgedla: Command, work: Path, words: str) -> None:
    result = edgedla(*words.split(), code=5)
    assert "hint: pip install 'edgedla[torch]'\n" in result.err
    assert not (work / "build").exists()


def test_the_simulation_is_a_true_one(edgedla: Command, torchless: Site) -> None:
    torchless.add("eager", "import torch\n")
    (row,) = (r for r in edgedla("list-plugins", "--json").json["data"]["plugins"] if r["name"] == "eager")
    assert "import of torch halted" in row["reason"]
