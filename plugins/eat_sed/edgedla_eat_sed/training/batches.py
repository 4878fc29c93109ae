"""From clips in memory to the batch of one step: gathered, changed and mixed on the device.

A batch is a pure function of seed, epoch and step. So a resumed training goes on with the very batches it
would have had, and the processes of a distributed one make disjoint parts of the same batch.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from edgedla_eat_sed.training import noise, signal
from edgedla_eat_sed.training.draws import Draws
from edgedla_eat_sed.training.mixing import MIXES

if TYPE_CHECKING:
    from edgedla_eat_sed.training.options import TrainOptions
    from edgedla_eat_sed.training.ranks import Ranks
    from edgedla_eat_sed.training.sounds import Sounds


@dataclass(frozen=True)
class Batch:
    """`sound` (rows, samples), labels; where it is mixed, the second labels and the share of the first."""

    sound: Tensor
    label: Tensor
    other: Tensor | None = None
    share: Tensor | None = None


class Batches:
    """The batches of a training."""

    def __init__(self, sounds: Sounds, options: TrainOptions, seed: int, ranks: Ranks) -> None:
        self.size = min(options.batch_size, len(sounds)) // ranks.count * ranks.count
        self.per_epoch = len(sounds) // self.size
        self._sounds, self._options, self._seed, self._ranks = sounds, options, seed, ranks
        self._generator = torch.Generator(sounds.device)

    def make(self, epoch: int, step: int) -> Batch:
        """This process's rows of batch `step` of an epoch, both counted from 0."""
        chosen = self._order(epoch)[step * self.size : (step + 1) * self.size]
        chance = random.Random(f"{self._seed} {epoch} {step}")  # noqa: S311 - no secret
        self._generator.manual_seed(chance.getrandbits(62))
        rows = torch.arange(self._ranks.index, self.size, self._ranks.count, device=self._sounds.device)
        mixed = epoch >= self._options.epoch_mix and chance.random() < self._options.mix_ratio
        if not mixed or not self._options.augs_mix:
            return Batch(self._changed(chosen, rows), self._sounds.labels[chosen[rows]])
        return self._mixed(chosen, rows, chance.choice(self._options.augs_mix))

    def _order(self, epoch: int) -> Tensor:
        generator = torch.Generator().manual_seed(random.Random(f"{self._seed} {epoch}").getrandbits(62))  # noqa: S311
        return torch.randperm(len(self._sounds), generator=generator).to(self._sounds.device)

    def _mixed(self, chosen: Tensor, rows: Tensor, kind: str) -> Batch:
        partner = torch.randperm(self.size, generator=self._generator, device=rows.device)[rows]
        needed, place = torch.unique(torch.cat((rows, partner)), return_inverse=True)
        sound = self._changed(chosen, needed)
        first, second = sound[place[: len(rows)]], sound[place[len(rows) :]]
        mixed, share = MIXES[kind](first, second, Draws(self._generator, self.size, rows))
        labels = self._sounds.labels
        return Batch(mixed, labels[chosen[rows]], labels[chosen[partner]], share.squeeze(1))

    def _changed(self, chosen: Tensor, rows: Tensor) -> Tensor:
        draws = Draws(self._generator, self.size, rows)
        sound = self._sounds.windows(chosen[rows], draws.uniform(0, 1).squeeze(1))
        sound = signal.change(sound, self._options.augs_signal, draws)
        return noise.add_some(sound, self._options.augs_noise, draws)
