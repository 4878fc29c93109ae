"""Write layer normalisation in the form that onnxruntime recognises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.onnxruntime_cpu.graph import Emitter, Graph, kind, replaced

if TYPE_CHECKING:
    from edgedla_targets.onnxruntime_cpu.graph import Model, Node


def spell_squares(model: Model) -> Model:
    """Write the `d * d` of a variance as `d ** 2`, where d is the difference from a mean.

    onnxruntime makes one kernel of a layer normalisation's nine nodes, but only where the square is a Pow; a
    simplifier turns it into the Mul that hides the rest. Nine such norms cost eat_sed 1.5 ms of 24 ms.
    """
    graph = Graph(model)
    base, new = graph.unused("square"), dict[str, Emitter]()
    for node in graph.nodes:
        if _is_square(graph, node):
            new[node.output[0]] = emitter = Emitter(f"{base}{len(new)}")
            emitter.node("Pow", [node.input[0], emitter.const(2)], node.output[0])
    return replaced(model, new)


def _is_square(graph: Graph, node: Node) -> bool:
    if kind(node) != "Mul" or node.input[0] != node.input[1] or node.input[0] not in graph.floats:
        return False
    maker, reader = graph.maker.get(node.input[0]), graph.only_reader(node.output[0])
    return maker is not None and reader is not None and (kind(maker), kind(reader)) == ("Sub", "ReduceMean")
