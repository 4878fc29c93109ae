"""Finding plugins, keeping broken ones from doing harm, and a typed face over pluggy.

Nothing else in edgedla touches pluggy: its hook calls are `Any` to a type checker.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from traceback import walk_tb
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pluggy

from edgedla import hookspecs
from edgedla.converter import Converter
from edgedla.errors import EdgedlaError, PrerequisiteError, UsageError
from edgedla.model import Model
from edgedla.quarantine import PluginError, check_contract, diagnose
from edgedla.registry import Registry, TakenError
from edgedla.spec import ModelSpec, Options
from edgedla.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.metadata import EntryPoint

    from jinja2 import Environment

    from edgedla.artifacts import Artifact
    from edgedla.context import Context
    from edgedla.runner import Feed
    from edgedla.spec import Verdict
    from edgedla.trainer import Trainer

GROUP = "edgedla"
T = TypeVar("T")
ErrorT = TypeVar("ErrorT", bound=EdgedlaError)


@dataclass(frozen=True)
class Plugin:
    """One entry point: the distribution that brings it, and why it is broken if it is."""

    name: str
    distribution: str
    version: str
    module: str
    reason: str = ""
    hint: str = ""  # what mends it

    def __str__(self) -> str:
        return f"'{self.name}' of {self.distribution} {self.version}"


@dataclass(frozen=True)
class _Kind(Generic[T]):
    registry: Registry[T]
    hook: str


class Plugins:
    """All plugins of this environment: registries of their classes, and those that failed."""

    def __init__(self, *, disabled: Sequence[str] = (), strict: bool = False) -> None:
        self._manager = pluggy.PluginManager("edgedla")
        self._manager.add_hookspecs(hookspecs)
        self._strict = strict
        self._modules: dict[str, object] = {}
        self.plugins: dict[str, Plugin] = {}
        self.models: Registry[Model[Any]] = Registry("model", Model)
        self.converters: Registry[Converter] = Registry("converter", Converter)
        self.targets: Registry[Target[Any]] = Registry("target", Target)
        found = [(_plugin(point), point) for point in entry_points(group=GROUP) if point.name not in disabled]
        for plugin, point in sorted(found, key=lambda pair: (pair[0].name, pair[0].distribution)):
            self._load(plugin, point)
        self._collect(_Kind(self.models, "edgedla_models"))
        self._collect(_Kind(self.converters, "edgedla_converters"))
        self._collect(_Kind(self.targets, "edgedla_targets"))

    @property
    def broken(self) -> list[Plugin]:
        """The plugins that failed, sorted by name."""
        return [plugin for _, plugin in sorted(self.plugins.items()) if plugin.reason]

    def model(self, name: str) -> type[Model[Any]]:
        """The model class of this name; a broken plugin's reason where only that one would bring it."""
        return self._get(self.models, name)

    def target(self, name: str) -> type[Target[Any]]:
        """The target class of this name; a broken plugin's reason where only that one would bring it."""
        return self._get(self.targets, name)

    def module(self, name: str) -> object | None:
        """What the entry point of this name led to, taken in or not; `None` where it cannot be imported."""
        return self._modules.get(name)

    def origin(self, registry: Registry[Any], name: str) -> Plugin:
        """The plugin that brought the class of this name."""
        return self.plugins[registry.plugin_of(name)]

    def trainer(self, name: str) -> type[Trainer[Any]] | None:
        """What trains the model of this name; `None` where nothing does or asking breaks its plugin."""
        try:
            found = self.models.get(name).trainer()
            wrong = found is not None and not issubclass(found.Options, Options)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - every command asks, for the configuration
            self._quarantine(self.origin(self.models, name), error)
            return None
        if wrong:
            said = TypeError(f"trainer() of model '{name}': Options does not derive from Options")
            self._quarantine(self.origin(self.models, name), said)
        return None if wrong else found

    def spec_of(self, model: Model[Any]) -> ModelSpec:
        """What the model says of itself.

        Raises:
            PrerequisiteError: It says something else; its plugin is at fault.
        """
        spec: object = model.spec()
        if isinstance(spec, ModelSpec):
            return spec
        found = type(spec).__name__
        raise self.charge(
            model, PrerequisiteError(f"model '{model.name}': spec() returns {found}, not a ModelSpec")
        )

    def charge(self, model: Model[Any], error: ErrorT) -> ErrorT:
        """A failure that is the fault of the plugin that brought the model: named, with the remedy."""
        plugin = self.origin(self.models, model.name)
        author = f"its author: {error.hint + ', ' if error.hint else ''}edgedla check-plugin {plugin.name}"
        return type(error)(
            f"{error.message} (plugin {plugin})",
            hint=f"pip install --upgrade {plugin.distribution}; {author}",
        )

    def samples(self, model: Model[Any], limit: int) -> Iterable[Feed] | None:
        """Calibration inputs of the first plugin that has some."""
        answer: Iterable[Feed] | None = self._manager.hook.edgedla_samples(model=model, limit=limit)
        return answer

    def judge(
        self, model: Model[Any], reference: Sequence[Feed], candidate: Sequence[Feed]
    ) -> Verdict | None:
        """The verdict of the first plugin that has a rule."""
        answer: Verdict | None = self._manager.hook.edgedla_judge(
            model=model, reference=reference, candidate=candidate
        )
        return answer

    def configure_jinja(self, env: Environment) -> None:
        """Let every plugin add its filters and tests."""
        self._manager.hook.edgedla_jinja(env=env)

    def before_stage(self, stage: str, context: Context) -> list[str]:
        """Tell observers that a stage begins; what they raised, as sentences."""
        return self._observe("edgedla_before_stage", stage=stage, context=context)

    def after_stage(self, stage: str, context: Context, artifacts: tuple[Artifact, ...]) -> list[str]:
        """Tell observers that a stage ended; what they raised, as sentences."""
        return self._observe("edgedla_after_stage", stage=stage, context=context, artifacts=artifacts)

    def register(self, module: object, plugin: Plugin) -> None:
        """Take a plugin in, or leave no trace of it and raise."""
        self._modules[plugin.name] = module
        check_contract(module)
        try:
            self._manager.register(module, name=plugin.name)
            self._manager.check_pending()  # a misspelt hook name is an error, not silence
        except (ValueError, pluggy.PluginValidationError):
            if self._manager.has_plugin(plugin.name):  # pluggy leaves it half registered
                self._manager.unregister(name=plugin.name)
            raise
        self.plugins[plugin.name] = plugin

    def _load(self, plugin: Plugin, point: EntryPoint) -> None:
        if point.name in self.plugins:
            self._quarantine(plugin, _rivals(plugin, f"the name '{point.name}'", self.plugins[point.name]))
            return
        try:
            self.register(point.load(), plugin)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may fail in any way it likes
            self._quarantine(plugin, error)

    def _collect(self, kind: _Kind[T]) -> None:
        for impl in getattr(self._manager.hook, kind.hook).get_hookimpls():
            plugin = self.plugins[impl.plugin_name]
            try:
                for found in impl.function():
                    kind.registry.add(found, plugin=plugin.name)
            except TakenError as error:
                self._quarantine(plugin, _rivals(plugin, str(error), self.plugins[error.plugin]))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - each failure has an owner
                self._quarantine(plugin, error)

    def _quarantine(self, plugin: Plugin, error: BaseException) -> None:
        reason, hint = diagnose(error, plugin.distribution)
        if self._strict:
            raise PrerequisiteError(f"plugin {plugin} is broken: {reason}", hint=hint) from error
        key = plugin.name
        while key in self.plugins and self.plugins[key].distribution != plugin.distribution:
            key += "'"  # a second plugin of one name is listed beside the first
        if key == plugin.name:
            hint += f", or EDGEDLA_DISABLE_PLUGINS={plugin.name} to do without"
        self.plugins[key] = replace(plugin, reason=" ".join(reason.split()), hint=hint)

    def _get(self, registry: Registry[T], name: str) -> type[T]:
        try:
            return registry.get(name)
        except UsageError:
            culprit = next((plugin for plugin in self.broken if plugin.name == name), None)
            if culprit is None:
                raise
            raise PrerequisiteError(
                f"'{name}' comes from the plugin of {culprit.distribution} {culprit.version}, "
                f"which is broken: {culprit.reason}",
                hint=culprit.hint,
            ) from None

    def _observe(self, hook: str, **arguments: object) -> list[str]:
        complaints = []
        for impl in getattr(self._manager.hook, hook).get_hookimpls():
            try:
                impl.function(**{name: arguments[name] for name in impl.argnames})
            except Exception as error:  # noqa: BLE001 - an observer must not stop what it observes
                complaints.append(
                    f"plugin '{impl.plugin_name}' failed in {hook}: {type(error).__name__}: {error}"
                )
        return complaints


def culprit(error: BaseException) -> Plugin | None:
    """The plugin in whose code an exception was raised; `None` where it was in no plugin's."""
    points = sorted(entry_points(group=GROUP), key=lambda point: -len(point.module))
    for frame, _ in reversed(list(walk_tb(error.__traceback__))):
        name = str(frame.f_globals.get("__name__"))
        for point in points:
            if f"{name}.".startswith(f"{point.module}."):
                return _plugin(point)
    return None


def _rivals(plugin: Plugin, what: str, other: Plugin) -> PluginError:
    """Two plugins want one name; only whoever installed them knows which is to stay."""
    if plugin.distribution == other.distribution:
        return PluginError(what)
    return PluginError(
        f"{what} is taken by {other.distribution} {other.version}",
        f"pip uninstall {plugin.distribution}, or {other.distribution}: one of the two",
    )


def _plugin(point: EntryPoint) -> Plugin:
    """An entry point and where it comes from; its metadata are read once, which is what discovery costs."""
    if point.dist is None:
        return Plugin(point.name, "?", "?", point.value)
    found = point.dist.metadata
    name, version = (("Name" in found and found["Name"]), ("Version" in found and found["Version"]))
    return Plugin(point.name, name or "?", version or "?", point.value)
