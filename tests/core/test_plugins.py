"""Discovery: good plugins in, broken ones listed with their reason, none able to stop the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from edgedla.errors import PrerequisiteError, UsageError
from edgedla.plugins import Plugins

if TYPE_CHECKING:
    from throwaway import Site

HEAD = "from edgedla import Converter, Model, ModelSpec, Target, TensorSpec, hookimpl\n"
BROKEN = {
    "raises": ("raise RuntimeError('no licence\\nfound')", "RuntimeError: no licence found"),
    "imports": ("import a_module_that_is_not_there", "ModuleNotFoundError"),
    "syntax": ("def broken(:", "SyntaxError"),
    "misspelt": (HEAD + "@hookimpl\ndef edgedla_modles():\n    return []\n", "edgedla_modles"),
    "argument": (HEAD + "@hookimpl\ndef edgedla_jinja(environment):\n    pass\n", "environment"),
    "hook": (HEAD + "@hookimpl\ndef edgedla_models():\n    raise OSError('disk')\n", "OSError: disk"),
    "instance": (HEAD + "@hookimpl\ndef edgedla_models():\n    return [3]\n", "3"),
    "exits": ("raise SystemExit(0)", "SystemExit"),
    "options": (
        HEAD
        + "class Odd(Target):\n    name = 'odd'\n    Options = dict\n"
        + "@hookimpl\ndef edgedla_targets():\n    return [Odd]\n",
        "does not derive from Options",
    ),
    "lacks": (
        HEAD
        + "class Half(Model):\n    name = 'half'\n    def spec(self): ...\n"
        + "@hookimpl\ndef edgedla_models():\n    return [Half]\n",
        "samples",
    ),
}


def reason(plugins: Plugins, name: str) -> str:
    return next(plugin.reason for plugin in plugins.broken if plugin.name == name)


def test_own_plugins_come_in_by_entry_point() -> None:
    plugins = Plugins()
    assert "eat_sed" in list(plugins.models)
    assert "onnxruntime" in list(plugins.targets)
    assert plugins.broken == []
    assert plugins.origin(plugins.models, "eat_sed").distribution == "edgedla"


def test_a_stranger_comes_in_the_same_way(site: Site) -> None:
    site.beep()
    plugins = Plugins()
    assert plugins.model("beep").summary == "one matrix product"
    assert plugins.origin(plugins.models, "beep").distribution == "edgedla-beep"


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plugin_is_listed_and_the_rest_works(site: Site, kind: str) -> None:
    source, expected = BROKEN[kind]
    site.add(kind, source, version="0.3")
    site.beep()
    plugins = Plugins()
    assert [plugin.name for plugin in plugins.broken] == [kind]
    assert expected in reason(plugins, kind)
    assert "\n" not in reason(plugins, kind)
    assert plugins.model("beep")


def test_a_name_that_only_a_broken_plugin_has_gives_its_reason(site: Site) -> None:
    site.add("yolo", "raise RuntimeError('needs a newer numpy')", version="0.3")
    with pytest.raises(PrerequisiteError, match=r"edgedla-yolo 0\.3.*needs a newer numpy") as caught:
        Plugins().model("yolo")
    assert "pip install --upgrade edgedla-yolo" in str(caught.value.hint)


def test_an_unknown_name_is_a_usage_error(site: Site) -> None:
    site.beep()
    with pytest.raises(UsageError, match="no model named 'beeb'") as caught:
        Plugins().model("beeb")
    assert "did you mean 'beep'?" in str(caught.value.hint)


def test_two_distributions_of_one_entry_point(site: Site) -> None:
    site.beep()
    site.add("beep", "", distribution="zz-other-beep")
    plugins = Plugins()
    assert plugins.model("beep").summary == "one matrix product"
    assert [plugin.distribution for plugin in plugins.broken] == ["zz-other-beep"]
    assert "taken by edgedla-beep" in plugins.broken[0].reason


def test_two_plugins_of_one_model_name(site: Site) -> None:
    module = site.beep()
    site.add("beep2", module.read_text())
    plugins = Plugins()
    assert plugins.origin(plugins.models, "beep").name == "beep"
    assert "beep" in reason(plugins, "beep2")


def test_disabled_plugins_are_not_even_imported(site: Site) -> None:
    site.add("raises", "raise RuntimeError")
    assert Plugins(disabled=["raises"]).broken == []


def test_strict_mode_raises_for_plugin_authors(site: Site) -> None:
    site.add("raises", "raise RuntimeError('why')", version="2")
    with pytest.raises(PrerequisiteError, match=r"'raises' of edgedla-raises 2 is broken: RuntimeError: why"):
        Plugins(strict=True)


OBSERVER = (
    HEAD
    + """
seen = []

@hookimpl
def edgedla_before_stage(stage):
    seen.append(stage)
    raise ZeroDivisionError(stage)

@hookimpl
def edgedla_judge(model, reference):
    return None
"""
)


def test_observers_are_reported_never_raised(site: Site) -> None:
    site.add("watcher", OBSERVER)
    context: Any = object()
    complaints = Plugins().before_stage("export", context)
    assert complaints == ["plugin 'watcher' failed in edgedla_before_stage: ZeroDivisionError: export"]


def test_a_hook_may_leave_arguments_out(site: Site) -> None:
    site.add("watcher", OBSERVER)
    model: Any = object()
    assert Plugins().judge(model, [], []) is None
