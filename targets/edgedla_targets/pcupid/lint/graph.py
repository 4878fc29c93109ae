"""A whole graph, as the rules see it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.lint.cost import multiply_adds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edgedla_targets.pcupid.lint.node import Node, Tensor


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph whose constants are folded and shapes inferred. Nodes are in the order of the file."""

    opset: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    weights: tuple[Tensor, ...]  # initialisers
    nodes: tuple[Node, ...]
    external: tuple[str, ...]  # names of tensors whose data lie in another file

    @cached_property
    def live(self) -> tuple[Node, ...]:
        """The nodes that remain when everything constant is folded, as the tools' own simplifier does."""
        return tuple(node for node in self.nodes if not node.constant)

    def of(self, *ops: str) -> Iterator[Node]:
        """Live nodes of ONNX's own operators with these names."""
        return (node for node in self.live if node.op in ops and node.standard)

    @cached_property
    def producers(self) -> Mapping[str, Node]:
        """Tensor name to the node that makes it."""
        return {tensor.name: node for node in self.nodes for tensor in node.outputs if tensor}

    @cached_property
    def consumers(self) -> Mapping[str, list[Node]]:
        """Tensor name to the nodes that read it; a name nobody reads is not there."""
        found: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            for name in dict.fromkeys(tensor.name for tensor in node.inputs if tensor):
                found[name].append(node)
        return dict(found)

    @cached_property
    def costs(self) -> tuple[int, ...]:
        """Multiply-adds of each node."""
        return tuple(multiply_adds(node) for node in self.nodes)

    def share(self, node: Node) -> float | None:
        """A node's share of the graph's multiply-adds, 0 to 1; `None` where none could be counted."""
        total = sum(self.costs)
        return self.costs[node.index] / total if total else None
