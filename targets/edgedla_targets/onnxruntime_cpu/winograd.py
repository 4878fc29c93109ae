"""Winograd's fast convolution where a strided filter follows, as convolutions that onnxruntime runs well.

A dense convolution, a LeakyRelu and a strided depthwise convolution (a low-pass filter) become 1x1 and short
depthwise convolutions. F(4,5) takes 8 products where the convolution takes 20, F(2,3) 4 where it takes 6. The
outputs come in as many interleaved phases as the stride is long, which is just what the strided filter reads,
so nothing is shuffled, and all nodes stay in onnxruntime's blocked layout.

Winograd, Arithmetic Complexity of Computations (1980), by way of Lavin and Gray, arXiv 1509.09308.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
from numpy.polynomial import polynomial

from edgedla_targets.onnxruntime_cpu.graph import Emitter, Graph, attribute, kind, replaced
from edgedla_targets.onnxruntime_cpu.signals import (
    LEAKY_ALPHA,
    RANK,
    SAMPLES,
    RowConv,
    conv_attributes,
    reflect_pad,
    row_conv,
)

if TYPE_CHECKING:
    from typing import Any

    from edgedla_targets.onnxruntime_cpu.graph import Array, Model, Node

Floats: TypeAlias = npt.NDArray[np.float64]

MIN_CHANNELS = 64
"""With fewer input channels the transforms cost more than the products they save."""
CHOICES = {(4, 5), (2, 3)}
"""(stride of the filter, taps of the convolution) for which it was measured to pay."""
POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
"""Where the polynomials are evaluated, with infinity as the last; small numbers keep rounding small."""


def winograd_down(model: Model) -> Model:
    """Compute each dense convolution that a LeakyRelu and a strided depthwise one follow by Winograd."""
    graph = Graph(model)
    base, new, gone = graph.unused("winograd"), dict[str, Emitter](), list[str]()
    for node in graph.nodes:
        down = find_down(graph, node)
        if down is not None:
            new[down.low.node.output[0]] = emitter = Emitter(f"{base}{len(new)}")
            low_pass(down, phases(down, emitter), emitter)
            gone += down.gone
    return replaced(model, new, gone)


def winograd_matrices(outputs: int, taps: int) -> tuple[Floats, Floats, Floats]:
    """Cook-Toom: `out @ ((kernel @ weights) * (signal @ samples))` is the valid correlation of one tile."""
    size = outputs + taps - 1
    points = np.array(POINTS[: size - 1])
    out, kernel, signal = np.zeros((outputs, size)), np.zeros((size, taps)), np.zeros((size, size))
    for j, point in enumerate(points):
        others = np.delete(points, j)
        out[:, j] = point ** np.arange(outputs)
        kernel[j] = point ** np.arange(taps) / np.prod(point - others)
        signal[j, : size - 1] = polynomial.polyfromroots(others)
    out[-1, -1] = kernel[-1, -1] = 1
    signal[-1] = polynomial.polyfromroots(points)
    largest = np.abs(signal).max(axis=1, keepdims=True)
    return out, kernel * largest, signal / largest


@dataclass(frozen=True)
class Down:
    """Conv -> LeakyRelu -> [reflecting Pad] -> depthwise Conv with a stride."""

    conv: RowConv
    leaky: Node
    pad: Node | None
    low: RowConv
    reflected: int
    """Samples that the Pad adds at each end."""
    length: int
    """Samples between the two convolutions."""

    @property
    def gone(self) -> list[str]:
        """Tensors that are not made any longer."""
        return [node.output[0] for node in (self.conv.node, self.leaky, self.pad) if node is not None]

    @property
    def count(self) -> int:
        """How many phases."""
        return self.low.stride

    def taps(self, phase: int) -> list[int]:
        """Taps of the filter that read a phase."""
        ahead = self.reflected + self.low.before + phase
        return [tap for tap in range(self.low.taps) if (tap - ahead) % self.count == 0]

    def margins(self, phase: int) -> tuple[int, int]:
        """Samples of a phase before its first and behind its last that the filter reads."""
        taps = self.taps(phase)
        before = (self.reflected + self.low.before + phase - taps[0]) // self.count
        return before, len(taps) - 1 - before


def find_down(graph: Graph, node: Node) -> Down | None:
    """The pattern that begins at a node."""
    conv = row_conv(graph, node)
    leaky = graph.only_reader(node.output[0]) if conv is not None else None
    if conv is None or leaky is None or kind(leaky) != "LeakyRelu" or not _is_wide(graph, conv):
        return None
    after, pad = graph.only_reader(leaky.output[0]), None
    if after is not None and reflect_pad(graph, after) is not None:
        pad, after = after, graph.only_reader(after.output[0])
    low = row_conv(graph, after)
    if low is None:
        return None
    reflected = (reflect_pad(graph, pad) or 0) if pad is not None else 0
    down = Down(conv, leaky, pad, low, reflected, graph.shapes[node.output[0]][SAMPLES])
    return down if _fits(graph, down) else None


def _is_wide(graph: Graph, conv: RowConv) -> bool:
    known = len(graph.shapes.get(conv.node.output[0], ())) == RANK
    return known and conv.dense and bool(conv.weight.shape[1] >= MIN_CHANNELS)


def _fits(graph: Graph, down: Down) -> bool:
    low, shape = down.low, graph.shapes.get(down.low.node.output[0], ())
    filters = low.depthwise and low.bias is None and low.dilation == 1 and low.group == len(down.conv.weight)
    same = len(shape) == RANK and shape[SAMPLES] * low.stride == down.length
    zeros = low.before or low.after
    if not filters or not same or (down.pad is not None and zeros) or low.taps < low.stride:
        return False
    chosen = (low.stride, down.conv.taps) in CHOICES
    return chosen and all(min(down.margins(phase)) >= 0 for phase in range(down.count))


def phases(down: Down, emitter: Emitter) -> list[str]:
    """LeakyRelu(Conv) as interleaved signals, one for each step of the stride."""
    products, channels = _products(down, emitter), len(down.conv.weight)
    pairs = list(zip(products[1:-1:2], products[2:-1:2], strict=True))
    sums = [emitter.node("Add", pair) for pair in pairs]
    differences = [emitter.node("Add", [_scaled(emitter, b, -1, channels), a]) for a, b in pairs]
    found = []
    for i in range(down.count):
        terms = [products[0]] * (i == 0) + [products[-1]] * (i == down.count - 1)
        # The products at p and -p count p**i times as much, with the sign of (-1)**i.
        for point, term in zip(POINTS[1::2], differences if i % 2 else sums, strict=False):
            terms.append(term if point**i == 1 else _scaled(emitter, term, point**i, channels))
        found.append(_activated(down, terms, emitter))
    return found


def _products(down: Down, emitter: Emitter) -> list[str]:
    """The pointwise products: one short depthwise and one 1x1 convolution for each point."""
    conv = down.conv
    _, kernel, signal = winograd_matrices(down.count, conv.taps)
    channels, found = conv.weight.shape[1], []
    tile = conv_attributes(conv, group=channels, strides=[1, down.count], kernel_shape=[1, len(signal)])
    for row, mix in zip(signal, kernel, strict=True):
        samples = _conv(emitter, conv.node.input[0], np.tile(row, (channels, 1, 1, 1)), None, **tile)
        found.append(_conv(emitter, samples, (conv.weight @ mix)[..., None]))
    return found


def _activated(down: Down, terms: list[str], emitter: Emitter) -> str:
    total = terms[0]
    for term in terms[1:]:
        total = emitter.node("Add", [term, total])
    # A pass of its own for the bias, because only a convolution, not an Add, takes the LeakyRelu along.
    total = _scaled(emitter, total, 1, len(down.conv.weight), down.conv.bias)
    return emitter.node("LeakyRelu", [total], alpha=attribute(down.leaky, "alpha", LEAKY_ALPHA))


def low_pass(down: Down, parts: list[str], emitter: Emitter) -> None:
    """The strided depthwise convolution of an interleaved signal, as a sum over its phases."""
    weight, total = down.low.weight, ""
    for phase, part in enumerate(parts):
        before, after = down.margins(phase)
        signal = part if down.pad is None else _extended(down, parts, phase, emitter)
        pads = [0, before, 0, after] if down.pad is None else [0, 0, 0, 0]
        taps = weight[..., down.taps(phase)]
        term = _conv(emitter, signal, taps, None, group=len(weight), pads=pads)
        total = emitter.node("Add", [term, total]) if total else term
    emitter.nodes[-1].output[0] = down.low.node.output[0]


def _extended(down: Down, parts: list[str], phase: int, emitter: Emitter) -> str:
    """A phase with the samples that reflection puts at its ends."""
    before, after = down.margins(phase)
    left = [_mirrored(down, parts, phase - down.count * k, emitter) for k in range(before, 0, -1)]
    right = [_mirrored(down, parts, down.length + phase + down.count * k, emitter) for k in range(after)]
    return (
        emitter.node("Concat", [*left, parts[phase], *right], axis=SAMPLES) if left or right else parts[phase]
    )


def _mirrored(down: Down, parts: list[str], position: int, emitter: Emitter) -> str:
    """The sample at a position outside of the interleaved signal, by reflection."""
    inside = -position if position < 0 else 2 * (down.length - 1) - position
    at = inside // down.count
    return emitter.cut(parts[inside % down.count], at, at + 1, SAMPLES)


def _scaled(emitter: Emitter, x: str, factor: float, channels: int, bias: Array | None = None) -> str:
    """`factor * x + bias`, as the convolution that stays in the blocked layout."""
    return _conv(emitter, x, np.full((channels, 1, 1, 1), factor), bias, group=channels)


def _conv(emitter: Emitter, x: str, weight: Array, bias: Array | None = None, **attributes: Any) -> str:
    extra = [] if bias is None else [emitter.const(bias)]
    shape = {"kernel_shape": [1, weight.shape[SAMPLES]], **attributes}
    return emitter.node("Conv", [x, emitter.const(weight), *extra], **shape)
