"""The published limits of the IPU and of its tools, checked on an ONNX file without any of them.

Importing this package imports onnx and numpy: import it where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.lint.page import rules_page
from edgedla_targets.pcupid.lint.prepare import prepare
from edgedla_targets.pcupid.lint.read import read_model
from edgedla_targets.pcupid.lint.rule import LEVELS
from edgedla_targets.pcupid.lint.table import RULES

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.spec import Finding
    from edgedla_targets.pcupid.lint.graph import Graph

__all__ = ["RULES", "lint_file", "lint_graph", "rules_page"]


def lint_file(path: Path) -> list[Finding]:
    """All findings about an ONNX file: errors, warnings, notes; each by rule, then in the order of the nodes.

    Raises:
        UsageError: The file cannot be read as an ONNX model; the message names it.
    """
    return lint_graph(prepare(read_model(path)))


def lint_graph(graph: Graph) -> list[Finding]:
    """The same of a graph that is already prepared."""
    levels = list(LEVELS)
    rules = sorted(RULES, key=lambda rule: (levels.index(rule.level), rule.number))
    return [finding for rule in rules for finding in rule.findings(graph)]
