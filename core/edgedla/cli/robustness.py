"""`edgedla robustness`: accuracy against noise, level, sampling rate, clipping and offset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edgedla.cli.common import Calibration, Checkpoint, Precision, Settings, Target, Toolchain
from edgedla.cli.figures import percent
from edgedla.cli.labelled import Data, Fold, Jobs, KnownOnly, OneBundle, Rung, judge_rest, open_labelled
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb

if TYPE_CHECKING:
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
    rung: Rung = None,
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
    from edgedla.dataset import thinned
    from edgedla.robustness import Trial, chosen
    from edgedla.rungs import Rungs

    work = open_labelled(
        talk,
        model,
        target,
        data,
        fold=fold,
        known_only=known_only,
        bundle=bundle,
        jobs=jobs,
        checkpoint=checkpoint,
        settings=settings,
        calibration=calib,
        precision=precision,
        toolchain=toolchain,
    )
    context = work.subject.context
    kinds, names = chosen(context.model, kind or []), work.rungs(rung, against)
    clips = thinned(work.clips, count) if count else work.clips
    with (
        talk.progress(f"disturbing {model} on {context.target.name}") as update,
        Rungs.open(context, names, work.jobs, work.subject.network) as rungs,
    ):
        found = Trial(context.model, rungs, clips, work.classes, seed).run(kinds, update)
    talk.data = {**work.about(), **found.model_dump()}
    _show(talk, found)
    judge_rest(work, found.clips, found.failed)


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
