"""`edgedla build`: the pipeline, stage by stage."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgedla.cli.common import (
    Calibration,
    Checkpoint,
    CrossCompile,
    DockerImage,
    OpenDla,
    Precision,
    Record,
    Sdk,
    Settings,
    Target,
    Toolchain,
    Window,
    shown,
    size,
    wish,
    workspace,
)
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import ToolchainError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgedla.artifacts import Artifact, Manifest
    from edgedla.model import Model
    from edgedla.pipeline import Build

MOST_ROWS = 8
"""Files of one folder that are listed one by one."""
UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}


@verb("build")
def build(
    talk: Talk,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Which model; see list-models.")],
    target: Target = None,
    checkpoint: Checkpoint = None,
    calib: Calibration = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Output folder [build/MODEL/TARGET].")
    ] = None,
    precision: Precision = None,
    window: Window = None,
    toolchain: Toolchain = None,
    opendla: OpenDla = None,
    docker_image: DockerImage = None,
    record: Record = None,
    sdk: Sdk = None,
    cross_compile: CrossCompile = None,
    settings: Settings = None,
    templates: Annotated[
        Path | None,
        typer.Option(
            "--templates", metavar="DIR", help="Folder of templates that go before the built-in ones."
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Reuse nothing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
) -> None:
    """Build MODEL for a target, check it at every step, and leave a bundle that runs on its own."""
    space = workspace(settings)
    target = space.target_name(target)
    wanted = wish(
        space,
        model,
        target,
        checkpoint=checkpoint,
        calibration=calib,
        out=out,
        templates=templates,
        precision=precision,
        window=window,
        toolchain=toolchain,
        opendla=opendla,
        docker_image=docker_image,
        record=record,
        sdk=sdk,
        cross_compile=cross_compile,
    )
    if out is not None:
        _check_out(out)
    made = space.build(wanted, talk.detail, fresh=fresh)
    if dry_run:
        show_plan(talk, made)
        return
    manifest = perform(talk, made)
    root = made.context.store.root
    talk.table(("file", "size"), _files(root, manifest.artifacts))
    talk.say(f"next: {_to_write(made.context.model)}{_next(model, target, out)}")


def _files(root: Path, artifacts: Sequence[Artifact]) -> list[tuple[str, str]]:
    """What a build left and how large it is; a folder of many files in one row, where its first would be."""
    folders: dict[Path, list[Artifact]] = {}
    for artifact in artifacts:
        folders.setdefault((root / artifact.path).parent, []).append(artifact)
    rows = []
    for folder, found in folders.items():
        if len(found) > MOST_ROWS:
            total = sum(artifact.size for artifact in found)
            rows.append((f"{shown(folder)}/ ({len(found)} files)", size(total)))
        else:
            rows += [(shown(root / artifact.path), size(artifact.size)) for artifact in found]
    return rows


def perform(talk: Talk, made: Build) -> Manifest:
    """Run a build with progress, and keep in `talk.data` what `--json` shows, also when it fails half way.

    Raises:
        EdgedlaError: A stage failed, a gate said no, or there is no room for the result.
    """
    root = made.context.store.root
    with talk.busy(f"building {made.context.model.name} for {made.context.target.name}") as update:
        progress = _Progress(talk, made, update)
        failure: ToolchainError | None = None
        try:
            return made.run(progress.begin)
        except ToolchainError as error:
            failure = error
            raise
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
            raise UsageError(
                f"{error.filename or root}: cannot be written: {error.strerror}",
                hint="make room there, or choose another --out; what was complete is kept",
            ) from error
        finally:
            progress.tell()
            target = made.context.target
            if notice := target.notice(target.toolchain):
                talk.warn(notice)
            talk.data = _data(made) | _failed(failure)
            for text in made.warnings:
                talk.warn(text)


class _Progress:
    """A line for every finished stage, and the name of the one at work for the spinner."""

    def __init__(self, talk: Talk, made: Build, update: Callable[[str], None]) -> None:
        self._talk = talk
        self._made = made
        self._update = update
        self._told = 0

    def begin(self, stage: str) -> None:
        self.tell()
        context, plan = self._made.context, self._made.plan()
        place = f"{plan.index(stage) + 1} of {len(plan)}"
        self._update(f"building {context.model.name} for {context.target.name}: {stage} ({place})")
        self._talk.detail(f"{stage} …")

    def tell(self) -> None:
        for report in self._made.stages[self._told :]:
            self._talk.say(f"{report.name:<9} {report.status:<8} {report.seconds:6.1f} s")
        self._told = len(self._made.stages)


def show_plan(talk: Talk, made: Build) -> None:
    """What a build would do, without doing it."""
    context = made.context
    route = [f"{kind.source} → {kind.result} ({kind.name})" for kind in context.route]
    commands = context.target.plan(context)
    talk.data = {
        "model": context.model.name,
        "target": context.target.name,
        "out": shown(context.store.root),
        "stages": list(made.plan()),
        "route": route,
        "commands": commands,
    }
    talk.print(f"out:    {shown(context.store.root)}")
    talk.print(f"stages: {', '.join(made.plan())}")
    talk.print(f"route:  {', '.join(route) or 'none needed'}")
    if commands:
        talk.print("commands:")
    for line in commands:
        talk.print(line)


def _check_out(out: Path) -> None:
    """A folder with other things in it is not overwritten; a bundle, or a build that was begun, is."""
    from edgedla.artifacts import MANIFEST, RECORDS, WORK

    if not out.is_dir() or not any(out.iterdir()):
        return
    if not any((out / name).exists() for name in (MANIFEST, RECORDS, WORK, ".lock")):
        raise UsageError(
            f"--out {out}: holds other files and no bundle", hint="name a folder that is new or empty"
        )


def _to_write(model: Model[Any]) -> str:
    """What has to be written before the model can be run; empty where nothing has."""
    from edgedla.model import unwritten

    missing = " and ".join(f"{name}()" for name in unwritten(type(model)))
    return f"{missing} of the model's plugin; then " if missing else ""


def _next(model: str, target: str, out: Path | None) -> str:
    from edgedla.toolchain import quote

    place = ["--bundle", out] if out else [model, "--target", target]
    return quote(["edgedla", "run", *place])


def _failed(error: ToolchainError | None) -> dict[str, Any]:
    """What a program left that failed: how it was called, its log, its last lines."""
    if error is None:
        return {}
    log = str(error.log) if error.log else None
    return {"failed": {"argv": list(error.argv), "log": log, "tail": list(error.tail)}}


def _data(made: Build) -> dict[str, Any]:
    context = made.context
    return {
        "model": context.model.name,
        "target": context.target.name,
        "toolchain": context.target.toolchain,
        "out": shown(context.store.root),
        "artifacts": [artifact.model_dump() for artifact in context.store.artifacts],
        "stages": [
            {"name": stage.name, "status": stage.status, "seconds": round(stage.seconds, 3)}
            for stage in made.stages
        ],
        "gates": [gate.model_dump() for record in made.records for gate in record.gates],
    }
