"""Accuracy and loss on clips that are not trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import nn

    from edgedla_eat_sed.training.ranks import Ranks
    from edgedla_eat_sed.training.sounds import Sounds

ROWS = 16  # clips at once; more are no faster on a CPU


@torch.no_grad()
def hits(model: nn.Module, sounds: Sounds, ranks: Ranks) -> tuple[int, float]:
    """How many clips are named right, and the mean cross-entropy; each process tests its part."""
    model.eval()
    right = loss = 0.0
    own = torch.arange(ranks.index, len(sounds), ranks.count, device=sounds.device)
    for first in range(0, len(own), ROWS):
        index = own[first : first + ROWS]
        logits, label = model(sounds.test_windows(index)), sounds.labels[index]
        right += float((logits.argmax(dim=1) == label).sum())
        loss += float(functional.cross_entropy(logits, label, reduction="sum"))
    right, loss = ranks.total(right, loss)
    return int(right), loss / max(len(sounds), 1)
