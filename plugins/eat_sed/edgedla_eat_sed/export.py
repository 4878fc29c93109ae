"""The form of the network that embedded converters keep intact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from edgedla_eat_sed.network import SoundNetRaw


class HeightOne(nn.Module):
    """`(1, 1, samples)` to logits, every convolution as a 2-D one of height 1.

    Vendor tools lose the dilation of 1-D convolutions or refuse them; the encoder stays in rank 3, because
    the same tools take each rank-4 tensor for an image and transpose around it.
    """

    def __init__(self, network: SoundNetRaw) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images.reshape(1, 1, 1, -1))
        return logits
