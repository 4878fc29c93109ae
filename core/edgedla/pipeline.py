"""A build: the stages in order, what can be reused, the gates, and the manifest."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from edgedla import __version__, fingerprint
from edgedla.artifacts import (
    MANIFEST,
    WORK,
    Manifest,
    Origin,
    StageRecord,
    digest,
    digest_path,
    digest_tree,
    read_json,
    to_json,
    write_atomic,
)
from edgedla.context import FOLDERS
from edgedla.errors import GateError, UsageError
from edgedla.stages.accept import accept
from edgedla.stages.bundle import TEMPLATES, bundle
from edgedla.stages.codegen import codegen
from edgedla.stages.compile import compile as compile_stage
from edgedla.stages.convert import convert
from edgedla.stages.export import export
from edgedla.stages.prove import prove
from edgedla.stages.simplify import simplify
from edgedla.stages.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edgedla.context import Context, Outcome
    from edgedla.plugins import Plugins

STAGES: dict[str, Callable[[Context], Outcome]] = {
    "export": export,
    "simplify": simplify,
    "verify": verify,
    "convert": convert,
    "accept": accept,
    "codegen": codegen,
    "compile": compile_stage,
    "prove": prove,
    "bundle": bundle,
}
# From here on a stage depends on the target as well; those before are shared by all targets' options.
TARGET_STAGES = ("convert", "accept", "codegen", "compile", "prove", "bundle")
PROGRAM_STAGES = ("compile", "prove")  # another compiler makes another program, and nothing else anew


@dataclass(frozen=True)
class StageReport:
    """How one stage went, for the screen and for `--json`; never kept in the bundle."""

    name: str
    status: Literal["run", "reused", "skipped"]
    seconds: float


@dataclass
class Build:
    """A build in progress: filled stage by stage, so that a failure still shows what came before it."""

    context: Context
    plugins: Plugins
    fresh: bool = False
    stages: list[StageReport] = field(default_factory=list)
    records: list[StageRecord] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def run(self, progress: Callable[[str], None]) -> Manifest:
        """All stages, then the manifest; one build at a time per output folder.

        Raises:
            EdgedlaError: A stage failed or a gate said no. What was complete before is kept and reused.
        """
        root = self.context.store.root
        _make_folder(root)
        with _lock(root):
            self.context.target.identity()  # a program that is missing is missed before the long stages
            self._run_stages(progress, "bundle")
            manifest = self._manifest()
            _remove_stale(root, manifest)
            write_atomic(root / MANIFEST, to_json(manifest))
            shutil.rmtree(root / WORK, ignore_errors=True)
        return manifest

    def run_until(self, last: str, progress: Callable[[str], None]) -> None:
        """The stages up to `last` and no manifest, for who needs only what those make."""
        root = self.context.store.root
        _make_folder(root)
        with _lock(root):
            self._run_stages(progress, last)

    def plan(self) -> tuple[str, ...]:
        """Names of the stages, in order."""
        return tuple(STAGES)

    def _run_stages(self, progress: Callable[[str], None], last: str) -> None:
        for name, stage in STAGES.items():
            progress(name)
            self._run_stage(name, stage)
            if name == last:
                return

    def _run_stage(self, name: str, stage: Callable[[Context], Outcome]) -> None:
        started = time.perf_counter()
        context, key = self.context, self._key(name)
        record = None if self.fresh else context.store.reusable(name, key)
        status: Literal["run", "reused", "skipped"] = "reused"
        if record is None:
            record, status = self._execute(name, stage, key), "run"
        if not (record.artifacts or record.rungs):
            status = "skipped"
        context.store.artifacts += record.artifacts
        self.warnings += record.warnings
        self.records.append(record)
        self.stages.append(StageReport(name, status, time.perf_counter() - started))
        _pass_gates(name, record)

    def _execute(self, name: str, stage: Callable[[Context], Outcome], key: str) -> StageRecord:
        context = self.context
        context.running = name
        base = context.store.scratch(name)
        context.warned.clear()
        self.warnings += self.plugins.before_stage(name, context)
        try:
            outcome = stage(context)
        except GateError as error:
            if name == "export":
                raise self.plugins.charge(context.model, error) from error
            raise
        kept = tuple(
            context.store.keep(kind, path, FOLDERS.get(name, ""), base) for kind, path in outcome.files
        )
        context.running = ""
        record = StageRecord(
            key=key,
            artifacts=kept,
            gates=outcome.gates,
            rungs=outcome.rungs,
            warnings=tuple(context.warned),
        )
        context.store.record(name, record)
        self.warnings += self.plugins.after_stage(name, context, kept)
        return record

    def _key(self, name: str) -> str:
        context = self.context
        parts = [
            name,
            fingerprint.core(),
            fingerprint.of(type(context.model)),
            context.spec.model_dump_json(),
        ]
        parts += [context.model.options.model_dump_json(), checkpoint_digest(context.checkpoint)]
        if name in TARGET_STAGES:
            parts += [fingerprint.of(type(context.target)), context.target.options.model_dump_json()]
            parts += [fingerprint.of_templates(package) for package in _template_packages(context)]
            parts += [context.target.identity()]
            parts += [fingerprint.of(converter) for converter in context.route]
            parts += [digest_path(path) for path in context.calibration_files]
            parts += [digest_tree(context.template_folder)] if context.template_folder else []
            parts += [context.target.program_identity()] if name in PROGRAM_STAGES else []
        return digest(*parts, *(artifact.sha256 for artifact in context.store.artifacts))

    def _manifest(self) -> Manifest:
        context, plugins = self.context, self.plugins
        return Manifest(
            edgedla=__version__,
            model=_origin(plugins, plugins.models, context.model),
            target=_origin(plugins, plugins.targets, context.target),
            toolchain=context.target.toolchain,
            checkpoint=checkpoint_digest(context.checkpoint),
            spec=context.spec,
            versions=fingerprint.versions(),
            artifacts=tuple(context.store.artifacts),
            gates=tuple(gate for record in self.records for gate in record.gates),
            rungs=tuple(rung for record in self.records for rung in record.rungs),
        )


def load_manifest(root: Path, hint: str) -> Manifest:
    """The manifest of the bundle in `root`.

    Raises:
        UsageError: There is none, or it is damaged.
    """
    return read_json(root / MANIFEST, Manifest, hint)


def _template_packages(context: Context) -> list[str]:
    """Where a bundle's rendered files come from: edgedla's own templates, and those of the target."""
    own = context.target.templates.partition(".")[0]
    return sorted({TEMPLATES, own} - {""})


def _pass_gates(stage: str, record: StageRecord) -> None:
    failed = [rung for rung in record.rungs if not rung.ok]
    if failed:
        first = failed[0]
        raise GateError(
            f"stage {stage}: rung '{first.name}' parts from '{first.against}': {first.reason}",
            hint="look at what that step does to the network; earlier rungs agree",
        )


def _origin(plugins: Plugins, registry: Any, instance: Any) -> Origin:
    plugin = plugins.origin(registry, instance.name)
    return Origin(
        name=instance.name,
        distribution=plugin.distribution,
        version=plugin.version,
        options=instance.options.model_dump(mode="json"),
    )


def checkpoint_digest(checkpoint: Path | None) -> str:
    """What the manifest says of a checkpoint; `None` is the plugin's own weights."""
    return "bundled" if checkpoint is None else digest_path(checkpoint)


def _make_folder(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{root}: cannot be made: {error.strerror}", hint="choose another --out") from None


def _lock(root: Path) -> Any:
    from filelock import FileLock, Timeout

    lock = FileLock(root / ".lock")
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        raise UsageError(
            f"another build is at work in {root}", hint="wait for it, or give this one its own --out"
        ) from None
    except OSError as error:
        raise UsageError(
            f"{root}: cannot be written: {error.strerror}", hint="choose another --out"
        ) from None


def _remove_stale(root: Path, manifest: Manifest) -> None:
    """Take away what an earlier build with other options left and this one does not list."""
    if not (root / MANIFEST).is_file():
        return
    try:
        former = read_json(root / MANIFEST, Manifest, "")
    except UsageError:
        return  # of another version; its files cannot be told from the user's
    listed = {artifact.path for artifact in manifest.artifacts}
    for artifact in former.artifacts:
        if artifact.path not in listed:
            (root / artifact.path).unlink(missing_ok=True)
