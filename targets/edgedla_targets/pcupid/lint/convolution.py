"""The geometry of a convolution, and which of the hardware's forms it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgedla_targets.pcupid.lint.node import Node

NATIVE_KERNELS = ((3, 3), (6, 6), (9, 9))
"""Depthwise kernels of the hardware; any other becomes a dense one (S1.0.9 manual, DLA SDK Support)."""

NATIVE_PAD = 1
"""Largest pad of a native depthwise convolution (same source)."""


@dataclass(frozen=True)
class Convolution:
    """A Conv or ConvTranspose of static weights; `pads` are those that apply, also under `auto_pad`."""

    channels_in: int
    channels_out: int
    group: int
    kernel: tuple[int, ...]
    pads: tuple[int, ...]
    dilated: bool

    @property
    def area(self) -> int:
        return math.prod(self.kernel)

    @property
    def one_dimensional(self) -> bool:
        return len(self.kernel) == 1

    @property
    def depthwise(self) -> bool:
        return self.group > 1 and self.group == self.channels_in

    @property
    def grouped(self) -> bool:
        """More than one group, and more than one channel in each."""
        return 1 < self.group < self.channels_in

    @property
    def native(self) -> bool:
        """A depthwise convolution in the form the hardware has."""
        return self.depthwise and self.kernel in NATIVE_KERNELS and max(self.pads, default=0) <= NATIVE_PAD

    @property
    def widened(self) -> bool:
        """A depthwise convolution that is run as a dense one."""
        return self.depthwise and not self.native

    @property
    def channels_read(self) -> int:
        """Input channels each output channel reads on the hardware."""
        return self.channels_in if self.widened else self.channels_in // self.group

    @property
    def channels_written(self) -> int:
        """Output channels of one piece of weights on the hardware."""
        return self.channels_out if self.widened else self.channels_out // self.group


def convolution(node: Node) -> Convolution | None:
    """The geometry of a Conv or ConvTranspose; `None` where the weights' shape is unknown or makes no sense.

    Weights are (out, in / group, *kernel) of a Conv, (in, out / group, *kernel) of a ConvTranspose.
    """
    weights = node.input(1)
    shape = weights.static if weights else None
    group = node.number("group", 1)
    if shape is None or len(shape) < 3 or group < 1:  # noqa: PLR2004 # two of channels, one of kernel
        return None
    first, second, kernel = shape[0], shape[1] * group, shape[2:]
    channels_in, channels_out = (first, second) if node.op == "ConvTranspose" else (second, first)
    dilations = node.numbers("dilations") or ()
    return Convolution(
        channels_in, channels_out, group, kernel, _pads(node, kernel), any(step > 1 for step in dilations)
    )


def _pads(node: Node, kernel: tuple[int, ...]) -> tuple[int, ...]:
    if node.text("auto_pad", "NOTSET") not in ("SAME_UPPER", "SAME_LOWER"):
        return node.numbers("pads") or ()
    data, result = node.input(0), node.output()
    if not (data and data.static and result and result.static):
        return ()
    strides = node.numbers("strides") or (1,) * len(kernel)
    dilations = node.numbers("dilations") or (1,) * len(kernel)
    sizes = zip(data.static[2:], result.static[2:], kernel, strides, dilations, strict=False)
    totals = [max(0, (out - 1) * step + (k - 1) * hole + 1 - size) for size, out, k, step, hole in sizes]
    return tuple((total + 1) // 2 for total in totals)
