"""Rules of how many dimensions an operator takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.lint.rule import Hit, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgedla_targets.pcupid.lint.graph import Graph
    from edgedla_targets.pcupid.lint.rule import Check

BINARY = ("Add", "Sub", "Mul", "Div", "Max", "Min")
ACTIVATIONS = ("Relu", "LeakyRelu", "PRelu", "Tanh")
REDUCTIONS = ("ReduceMean", "ReduceSum", "ReduceMin", "ReduceMax")
SPATIAL = ("Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool")


def _at_most(limit: int, *ops: str) -> Check:
    def check(graph: Graph) -> Iterator[Hit]:
        for node in graph.of(*ops):
            tensors = [tensor for tensor in (*node.inputs, *node.outputs) if tensor]
            rank = max((tensor.rank or 0 for tensor in tensors), default=0)
            if rank > limit:
                yield Hit(f"{node.op} of {rank} dimensions", node)

    return check


RULES = (
    Rule(
        "IPU020",
        "error",
        "Dimensions of Gemm and MatMul",
        "at most 4 dimensions",
        "S1.0.9 manual, DLA SDK Support; Op Support page",
        "documented",
        "merge dimensions with Reshape before and divide them after",
        _at_most(4, "Gemm", "MatMul"),
    ),
    Rule(
        "IPU021",
        "error",
        "Dimensions of activations",
        "Relu, LeakyRelu, PRelu and Tanh: at most 4 dimensions",
        "S1.0.9 manual, DLA SDK Support; Op Support page",
        "documented",
        "merge dimensions with Reshape before and divide them after",
        _at_most(4, *ACTIVATIONS),
    ),
    Rule(
        "IPU022",
        "error",
        "Dimensions of reductions",
        "ReduceMean, ReduceSum, ReduceMin and ReduceMax: at most 4 dimensions",
        "S1.0.9 manual, DLA SDK Support; Op Support page",
        "documented",
        "merge dimensions with Reshape before the reduction",
        _at_most(4, *REDUCTIONS),
    ),
    Rule(
        "IPU023",
        "error",
        "Dimensions of element-wise arithmetic",
        "at most 5 dimensions",
        "S1.0.9 manual, DLA SDK Support; Op Support page",
        "documented",
        "merge dimensions with Reshape before and divide them after",
        _at_most(5, *BINARY),
    ),
    Rule(
        "IPU024",
        "warning",
        "Two spatial dimensions",
        "convolutions and pooling of at most height and width",
        "the manual states their limits for height and width alone",
        "likely",
        "write a 3-D convolution as 2-D convolutions over slices",
        _at_most(4, *SPATIAL),
    ),
)
