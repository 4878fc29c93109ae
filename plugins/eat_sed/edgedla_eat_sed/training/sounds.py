"""The recordings of a data set, decoded once and held in memory."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from edgedla.artifacts import sha256
from edgedla.clips import ClipHash, feed_hash
from edgedla.errors import UsageError
from edgedla_eat_sed.audio import cut, read_normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgedla.dataset import Clip
    from edgedla_eat_sed.decode import Samples
    from edgedla_eat_sed.settings import EatOptions

SHOWN = 10  # warnings about single files
SHARE_OF_GPU = 0.5  # of its free memory that recordings may take


class Sounds:
    """Clips of any length, one behind the other in one tensor, and their labels."""

    def __init__(self, clips: Sequence[Samples], labels: Sequence[int], options: EatOptions) -> None:
        sizes = torch.tensor([len(clip) for clip in clips], dtype=torch.int64)
        self._flat = torch.from_numpy(np.concatenate([*clips, np.zeros(0, np.float32)]))
        self._starts, self._sizes = sizes.cumsum(0) - sizes, sizes
        self._length, self._centre = options.seq_len, options.window == "centre"
        self.labels = torch.tensor(labels, dtype=torch.int64)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def device(self) -> torch.device:
        """Where batches are made."""
        return self.labels.device

    @property
    def present(self) -> set[int]:
        """The labels that occur."""
        return set(self.labels.tolist())

    def to(self, device: torch.device) -> Sounds:
        """Move to a GPU what is small enough for it; the recordings stay here where they are not."""
        if device.type == "cuda":
            if self._flat.nbytes < SHARE_OF_GPU * torch.cuda.mem_get_info(device)[0]:
                self._flat = self._flat.to(device)
            self._starts, self._sizes = self._starts.to(device), self._sizes.to(device)
            self.labels = self.labels.to(device)
        return self

    def windows(self, index: Tensor, place: Tensor) -> Tensor:
        """`(rows, seq_len)` of clips: at `place`, 0 … 1, of longer ones; zeros behind shorter ones."""
        room = (self._sizes[index] - self._length).clamp(min=0)
        return self._cut(index, (place * (room + 1)).long().clamp(max=room))

    def test_windows(self, index: Tensor) -> Tensor:
        """The part of each clip that `preprocess` takes."""
        room = (self._sizes[index] - self._length).clamp(min=0)
        return self._cut(index, room // 2 if self._centre else torch.zeros_like(room))

    def _cut(self, index: Tensor, first: Tensor) -> Tensor:
        time = torch.arange(self._length, device=self.device)
        inside = time < (self._sizes[index] - first).unsqueeze(1)
        source = ((self._starts[index] + first).unsqueeze(1) + time).clamp(max=len(self._flat) - 1)
        sound = self._flat[source.to(self._flat.device)].to(self.device)
        return torch.where(inside, sound, 0.0)

    def digest(self) -> str:
        """What is different where other recordings, labels or orders are."""
        total = hashlib.sha256(self.labels.cpu().numpy().tobytes())
        total.update(self._flat.cpu().numpy().tobytes())
        return total.hexdigest()


@dataclass(frozen=True)
class Read:
    """What was read of some clips: sounds, and the hashes by which they are known again."""

    sounds: Sounds
    hashes: tuple[ClipHash, ...]
    failed: tuple[dict[str, str], ...]


def read_sounds(
    clips: Sequence[Clip],
    numbers: dict[str, int],
    options: EatOptions,
    warn: Callable[[str], None],
) -> Read:
    """All clips that can be read, in their order; the others are named and counted.

    Raises:
        UsageError: None can be read.
    """
    with ThreadPoolExecutor() as pool:
        read = list(pool.map(lambda clip: _read(clip, options), clips))
    failed = [
        {"input": str(clip.path), "reason": found}
        for clip, found in zip(clips, read, strict=True)
        if isinstance(found, str)
    ]
    for failure in failed[:SHOWN]:
        warn(failure["reason"])
    if len(failed) > SHOWN:
        warn(f"and {len(failed) - SHOWN} more files that cannot be read")
    good = [(clip, found) for clip, found in zip(clips, read, strict=True) if not isinstance(found, str)]
    if clips and not good:
        raise UsageError(f"none of {len(clips)} recordings can be read; the first: {failed[0]['reason']}")
    return Read(
        Sounds([sound for _, (sound, _) in good], [numbers[clip.label] for clip, _ in good], options),
        tuple(known for _, (_, known) in good),
        tuple(failed),
    )


def _read(clip: Clip, options: EatOptions) -> tuple[Samples, ClipHash] | str:
    try:
        sound = read_normalised(clip.path, options.sampling_rate)
        feed = {"images": cut(sound, options.seq_len, options.window)}
        return sound, ClipHash(name=clip.path.name, file=sha256(clip.path), feed=feed_hash(feed))
    except UsageError as error:
        return error.message
    except OSError as error:
        return f"cannot read '{clip.path}': {error.strerror}"
