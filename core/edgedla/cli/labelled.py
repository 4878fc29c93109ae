"""Labelled recordings and the build that answers to them: what `eval` and `robustness` start from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgedla.artifacts import MANIFEST, sha256
from edgedla.cli.common import shown, wish, workspace
from edgedla.cli.run import jobs_of
from edgedla.cli.subject import Subject, open_subject
from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedla.cli.talk import Talk
    from edgedla.dataset import Clip, Dataset
    from edgedla.evaluate import Unread

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
Rung = Annotated[
    str | None,
    typer.Option("--rung", metavar="NAME", help="What to ask [the network that the target gets]."),
]


@dataclass(frozen=True)
class Labelled:
    """A build, and clips whose classes it knows; `classes` are the model's numbers of their labels."""

    subject: Subject
    dataset: Dataset
    clips: tuple[Clip, ...]
    classes: dict[str, int]
    fold: int | None
    jobs: int

    def rungs(self, rung: str | None, against: str | None) -> tuple[str, ...]:
        """The rungs to ask: `against` if any, then the one that is evaluated.

        Raises:
            UsageError: There is no such rung, or both are the same.
        """
        from edgedla.rungs import check_rung, network_rung, rung_names

        context = self.subject.context
        names = (*([against] if against else []), rung or network_rung(context))
        for name in names:
            check_rung(name, rung_names(context))
        if names[0] == names[-1] and against:
            raise UsageError(
                f"--against {against}: that is the rung that is evaluated", hint="--rung names another"
            )
        self.subject.check_torch(names)
        return names

    def about(self) -> dict[str, Any]:
        """What is evaluated and on what, for `--json`."""
        context, manifest = self.subject.context, self.subject.manifest
        path = context.store.root / MANIFEST
        return {
            "model": context.model.name,
            "target": context.target.name,
            "toolchain": manifest.toolchain if manifest else context.target.toolchain,
            "bundle": shown(context.store.root),
            "manifest": sha256(path) if path.is_file() else "",  # none where a gate has stopped the build
            "data": {
                "folder": shown(self.dataset.root),
                "layout": self.dataset.layout,
                "fold": self.fold,
                "clips": len(self.dataset.clips),
                "left_out": len(self.dataset.clips) - len(self.clips),
                "unlisted": self.dataset.unlisted,
            },
        }


def open_labelled(
    talk: Talk,
    model: str,
    target: str | None,
    data: Path,
    *,
    fold: int | None,
    known_only: bool,
    bundle: Path | None,
    jobs: int,
    checkpoint: Path | None,
    settings: Sequence[str] | None,
    **build: Any,
) -> Labelled:
    """The data set is read before a build that takes its time; `build` are options that decide one.

    Raises:
        UsageError: The data set is damaged or has other classes, or a bundle is to be built otherwise.
    """
    from edgedla.dataset import match_labels, read_dataset

    decided = bool(settings or any(build.values()))
    if bundle and decided:
        raise UsageError(
            "--calib, --precision, --toolchain and --set decide a build, and --bundle names one that is done",
            hint="leave out --bundle, or the others",
        )
    space = workspace(settings)
    target = space.target_name(target)
    wanted = wish(space, model, target, checkpoint=checkpoint, **build)
    dataset = read_dataset(data, space.plugins.model(model).suffixes)
    if fold is not None:
        dataset = dataset.only([fold])
    subject = open_subject(talk, space, wanted, bundle, rebuild=bool(checkpoint) or decided)
    classes = match_labels(dataset, subject.context.spec.labels, known_only=known_only)
    clips = tuple(clip for clip in dataset.clips if clip.label in classes)
    return Labelled(subject, dataset, clips, classes, fold, jobs_of(jobs, space))


def judge_rest(work: Labelled, read: int, failed: Sequence[Unread]) -> None:
    """Raise what ends a command that has its figures: the gate that stopped the build, unread clips."""
    if work.subject.stopped:
        raise work.subject.stopped
    if failed:
        raise UsageError(
            f"{len(failed)} of {read + len(failed)} clips could not be read, first {failed[0].reason}; "
            "the figures are of the others",
            hint="mend them, or take them out of the data set",
        )
