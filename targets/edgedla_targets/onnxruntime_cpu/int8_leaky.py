"""Write `S x + leaky(F x)` with a ReLU in place of the LeakyRelu, which int8 kernels do not take along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import numpy_helper

from edgedla_targets.onnxruntime_cpu.graph import Graph, attribute, kind
from edgedla_targets.onnxruntime_cpu.signals import LEAKY_ALPHA, RowConv, row_conv

if TYPE_CHECKING:
    from edgedla_targets.onnxruntime_cpu.graph import Array, Model, Node


def split_leaky_sums(model: Model) -> Model:
    """`S x + leaky(F x)` with pointwise S, F and slope a becomes `(S + a F) x + relu((1 - a) F x)`.

    Equal but for rounding. A ReLU costs nothing in QLinearConv (zero point 0 cuts it off), while a LeakyRelu
    takes two more passes over the signal.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = Graph(result)
    stored = {item.name: item for item in result.graph.initializer}
    for node in graph.nodes:
        found = _leaky_sum(graph, node)
        for name, value in ({} if found is None else found.weights()).items():
            stored[name].CopyFrom(numpy_helper.from_array(value, name))
        if found is not None:
            found.leaky.op_type = "Relu"
            del found.leaky.attribute[:]
    return result


@dataclass(frozen=True)
class LeakySum:
    """A pointwise convolution, and another of the same input with a LeakyRelu behind it, added."""

    straight: RowConv
    bent: RowConv
    leaky: Node

    def fits(self, graph: Graph) -> bool:
        """Whether nothing else reads what would change."""
        convs, nodes = (self.straight, self.bent), (self.straight.node, self.bent.node, self.leaky)
        owned = all(graph.only_reader(node.output[0]) for node in nodes)
        single = all(graph.only_reader(name) for conv in convs for name in conv.node.input[1:])
        pointwise = all(conv.taps == 1 and conv.dense and conv.bias is not None for conv in convs)
        same = self.straight.weight.shape == self.bent.weight.shape and not any(
            (conv.before, conv.after) != (0, 0) for conv in convs
        )
        return (
            owned and single and pointwise and same and self.straight.node.input[0] == self.bent.node.input[0]
        )

    def weights(self) -> dict[str, Array]:
        """New values of both convolutions' weights and biases, by name."""
        found: dict[str, Array] = {}
        slope = np.float32(attribute(self.leaky, "alpha", LEAKY_ALPHA))
        names = zip(self.straight.node.input[1:], self.bent.node.input[1:], strict=True)
        values = ((self.straight.weight, self.bent.weight), (self.straight.bias, self.bent.bias))
        for (one, two), (first, second) in zip(names, values, strict=True):
            assert first is not None
            assert second is not None
            found |= {one: first + slope * second, two: (1 - slope) * second}
        return found


def _leaky_sum(graph: Graph, node: Node) -> LeakySum | None:
    makers = [graph.maker[name] for name in node.input if name in graph.maker] if kind(node) == "Add" else []
    makers.sort(key=kind)
    if [kind(maker) for maker in makers] != ["Conv", "LeakyRelu"]:
        return None
    straight, bent = row_conv(graph, makers[0]), row_conv(graph, graph.maker.get(makers[1].input[0]))
    if straight is None or bent is None:
        return None
    found = LeakySum(straight, bent, makers[1])
    return found if found.fits(graph) else None
