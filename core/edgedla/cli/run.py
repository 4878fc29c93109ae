"""`edgedla run`: what the network says of a file, a folder, or its own sample."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgedla.cli.answers import Answers
from edgedla.cli.build import perform
from edgedla.cli.common import Board, Checkpoint, Precision, Settings, Target, Window, wish, workspace
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import UsageError
from edgedla.predict import predict

if TYPE_CHECKING:
    from edgedla.model import Model
    from edgedla.runner import Runner
    from edgedla.workspace import Bundle, Wish, Workspace


@verb("run")
def run(
    talk: Talk,
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="Which model; may be left out where there is one.")
    ] = None,
    target: Target = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="PATH",
            help="File, folder or glob; repeatable. Default: the model's own sample.",
        ),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="DIR", help="A bundle built before [build/MODEL/TARGET]."),
    ] = None,
    top_k: Annotated[
        int, typer.Option("--top-k", min=1, metavar="N", help="How many classes to show per input.")
    ] = 3,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold",
            min=0,
            max=1,
            metavar="SCORE",
            help="Leave out classes that score less [none; with --long 0.5].",
        ),
    ] = None,
    long: Annotated[
        str | None,
        typer.Option(
            "--long",
            metavar="HOW",
            help="slide: go over long recordings window by window, and print a timeline.",
        ),
    ] = None,
    window: Window = None,
    board: Board = None,
    jobs: Annotated[
        int, typer.Option("--jobs", min=0, metavar="N", help="Files at work at once (0: choose).")
    ] = 0,
    checkpoint: Checkpoint = None,
    precision: Precision = None,
    settings: Settings = None,
) -> None:
    """Say what each input is. A model that is not built yet is built first."""
    if long not in (None, "slide"):
        raise UsageError(f"--long {long}: there is no such way", hint="--long slide")
    space = workspace(settings)
    if bundle is None:
        target = space.target_name(target)
        model = space.model_name(model, target)
        wanted = wish(space, model, target, checkpoint=checkpoint, precision=precision, board=board)
        files = _files(inputs, space.plugins.model(model))  # before a build that takes its time
        bundle = bundle_root(talk, space, wanted, rebuild=bool(checkpoint or precision or settings))
        hint = f"edgedla build {model} --target {target}"
        opened = space.open(bundle, hint, _flag("window", window), _flag("board", board))
    else:
        _check_no_build(checkpoint or precision or settings)
        hint = "edgedla build MODEL --out DIR makes a bundle"
        opened = space.open(bundle, hint, _flag("window", window), _flag("board", board))
        check_names(opened, model, target)
        files = _files(inputs, type(opened.model))
    files = files or _sample(opened)
    if notice := opened.target.notice(opened.manifest.toolchain):
        talk.warn(notice)
    predictor = opened.target.predictor(opened, talk.warn)
    if long and predictor:
        talk.warn(f"--long: windows go to the network without the program of {predictor.name}")
        predictor = None
    if predictor:
        answers = Answers(talk, opened, top_k, threshold, board=predictor.name)
        answers.tell(predictor.predict(files), len(files))
        return
    if not long:
        _check_answers(opened.model)
    count = 1 if long else min(jobs_of(jobs, space), len(files))
    with closing(_runner(opened, count)) as runner:
        answers = Answers(talk, opened, top_k, threshold, board=None)
        if long:
            answers.tell_events(runner, files)
        else:
            answers.tell(predict(opened.model, runner, files, count), len(files))


def _check_answers(model: Model[Any]) -> None:
    """Refuse a model whose plugin was written for builds only."""
    from edgedla.model import unwritten

    for name in unwritten(type(model)):
        what = "how a file becomes an input" if name == "preprocess" else "what outputs mean"
        raise UsageError(
            f"model '{model.name}' can be built, but does not say {what}",
            hint=f"its plugin has to override `{name}`",
        )


def _runner(bundle: Bundle, jobs: int) -> Runner:
    runner = bundle.target.runner(bundle.network, jobs)
    if runner is None:
        raise UsageError(f"nothing on this machine runs what target '{bundle.target.name}' is built for")
    return runner


def jobs_of(jobs: int, space: Workspace) -> int:
    """Files at work at once: the flag, else what is configured, else one for each core."""
    return jobs or space.core.jobs or os.cpu_count() or 1


def bundle_root(talk: Talk, space: Workspace, wanted: Wish, *, rebuild: bool) -> Path:
    """The bundle to run; built now where there is none, or where `rebuild` asks for other options."""
    from edgedla.artifacts import MANIFEST

    root = space.folder(wanted.model, wanted.target)
    if rebuild or not (root / MANIFEST).is_file():
        talk.say(f"building {wanted.model} for {wanted.target} in {root}")
        perform(talk, space.build(wanted, talk.detail))
    return root


def _files(inputs: list[str] | None, model: type[Model[Any]]) -> list[Path]:
    from edgedla.predict import input_files

    for name in inputs or []:
        if name.startswith("-") and not os.path.lexists(name):
            raise UsageError(f"-i {name}: no such file or folder", hint="a file's name goes after -i")
    return input_files(inputs or [], model)


def _sample(bundle: Bundle) -> list[Path]:
    found = list(bundle.model.sample_files()[:1])
    if not found:
        raise UsageError(f"model '{bundle.model.name}' brings no sample", hint="name a file with -i")
    return found


def _check_no_build(options: object) -> None:
    if options:
        raise UsageError(
            "--checkpoint, --precision and --set decide a build, and --bundle names one that is done",
            hint="leave out --bundle, or the others",
        )


def check_names(bundle: Bundle, model: str | None, target: str | None) -> None:
    """Refuse a bundle of another model or target than those named."""
    for kind, asked, found in (
        ("model", model, bundle.manifest.model.name),
        ("target", target, bundle.manifest.target.name),
    ):
        if asked not in (None, found):
            raise UsageError(
                f"{bundle.root} holds {kind} '{found}', not '{asked}'",
                hint=f"leave out the {kind}, or --bundle",
            )


def _flag(key: str, value: str | None) -> dict[str, object]:
    return {} if value is None else {key: value}
