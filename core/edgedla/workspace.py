"""From names to a build: configuration, plugins, checkpoint and output folder put together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedla.errors import PrerequisiteError, UsageError
from edgedla.inputs import calibration_files
from edgedla.plugins import Plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgedla.artifacts import Artifact, Manifest, Origin
    from edgedla.config import Config, CoreOptions
    from edgedla.context import Context
    from edgedla.model import Model
    from edgedla.pipeline import Build
    from edgedla.registry import Registry
    from edgedla.spec import Options
    from edgedla.target import Target


_AGAIN = "build it again: edgedla build MODEL"


@dataclass(frozen=True)
class Wish:
    """What a user asked to be built."""

    model: str
    target: str
    checkpoint: Path | None = None
    calibration: Path | None = None
    out: Path | None = None
    templates: Path | None = None
    model_options: Mapping[str, object] = field(default_factory=dict)
    target_options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Bundle:
    """A finished build, opened to be run: it needs its own files and the plugins' code, nothing else."""

    root: Path
    manifest: Manifest
    model: Model[Any]
    target: Target[Any]
    cache: Path

    @property
    def network(self) -> Path:
        """The artifact in the format that the target accepts, byte for byte the one that was built.

        Raises:
            UsageError: It is missing, or another file stands in its place.
        """
        path = self.manifest.path_of(self.target.accepts, self.root)
        listed = {artifact.path: artifact for artifact in self.manifest.artifacts}
        return self.intact(listed[path.relative_to(self.root).as_posix()])

    def intact(self, artifact: Artifact) -> Path:
        """The file of an artifact, byte for byte the one that was built.

        Raises:
            UsageError: It is missing, or another file stands in its place.
        """
        from edgedla.artifacts import MANIFEST, sha256

        path = self.root / artifact.path
        try:
            same = path.stat().st_size == artifact.size and sha256(path) == artifact.sha256
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}", hint=_AGAIN) from None
        if not same:
            raise UsageError(f"{path}: its hash does not match {MANIFEST}; it is damaged", hint=_AGAIN)
        return path


