"""The pytest plugin for authors of plugins: `pytest -p edgedla.testing`.

With `edgedla_plugin = NAME` in pytest's configuration, each rule of `edgedla check-plugin NAME` is a test;
one that says nothing about the plugin is skipped with its reason. The fixture `edgedla` runs command lines.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from edgedla.conformance.bench import Bench
from edgedla.conformance.check import Kit, find_subject, kit
from edgedla.conformance.rules import RULES, Rule
from edgedla.errors import EdgedlaError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edgedla.conformance.bench import Ran

KEPT = ("EDGEDLA_CACHE_DIR", "EDGEDLA_DISABLE_PLUGINS")
OPTION = "edgedla_plugin"
KIT = pytest.StashKey[Kit]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one setting."""
    parser.addini(OPTION, "plugin, model or target that is held against the rules for edgedla plugins")


@pytest.hookimpl(tryfirst=True)  # before -k and -m choose among them
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test for each rule, unless single tests were asked for by name."""
    if config.getini(OPTION) and not any("::" in word for word in config.args):
        items += [
            RuleItem.from_parent(session, name=rule.id, nodeid=f"edgedla::{rule.id}", rule=rule)
            for rule in RULES
        ]


class RuleItem(pytest.Item):
    """One rule as a test."""

    def __init__(self, *, rule: Rule, **rest: Any) -> None:
        super().__init__(**rest)
        self.rule = rule

    def runtest(self) -> None:
        """Fail with what was found and the remedy, or skip with the reason why it does not apply."""
        try:
            found = _kit(self.config).check(self.rule)
        except EdgedlaError as error:
            raise pytest.fail.Exception(f"{error.message}\nhint: {error.hint}", pytrace=False) from None
        if found.status == "broken":
            pytest.fail(f"{self.rule.title}\n{found.message}\nhint: {found.hint}", pytrace=False)
        if found.status == "not applicable":
            pytest.skip(found.message)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the name of the plugin stands, and the rule."""
        return self.config.inipath or self.path, None, f"edgedla: {self.rule.id}"


def _kit(config: pytest.Config) -> Kit:
    """The kit of this run, made for the first rule; its builds are shared by all of them."""
    from edgedla.plugins import Plugins

    if KIT not in config.stash:
        stack = ExitStack()
        config.add_cleanup(stack.close)
        config.stash[KIT] = stack.enter_context(kit(find_subject(str(config.getini(OPTION)), Plugins())))
    return config.stash[KIT]


@pytest.fixture
def edgedla(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ran]:
    """`edgedla(*words, code=0)`: one command line in a process of its own, in `tmp_path`.

    Gives an object with `.code`, `.out`, `.err` and `.json`, the object on stdout. The plugins that are
    installed are there, and the small models `check_tiny`, with class names, `check_plain`, with none,
    `check_sound` and `check_picture`.
    """
    bench = Bench(tmp_path_factory.mktemp("edgedla"))
    bench.install_companion()
    for name in [name for name in os.environ if name.startswith("EDGEDLA_") and name not in KEPT]:
        monkeypatch.delenv(name)  # settings of whoever runs the tests

    def run(*words: str | Path, code: int = 0) -> Ran:
        ran = bench.python("-m", "edgedla", *words, cwd=tmp_path)
        assert ran.code == code, f"edgedla {' '.join(map(str, words))}: {ran}"
        return ran

    return run
