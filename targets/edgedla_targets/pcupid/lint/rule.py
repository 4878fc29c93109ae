"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from edgedla.spec import Finding
from edgedla_targets.pcupid.lint.graph import Graph

if TYPE_CHECKING:
    from edgedla_targets.pcupid.lint.node import Node, Tensor

Level: TypeAlias = Literal["error", "warning", "note"]
Certainty: TypeAlias = Literal["measured", "documented", "likely", "judged"]

LEVELS: dict[Level, str] = {
    "error": "the tools refuse the graph or compute wrong numbers",
    "warning": "refused or computed wrongly by some releases of the tools",
    "note": "runs, at a cost in speed",
}

CERTAINTIES: dict[Certainty, str] = {
    "measured": "seen in a run of the vendor's tools of 2021 (SDK 1.1.5) or the front end of 2023 (S1.0.9)",
    "documented": "in the vendor's manual or in the code of S1.0.9",
    "likely": "inferred from one weak source or from several that do not say it outright",
    "judged": "edgedla's own reading; no source states it",
}


@dataclass(frozen=True)
class Hit:
    """A place that breaks a rule: a node, a tensor, or, with neither, the whole graph."""

    message: str
    node: Node | None = None
    tensor: Tensor | None = None
    hint: str = ""  # stronger than the rule's


Check: TypeAlias = Callable[[Graph], Iterable[Hit]]


@dataclass(frozen=True)
class Rule:
    """A published limit. `limit` states it, `source` says who does, `hint` how to rewrite what breaks it."""

    number: str
    level: Level
    title: str
    limit: str
    source: str
    certainty: Certainty
    hint: str
    check: Check

    def findings(self, graph: Graph) -> list[Finding]:
        """All places of the graph that break this rule, in the order of the nodes."""
        hits = sorted(self.check(graph), key=lambda hit: hit.node.index if hit.node else -1)
        return [self._finding(graph, hit) for hit in hits]

    def _finding(self, graph: Graph, hit: Hit) -> Finding:
        tensor = hit.tensor or (hit.node.input(0) or hit.node.output() if hit.node else None)
        return Finding(
            rule=self.number,
            level=self.level,
            node=hit.node.label if hit.node else hit.tensor.name if hit.tensor else "",
            message=hit.message,
            shape=str(tensor) if tensor else "",
            limit=self.limit,
            hint=hit.hint or self.hint,
            cost=graph.share(hit.node) if hit.node else None,
        )
