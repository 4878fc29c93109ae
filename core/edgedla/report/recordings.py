"""The sounds of the page: clips on which the rungs differ, then the model's own samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edgedla.dataset import Clip
from edgedla.errors import EdgedlaError, UsageError
from edgedla.report.sounds import player, sound_of
from edgedla.rungs import Rungs, network_rung

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from edgedla.context import Context
    from edgedla.dataset import Dataset
    from edgedla.evaluate import Flip, Pairing
    from edgedla.report.sounds import Player
    from edgedla.spec import Credit

BUDGET = 3_800_000
"""Bytes of all sounds in a page, so that it stays well below 5 MB."""
FULL = "no sound here: the page would grow beyond 5 MB"
REFERENCE = "onnx"


@dataclass(frozen=True)
class Said:
    """What one rung says of a recording."""

    rung: str
    label: str
    score: float


@dataclass(frozen=True)
class Recording:
    """One sound; `kind` is that of its flip, "" for a sample. `reason` says why there is no player."""

    name: str
    label: str
    kind: str
    said: tuple[Said, ...]
    credit: Credit | None
    player: Player | None = None
    reason: str = ""


def flipped(
    context: Context, paired: Pairing, dataset: Dataset | None, credits_: Mapping[str, Credit]
) -> list[Recording]:
    """Every clip that changed its mind; the sound of those that `dataset` has."""
    paths = {clip.name: clip.path for clip in dataset.clips} if dataset else {}
    return [_flipped(context, paired, flip, paths.get(flip.clip), credits_) for flip in paired.flips]


def samples(context: Context, network: Path | None) -> tuple[list[Recording], str]:
    """The model's own samples, and what the reference and the target say of them, else why they do not."""
    paths = context.model.sample_files()
    if not paths or context.spec.audio is None:
        return [], ""
    try:
        said, reason = _answers(context, paths, network), ""
    except EdgedlaError as error:
        said, reason = [()] * len(paths), error.message
    found = []
    for path, words in zip(paths, said, strict=True):
        plain = Recording(path.name, "", "", words, context.model.credit(path))
        found.append(_with_sound(context, plain, path))
    return found, reason


def within(recordings: Sequence[Recording], budget: int = BUDGET) -> tuple[Recording, ...]:
    """The recordings; those whose sound would be over the budget are left without."""
    kept = []
    for each in recordings:
        if each.player is None:
            kept.append(each)
        elif each.player.size <= budget:
            budget -= each.player.size
            kept.append(each)
        else:
            kept.append(replace(each, player=None, reason=FULL))
    return tuple(kept)


def _flipped(
    context: Context, paired: Pairing, flip: Flip, path: Path | None, credits_: Mapping[str, Credit]
) -> Recording:
    plain = Recording(
        flip.clip,
        flip.label,
        flip.kind,
        (
            Said(paired.against, flip.before, flip.score_before),
            Said(paired.rung, flip.after, flip.score_after),
        ),
        credits_.get(flip.clip),
    )
    if context.spec.audio is None:
        return plain
    return plain if path is None else _with_sound(context, plain, path)


def _with_sound(context: Context, plain: Recording, path: Path) -> Recording:
    assert context.spec.audio is not None
    try:
        samples_ = sound_of(context.model.preprocess(path), context.spec)
    except UsageError as error:
        return replace(plain, reason=error.message.replace(str(path), plain.name))
    if samples_ is None:
        return replace(plain, reason="no sound that browsers play")
    return replace(plain, player=player(samples_, context.spec.audio.rate))


def _answers(context: Context, paths: Sequence[Path], network: Path | None) -> list[tuple[Said, ...]]:
    last = network_rung(context)
    names = (REFERENCE, last) if last != REFERENCE else (last,)
    with Rungs.open(context, names, 1, network) as rungs:
        replies = list(rungs.answers(Clip(path, path.name, "") for path in paths))
    return [
        tuple(
            Said(name, answer.best.label, answer.best.score)
            for name, answer in zip(names, reply.predictions, strict=False)  # none where it cannot be read
        )
        for reply in replies
    ]
