"""Compute only the rows that are read: the class token's, in the last layer of a transformer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from onnx import numpy_helper

from edgedla_targets.onnxruntime_cpu.graph import Emitter, Graph, attribute, kind, opset, replaced

if TYPE_CHECKING:
    from edgedla_targets.onnxruntime_cpu.graph import Model, Node

ELEMENTWISE = frozenset(
    {"Add", "Sub", "Mul", "Div", "Pow", "Sqrt", "Erf", "Gelu", "LeakyRelu", "Relu", "Sigmoid", "Tanh"}
)
PRODUCTS = frozenset({"MatMul", "Gemm"})
SOFTMAX_OF_ONE_AXIS = 13
"""Since this opset Softmax works along one axis, the last unless told; before, on all from an axis on."""

Sources = dict[int, int]
"""Index of an input -> the axis of it that is the output's axis of rows."""


def keep_needed_rows(model: Model) -> Model:
    """Move a Slice of rows up through the nodes that work row by row, if that saves a product of matrices.

    The last encoder layer then computes its query, feed-forward part and norms for one row instead of all:
    a quarter of what a four-layer transformer spends outside of its keys and values.
    """
    graph = Graph(model)
    for node in graph.nodes:
        cutter = _cutter(graph, node)
        if cutter is not None and cutter.saves_a_product():
            return replaced(model, {node.output[0]: cutter.emitter})
    return model


@dataclass
class RowCutter:
    """Moves one Slice of rows towards the inputs; `want` holds tensors it needs rows of, and along what."""

    graph: Graph
    start: int
    stop: int
    want: dict[str, int]
    done: dict[str, Node]
    emitter: Emitter
    known: set[str] = field(default_factory=set)

    def move(self) -> None:
        """Emit everything; the last node makes the Slice's output."""
        last = next(iter(self.done.values()))
        for node in reversed(self.graph.nodes):
            for name in node.output:
                if name in self.want:
                    self._visit(node, name)
        for name in [name for name in self.want if name not in self.known]:
            self._supply(name)
        self.emitter.nodes.reverse()
        self.emitter.nodes[-1].output[0] = last.output[0]

    def saves_a_product(self) -> bool:
        """Whether anything was gained that is worth another graph."""
        return any(kind(node) in PRODUCTS for node in self.done.values())

    def _visit(self, node: Node, name: str) -> None:
        """Emit the node for the wanted rows only, or cut its output where that is impossible."""
        self.known.add(name)
        axis = self.want[name]
        others = any(reader.output[0] not in self.done for reader in self.graph.readers.get(name, []))
        whole = others or name in self.graph.outputs or len(node.output) > 1
        sources = None if whole else sources_of(self.graph, node, axis)
        if sources is None or any(self.want.get(node.input[k], j) != j for k, j in sources.items()):
            self._cut(name)
        else:
            self._narrow(node, axis, sources)

    def _supply(self, name: str) -> None:
        """Rows of what no node makes: a constant, or an input of the graph."""
        if name not in self.graph.consts:
            self._cut(name)
            return
        rows = np.take(self.graph.consts[name], range(self.start, self.stop), self.want[name])
        self.emitter.consts.append(numpy_helper.from_array(rows, self.emitter.twin(name)))

    def _cut(self, name: str) -> None:
        self.emitter.cut(name, self.start, self.stop, self.want[name], self.emitter.twin(name))

    def _narrow(self, node: Node, axis: int, sources: Sources) -> None:
        self.done[node.output[0]] = node
        self.want |= {node.input[index]: own for index, own in sources.items()}
        renamed = {node.input[index]: self.emitter.twin(node.input[index]) for index in sources}
        clone = self.emitter.copy(node, renamed)
        if kind(node) == "Reshape":
            shape = list(self.graph.shapes[node.output[0]])
            shape[axis] = self.stop - self.start
            clone.input[1] = self.emitter.ints(*shape)


