"""What a step makes smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from edgedla_eat_sed.training.batches import Batch

PURE = 0.9
"""From this share of the first clip on, the second does not count as heard."""


def loss_of(logits: Tensor, batch: Batch, mix_loss: str, label_smoothing: float) -> Tensor:
    """Mean over the clips of a batch.

    Clips that are not mixed: cross-entropy with smoothed labels. Mixed ones: `ce`, the cross-entropies of
    both labels by their shares; `bce`, binary cross-entropy, summed over the classes, of "both are heard".
    """
    if batch.share is None or batch.other is None:
        return functional.cross_entropy(logits, batch.label, label_smoothing=label_smoothing)
    if mix_loss == "bce":
        return _heard(logits, batch.label, batch.other, batch.share)
    first, second = (
        functional.cross_entropy(logits, label, label_smoothing=label_smoothing, reduction="none")
        for label in (batch.label, batch.other)
    )
    return (batch.share * first + (1 - batch.share) * second).mean()


def _heard(logits: Tensor, label: Tensor, other: Tensor, share: Tensor) -> Tensor:
    classes = logits.shape[1]
    second = functional.one_hot(other, classes) * (share < PURE).unsqueeze(1)
    target = torch.maximum(functional.one_hot(label, classes), second).float()
    return functional.binary_cross_entropy_with_logits(logits, target, reduction="none").sum(dim=1).mean()
