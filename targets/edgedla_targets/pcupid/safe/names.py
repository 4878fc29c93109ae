"""Names that survive the vendor's parsers: letters, digits and inner underscores, none twice."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import onnx_ir as ir

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = re.compile(r"[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?")
"""The tools cut punctuation, underscores too, from both ends of the lists of names in their configuration."""


def plain_names(model: ir.Model) -> int:
    """Plain, unique names for inputs, outputs, tensors and nodes; those that are so already stay."""
    graph = model.graph
    values = list(dict.fromkeys(_values(graph)))
    wanted = _names([(value.name, "tensor") for value in values])
    changed = [(value, name) for value, name in zip(values, wanted, strict=True) if value.name != name]
    ir.convenience.rename_values([value for value, _ in changed], [name for _, name in changed])
    nodes = list(graph)
    count = len(changed)
    for node, name in zip(nodes, _names([(node.name, node.op_type) for node in nodes]), strict=True):
        count += node.name != name
        node.name = name
    return count


def _values(graph: ir.Graph) -> Iterator[ir.Value]:
    yield from graph.inputs
    yield from graph.outputs
    yield from graph.initializers.values()
    for node in graph:
        yield from (output for output in node.outputs if output.name != "")  # "" stands for one left out


def _names(entries: list[tuple[str | None, str]]) -> Iterator[str]:
    """A plain name for each name and its default; one that is plain already is kept for its first owner."""
    kept = {name for name, _ in entries if name is not None and PLAIN.fullmatch(name)}
    given: set[str] = set()
    counts: Counter[str] = Counter()
    for name, default in entries:
        stem = new = plain(name or "", default)
        while new in given or (new in kept and new != name):
            counts[stem] += 1
            new = f"{stem}_{counts[stem]}"
        given.add(new)
        yield new


def plain(name: str, default: str) -> str:
    """`name` with runs of other characters as underscores.

    >>> plain("/network/start/start.0/Pad_output_0", "tensor"), plain("517", "tensor"), plain("::", "tensor")
    ('network_start_start_0_Pad_output_0', 'tensor_517', 'tensor')
    """
    if PLAIN.fullmatch(name):
        return name
    word = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    return word if PLAIN.fullmatch(word) else "_".join(filter(None, (default, word)))