class Workspace:
    """Configuration and plugins of one invocation."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.core: CoreOptions = config.core()
        self.plugins = Plugins(disabled=self.core.disable_plugins, strict=self.core.strict_plugins)
        config.check_sections(self.sections(), [plugin.name for plugin in self.plugins.broken])

    def sections(self) -> dict[str, type[Options]]:
        """Configuration tables: each model's, its trainer's and each target's options."""
        models = {name: self.plugins.models.get(name).Options for name in self.plugins.models}
        for name in self.plugins.models:
            if trainer := self.plugins.trainer(name):
                models[f"{name}_train"] = trainer.Options
        targets = {name: self.plugins.targets.get(name).Options for name in self.plugins.targets}
        return models | targets

    def model_name(self, name: str | None, target: str) -> str:
        """The model meant: the one named, else the only one built for this target, else installed."""
        if name:
            return name
        from edgedla.artifacts import MANIFEST

        built = sorted(path.parent.parent.name for path in self.build_dir.glob(f"*/{target}/{MANIFEST}"))
        known = built or sorted(self.plugins.models)
        if len(known) == 1:
            return known[0]
        which = "built" if built else "installed"
        raise UsageError(
            f"which model? {len(known)} are {which}: {', '.join(known) or 'none'}",
            hint=f"edgedla run {known[0] if known else 'MODEL'} --target {target}",
        )

    def target_name(self, name: str | None) -> str:
        """The target meant: the one named, else the configured one, else the only one installed."""
        found = name or self.core.target
        if found:
            return found
        known = sorted(self.plugins.targets)
        if len(known) == 1:
            return known[0]
        raise UsageError(
            f"which target? known: {', '.join(known) or 'none'}",
            hint=f"--target {known[0] if known else 'NAME'}",
        )

    @property
    def build_dir(self) -> Path:
        """Where builds go unless `--out` says otherwise."""
        return Path(self.core.build_dir)

    @property
    def cache(self) -> Path:
        """The folder of cached files; programs run in other folders, so it is absolute."""
        return Path(self.core.cache_dir).absolute()

    def folder(self, model: str, target: str) -> Path:
        """The output folder of this pair."""
        return self.build_dir / model / target

    def context(self, wish: Wish, report: Callable[[str], None]) -> Context:
        """Everything a build needs, checked before anything runs."""
        from edgedla.artifacts import Store
        from edgedla.context import Context
        from edgedla.route import find_route
        from edgedla.toolchain import Toolchain

        model_class, target_class = self.plugins.model(wish.model), self.plugins.target(wish.target)
        options = self.config.options(wish.model, model_class.Options, wish.model_options)
        model = model_class(model_class.resolve(options, wish.checkpoint))
        target = target_class(self.config.options(wish.target, target_class.Options, wish.target_options))
        for requirement in (*model_class.requires, *target_class.requires):
            requirement.check()
        root = (wish.out or self.folder(wish.model, wish.target)).absolute()  # programs run in other folders
        context = Context(
            model=model,
            target=target,
            spec=self.plugins.spec_of(model),
            route=find_route(self._converters(), target.accepts),
            checkpoint=wish.checkpoint,
            calibration_files=calibration_files(wish.calibration, model),
            store=Store(root),
            tools=Toolchain(log_dir=root / "logs", echo=report),
            hooks=self.plugins,
            cache=self.cache,
            template_folder=wish.templates,
            report=report,
        )
        target.check(context)
        return context

    def target(self, name: str) -> Target[Any]:
        """The target of this name with the configured options."""
        kind = self.plugins.target(name)
        return kind(self.config.options(name, kind.Options))

    def build(self, wish: Wish, report: Callable[[str], None], *, fresh: bool = False) -> Build:
        """A build ready to run."""
        from edgedla.pipeline import Build

        return Build(self.context(wish, report), self.plugins, fresh=fresh)

    def open(
        self,
        root: Path,
        hint: str,
        changes: Mapping[str, object] | None = None,
        here: Mapping[str, object] | None = None,
    ) -> Bundle:
        """The bundle in `root`; `changes` are model options that only concern pre- and post-processing.

        `here` are target options that no manifest holds, stronger than the configured ones.

        Raises:
            PrerequisiteError: A plugin that made it is not here.
            UsageError: There is no bundle (`hint`: what makes one), it is damaged, or `changes` are wrong.
        """
        from edgedla.pipeline import load_manifest

        manifest = load_manifest(root, hint)
        self._check_installed(root, "model", manifest.model, self.plugins.models)
        self._check_installed(root, "target", manifest.target, self.plugins.targets)
        model_class = self.plugins.model(manifest.model.name)
        target_class = self.plugins.target(manifest.target.name)
        local = self._local(manifest.target.name)
        return Bundle(
            root,
            manifest,
            model_class(_restore(model_class.Options, manifest.model, root, changes or {})),
            target_class(_restore(target_class.Options, manifest.target, root, local | dict(here or {}))),
            self.cache,
        )

    def reopen(self, bundle: Bundle, checkpoint: Path | None, report: Callable[[str], None]) -> Context:
        """The context of a finished build, to climb its ladder again; nothing is built.

        Raises:
            UsageError: `checkpoint` is not what the bundle was made of.
        """
        from edgedla.artifacts import Store
        from edgedla.context import Context
        from edgedla.pipeline import checkpoint_digest
        from edgedla.route import find_route
        from edgedla.toolchain import Toolchain

        if checkpoint and checkpoint_digest(checkpoint) != bundle.manifest.checkpoint:
            raise UsageError(f"{bundle.root} was not made of checkpoint {checkpoint}", hint=_AGAIN)
        root = bundle.root.absolute()
        store = Store(root)
        store.artifacts += bundle.manifest.artifacts
        return Context(
            model=bundle.model,
            target=bundle.target,
            spec=bundle.manifest.spec,
            route=find_route(self._converters(), bundle.target.accepts),
            checkpoint=checkpoint,
            calibration_files=(),
            store=store,
            tools=Toolchain(log_dir=root / "logs", echo=report),
            hooks=self.plugins,
            cache=self.cache,
            report=report,
        )

    def _local(self, target: str) -> dict[str, object]:
        """Values of the options that no manifest holds because they concern this machine alone."""
        kind = self.plugins.target(target).Options
        options = self.config.options(target, kind)
        return {name: getattr(options, name) for name, field in kind.model_fields.items() if field.exclude}

    def _check_installed(self, root: Path, kind: str, made_by: Origin, known: Registry[Any]) -> None:
        from edgedla.artifacts import MANIFEST

        broken = {plugin.name for plugin in self.plugins.broken}  # has its own words for it
        if made_by.name not in known and made_by.name not in broken:
            raise PrerequisiteError(
                f"{root / MANIFEST}: {kind} '{made_by.name}' comes from {made_by.distribution} "
                f"{made_by.version}, which is not here",
                hint="install that distribution; edgedla list-plugins shows what is installed",
            )

    def _converters(self) -> list[Any]:
        return [self.plugins.converters.get(name) for name in self.plugins.converters]


def _restore(kind: type[Options], made_by: Origin, root: Path, changes: Mapping[str, object]) -> Options:
    from pydantic import ValidationError

    from edgedla.artifacts import MANIFEST

    try:
        return kind.model_validate(made_by.options | dict(changes))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        if key not in changes:
            raise UsageError(
                f"{root / MANIFEST}: option '{key}' does not fit the installed plugin: {first['msg']}",
                hint=_AGAIN,
            ) from None
        if first["type"] == "extra_forbidden":
            raise UsageError(f"'{made_by.name}' has no option '{key}'", hint=f"leave out --{key}") from None
        reason = first["msg"].replace("Input should be", "expected", 1)
        raise UsageError(f"--{key}: {reason}, found {changes[key]!r}") from None
