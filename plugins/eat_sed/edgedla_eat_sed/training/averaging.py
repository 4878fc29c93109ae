"""The moving average of a network's weights."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from edgedla_eat_sed.network import SoundNetRaw


class Average:
    """A network whose weights and statistics follow those of the trained one."""

    def __init__(self, network: SoundNetRaw, decay: float) -> None:
        self.network = deepcopy(network).eval().requires_grad_(requires_grad=False)
        self._decay = decay

    @torch.no_grad()
    def follow(self, network: SoundNetRaw, step: int) -> None:
        """One step nearer; the first of all go faster, so that the random beginning is soon forgotten."""
        weight = 1 - min(self._decay, (1 + step) / (10 + step))
        for own, other in zip(self.network.state_dict().values(), network.state_dict().values(), strict=True):
            if own.is_floating_point():
                own.lerp_(other, weight)
            else:
                own.copy_(other)
