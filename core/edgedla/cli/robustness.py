"""`edgedla robustness`: accuracy against noise, level, sampling rate, clipping and offset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edgedla.cli.common import (
    Calibration,
    Checkpoint,
    Precision,
    Settings,
    Target,
    Toolchain,
    shown,
    wish,
    workspace,
)
from edgedla.cli.eval import Data, Fold, Jobs, KnownOnly, OneBundle, about, chosen, rung_pair
from edgedla.cli.figures import percent
from edgedla.cli.run import jobs_of
from edgedla.cli.subject import open_subject
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import UsageError

if TYPE_CHECKING:
    from edgedla.cli.subject import Subject
    from edgedla.robustness import Robustness


@verb("robustness")
def robustness(
    talk: Talk,
    model: Annotated[str, typer.Argument(help="Which model; see list-models.")],
    data: Data,
    target: Target = None,
    fold: Fold = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", metavar="NAME", help="This disturbance only; repeatable. Default: all of the model's."
        ),
    ] = None,
    count: Annotated[
        int, typer.Option("--clips", min=0, metavar="N", help="Take N clips, as many of each class (0: all).")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Of the noise.")] = 0,
    rung: Annotated[
        str | None,
        typer.Option("--rung", metavar="NAME", help="What to disturb [the network that the target gets]."),
    ] = None,
    against: Annotated[
        str, typer.Option("--against", metavar="NAME", help="The rung beside it, on the same sound.")
    ] = "onnx",
    known_only: KnownOnly = False,
    bundle: OneBundle = None,
    jobs: Jobs = 0,
    checkpoint: Checkpoint = None,
    calib: Calibration = None,
    precision: Precision = None,
    toolchain: Toolchain = None,
    settings: Settings = None,
) -> None:
    """Say how accuracy falls where recordings get worse, before and after the way to the target."""
    from edgedla.dataset import match_labels
    from edgedla.robustness import Trial
    from edgedla.robustness import chosen as kinds_of
    from edgedla.rungs import Rungs

    space = workspace(settings)
    target = space.target_name(target)
    wanted = wish(
        space,
        model,
        target,
        checkpoint=checkpoint,
        calibration=calib,
        precision=precision,
        toolchain=toolchain,
    )
    dataset = chosen(data, space.plugins.model(model).suffixes, fold)
    rebuild = bool(checkpoint or calib or precision or toolchain or settings)
    subject = open_subject(talk, space, wanted, bundle, rebuild=rebuild)
    network = subject.context.model
    kinds = kinds_of(network, kind or [])
    classes = match_labels(dataset, subject.context.spec.labels, known_only=known_only)
    dataset = dataset.take(clip.name for clip in dataset.clips if clip.label in classes)
    clips = (dataset.thinned(count) if count else dataset).clips
    names = rung_pair(subject, rung, against)
    with (
        talk.progress(f"disturbing {model} on {target}") as update,
        Rungs.open(subject.context, names, jobs_of(jobs, space), subject.network) as rungs,
    ):
        trial = Trial(network, rungs, clips, classes, seed)
        found = trial.run(kinds, update)
    talk.data = {
        **about(subject),
        "data": {"folder": shown(data), "layout": dataset.layout, "fold": fold},
        **found.model_dump(),
    }
    _show(talk, found)
    _judge(subject, found)


def _show(talk: Talk, found: Robustness) -> None:
    rows = [
        (
            "as recorded",
            "",
            *(percent(found.clean.accuracy[name]) for name in found.rungs),
            str(found.clean.flips),
        )
    ]
    rows += [
        (
            series.kind,
            f"{point.amount:g} {series.unit}",
            *(percent(point.accuracy[name]) for name in found.rungs),
            str(point.flips),
        )
        for series in found.series
        for point in series.points
    ]
    talk.table(("disturbance", "amount", *found.rungs, "differ"), rows)


def _judge(subject: Subject, found: Robustness) -> None:
    if subject.stopped:
        raise subject.stopped
    if found.failed:
        raise UsageError(
            f"{len(found.failed)} of {found.clips + len(found.failed)} clips could not be read, "
            f"first {found.failed[0].reason}; the figures are of the others",
            hint="mend them, or take them out of the data set",
        )
