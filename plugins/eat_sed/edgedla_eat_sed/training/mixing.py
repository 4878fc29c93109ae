"""Two clips made one: what comes out, and how much of the first is in it. `(rows, samples)` in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgedla_eat_sed.training.draws import Draws

QUIETEST = 1e-5  # power to which softer clips are raised when levels are compared


def mixup(first: Tensor, second: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """The weighted sum, weighted so that `share` is what is heard of the first, whatever the levels."""
    level, other = _level(first), _level(second)
    weight = 1 / (1 + level / other * (1 - share) / share)
    mixed = (weight * first + (1 - weight) * second) / (weight**2 + (1 - weight) ** 2).sqrt()
    return mixed, share


def timemix(first: Tensor, second: Tensor, share: Tensor, *, late: Tensor) -> tuple[Tensor, Tensor]:
    """The first clip for `share` of the time, the second for the rest: behind where `late`, else before."""
    place = torch.arange(first.shape[1], device=first.device) / first.shape[1]
    return torch.where(_kept(place, share, late), first, second), share


def freqmix(first: Tensor, second: Tensor, share: Tensor, *, late: Tensor) -> tuple[Tensor, Tensor]:
    """The first clip in `share` of the band, the second in the rest: above where `late`, else below."""
    spectrum, other = torch.fft.rfft(first), torch.fft.rfft(second)
    place = torch.arange(spectrum.shape[1], device=first.device) / spectrum.shape[1]
    mixed = torch.where(_kept(place, share, late), spectrum, other)
    return torch.fft.irfft(mixed, n=first.shape[1]), share


def phmix(first: Tensor, second: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """Magnitudes of the first, phases in between: what is heard stays at least half the first."""
    spectrum, other = torch.fft.rfft(first), torch.fft.rfft(second)
    phase = share * spectrum.angle() + (1 - share) * other.angle()
    mixed = torch.fft.irfft(torch.polar(spectrum.abs(), phase), n=first.shape[1])
    return mixed, 0.5 + 0.5 * share


def _level(x: Tensor) -> Tensor:
    """The effective value of each clip."""
    return x.square().mean(dim=1, keepdim=True).clamp(min=QUIETEST).sqrt()


def _kept(place: Tensor, share: Tensor, late: Tensor) -> Tensor:
    return torch.where(late, place < share, place >= 1 - share)


def _mixup(first: Tensor, second: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
    return mixup(first, second, draws.uniform(0.1, 1))


def _timemix(first: Tensor, second: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
    return timemix(first, second, draws.uniform(0.5, 1), late=draws.chance(0.5))


def _freqmix(first: Tensor, second: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
    return freqmix(first, second, draws.uniform(0.5, 1), late=draws.chance(0.5))


def _phmix(first: Tensor, second: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
    return phmix(first, second, draws.uniform(0, 1))


MIXES: dict[str, Callable[[Tensor, Tensor, Draws], tuple[Tensor, Tensor]]] = {
    "mixup": _mixup,
    "timemix": _timemix,
    "freqmix": _freqmix,
    "phmix": _phmix,
}
