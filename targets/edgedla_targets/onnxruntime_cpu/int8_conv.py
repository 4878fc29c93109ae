"""A convolution in whole numbers: uint8 activations, int8 weights with a scale for each output channel.

Only uint8 x int8 has fast kernels on x86; int8 x int8 took 10 to 30 times as long, uint8 x uint8 3 times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from edgedla_targets.onnxruntime_cpu.signals import conv_attributes

if TYPE_CHECKING:
    from edgedla_targets.onnxruntime_cpu.graph import Array, Emitter
    from edgedla_targets.onnxruntime_cpu.signals import RowConv

MICROSOFT = "com.microsoft"
MAX_FOLDED_CHANNELS = 16
FOLDS = {1: 8}
"""Input channels -> samples handled as one for thin convolutions; others up to the maximum take 2."""
LARGEST_OFFSET = 2**30
"""Biases stay below, so that the sum of products, an int32, has room."""


@dataclass(frozen=True)
class IntegerConv:
    """`conv` with weights `levels * steps`, bias `offsets * steps * scale of the input`."""

    conv: RowConv
    levels: Array
    steps: Array
    offsets: Array
    source: tuple[str, str]
    """Names of scale and zero point of the input …"""
    target: tuple[str, str]
    """… and of the output."""

    @classmethod
    def of(cls, conv: RowConv, scale: float, source: tuple[str, str], target: tuple[str, str]) -> IntegerConv:
        """A float convolution over an input of this scale, in whole numbers."""
        bias = np.zeros(len(conv.weight)) if conv.bias is None else conv.bias.astype(np.float64)
        largest = np.abs(conv.weight).max(axis=(1, 2, 3)).astype(np.float64)
        # A channel of tiny weights takes coarser steps, so that its bias fits an int32.
        steps = np.maximum(np.maximum(largest / 127, np.abs(bias) / (scale * LARGEST_OFFSET)), 1e-30)
        levels = np.rint(conv.weight / steps[:, None, None, None]).astype(np.int8)
        return cls(conv, levels, steps, np.rint(bias / (steps * scale)).astype(np.int32), source, target)

    def emit(self, emitter: Emitter, x: str) -> str:
        """Name of the output; tensors are (batch, 1, samples, channels), the layout of the fast kernel."""
        weight = [emitter.const(self.levels, np.int8), emitter.const(self.steps)]
        weight.append(emitter.const(np.zeros(len(self.steps)), np.int8))
        inputs = [x, *self.source, *weight, *self.target, emitter.const(self.offsets, np.int32)]
        shape = conv_attributes(self.conv, kernel_shape=[1, self.levels.shape[3]])
        return emitter.node("QLinearConv", inputs, domain=MICROSOFT, channels_last=1, **shape)

    def emit_folded(self, emitter: Emitter, x: str, fold: int, length: int) -> str:
        """As `emit`, with `fold` samples at each position: a thin convolution as a wide one.

        (samples, channels) and (samples / fold, fold * channels) are the same bytes in this layout.
        """
        out, channels, _, taps = self.levels.shape
        blocks = -(-(taps - 1 + fold) // fold)
        missing = (length // fold - 1 + blocks) * fold - (length + taps - 1)
        x = emitter.node("Pad", [x, emitter.ints(0, 0, 0, 0, 0, 0, missing, 0)])
        x = emitter.node("Reshape", [x, emitter.ints(0, 1, -1, fold * channels)])
        wide = replace(
            self,
            levels=self._banded(fold, blocks),
            steps=np.tile(self.steps, fold),
            offsets=np.tile(self.offsets, fold),
        )
        return emitter.node("Reshape", [wide.emit(emitter, x), emitter.ints(0, 1, length, out)])

    def _banded(self, fold: int, blocks: int) -> Array:
        """Weights (fold * out, fold * in, 1, blocks) that hold the kernel once for each of `fold` places."""
        out, channels, _, taps = self.levels.shape
        banded = np.zeros((fold, out, fold * blocks, channels), np.int8)
        for place in range(fold):
            banded[place, :, place : place + taps] = self.levels[:, :, 0].transpose(0, 2, 1)
        return banded.reshape(fold * out, blocks, fold * channels).transpose(0, 2, 1)[:, :, None]


def fold_of(conv: RowConv, length: int) -> int:
    """Samples to handle as one: several for a thin dense convolution, whose products do not fill the unit."""
    channels = conv.weight.shape[1]
    fold = FOLDS.get(channels, 2)
    thin = conv.dense and channels <= MAX_FOLDED_CHANNELS and conv.taps > 1
    return fold if thin and not (conv.before or conv.after or length % fold) else 1
