"""Walk the route of converters from ONNX to the format the target accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.artifacts import Gate
from edgedla.clips import CALIBRATION, write_clips
from edgedla.context import Context, Outcome
from edgedla.errors import GateError

if TYPE_CHECKING:
    from pathlib import Path


def convert(context: Context) -> Outcome:
    """One artifact per converter, its kind the converter's result format, and what converters left beside.

    Where a quantiser saw recordings, their hashes are kept as `calibration_clips.json`.

    Raises:
        GateError: The target's rules refuse what a converter made, before anything is made of that.
    """
    files, path = [], context.artifact("onnx")
    gates = lint(context, "onnx", path)
    for kind in context.route:
        path = kind().convert(path, context)
        files.append((kind.result, path))
        gates += lint(context, kind.result, path)
    if context.calibrated:
        files.insert(0, ("calibration_clips", context.dir("convert") / CALIBRATION))
        write_clips(files[0][1], context.calibrated)
    return Outcome(files=(*context.left, *files), gates=tuple(gates))


def lint(context: Context, kind: str, path: Path) -> list[Gate]:
    """The target's rules over the artifact it wants checked, as a gate on the number of errors."""
    if kind != context.target.lints:
        return []
    findings = context.target.lint(path) or []
    errors = [finding for finding in findings if finding.level == "error"]
    for finding in findings:
        context.report(f"{finding.level} {finding.rule} {finding.node}: {finding.message}")
    if errors:
        raise GateError(
            f"{path.name}: {len(errors)} rule(s) of '{context.target.name}' are broken, first "
            f"{errors[0].rule} at {errors[0].node or 'the graph'}: {errors[0].message}",
            hint=errors[0].hint or f"edgedla lint {context.model.name} --target {context.target.name}",
        )
    return [Gate(name=f"lint.{kind}", ok=True, value=0, limit=0)]
