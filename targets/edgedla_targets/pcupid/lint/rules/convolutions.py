"""Rules of convolutions and of the weight sizes they share with matrix products."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.lint.convolution import NATIVE_PAD, convolution
from edgedla_targets.pcupid.lint.rule import Hit, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgedla_targets.pcupid.lint.convolution import Convolution
    from edgedla_targets.pcupid.lint.graph import Graph
    from edgedla_targets.pcupid.lint.node import Node

LARGEST_AREA = 63
LARGEST_PAD = 7
LARGEST_BLOCKS = 512 * 1024
BLOCK = 16


def _convolutions(graph: Graph, *ops: str) -> Iterator[tuple[Node, Convolution]]:
    for node in graph.of(*(ops or ("Conv",))):
        found = convolution(node)
        if found:
            yield node, found


def _kernel(found: Convolution) -> str:
    return "x".join(map(str, found.kernel))


def _area(graph: Graph) -> Iterator[Hit]:
    for node, found in _convolutions(graph, "Conv", "ConvTranspose"):
        if found.area > LARGEST_AREA and not found.native:
            yield Hit(f"{node.op} with a kernel of {_kernel(found)} = {found.area}", node)


def _weights(graph: Graph) -> Iterator[Hit]:
    for node, rows, columns in (*_convolution_sizes(graph), *_matrix_sizes(graph)):
        blocks = -(-rows // BLOCK) * -(-columns // BLOCK)
        if blocks >= LARGEST_BLOCKS:
            yield Hit(f"{node.op} with weights of {rows} x {columns}: {blocks} blocks of 16 x 16", node)


def _convolution_sizes(graph: Graph) -> Iterator[tuple[Node, int, int]]:
    for node, found in _convolutions(graph, "Conv"):
        yield node, found.channels_read, found.channels_written
    for node, found in _convolutions(graph, "ConvTranspose"):
        yield node, found.channels_in // found.group, found.channels_out // found.group


def _matrix_sizes(graph: Graph) -> Iterator[tuple[Node, int, int]]:
    for node in graph.of("Gemm", "MatMul"):
        right = node.input(1)
        shape = right.static if right else None
        if shape and len(shape) > 1:
            yield node, shape[-2], shape[-1]


def _pads(graph: Graph) -> Iterator[Hit]:
    for node, found in _convolutions(graph):
        if max(found.pads, default=0) > LARGEST_PAD:
            yield Hit(f"Conv with a pad of {max(found.pads)}", node)


def _same_lower(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("Conv", "ConvTranspose"):
        if node.text("auto_pad", "NOTSET") == "SAME_LOWER":
            yield Hit(f"{node.op} with auto_pad SAME_LOWER", node)


def _depthwise(graph: Graph) -> Iterator[Hit]:
    for node, found in _convolutions(graph):
        if found.widened:
            pad = f" and a pad of {max(found.pads)}" if max(found.pads, default=0) > NATIVE_PAD else ""
            yield Hit(
                f"depthwise Conv with a kernel of {_kernel(found)}{pad} runs as a dense one: "
                f"{found.channels_in} times the multiply-adds",
                node,
            )


def _grouped(graph: Graph) -> Iterator[Hit]:
    for node, found in _convolutions(graph):
        if found.grouped and not found.one_dimensional:
            yield Hit(f"Conv of {found.group} groups is divided into {found.group}", node)


def _one_dimensional(graph: Graph) -> Iterator[Hit]:
    for node, found in _convolutions(graph):
        if found.one_dimensional and not found.grouped and not _loses_dilation(found):
            kind = "depthwise Conv" if found.depthwise else "Conv"
            yield Hit(f"1-D {kind} with a kernel of {found.area}", node)


def _loses_dilation(found: Convolution) -> bool:
    return found.one_dimensional and found.group == 1 and found.dilated


def _dilated(graph: Graph) -> Iterator[Hit]:
    for node, found in _convolutions(graph):
        if _loses_dilation(found):
            yield Hit("the dilation of this 1-D Conv is silently dropped", node)


def _grouped_1d(graph: Graph) -> Iterator[Hit]:
    for node, found in _convolutions(graph):
        if found.one_dimensional and found.grouped:
            yield Hit(f"1-D Conv of {found.group} groups", node)


def _one_channel(graph: Graph) -> Iterator[Hit]:
    for tensor in graph.inputs:
        shape = tensor.static
        if shape is None or len(shape) != 4 or shape[1] != 1:  # noqa: PLR2004 # batch, channels, height, width
            continue
        for node in graph.consumers.get(tensor.name, []):
            if node.op == "Conv" and node.input(0) is tensor:
                yield Hit(f"Conv reads the one-channel input '{tensor.name}' directly", node)


RULES = (
    Rule(
        "IPU030",
        "error",
        "Kernel area",
        "kernel height x width under 64; native depthwise 9x9 excepted",
        "S1.0.9 manual, DLA SDK Support; Op Support page",
        "documented",
        "write a sum of convolutions over parts of the kernel, or a smaller kernel with dilation",
        _area,
    ),
    Rule(
        "IPU031",
        "error",
        "Size of weights",
        "ceil(in / 16) x ceil(out / 16) under 512 x 1024, for Conv, ConvTranspose, Gemm and MatMul; a "
        "depthwise Conv that runs as a dense one counts all its channels",
        "S1.0.9 manual, DLA SDK Support; Op Support page",
        "documented",
        "divide the output channels and join the parts with Concat",
        _weights,
    ),
    Rule(
        "IPU032",
        "warning",
        "Pads of Conv",
        "pads of 0 to 7",
        "S1.0.9 manual, DLA SDK Support; the float simulator of SDK 1.1.5 computed pads up to 63 correctly",
        "documented",
        "a Pad node (constant, 0) before the Conv",
        _pads,
    ),
    Rule(
        "IPU033",
        "warning",
        "Automatic pads",
        "auto_pad is SAME_UPPER, VALID or not set",
        "S1.0.9 manual, DLA SDK Support names SAME_UPPER alone",
        "likely",
        "write the pads as numbers",
        _same_lower,
    ),
    Rule(
        "IPU034",
        "note",
        "Depthwise kernels",
        "depthwise kernels 3x3, 6x6 and 9x9 with pads of 0 or 1; any other is run as a dense Conv",
        "S1.0.9 manual, DLA SDK Support; the effect on time was not measured",
        "documented",
        "where training can be repeated, take a native kernel; the cost given counts the dense form",
        _depthwise,
    ),
    Rule(
        "IPU035",
        "note",
        "Grouped Conv",
        "one group, or as many as channels; others are divided into one Conv per group",
        "S1.0.9 front end (GroupConv); SDK 1.1.5 divides it correctly",
        "measured",
        "where training can be repeated, take one group",
        _grouped,
    ),
    Rule(
        "IPU036",
        "warning",
        "1-D Conv",
        "Conv of four dimensions, with height 1",
        "SDK 1.1.5 refuses depthwise 1-D Conv and takes the wrong layout of others; S1.0.9 wraps each in "
        "transposes",
        "measured",
        "write Conv2d with height 1: weights [O,I,1,k], pads and strides on the width",
        _one_dimensional,
    ),
    Rule(
        "IPU037",
        "error",
        "Dilated 1-D Conv",
        "a dense 1-D Conv has dilation 1",
        "S1.0.9 front end: accepted, and computed with dilation 1; 2-D and depthwise Conv keep it",
        "measured",
        "write Conv2d with height 1: weights [O,I,1,k], dilation on the width",
        _dilated,
    ),
    Rule(
        "IPU038",
        "error",
        "Grouped 1-D Conv",
        "a 1-D Conv has one group, or as many as channels",
        "S1.0.9 front end: 'not support group conv.'",
        "measured",
        "write Conv2d with height 1",
        _grouped_1d,
    ),
    Rule(
        "IPU039",
        "warning",
        "One-channel input",
        "no Conv reads a graph input of one channel directly",
        "SDK 1.1.5 widens such an input to three channels without a word; S1.0.9 does not for raw data",
        "measured",
        "give the input three dimensions and Reshape it first",
        _one_channel,
    ),
)
