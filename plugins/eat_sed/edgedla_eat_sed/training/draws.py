"""Random numbers for a batch of which this process may hold only some rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Draws:
    """Numbers for `rows` of a batch of `total` clips.

    They are drawn for the whole batch, whichever rows are asked for: all processes of a training draw the
    same from the same seed, and a clip gets the same numbers in whichever process it is.
    """

    generator: torch.Generator
    total: int
    rows: Tensor  # int64, on the generator's device

    def uniform(self, low: float, high: float) -> Tensor:
        """`(rows, 1)`, evenly spread over `low` … `high`."""
        drawn = torch.rand(self.total, 1, generator=self.generator, device=self.generator.device)
        return low + (high - low) * drawn[self.rows]

    def chance(self, probability: float) -> Tensor:
        """`(rows, 1)` booleans, true with this probability."""
        return self.uniform(0, 1) < probability

    def choice(self, values: tuple[float, ...]) -> Tensor:
        """`(rows, 1)`, each one of `values`."""
        table = torch.tensor(values, device=self.generator.device)
        return table[self.uniform(0, len(values)).long().clamp(max=len(values) - 1)]

    def normal(self, length: int) -> Tensor:
        """`(rows, length)` of unit variance."""
        return torch.randn(self.total, length, generator=self.generator, device=self.generator.device)[
            self.rows
        ]

    def phase(self) -> Tensor:
        """`(rows, 1)` angles, 0 … 2π."""
        return self.uniform(0, 2 * math.pi)

    def of(self, rows: Tensor) -> Draws:
        """The same source for other rows."""
        return Draws(self.generator, self.total, rows)
