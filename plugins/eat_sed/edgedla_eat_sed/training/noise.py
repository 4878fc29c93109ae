"""Noises of a colour and tones, added at a signal-to-noise ratio: `(rows, samples)` in and out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from edgedla_eat_sed.training.draws import Draws

SLOPES = {"white": 0.0, "pink": -1.0, "brown": -2.0, "blue": 1.0, "violet": 2.0}
"""Power of the frequency that a colour's power density goes with."""
SHARE = 0.5  # of the clips that get a noise
SNR_DB = (5.0, 40.0)
SILENCE = 1e-10  # power of a clip that gets none: there is nothing to set the noise's level by


def coloured(white: Tensor, slope: Tensor) -> Tensor:
    """Noise of unit power whose power density goes with frequency ** `slope`, from white noise."""
    length = white.shape[1]
    frequency = torch.arange(length // 2 + 1, device=white.device, dtype=torch.float32)
    frequency[0] = 1  # the constant part, which goes anyway
    spectrum = torch.fft.rfft(white) * frequency ** (slope / 2)
    spectrum[:, 0] = 0
    noise: Tensor = torch.fft.irfft(spectrum, n=length)
    power = noise.square().mean(dim=1, keepdim=True)
    return noise / power.sqrt().clamp(min=1e-12)


def tone(length: int, cycles: Tensor, phase: Tensor) -> Tensor:
    """A sine of so many `cycles` per sample, of unit power."""
    time = torch.arange(length, device=cycles.device)
    return math.sqrt(2) * torch.sin(2 * math.pi * cycles * time + phase)


def add(x: Tensor, noise: Tensor, snr_db: Tensor) -> Tensor:
    """`x` and a noise of unit power, at this ratio of their powers; silence stays as it is."""
    power = x.square().mean(dim=1, keepdim=True)
    level = (power * 10 ** (-snr_db / 10)).sqrt()
    return torch.where(power > SILENCE, x + level * noise, x)


def add_some(x: Tensor, names: tuple[str, ...], draws: Draws) -> Tensor:
    """One of the noises `names` to a part of the clips."""
    if not names:
        return x
    chosen, snr_db, which = (
        draws.chance(SHARE),
        draws.uniform(*SNR_DB),
        draws.choice(tuple(range(len(names)))),
    )
    slopes = torch.tensor([SLOPES.get(name, 0.0) for name in names], device=x.device)[which.long()]
    noise = coloured(draws.normal(x.shape[1]), slopes)
    if "sine" in names:
        # From 20 parts of a thousand of the Nyquist frequency up, evenly in octaves.
        cycles = 0.5 * 0.02 ** draws.uniform(0, 1)
        noise = torch.where(which == names.index("sine"), tone(x.shape[1], cycles, draws.phase()), noise)
    return torch.where(chosen, add(x, noise, snr_db), x)
