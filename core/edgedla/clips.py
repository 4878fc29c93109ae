"""Which recordings had a part in a network: lists of their hashes, and finding them among others.

Two hashes per recording: one of the file's bytes, and one of what the model reads of it. The second
recognises a file that was tagged or stored in another lossless format; neither recognises it after a lossy
coder. The lists hold no paths.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from pydantic import ConfigDict, Field

from edgedla.artifacts import read_json, sha256, to_json, write_atomic
from edgedla.spec import Spec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from edgedla.runner import Feed

TRAINING = "training_clips.json"
"""What a trainer leaves beside the weights."""
CALIBRATION = "calibration_clips.json"
"""What a build leaves that has quantised the network."""


class ClipHash(Spec):
    """One recording: its file's name where it is known, SHA-256 of its bytes and of the model's input."""

    name: str = ""
    file: str = ""
    feed: str = ""


class ClipList(Spec):
    """`training_clips.json` and `calibration_clips.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    format: Literal["edgedla.clips/1"] = Field(default="edgedla.clips/1", alias="schema")
    clips: tuple[ClipHash, ...] = ()

    def __contains__(self, clip: object) -> bool:
        """Whether the bytes or the input of `clip`, a `ClipHash`, are those of one of the list."""
        return isinstance(clip, ClipHash) and bool({clip.file, clip.feed} & self._hashes)

    @cached_property
    def _hashes(self) -> set[str]:
        return {value for clip in self.clips for value in (clip.file, clip.feed)} - {""}


def clip_hash(path: Path, feed: Feed) -> ClipHash:
    """The hashes of a file and of the model input read from it."""
    return ClipHash(name=path.name, file=sha256(path), feed=feed_hash(feed))


def feed_hash(feed: Feed) -> str:
    """SHA-256 over names, types, shapes and values of the tensors, in the order of their names."""
    total = hashlib.sha256()
    for name in sorted(feed):
        array = feed[name]
        total.update(f"{name}\0{array.dtype.str}\0{array.shape}\0".encode() + array.tobytes())
    return total.hexdigest()


def write_clips(path: Path, clips: Iterable[ClipHash]) -> None:
    """Write a list, each recording once, in an order that does not depend on theirs."""
    unique = sorted(set(clips), key=lambda clip: (clip.name, clip.file, clip.feed))
    write_atomic(path, to_json(ClipList(clips=tuple(unique))))


def read_clips(path: Path) -> ClipList:
    """A list; an empty one where there is no such file.

    Raises:
        UsageError: The file is damaged.
    """
    if not path.is_file():
        return ClipList()
    return read_json(path, ClipList, "remove the file; then nothing is known of these recordings")
