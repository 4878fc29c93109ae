"""Changes of single clips, batched: `(rows, samples)` in and out, parameters `(rows, 1)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgedla_eat_sed.training.draws import Draws

SHARE = 0.5  # of the clips that a change is made to
SPEEDS = (0.8, 1.25)
"""Slowest and fastest playing: upstream resamples by 0.8 to 1.2."""
QUIETEST = 0.25
LARGEST_SHIFT = 0.25  # of the clip's length, to either side
LONGEST_MASK = 0.2
LONGEST_SEGMENT = 0.5


def amplify(x: Tensor, gain: Tensor) -> Tensor:
    """Louder or softer as a whole."""
    return x * gain


def shift(x: Tensor, samples: Tensor) -> Tensor:
    """Later by `samples` (earlier where negative); what leaves is lost, what enters is silence."""
    source = _positions(x) - samples
    inside = (source >= 0) & (source < x.shape[1])
    return x.gather(1, source.clamp(0, x.shape[1] - 1)) * inside


def roll(x: Tensor, samples: Tensor) -> Tensor:
    """Later by `samples`; what leaves at one end enters at the other."""
    return x.gather(1, (_positions(x) - samples) % x.shape[1])


def resample(x: Tensor, speed: Tensor) -> Tensor:
    """Played at `speed`, pitch included, by linear interpolation; behind the end there is silence."""
    position = _positions(x) * speed
    below = position.floor().long()
    inside = below < x.shape[1] - 1
    below = below.clamp(max=x.shape[1] - 2)
    left, right = x.gather(1, below), x.gather(1, below + 1)
    return (left + (position - below) * (right - left)) * inside


def scale_segment(x: Tensor, start: Tensor, length: Tensor, gain: Tensor) -> Tensor:
    """Times `gain` from sample `start` on for `length` samples."""
    place = _positions(x)
    return torch.where((place >= start) & (place < start + length), x * gain, x)


def _positions(x: Tensor) -> Tensor:
    return torch.arange(x.shape[1], device=x.device).unsqueeze(0)


def _amp(x: Tensor, draws: Draws) -> Tensor:
    return amplify(x, draws.uniform(QUIETEST, 1))


def _neg(x: Tensor, _: Draws) -> Tensor:
    return -x


def _tshift(x: Tensor, draws: Draws) -> Tensor:
    return shift(x, (draws.uniform(-LARGEST_SHIFT, LARGEST_SHIFT) * x.shape[1]).long())


def _cycshift(x: Tensor, draws: Draws) -> Tensor:
    return roll(x, (draws.uniform(0, 1) * x.shape[1]).long())


def _tmask(x: Tensor, draws: Draws) -> Tensor:
    return _somewhere(x, draws, LONGEST_MASK, torch.zeros_like(draws.uniform(0, 1)))


def _ampsegment(x: Tensor, draws: Draws) -> Tensor:
    return _somewhere(x, draws, LONGEST_SEGMENT, draws.uniform(QUIETEST, 1))


def _somewhere(x: Tensor, draws: Draws, longest: float, gain: Tensor) -> Tensor:
    length = draws.uniform(0, longest) * x.shape[1]
    start = draws.uniform(0, 1) * (x.shape[1] - length)
    return scale_segment(x, start.long(), length.long(), gain)


def _resample(x: Tensor, draws: Draws) -> Tensor:
    return resample(x, draws.uniform(*SPEEDS))


CHANGES: dict[str, Callable[[Tensor, Draws], Tensor]] = {
    "resample": _resample,
    "cycshift": _cycshift,
    "tshift": _tshift,
    "amp": _amp,
    "ampsegment": _ampsegment,
    "tmask": _tmask,
    "neg": _neg,
}
"""In the order in which they are made."""


def change(x: Tensor, names: tuple[str, ...], draws: Draws) -> Tensor:
    """Each of the changes `names`, to a part of the clips."""
    for name, function in CHANGES.items():
        if name in names:
            chosen = draws.chance(SHARE)
            x = torch.where(chosen, function(x, draws), x)
    return x
