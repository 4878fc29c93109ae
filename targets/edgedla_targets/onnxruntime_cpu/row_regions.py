"""Cut a long signal into two overlapping halves, as rows of an image, and do without padding nodes.

1. onnxruntime's blocked (NCHWc) convolution shares rows and blocks of channels among threads: one row with up
   to 64 channels runs on one thread.
2. A reflecting Pad leaves the blocked layout: three passes over memory for each. Here the middle pads with
   zeros inside the convolution, and the few samples at the ends that this spoils are computed apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onnx import helper

from edgedla_targets.onnxruntime_cpu.graph import Emitter, Graph, kind, replaced
from edgedla_targets.onnxruntime_cpu.signals import SAMPLES, is_signal, reflect_pad, row_conv

if TYPE_CHECKING:
    from edgedla_targets.onnxruntime_cpu.graph import Model, Node

ROWS = 2
"""One for each thread of a small machine; what is computed twice grows with it."""
LONG = 4096
"""Shorter signals are left alone: there a join costs more than the second thread gains."""
MAX_EXTRA = 0.04
"""Largest share of samples that may be computed twice. In eat_sed the region down to 1/4 of the rate computes
0.1 % twice, to 1/16 0.3 %, to 1/64 1.0 %; to 1/256 it would be 5.4 %, for layers that have channels enough
for two threads."""
UNARY = frozenset({"LeakyRelu", "Relu", "Sigmoid", "Tanh"})


def cut_into_rows(model: Model) -> Model:
    """Run the early, long part of a convolutional network on two halves of the signal at once."""
    graph = Graph(model)
    for node in graph.nodes:
        region = find_region(graph, node)
        if region is not None:
            emitter = Emitter(graph.unused("halves"))
            Halves(graph, region, emitter).emit()
            return replaced(model, {region.exit: emitter}, [node.output[0] for node in region.nodes])
    return model


@dataclass(frozen=True)
class Region:
    """Nodes from one signal to another that work on nearby samples only, the same way everywhere."""

    entry: str
    exit: str
    nodes: tuple[Node, ...]
    rate: int
    """Samples of the entry for each of the exit."""
    edge: int
    """Samples of the exit at each end that wrong padding spoils."""

    def pays(self, length: int) -> bool:
        """Whether an entry of this length divides into rows at little cost."""
        return (length // self.rate - 2 * self.edge) % ROWS == 0 and self.overlap(length) <= MAX_EXTRA

    def overlap(self, length: int) -> float:
        """Share of the entry's samples computed twice: both ends, and both sides of each cut between rows."""
        return 2 * self.edge * self.rate * (ROWS + 1) / length


def find_region(graph: Graph, start: Node) -> Region | None:
    """The longest region from a Pad's input to a convolution with a stride that costs little extra."""
    if reflect_pad(graph, start) is None or not is_signal(graph, start.input[0]):
        return None
    length, best = graph.shapes[start.input[0]][SAMPLES], None
    growth = Growth(graph, start.input[0], length)
    for node in graph.nodes if length > LONG else []:
        if growth.take(node) and (conv := row_conv(graph, node)) and conv.stride > 1 and growth.closed():
            region = growth.region()
            best = region if region.pays(length) else best
    return best


