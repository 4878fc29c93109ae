"""Connected parts of a graph and what stands round them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import onnx_ir as ir


def connected(nodes: Iterable[ir.Node]) -> list[set[ir.Node]]:
    """Sets of nodes that hand tensors to each other."""
    left = dict.fromkeys(nodes)
    parts: list[set[ir.Node]] = []
    while left:
        part: set[ir.Node] = set()
        waiting = [next(iter(left))]
        while waiting:
            node = waiting.pop()
            if node in left:
                del left[node]
                part.add(node)
                waiting += _neighbours(node)
        parts.append(part)
    return parts


def _neighbours(node: ir.Node) -> list[ir.Node]:
    return [producer for producer in producers(node) if producer is not None] + users(node)


def signals(node: ir.Node) -> list[ir.Value]:
    """Inputs of `node` that are no constants."""
    return [value for value in node.inputs if value is not None and not value.is_initializer()]


def producers(node: ir.Node) -> list[ir.Node | None]:
    """The nodes that feed `node`; `None` for a graph input."""
    return [value.producer() for value in signals(node)]


def users(node: ir.Node) -> list[ir.Node]:
    """The nodes that `node` feeds."""
    return [use.node for output in node.outputs for use in output.uses()]


def feeds_output(node: ir.Node) -> bool:
    """Whether a result of `node` is an output of the graph."""
    return any(output.is_graph_output() for output in node.outputs)


def border(part: Collection[ir.Node]) -> tuple[list[ir.Node | None], list[ir.Node]]:
    """The nodes outside `part` that feed it (`None` for a graph input), and those outside that it feeds."""
    before = [producer for node in part for producer in producers(node) if producer not in part]
    return before, [user for node in part for user in users(node) if user not in part]
