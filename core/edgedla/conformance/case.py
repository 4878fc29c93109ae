"""What a rule is handed, and how it answers: with a sentence, or with one of two exceptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgedla.config import Config
    from edgedla.conformance.bench import Bench
    from edgedla.converter import Converter
    from edgedla.model import Model
    from edgedla.plugins import Plugin, Plugins
    from edgedla.target import Target


class BrokenRuleError(Exception):
    """The plugin breaks the rule; `hint` is the remedy, where the rule's own is too general."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NotApplicableError(Exception):
    """The rule says nothing about this plugin; the message says why."""


@dataclass(frozen=True)
class Subject:
    """A plugin, or the one model or target of it that was named."""

    plugin: Plugin
    plugins: Plugins
    module: object | None  # None: it does not load
    models: tuple[type[Model[Any]], ...] = ()
    targets: tuple[type[Target[Any]], ...] = ()
    converters: tuple[type[Converter], ...] = ()

    @property
    def kinds(self) -> tuple[Any, ...]:
        """Models and targets."""
        return (*self.models, *self.targets)


@dataclass(frozen=True)
class Case:
    """A rule's question: the subject, where to try things out, and the class that is asked about."""

    subject: Subject
    bench: Bench
    config: Config
    kind: Any = field(default=None)

    def instance(self) -> Any:
        """The class with the configured options, as a build without a checkpoint makes it."""
        kind = self.kind
        options = self.config.options(kind.name, kind.Options)
        return kind(kind.resolve(options, None) if hasattr(kind, "resolve") else options)