def _cutter(graph: Graph, node: Node) -> RowCutter | None:
    found = _rows_of(graph, node)
    if found is None:
        return None
    start, stop, axis = found
    emitter = Emitter(graph.unused("rows"))
    cutter = RowCutter(graph, start, stop, {node.input[0]: axis}, {node.output[0]: node}, emitter)
    cutter.move()
    return cutter


def _rows_of(graph: Graph, node: Node) -> tuple[int, int, int] | None:
    """Start, stop and axis of a Slice with constant bounds along one axis, step 1."""
    values = [graph.consts.get(name) for name in node.input[1:]]
    shape = graph.shapes.get(node.input[0]) if node.input else None
    if kind(node) != "Slice" or shape is None or len(values) not in (3, 4):
        return None
    numbers = [int(value.item()) for value in values if value is not None and value.size == 1]
    if len(numbers) != len(values) or numbers[2] < 0 or numbers[3:] not in ([], [1]):
        return None
    start, stop, axis = numbers[0], min(numbers[1], shape[numbers[2]]), numbers[2]
    return (start, stop, axis) if 0 <= start < stop else None


def sources_of(graph: Graph, node: Node, axis: int) -> Sources | None:
    """Inputs whose rows along an axis make the output's rows one by one; `None` where rows mix."""
    shapes = [graph.shapes.get(name) if name else () for name in (*node.input, *node.output)]
    if any(shape is None for shape in shapes):
        return None
    if kind(node) in ELEMENTWISE:
        return _broadcast(graph, node, axis, node.input)
    if kind(node) == "Reshape":
        return _reshaped(graph, node, axis)
    if kind(node) == "Transpose":
        rank = len(graph.shapes[node.output[0]])
        return {0: attribute(node, "perm", range(rank)[::-1])[axis]}
    return _along_last(graph, node, axis)


def _along_last(graph: Graph, node: Node, axis: int) -> Sources | None:
    """For what works along the last axis and leaves all others alone."""
    rank = len(graph.shapes[node.output[0]])
    if axis >= rank - 1 or len(graph.shapes[node.input[0]]) != rank:
        return None
    if kind(node) == "Gemm" and not attribute(node, "transA", 0):
        return {0: axis} | _broadcast(graph, node, axis, node.input[2:], first=2)
    product = kind(node) == "MatMul" and axis == rank - 2
    return {0: axis} if product or _reduces_last(graph, node, rank) else None


def _reduces_last(graph: Graph, node: Node, rank: int) -> bool:
    if kind(node) == "ReduceMean":
        axes = attribute(node, "axes", [graph.consts[n] for n in node.input[1:] if n in graph.consts][:1])
        return (
            np.size(axes) == 1 and np.ravel(axes)[0] in (-1, rank - 1) and attribute(node, "keepdims", 1) == 1
        )
    default = -1 if kind(node) != "Softmax" or opset(graph.model) >= SOFTMAX_OF_ONE_AXIS else 1
    last = attribute(node, "axis", default) in (-1, rank - 1)
    return kind(node) in ("LayerNormalization", "Softmax") and last


def _broadcast(graph: Graph, node: Node, axis: int, names: list[str], first: int = 0) -> Sources:
    """Each input that has the axis, and where; inputs count from `first`."""
    rank, found = len(graph.shapes[node.output[0]]), {}
    for index, name in enumerate(names, first):
        shape = graph.shapes[name]
        own = axis + len(shape) - rank
        if own >= 0 and shape[own] != 1:
            found[index] = own
    return found


def _reshaped(graph: Graph, node: Node, axis: int) -> Sources | None:
    """The axis before a Reshape that is the given axis after it: same size, as much before it."""
    before, after = graph.shapes[node.input[0]], graph.shapes[node.output[0]]
    lead = np.prod(after[:axis])
    same = [j for j, size in enumerate(before) if size == after[axis] and np.prod(before[:j]) == lead]
    return {0: same[0]} if same else None
