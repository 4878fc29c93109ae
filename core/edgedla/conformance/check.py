"""Going through the rules: who is asked, and what becomes of an answer."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from edgedla.config import Config
from edgedla.conformance.bench import Bench
from edgedla.conformance.case import BrokenRuleError, Case, NotApplicableError, Subject
from edgedla.conformance.places import remember
from edgedla.errors import EdgedlaError, UsageError
from edgedla.registry import advice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgedla.conformance.rules import Rule
    from edgedla.plugins import Plugins
    from edgedla.registry import Registry

UNLOADED = ("loads", "hook-signatures", "names", "version", "contract", "licence", "readme")
"""What can be asked of a plugin that does not load."""


@dataclass(frozen=True)
class Checked:
    """A rule and its answer; `hint` is what to do where it is broken."""

    rule: Rule
    status: Literal["ok", "broken", "not applicable"]
    message: str
    hint: str = ""


class Kit:
    """All rules for one subject; expensive things such as builds are made once for all of them."""

    def __init__(self, subject: Subject, folder: Path) -> None:
        config = Config.load(cwd=folder, environ=os.environ, user_file=folder / "none.toml")
        bench = Bench(folder)
        bench.install_companion()
        self.subject = subject
        self._case = Case(subject, bench, config)
        remember(self._case)

    def check(self, rule: Rule) -> Checked:
        """One rule, asked of the plugin or of each of its classes; the first that is broken counts."""
        subject = self.subject
        if subject.plugin.reason and rule.id not in UNLOADED:
            return Checked(rule, "not applicable", "the plugin does not load")
        kinds: dict[str, tuple[Any, ...]] = {
            "plugin": (None,),
            "model": subject.models,
            "target": subject.targets,
            "both": subject.kinds,
        }
        asked = [self._ask(rule, kind) for kind in kinds[rule.of]]
        if not asked:
            what = "model or target" if rule.of == "both" else rule.of
            return Checked(rule, "not applicable", f"the plugin brings no {what}")
        broken = next((each for each in asked if each.status == "broken"), None)
        if broken:
            return broken
        answered = [each for each in asked if each.status == "ok"]
        status: Literal["ok", "not applicable"] = "ok" if answered else "not applicable"
        return Checked(rule, status, "; ".join(each.message for each in answered or asked))

    def _ask(self, rule: Rule, kind: Any) -> Checked:
        case = Case(self.subject, self._case.bench, self._case.config, kind)
        who = f"{kind.name}: " if kind else ""
        try:
            return Checked(rule, "ok", f"{who}{rule.check(case)}")
        except NotApplicableError as error:
            return Checked(rule, "not applicable", f"{who}{error}")
        except BrokenRuleError as error:
            return Checked(rule, "broken", f"{who}{error}", error.hint or rule.remedy)
        except EdgedlaError as error:
            return Checked(rule, "broken", f"{who}{error.message}", error.hint or rule.remedy)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may fail in any way it likes
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            return Checked(rule, "broken", f"{who}{reason}", rule.remedy)


@contextmanager
def kit(subject: Subject) -> Iterator[Kit]:
    """The rules for a subject, with a scratch folder that is gone afterwards."""
    with TemporaryDirectory(prefix="edgedla-check-", ignore_cleanup_errors=True) as folder:
        yield Kit(subject, Path(folder).resolve())


def find_subject(name: str, plugins: Plugins) -> Subject:
    """The plugin of this entry point, or the one model or target of this name with its plugin.

    Raises:
        PrerequisiteError: What it needs beyond its dependencies is not here.
        UsageError: Nothing is called so.
    """
    models, targets = plugins.models, plugins.targets
    plugin, wanted = plugins.plugins.get(name), None
    if plugin is None:
        registry: Registry[Any] = models if name in models else targets
        if name not in registry:
            known = {*plugins.plugins, *models, *targets}
            hint = f"{advice(name, known, 'names')}; one that is not installed: pip install -e FOLDER"
            raise UsageError(f"no plugin, model or target named '{name}'", hint=hint)
        plugin, wanted = plugins.origin(registry, name), registry.get(name)

    def brought(registry: Registry[Any]) -> tuple[Any, ...]:
        own = [kind for key, kind in registry.items() if plugins.origin(registry, key) is plugin]
        return tuple(kind for kind in own if wanted in (None, kind) or registry is plugins.converters)

    module = plugins.module(plugin.name) if plugins.plugins[plugin.name] is plugin else None
    subject = Subject(plugin, plugins, module, brought(models), brought(targets), brought(plugins.converters))
    for kind in subject.kinds:
        for need in kind.requires:
            need.check()
    return subject
