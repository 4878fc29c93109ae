"""Rules of forms that run, but slower than others of the same result."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.lint.convolution import convolution
from edgedla_targets.pcupid.lint.rule import Hit, Rule
from edgedla_targets.pcupid.lint.rules.matrices import reduced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgedla_targets.pcupid.lint.graph import Graph
    from edgedla_targets.pcupid.lint.node import Node

ALIGNED = 32
ALIGNED_POINTWISE = 16
WORTH_NAMING = 0.01
LONG = 8192
EFFICIENT_CHANNELS = 2048
IMAGE_RANK = 4
STARTS, ENDS, AXES, STEPS = 1, 2, 3, 4  # inputs of Slice


def _alignment(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("Conv", "Gemm", "MatMul"):
        odd = [size for size, unit in _inner_sizes(node) if size % unit]
        if odd and (graph.share(node) or 0) >= WORTH_NAMING:
            sizes = " and ".join(map(str, dict.fromkeys(odd)))
            yield Hit(f"{node.op} with an innermost dimension of {sizes}", node)


def _inner_sizes(node: Node) -> list[tuple[int, int]]:
    """Innermost size of what the node reads and makes, each with the unit it should be a multiple of."""
    found = convolution(node) if node.op == "Conv" else None
    if found:
        unit = ALIGNED_POINTWISE if found.area == 1 else ALIGNED
        return [(found.channels_in, unit), (found.channels_out, unit)]
    shapes = [tensor.static for tensor in (node.input(0), node.output()) if tensor and tensor.static]
    return [] if node.op == "Conv" else [(shape[-1], ALIGNED) for shape in shapes]


def _long_channel(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("Conv"):
        data = node.input(0)
        shape = data.static if data else None
        if shape and len(shape) > 2 and shape[1] == 1 and shape[-1] >= LONG:  # noqa: PLR2004 # one spatial at least
            yield Hit(f"Conv over one channel of width {shape[-1]}", node)


def _stream(graph: Graph) -> Iterator[Hit]:
    """A linear layer or the mean of a norm, over the last axis of four."""
    for node in graph.of("MatMul", "ReduceMean"):
        data, weights = node.input(0), node.input(1)
        if data is None or data.rank != IMAGE_RANK:
            continue
        linear = node.op == "MatMul" and weights is not None and weights.constant
        if linear or (node.op == "ReduceMean" and reduced(node) == (IMAGE_RANK - 1,)):
            yield Hit(f"{node.op} over the last axis of {data}", node)


def _many_channels(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("Conv"):
        found = convolution(node)
        if found and found.channels_in // found.group > EFFICIENT_CHANNELS:
            yield Hit(f"Conv of {found.channels_in // found.group} input channels", node)


def _slices(graph: Graph) -> Iterator[Hit]:
    cuts: dict[str, list[Node]] = {}
    for node in graph.of("Slice"):
        data = node.input(0)
        cuts.setdefault(data.name if data else "", []).append(node)
    for name, slices in cuts.items():
        if len(slices) > 1 and _tile(slices):
            yield Hit(f"{len(slices)} Slices divide '{name}' without a rest", slices[0])


def _tile(slices: list[Node]) -> bool:
    """Whether the slices cut one axis into pieces that meet, from its start to its end."""
    pieces = [_piece(node) for node in slices]
    ranges = sorted((piece[1], piece[2]) for piece in pieces if piece)
    axes = {(piece[0], piece[3]) for piece in pieces if piece}
    if len(ranges) < len(slices) or len(axes) != 1 or ranges[0][0] != 0:
        return False
    meet = all(before[1] == after[0] for before, after in pairwise(ranges))
    return meet and ranges[-1][1] == next(iter(axes))[1]


def _piece(node: Node) -> tuple[int, int, int, int] | None:
    """Axis, start, end, and the size of the axis, of a Slice of one axis with step 1."""
    data = node.input(0)
    shape = data.static if data else None
    starts, ends, axes = (node.constants(index) for index in (STARTS, ENDS, AXES))
    if not shape or not starts or not ends or len(starts) != 1 or len(ends) != 1 or len(axes or (0,)) != 1:
        return None
    if (node.constants(STEPS) or (1,)) != (1,):
        return None
    axis = (axes or (0,))[0] % len(shape)
    size = shape[axis]
    start, end = (number + size if number < 0 else min(number, size) for number in (starts[0], ends[0]))
    return axis, start, end, size


RULES = (
    Rule(
        "IPU070",
        "note",
        "Alignment",
        "innermost dimensions are multiples of 32, of a 1x1 Conv of 16; named from 1 % of the cost on",
        "S1.0.9 manual, DLA SDK Support, efficiency",
        "documented",
        "where training can be repeated, choose widths that are multiples",
        _alignment,
    ),
    Rule(
        "IPU071",
        "note",
        "One long channel",
        "many channels and a small width; named from one channel of width 8192 on",
        "S1.0.9 manual, DLA SDK Support, efficiency; the effect was not measured",
        "likely",
        "fold the width into channels: Reshape to [N, k, 1, W/k] with weights to match",
        _long_channel,
    ),
    Rule(
        "IPU072",
        "note",
        "Streams of four dimensions",
        "the stream of a transformer has three dimensions",
        "S1.0.9 front end: one norm and linear layer took 18 transposes in four dimensions and none in three",
        "measured",
        "Reshape (1, 1, T, E) to (1, T, E) before; keep four dimensions inside batched attention alone",
        _stream,
    ),
    Rule(
        "IPU073",
        "note",
        "Many channels",
        "Conv of at most 2048 input channels",
        "S1.0.9 manual, DLA SDK Support, efficiency",
        "documented",
        "divide the input channels and add the results",
        _many_channels,
    ),
    Rule(
        "IPU074",
        "note",
        "Slices",
        "Split rather than Slices that together take the whole",
        "S1.0.9 manual, DLA SDK Support, efficiency",
        "documented",
        "one Split node",
        _slices,
    ),
)
