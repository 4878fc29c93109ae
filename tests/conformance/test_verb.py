"""`edgedla check-plugin` as a command, and the same rules as tests of pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from edgedla import CONTRACT
from edgedla.conformance.check import find_subject, kit
from edgedla.conformance.rules import RULES
from edgedla.plugins import Plugins
from plants import GOOD, PLANTS, SIMPLIFIER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result, Site

    Command = Callable[..., Result]

UNBUILT = ("loads", "hook-signatures", "names", "version", "contract", "licence", "readme", "described")
TESTS = """
def test_own(edgedla, tmp_path):
    assert edgedla("list-plugins", "--json").json["ok"]
    assert "did you mean 'onnxruntime'" in edgedla("build", "beep", "--target", "onxruntime", code=2).err
    assert list(tmp_path.iterdir()) == []
"""
SETTINGS = """
[tool.pytest.ini_options]
addopts = ["-p", "edgedla.testing", "-p", "no:cacheprovider", "-rs"]
edgedla_plugin = "beep"
filterwarnings = ["error"]
"""


@pytest.mark.slow
def test_a_good_plugin_is_told_so(site: Site, edgedla: Command) -> None:
    GOOD[1].install(site)
    data = edgedla("check-plugin", "paper", "--json").json["data"]
    assert (data["plugin"], data["distribution"], data["version"]) == ("paper", "edgedla-paper", "1.0")
    assert data["contract"] == ".".join(map(str, CONTRACT))
    assert [check["rule"] for check in data["checks"]] == [rule.id for rule in RULES]
    assert {check["status"] for check in data["checks"]} == {"ok", "not applicable"}
    assert all(check["message"] and not check["hint"] for check in data["checks"])


def test_a_plugin_that_does_not_load_is_broken_and_not_a_failure_of_the_check(
    site: Site, edgedla: Command
) -> None:
    PLANTS["loads"][1].install(site)
    answer = edgedla("check-plugin", "beep", "--json", code=1).json
    checks = {check["rule"]: check for check in answer["data"]["checks"]}
    assert checks["loads"]["message"] == "ValueError: once"
    assert "pip install --upgrade edgedla-beep" in checks["loads"]["hint"]
    words, variable = ("list-plugins", "--debug"), "EDGEDLA_STRICT_PLUGINS=1"
    assert f"its author: {variable} edgedla {' '.join(words)} shows where" in checks["loads"]["hint"]
    assert "raise ValueError('once')" in edgedla(*words, env={"EDGEDLA_STRICT_PLUGINS": "1"}, code=5).err
    assert checks["builds"] == {
        "rule": "builds",
        "status": "not applicable",
        "message": "the plugin does not load",
        "hint": "",
    }
    assert answer["error"]["message"] == "plugin 'beep' of edgedla-beep 1.0 breaks 1 rule(s): loads"
    assert answer["error"]["hint"] == checks["loads"]["hint"]


def test_an_unknown_name_is_a_misuse(site: Site, edgedla: Command) -> None:
    GOOD[0].install(site)
    err = edgedla("check-plugin", "beeb", code=2).err
    assert "no plugin, model or target named 'beeb'" in err
    assert "did you mean 'beep'? names: beep, eat_sed" in err


def test_one_model_of_a_plugin_alone(site: Site) -> None:
    folder = GOOD[0].install(site)
    module = folder / "__init__.py"
    second = 'class Second(Beep):\n    name = "second"\n\n\n@hookimpl\ndef edgedla_models'
    source = module.read_text().replace("@hookimpl\ndef edgedla_models", second)
    module.write_text(source.replace("return [Beep]", "return [Beep, Second]"))
    found = find_subject("second", Plugins())
    assert (found.plugin.name, [kind.name for kind in found.models]) == ("beep", ["second"])
    assert [kind.name for kind in find_subject("beep", Plugins()).models] == ["beep", "second"]


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize("name", ["eat_sed", "onnxruntime", "pcupid"])
def test_own_plugins_keep_the_rules_that_need_no_build(name: str) -> None:
    with kit(find_subject(name, Plugins())) as found:
        answers = [found.check(rule) for rule in RULES if rule.id in UNBUILT]
    assert [(each.rule.id, each.message) for each in answers if each.status != "ok"] == []


@pytest.mark.slow
def test_onnxruntime_keeps_them_all(site: Site, edgedla: Command) -> None:
    (site.folder / "onnxsim.py").write_text(SIMPLIFIER)
    checks = edgedla("check-plugin", "onnxruntime", "--json").json["data"]["checks"]
    assert {check["rule"] for check in checks if check["status"] == "ok"} >= {"agrees", "odd-paths", "cancel"}


def run_pytest(folder: Path, site: Site, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "test_own.py").write_text(TESTS)
    path = os.pathsep.join([str(site.folder), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_rules_are_tests_of_pytest(site: Site, work: Path) -> None:
    PLANTS["licence"][0].install(site)
    wanted = "test_own or licence or names or templates"
    done = run_pytest(work, site, "-k", wanted)
    assert done.returncode == 1, done.stdout
    assert "1 failed, 3 passed, 1 skipped, 18 deselected" in done.stdout
    assert "edgedla-beep names no licence\nhint: write `license" in done.stdout
    assert "the plugin brings no target" in done.stdout


def test_a_test_asked_for_by_name_comes_alone(site: Site, work: Path) -> None:
    GOOD[0].install(site)
    assert " 1 passed in" in run_pytest(work, site, "test_own.py::test_own").stdout


def test_a_wrong_name_in_the_settings_fails_each_rule_with_advice(site: Site, work: Path) -> None:
    done = run_pytest(work, site, "-k", "names")
    assert "no plugin, model or target named 'beep'\nhint: names: " in done.stdout
    assert "one that is not installed: pip install -e FOLDER" in done.stdout
    assert "During handling" not in done.stdout
    assert "testing.py" not in done.stdout
    assert done.returncode == 1
