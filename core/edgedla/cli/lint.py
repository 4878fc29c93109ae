"""`edgedla lint`: what a target's rules say of a graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgedla.cli.common import Checkpoint, Settings, Target, wish, workspace
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import GateError, UsageError

if TYPE_CHECKING:
    from edgedla.spec import Finding
    from edgedla.workspace import Wish, Workspace

LEVELS = ("error", "warning", "note")


@verb("lint")
def lint(
    talk: Talk,
    subject: Annotated[str, typer.Argument(metavar="FILE_OR_MODEL", help="An ONNX file, or a model.")],
    target: Target = None,
    checkpoint: Checkpoint = None,
    settings: Settings = None,
) -> None:
    """Hold a graph against a target's rules: operators, shapes, silent traps. A model is exported first."""
    space = workspace(settings)
    target = space.target_name(target)
    path = Path(subject)
    if path.suffix != ".onnx" and not path.is_file():
        path = _graph_of(talk, space, wish(space, subject, target, checkpoint=checkpoint))
    kind = space.plugins.target(target)
    findings = kind(space.config.options(target, kind.Options)).lint(path)
    if findings is None:
        raise UsageError(f"target '{target}' has no rules for graphs", hint="edgedla list-targets")
    show(talk, path, findings)
    errors = [finding for finding in findings if finding.level == "error"]
    if errors:
        raise GateError(f"{path}: {len(errors)} error(s)", hint=errors[0].hint or None)


def show(talk: Talk, path: Path, findings: list[Finding]) -> None:
    """Findings, and how many of each level."""
    counts = {level: sum(finding.level == level for finding in findings) for level in LEVELS}
    talk.data = {
        "file": str(path),
        "counts": counts,
        "findings": [finding.model_dump() for finding in findings],
    }
    talk.table(
        ("level", "rule", "node", "finding", "cost", "rewrite"),
        [
            (
                finding.level,
                finding.rule,
                finding.node,
                finding.message,
                "" if finding.cost is None else f"{finding.cost:.1%}",
                finding.hint,
            )
            for finding in findings
        ],
    )
    talk.say(f"{path}: " + ", ".join(f"{count} {level}(s)" for level, count in counts.items()))


def _graph_of(talk: Talk, space: Workspace, wanted: Wish) -> Path:
    """The graph of a model that the target's rules are about, made in the scratch folder of its build."""
    made = space.build(wanted, talk.detail)
    with talk.busy(f"exporting {wanted.model}"):
        made.run_until("verify", talk.detail)
        context = made.context
        context.running = "convert"
        context.store.scratch("convert")
        path, kind = context.artifact("onnx"), "onnx"
        for converter in context.route:
            if kind == context.target.lints:
                break
            path, kind = converter().convert(path, context), converter.result
    return path