@dataclass
class Growth:
    """A region as it grows node by node; of each tensor in it, how far it looks and at which rate."""

    graph: Graph
    entry: str
    length: int
    nodes: list[Node] = field(default_factory=list)
    radius: dict[str, int] = field(default_factory=dict)
    """Samples of the entry, to either side, that a sample of the tensor depends on."""
    rate: dict[str, int] = field(default_factory=dict)
    """Samples of the entry for each sample of the tensor."""

    def __post_init__(self) -> None:
        self.radius[self.entry], self.rate[self.entry] = 0, 1

    def take(self, node: Node) -> bool:
        """Add a node that works locally on tensors of the region."""
        inputs = self.graph.variable_inputs(node)
        if not inputs or not set(inputs) <= set(self.radius) or not self._is_local(node):
            return False
        conv, name, rate = row_conv(self.graph, node), node.output[0], self.rate[inputs[0]]
        left = 0 if conv is None else conv.before + self._padded(node)
        reach = 0 if conv is None else max(left, conv.span - left)
        self.radius[name] = max(self.radius[each] for each in inputs) + reach * rate
        self.rate[name] = rate if conv is None else rate * conv.stride
        self.nodes.append(node)
        return True

    def closed(self) -> bool:
        """Whether nothing outside reads a tensor of the region other than its last."""
        inside = {node.output[0] for node in self.nodes}
        inner = inside - {self.nodes[-1].output[0]}
        readers = [reader for name in inner for reader in self.graph.readers.get(name, [])]
        return not inner & self.graph.outputs and all(reader.output[0] in inside for reader in readers)

    def region(self) -> Region:
        """What has grown so far, up to the last node."""
        name = self.nodes[-1].output[0]
        edge = -(-self.radius[name] // self.rate[name])
        return Region(self.entry, name, tuple(self.nodes), self.rate[name], edge)

    def _is_local(self, node: Node) -> bool:
        if not all(is_signal(self.graph, name) for name in (node.input[0], node.output[0])):
            return False
        if reflect_pad(self.graph, node) is not None:
            return all(row_conv(self.graph, reader) for reader in self.graph.readers.get(node.output[0], []))
        conv = row_conv(self.graph, node)
        stride = 1 if conv is None else conv.stride
        if self.graph.shapes[node.output[0]][SAMPLES] * self.rate[node.input[0]] * stride != self.length:
            return False  # it shortens the signal
        return conv is not None or kind(node) in UNARY or self._is_sum(node)

    def _is_sum(self, node: Node) -> bool:
        shapes = {self.graph.shapes.get(name) for name in (*node.input, *node.output)}
        return (
            kind(node) == "Add"
            and len(shapes) == 1
            and len(self.graph.variable_inputs(node)) == len(node.input)
        )

    def _padded(self, node: Node) -> int:
        makers = [maker for maker in self.nodes if maker.output[0] == node.input[0]]
        return reflect_pad(self.graph, makers[0]) or 0 if makers else 0


@dataclass(frozen=True)
class Halves:
    """Writes a region anew: the middle in overlapping rows without Pad, both ends as they were, the join."""

    graph: Graph
    region: Region
    emitter: Emitter

    def emit(self) -> None:
        """All nodes; the last makes the region's exit."""
        emitter, region = self.emitter, self.region
        batch, channels, _, length = self.graph.shapes[region.exit]
        middle = emitter.node("Reshape", [self._middle(), emitter.ints(batch, channels, 1, -1)])
        assert length > 2 * region.edge
        rim, edge = self._rim(), region.edge
        left = emitter.cut(emitter.cut(rim, 0, 1, 2), 0, edge, SAMPLES)
        right = emitter.cut(emitter.cut(rim, 1, 2, 2), edge, 2 * edge, SAMPLES)
        emitter.node("Concat", [left, middle, right], region.exit, axis=SAMPLES)

    @property
    def _edge(self) -> int:
        """Samples of the entry under both edges of the exit."""
        return 2 * self.region.edge * self.region.rate

    def _middle(self) -> str:
        region, length = self.region, self.graph.shapes[self.region.entry][SAMPLES]
        step = (length - self._edge) // ROWS
        starts = [row * step for row in range(ROWS)]
        rows = self._copied("middle", self._pieces(starts, step + self._edge), padded=False)
        return self.emitter.cut(rows, region.edge, region.edge + step // region.rate, SAMPLES)

    def _rim(self) -> str:
        length = self.graph.shapes[self.region.entry][SAMPLES]
        return self._copied("rim", self._pieces([0, length - self._edge], self._edge), padded=True)

    def _pieces(self, starts: list[int], size: int) -> str:
        cut = [self.emitter.cut(self.region.entry, start, start + size, SAMPLES) for start in starts]
        return self.emitter.node("Concat", cut, axis=2)

    def _copied(self, tag: str, source: str, *, padded: bool) -> str:
        """The region over another input; unless `padded`, each reflecting Pad is zeros of its readers."""
        inner = Emitter(self.emitter.twin(tag))
        renamed, width = {self.region.entry: source}, dict[str, int]()
        for node in self.region.nodes:
            pad = reflect_pad(self.graph, node)
            if pad is not None and not padded:
                renamed[node.output[0]], width[node.output[0]] = renamed[node.input[0]], pad
                continue
            clone = inner.copy(node, renamed)
            renamed[node.output[0]] = clone.output[0]
            if node.input[0] in width:
                self._widen(clone, node, width[node.input[0]])
        self.emitter.nodes += inner.nodes
        return renamed[self.region.exit]

    def _widen(self, clone: Node, node: Node, pad: int) -> None:
        """Add zeros at both ends to what a convolution pads already."""
        conv = row_conv(self.graph, node)
        assert conv is not None
        kept = [item for item in clone.attribute if item.name != "pads"]
        pads = helper.make_attribute("pads", [0, conv.before + pad, 0, conv.after + pad])
        del clone.attribute[:]
        clone.attribute.extend([*kept, pads])
