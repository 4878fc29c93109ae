"""Tensors that are signals, (batch, channels, 1, samples), and what works on them along the last axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgedla_targets.onnxruntime_cpu.graph import attribute, kind

if TYPE_CHECKING:
    from edgedla_targets.onnxruntime_cpu.graph import Array, Graph, Node

RANK = 4
SAMPLES = 3
"""Axis of the samples."""
LEAKY_ALPHA = 0.01
"""LeakyRelu's default."""


def is_signal(graph: Graph, name: str) -> bool:
    """Whether a tensor is (batch, channels, 1, samples) of float32 with known sizes."""
    shape = graph.shapes.get(name, ())
    return len(shape) == RANK and shape[2] == 1 and name in graph.floats


def reflect_pad(graph: Graph, node: Node) -> int | None:
    """Samples that a reflecting Pad adds at each end of the last axis, if it does nothing else."""
    if kind(node) != "Pad" or attribute(node, "mode", b"") != b"reflect" or len(node.input) < 2:  # noqa: PLR2004 - data, pads
        return None
    pads = graph.consts.get(node.input[1])
    if pads is None or pads.size != 2 * RANK or any(node.input[3:]):  # axes: the pads mean something else
        return None
    return int(pads[3]) if pads[3] == pads[7] > 0 and not pads[[0, 1, 2, 4, 5, 6]].any() else None


@dataclass(frozen=True)
class RowConv:
    """A convolution along the last axis with constant weights (out, in / group, 1, taps) of float32."""

    node: Node
    weight: Array
    bias: Array | None
    stride: int
    dilation: int
    group: int
    before: int
    """Zeros in front of the signal."""
    after: int
    """Zeros behind it."""

    @property
    def taps(self) -> int:
        """Samples under the kernel."""
        return int(self.weight.shape[SAMPLES])

    @property
    def span(self) -> int:
        """Distance of the first and the last sample that the kernel reads."""
        return (self.taps - 1) * self.dilation

    @property
    def dense(self) -> bool:
        """Whether each output reads all inputs, one step at a time."""
        return self.group == self.stride == self.dilation == 1

    @property
    def depthwise(self) -> bool:
        """Whether each output channel reads the input channel of its number."""
        return bool(self.group == self.weight.shape[0] and self.weight.shape[1] == 1)


def row_conv(graph: Graph, node: Node | None) -> RowConv | None:
    """A node as convolution along the last axis; `None` where it is another thing."""
    if node is None or kind(node) != "Conv" or attribute(node, "auto_pad", b"NOTSET") != b"NOTSET":
        return None
    weight, bias = (graph.consts.get(name) for name in (*node.input[1:], "")[:2])
    strides, dilations = attribute(node, "strides", [1, 1]), attribute(node, "dilations", [1, 1])
    pads = attribute(node, "pads", [0, 0, 0, 0])
    if weight is None or weight.dtype != np.float32 or (bias is None and any(node.input[2:])):
        return None
    if weight.ndim != RANK or weight.shape[2] != 1 or strides[0] != 1 or pads[0] or pads[2]:
        return None
    return RowConv(
        node,
        weight,
        bias,
        strides[1],
        dilations[1],
        attribute(node, "group", 1),
        before=pads[1],
        after=pads[3],
    )


def conv_attributes(conv: RowConv, **other: Any) -> dict[str, Any]:
    """The attributes of a convolution, some of them others."""
    return {
        "kernel_shape": [1, conv.taps],
        "strides": [1, conv.stride],
        "dilations": [1, conv.dilation],
        "pads": [0, conv.before, 0, conv.after],
        "group": conv.group,
        **other,
    }
