"""`edgedla report`: one page about a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from edgedla.cli.common import shown, size, workspace
from edgedla.cli.eval import MAX_DROP
from edgedla.cli.labelled import Fold, Jobs, KnownOnly, Labelled
from edgedla.cli.run import jobs_of
from edgedla.cli.subject import Subject
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgedla.dataset import Dataset
    from edgedla.report.evaluated import Evaluated
    from edgedla.report.facts import Facts
    from edgedla.workspace import Workspace

PAGE = "report.html"
REFERENCE = "onnx"


def _answer(verb_: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        f"--{verb_}", metavar="FILE", help=f"What edgedla {verb_} --json printed about this bundle."
    )
    return option


@verb("report")
def report(
    talk: Talk,
    bundle: Annotated[Path, typer.Argument(metavar="DIR", help="A bundle: the folder of a build.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The page [DIR/report.html].")
    ] = None,
    evaluation: Annotated[Path | None, _answer("eval")] = None,
    robustness: Annotated[Path | None, _answer("robustness")] = None,
    bench: Annotated[Path | None, _answer("bench")] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            help="Labelled recordings: evaluated now, or with --eval only played.",
        ),
    ] = None,
    fold: Fold = None,
    known_only: KnownOnly = False,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="NAME", help="With --data: the rung to pair it with [onnx]."),
    ] = None,
    policy: Annotated[
        Literal["any", "commercial"],
        typer.Option(
            "--policy",
            metavar="any|commercial",
            help="commercial: refuse weights and recordings that may not be sold.",
        ),
    ] = "any",
    no_players: Annotated[
        bool, typer.Option("--no-players", help="No sounds, waveforms and spectrograms.")
    ] = False,
    jobs: Jobs = 0,
) -> None:
    """Put everything that is known of a bundle on one page of HTML that loads nothing from anywhere."""
    from edgedla.artifacts import write_atomic
    from edgedla.report.gather import Inputs, gather
    from edgedla.report.licensed import check_commercial
    from edgedla.report.page import page

    if (fold is not None or known_only) and data is None:
        raise UsageError("--fold and --known-only choose among the clips of --data")
    space = workspace()
    subject = _open(talk, space, bundle)
    dataset = None if data is None else _read(data, subject, fold)
    inputs = Inputs(evaluation, robustness, bench, dataset, players=not no_players)
    with talk.busy(f"looking into {shown(bundle)}") as update:
        now = None
        if dataset and evaluation is None:
            work = _labelled(subject, dataset, fold, jobs_of(jobs, space), known_only=known_only)
            now = _evaluate(work, against, update)
        facts = gather(subject, inputs, now, update)
    if policy == "commercial":
        check_commercial(facts)
    text = page(facts)
    path = out or bundle / PAGE
    try:
        write_atomic(path, text)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="--out names another place") from None
    _tell(talk, facts, path, len(text))


def _open(talk: Talk, space: Workspace, bundle: Path) -> Subject:
    opened = space.open(bundle, "edgedla build MODEL --target TARGET makes a bundle")
    if notice := opened.target.notice(opened.manifest.toolchain):
        talk.warn(notice)
    return Subject(space.reopen(opened, None, talk.detail), opened.manifest, opened.network)


def _read(data: Path, subject: Subject, fold: int | None) -> Dataset:
    from edgedla.dataset import read_dataset

    found = read_dataset(data, subject.context.model.suffixes)
    return found if fold is None else found.only([fold])


def _labelled(
    subject: Subject, dataset: Dataset, fold: int | None, jobs: int, *, known_only: bool
) -> Labelled:
    from edgedla.dataset import match_labels

    classes = match_labels(dataset, subject.context.spec.labels, known_only=known_only)
    clips = tuple(clip for clip in dataset.clips if clip.label in classes)
    return Labelled(subject, dataset, clips, classes, fold, jobs)


def _evaluate(work: Labelled, against: str | None, update: Callable[[str], None]) -> Evaluated:
    """The network that the target gets, and the rung to pair it with, on the clips."""
    from edgedla.evaluate import evaluate, find_leaks, pair
    from edgedla.report.evaluated import Evaluated
    from edgedla.report.schemas import Recordings
    from edgedla.rungs import Rungs, network_rung

    subject, context = work.subject, work.subject.context
    other = against or (REFERENCE if network_rung(context) != REFERENCE else None)
    names, labels = work.rungs(None, other), context.spec.labels
    replies = []
    with Rungs.open(context, names, work.jobs, subject.network) as rungs:
        for reply in rungs.answers(work.clips):
            replies.append(reply)
            update(f"evaluating, {len(replies)} of {len(work.clips)} clips")
    if all(reply.failure for reply in replies):
        raise UsageError(f"none of {len(replies)} clips could be read, first: {replies[0].failure}")
    each = [evaluate(replies, work.classes, labels, names, at) for at in range(len(names))]
    trained_on = context.model.trained_on if subject.bundled else lambda _: False
    lists = subject.clips("calibration_clips"), subject.clips("training_clips")
    return Evaluated(
        Recordings.model_validate(work.about()["data"]),
        each[-1],
        find_leaks(replies, *lists, trained_on),
        pair(each[0], each[-1], MAX_DROP) if other else None,
        each[0].confusion if other else None,
    )


def _tell(talk: Talk, facts: Facts, path: Path, length: int) -> None:
    missing = [
        name
        for name, found in (
            ("eval", facts.evaluated),
            ("robustness", facts.robustness),
            ("bench", facts.bench),
        )
        if found is None
    ]
    talk.data = {
        "model": facts.manifest.model.name,
        "target": facts.manifest.target.name,
        "toolchain": facts.manifest.toolchain,
        "page": shown(path),
        "size": length,
        "players": sum(each.player is not None for each in facts.recordings),
        "missing": missing,
    }
    talk.print(f"{shown(path)}\t{size(length)}")
    if missing:
        talk.say(f"not in it: {', '.join(missing)}; the page says which command brings each")
