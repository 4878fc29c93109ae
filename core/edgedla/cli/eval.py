"""`edgedla eval`: accuracy on labelled recordings, and what the way to the target cost in decisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from edgedla.cli.figures import show_evaluation, show_pairing
from edgedla.cli.run import jobs_of
from edgedla.cli.subject import Subject, open_subject
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import GateError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgedla.dataset import Dataset
    from edgedla.evaluate import Evaluation, Leakage, Pairing
    from edgedla.rungs import Reply

MAX_DROP = 1.0
Data = Annotated[
    Path,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Labelled recordings: meta/esc50.csv and audio/, or one folder per class.",
    ),
]
Fold = Annotated[int | None, typer.Option("--fold", metavar="K", help="Take this fold only.")]
KnownOnly = Annotated[
    bool, typer.Option("--known-only", help="Leave out clips of classes that the model does not know.")
]
OneBundle = Annotated[
    Path | None, typer.Option("--bundle", metavar="DIR", help="A bundle built before [build/MODEL/TARGET].")
]
Jobs = Annotated[int, typer.Option("--jobs", min=0, metavar="N", help="Clips at work at once (0: choose).")]


@verb("eval")
def evaluate(
    talk: Talk,
    model: Annotated[str, typer.Argument(help="Which model; see list-models.")],
    data: Data,
    target: Target = None,
    fold: Fold = None,
    rung: Annotated[
        str | None,
        typer.Option("--rung", metavar="NAME", help="What to evaluate [the network that the target gets]."),
    ] = None,
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
    from edgedla.dataset import match_labels
    from edgedla.evaluate import evaluate as figures
    from edgedla.evaluate import pair

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
    dataset = chosen(data, space.plugins.model(model).suffixes, fold)  # before a build that takes its time
    rebuild = bool(checkpoint or calib or precision or toolchain or settings)
    subject = open_subject(talk, space, wanted, bundle, rebuild=rebuild)
    labels = subject.context.spec.labels
    classes = match_labels(dataset, labels, known_only=known_only)
    names = rung_pair(subject, rung, against)
    kept = [clip for clip in dataset.clips if clip.label in classes]
    with talk.progress(f"evaluating {model} on {target}") as update:
        replies = []
        for reply in _answers(subject, names, kept, jobs_of(jobs, space), scheduler):
            replies.append(reply)
            update(len(replies) / len(kept), f"{len(replies)} of {len(kept)} clips")
    check_read(replies)
    found = figures(replies, classes, labels, names, len(names) - 1)
    leaks = _leaks(subject, replies)
    paired = None
    if against:
        paired = pair(
            figures(replies, classes, labels, names, 0), found, MAX_DROP if max_drop is None else max_drop
        )
    talk.data = {
        **about(subject),
        "data": {
            "folder": shown(data),
            "layout": dataset.layout,
            "fold": fold,
            "clips": len(dataset.clips),
            "left_out": len(dataset.clips) - len(kept),
            "unlisted": dataset.unlisted,
        },
        **found.model_dump(),
        "leakage": leaks.model_dump(),
        "against": paired.model_dump() if paired else None,
    }
    show_evaluation(talk, found)
    if paired:
        show_pairing(talk, paired)
    _warn(talk, dataset, found, leaks)
    _judge(subject, found, leaks, paired)


def chosen(folder: Path, suffixes: tuple[str, ...], fold: int | None) -> Dataset:
    """The clips of a data set that were asked for."""
    from edgedla.dataset import read_dataset

    dataset = read_dataset(folder, suffixes)
    return dataset if fold is None else dataset.only([fold])


def rung_pair(subject: Subject, rung: str | None, against: str | None) -> tuple[str, ...]:
    """The rungs to ask: `against` if any, then the one that is evaluated.

    Raises:
        UsageError: There is no such rung, or both are the same.
    """
    from edgedla.rungs import check_rung, network_rung, rung_names

    known = rung_names(subject.context)
    names = (*([against] if against else []), rung or network_rung(subject.context))
    for name in names:
        check_rung(name, known)
    if names[0] == names[-1] and against:
        raise UsageError(
            f"--against {against}: that is the rung that is evaluated", hint="--rung names another"
        )
    subject.check_torch(names)
    return names


def about(subject: Subject) -> dict[str, Any]:
    """What was evaluated, for `--json`."""
    context = subject.context
    return {
        "model": context.model.name,
        "target": context.target.name,
        "toolchain": subject.manifest.toolchain if subject.manifest else context.target.toolchain,
        "bundle": shown(context.store.root),
    }


def check_read(replies: list[Reply]) -> None:
    """Raise UsageError where not one clip could be read."""
    if all(reply.failure for reply in replies):
        raise UsageError(f"none of {len(replies)} clips could be read, first: {replies[0].failure}")


def _answers(
    subject: Subject, names: tuple[str, ...], clips: list[Any], jobs: int, scheduler: str | None
) -> Iterator[Reply]:
    from edgedla.rungs import Rungs

    if scheduler is None:
        with Rungs.open(subject.context, names, jobs, subject.network) as rungs:
            yield from rungs.answers(clips)
        return
    from edgedla import cluster

    if subject.stopped:
        raise subject.stopped  # workers open finished bundles
    work = cluster.Work.of(subject.context.store.root, subject.context.checkpoint, names)
    yield from cluster.answers(scheduler, work, [absolute(clip) for clip in clips])


def absolute(clip: Any) -> Any:
    """The clip by a path that means the same in another folder."""
    from dataclasses import replace

    return replace(clip, path=clip.path.absolute())


def _leaks(subject: Subject, replies: list[Reply]) -> Leakage:
    from edgedla.evaluate import find_leaks

    known = subject.context.model.trained_on if subject.bundled else _nothing_known
    return find_leaks(replies, subject.clips("calibration_clips"), subject.clips("training_clips"), known)


def _nothing_known(_: Path) -> bool:
    return False


def _warn(talk: Talk, dataset: Dataset, found: Evaluation, leaks: Leakage) -> None:
    from edgedla.confusion import exchanged

    if leaks.training:
        talk.warn(
            f"leakage: {len(leaks.training)} of {found.clips} clips were trained on, "
            f"first {leaks.training[0]}; the figures are better than those of new recordings"
        )
    if dataset.unlisted:
        talk.warn(f"{dataset.unlisted} recordings in the folder are not in its table and were left out")
    for a, b in exchanged(found.confusion):
        talk.warn(
            f"'{a}' and '{b}' are mostly taken for each other: are the names in the order of the outputs?"
        )


def _judge(subject: Subject, found: Evaluation, leaks: Leakage, paired: Pairing | None) -> None:
    """Raise what has to end the command; everything is measured and shown by now."""
    if leaks.calibration:
        raise GateError(
            f"leakage: {len(leaks.calibration)} of the clips have calibrated the quantiser, "
            f"first {leaks.calibration[0]}; a test must not know them",
            hint="take them out of --data or of --calib; edgedla calibrate-set picks others",
        )
    if paired:
        _judge_drop(paired)
    if subject.stopped:
        raise GateError(subject.stopped.message, hint=subject.stopped.hint)
    if found.failed:
        raise UsageError(
            f"{len(found.failed)} of {found.clips + len(found.failed)} clips could not be read, "
            f"first {found.failed[0].reason}; the figures are of the others",
            hint="mend them, or take them out of the data set",
        )


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
