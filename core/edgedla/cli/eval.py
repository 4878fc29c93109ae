"""`edgedla eval`: accuracy on labelled recordings, and what the way to the target cost in decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edgedla.cli.common import Calibration, Checkpoint, Precision, Settings, Target, Toolchain
from edgedla.cli.figures import show_evaluation, show_pairing
from edgedla.cli.labelled import (
    Data,
    Fold,
    Jobs,
    KnownOnly,
    Labelled,
    OneBundle,
    Rung,
    judge_rest,
    open_labelled,
)
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import GateError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edgedla.dataset import Clip
    from edgedla.evaluate import Evaluation, Leakage, Pairing
    from edgedla.rungs import Reply

MAX_DROP = 1.0


@verb("eval")
def evaluate(
    talk: Talk,
    model: Annotated[str, typer.Argument(help="Which model; see list-models.")],
    data: Data,
    target: Target = None,
    fold: Fold = None,
    rung: Rung = None,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="NAME", help="Pair it with this rung on the same clips."),
    ] = None,
    max_drop: Annotated[
        float | None,
        typer.Option(
            "--max-drop",
            min=0,
            max=100,
            metavar="POINTS",
            help="Percentage points of accuracy that may be lost against --against [1.0].",
        ),
    ] = None,
    known_only: KnownOnly = False,
    bundle: OneBundle = None,
    jobs: Jobs = 0,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler", metavar="tcp://…", help="Evaluate on the Dask cluster of this scheduler."
        ),
    ] = None,
    checkpoint: Checkpoint = None,
    calib: Calibration = None,
    precision: Precision = None,
    toolchain: Toolchain = None,
    settings: Settings = None,
) -> None:
    """Say how often a rung is right on labelled recordings; a model that is not built yet is built first.

    With --against two rungs answer to the same clips, and status 1 says that more accuracy is lost than
    --max-drop allows, or that there are too few clips to tell.
    """
    if max_drop is not None and against is None:
        raise UsageError("--max-drop limits what is lost against another rung", hint="--against onnx")
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
    names = work.rungs(rung, against)
    replies = _ask(talk, work, names, scheduler)
    found, paired = _figures(work, replies, names, MAX_DROP if max_drop is None else max_drop)
    leaks = _leaks(work, replies)
    talk.data = {
        **work.about(),
        **found.model_dump(),
        "leakage": leaks.model_dump(),
        "against": paired.model_dump() if paired else None,
    }
    show_evaluation(talk, found)
    if paired:
        show_pairing(talk, paired)
    _warn(talk, work, found, leaks)
    _judge(work, found, leaks, paired)


def _ask(talk: Talk, work: Labelled, names: tuple[str, ...], scheduler: str | None) -> list[Reply]:
    replies: list[Reply] = []
    context = work.subject.context
    with talk.progress(f"evaluating {context.model.name} on {context.target.name}") as update:
        for reply in _answers(work, names, scheduler):
            replies.append(reply)
            update(len(replies) / len(work.clips), f"{len(replies)} of {len(work.clips)} clips")
    if all(reply.failure for reply in replies):
        raise UsageError(f"none of {len(replies)} clips could be read, first: {replies[0].failure}")
    return replies


def _figures(
    work: Labelled, replies: list[Reply], names: tuple[str, ...], max_drop: float
) -> tuple[Evaluation, Pairing | None]:
    """The last rung, and what the way from the first one to it cost, where there are two."""
    from edgedla.evaluate import evaluate as figures
    from edgedla.evaluate import pair

    labels = work.subject.context.spec.labels
    each = [figures(replies, work.classes, labels, names, at) for at in range(len(names))]
    return each[-1], pair(each[0], each[-1], max_drop) if len(each) > 1 else None


def _answers(work: Labelled, names: tuple[str, ...], scheduler: str | None) -> Iterator[Reply]:
    from edgedla.rungs import Rungs

    subject = work.subject
    if scheduler is None:
        with Rungs.open(subject.context, names, work.jobs, subject.network) as rungs:
            yield from rungs.answers(work.clips)
        return
    from edgedla import cluster

    if subject.stopped:
        raise subject.stopped  # workers open finished bundles
    task = cluster.Work.of(subject.context.store.root, subject.context.checkpoint, names)
    yield from cluster.answers(scheduler, task, [_absolute(clip) for clip in work.clips])


def _absolute(clip: Clip) -> Clip:
    """The clip by a path that means the same in another folder."""
    from dataclasses import replace

    return replace(clip, path=clip.path.absolute())


def _leaks(work: Labelled, replies: list[Reply]) -> Leakage:
    from edgedla.evaluate import find_leaks

    subject = work.subject
    known = subject.context.model.trained_on if subject.bundled else _nothing_known
    return find_leaks(replies, subject.clips("calibration_clips"), subject.clips("training_clips"), known)


def _nothing_known(_: Path) -> bool:
    return False


def _warn(talk: Talk, work: Labelled, found: Evaluation, leaks: Leakage) -> None:
    from edgedla.confusion import exchanged

    if leaks.training:
        talk.warn(
            f"leakage: {len(leaks.training)} of {found.clips} clips were trained on, "
            f"first {leaks.training[0]}; the figures are better than those of new recordings"
        )
    if work.dataset.unlisted:
        talk.warn(f"{work.dataset.unlisted} recordings in the folder are not in its table and were left out")
    for a, b in exchanged(found.confusion):
        talk.warn(
            f"'{a}' and '{b}' are mostly taken for each other: are the names in the order of the outputs?"
        )


def _judge(work: Labelled, found: Evaluation, leaks: Leakage, paired: Pairing | None) -> None:
    """Raise what has to end the command; everything is measured and shown by now."""
    if leaks.calibration:
        raise GateError(
            f"leakage: {len(leaks.calibration)} of the clips have calibrated the quantiser, "
            f"first {leaks.calibration[0]}; a test must not know them",
            hint="take them out of --data or of --calib; edgedla calibrate-set picks others",
        )
    if paired:
        _judge_drop(paired)
    judge_rest(work, found.clips, found.failed)


def _judge_drop(paired: Pairing) -> None:
    budget, lost = paired.budget, paired.drop
    interval = f"{lost.value:+.2f} points, 95 % interval {lost.low:+.2f} to {lost.high:+.2f}"
    if budget.verdict == "exceed":
        raise GateError(
            f"'{paired.rung}' loses more than {budget.max_drop:g} points "
            f"against '{paired.against}': {interval}",
            hint="edgedla compare --layers shows where it is lost",
        )
    if budget.verdict == "undecided":
        needed = (
            "no number of such clips" if budget.clips_needed is None else f"some {budget.clips_needed} clips"
        )
        raise GateError(
            f"{paired.clips} clips are too few to say whether '{paired.rung}' loses more than "
            f"{budget.max_drop:g} points against '{paired.against}': {interval}; {needed} would decide, "
            "if flips stay as frequent",
            hint="more recordings, or a wider --max-drop; n = z²·(2q + D·(1 - D))/(D - d)², Tango 1998: "
            "docs/explanation/statistics.md",
        )
