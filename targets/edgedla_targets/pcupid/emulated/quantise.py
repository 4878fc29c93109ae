"""A float network as a fixed one: every operator reads rounded values, as the IPU does.

Convolutions read 8-bit activations (uint8, with a zero point) and int8 weights, one scale per channel, or
16 and 16 bits; every other operator reads int16 activations, fully connected layers int16 weights. A tensor
that several operators read is rounded for each width separately. Operators that only move values around round
nothing.

onnxruntime's own quantiser is not used: it knows one width per tensor, not one per reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onnx import helper, numpy_helper

from edgedla_targets.pcupid.emulated import qdq
from edgedla_targets.pcupid.emulated.graph import constants, live
from edgedla_targets.pcupid.emulated.ini import CONV

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import onnx

    from edgedla_targets.pcupid.emulated.ini import Config
    from edgedla_targets.pcupid.emulated.statistics import Range

CONVOLUTIONS = ("Conv", "ConvTranspose")
_MOVES = """
    DepthToSpace Expand Flatten Gather Identity MaxPool Pad Reshape Slice SpaceToDepth Split Squeeze Tile
    Transpose Unsqueeze
"""
MOVES = frozenset(_MOVES.split())
RAISING_LEVELS = ("L4", "L5")


@dataclass(frozen=True)
class Widths:
    """Which convolutions get 16 bits: what the ini says, or else those too sensitive for 8."""

    input_format: str | None
    tensor_arrays: tuple[str, ...]
    threshold: float | None  # share of noise that 8-bit activations may bring; None: any

    @classmethod
    def read(cls, config: Config, level: str, threshold: float) -> Widths:
        """The choice of an ini and of the calibrator's command line."""
        tensors = tuple(part.strip() for part in (config.get(CONV, "tensor_arrays") or "").split(","))
        return cls(config.get(CONV, "input_format"), tensors, threshold if level in RAISING_LEVELS else None)

    def bits(self, node: onnx.NodeProto, span: Range, *, is_first: bool) -> int:
        """8 or 16 for one convolution."""
        if node.input[0] in self.tensor_arrays and not is_first:
            return 16
        if self.input_format is not None:
            return 16 if self.input_format in ("ALL_INT16", _kind(node)) else 8
        return 16 if self.threshold is not None and noise(span) > self.threshold else 8


def noise(span: Range) -> float:
    """Power of the rounding error of 256 levels over the range, as a share of the signal's power."""
    step = (max(span.high, 0.0) - min(span.low, 0.0)) / qdq.UINT8_MAX
    return step * step / 12 * span.inverse_power


def _kind(node: onnx.NodeProto) -> str:
    group = next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
    return "DEPTHWISE_INT16" if group > 1 else "CONV2D_INT16"


def quantise(
    model: onnx.ModelProto, ranges: Mapping[str, Range], widths: Widths, rounded: Collection[str]
) -> dict[str, int]:
    """Make every operator of `model` read rounded values; bits of each convolution by name of its output.

    `rounded` names tensors that are on int16 levels already. The outputs of the graph are left as they are.
    """
    rewriter = _Rewriter(model, ranges, rounded)
    alive = {node.output[0] for node in live(model)}
    bits: dict[str, int] = {}
    for node in list(model.graph.node):
        if node.output[0] in alive and node.op_type not in MOVES:
            width = 16
            if node.op_type in CONVOLUTIONS:
                width = widths.bits(node, ranges[node.input[0]], is_first=not bits)
                bits[node.output[0]] = width
            rewriter.round_inputs(node, width)
        rewriter.nodes.append(node)
    rewriter.finish()
    return bits


class _Rewriter:
    """Collects the nodes of the fixed graph; each rounding and each weight appears once."""

    def __init__(self, model: onnx.ModelProto, ranges: Mapping[str, Range], rounded: Collection[str]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._model = model
        self._ranges = ranges
        self._constants = constants(model)
        self._made = {(name, 16): name for name in rounded}

    def round_inputs(self, node: onnx.NodeProto, bits: int) -> None:
        axis = _weight_axis(node)
        for index, name in enumerate(node.input):
            if name in self._ranges:
                node.input[index] = self._activation(name, bits)
            elif index == 1 and axis is not None and name in self._constants:
                node.input[index] = self._weight(name, axis, bits)

    def _activation(self, name: str, bits: int) -> str:
        if (name, bits) not in self._made:
            result, span = f"{name}/{bits}", self._ranges[name]
            if bits == 8:  # noqa: PLR2004 - said in words above
                self.nodes += qdq.round_uint8(self._model, name, result, span.low, span.high)
            else:
                scale = qdq.symmetric_scale(span.low, span.high)
                self.nodes += qdq.round_int16(self._model, name, result, scale)
            self._made[name, bits] = result
        return self._made[name, bits]

    def _weight(self, name: str, axis: int, bits: int) -> str:
        result = f"{name}/{axis}/{bits}"
        if (result, bits) not in self._made:
            value = numpy_helper.to_array(self._constants[name])
            self.nodes.append(qdq.weight_node(self._model, result, value, axis % value.ndim, bits))
            self._made[result, bits] = result
        return result

    def finish(self) -> None:
        graph = self._model.graph
        del graph.node[:], graph.value_info[:]
        graph.node.extend(self.nodes)
        used = {name for node in self.nodes for name in node.input}
        kept = [weight for weight in graph.initializer if weight.name in used]
        del graph.initializer[:]
        graph.initializer.extend(kept)
        self._model.opset_import.append(helper.make_opsetid(qdq.DOMAIN, 1))


def _weight_axis(node: onnx.NodeProto) -> int | None:
    transposed = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
    axes = {"Conv": 0, "ConvTranspose": 1, "Gemm": 0 if transposed else 1, "MatMul": -1}
    return axes.get(node.op_type)
