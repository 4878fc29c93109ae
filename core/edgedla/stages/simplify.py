"""Fold constants and merge nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.context import Context, Outcome
from edgedla.errors import GateError
from edgedla.requirement import Requirement

if TYPE_CHECKING:
    from pathlib import Path

ONNXSIM = Requirement(
    kind="package", name="onnxsim", purpose="simplifying the graph", hint="pip install 'edgedla[onnx]'"
)


def simplify(context: Context) -> Outcome:
    """`<stem>_sim.onnx`, by onnxsim; that it still says the same is for the next stage to prove."""
    ONNXSIM.check()
    path = context.dir("simplify") / f"{context.spec.stem}_sim.onnx"
    simplify_file(context.artifact("onnx"), path)
    return Outcome(files=(("onnx", path),))


def simplify_file(source: Path, path: Path) -> None:
    """Write the simplified form of the ONNX file `source` to `path`."""
    import onnx
    import onnxsim

    simplified, sound = onnxsim.simplify(onnx.load(source))
    if not sound:
        raise GateError(f"onnxsim changed what {source.name} computes")
    onnx.save(simplified, path)
