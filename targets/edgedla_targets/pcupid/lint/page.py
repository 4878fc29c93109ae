"""The rules as a page of documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.lint.rule import CERTAINTIES, LEVELS
from edgedla_targets.pcupid.lint.table import GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edgedla_targets.pcupid.lint.rule import Rule


def rules_page() -> str:
    """Markdown of all rules, the same at every call."""
    return "\n".join([*_head(), *(line for title, rules in GROUPS for line in _group(title, rules))]) + "\n"


def _head() -> Iterator[str]:
    yield "# Rules of `edgedla lint --target pcupid`"
    yield ""
    yield "Each finding names the rule it comes from. Levels:"
    yield ""
    yield from (f"* **{level}**: {meaning}" for level, meaning in LEVELS.items())
    yield ""
    yield "How sure a limit is:"
    yield ""
    yield from (f"* *{certainty}*: {meaning}" for certainty, meaning in CERTAINTIES.items())
    yield ""
    yield "A finding's cost is the node's share of the graph's multiply-adds, as the hardware runs them."


def _group(title: str, rules: Sequence[Rule]) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    for rule in rules:
        yield ""
        yield f"### {rule.number} {rule.title}"
        yield ""
        yield f"* Level: {rule.level}"
        yield f"* Limit: {rule.limit}"
        yield f"* Rewrite: {rule.hint}"
        yield f"* Source: {rule.source} (*{rule.certainty}*)"
