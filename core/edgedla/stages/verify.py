"""Does the graph say what the network says? torch against ONNX, ONNX against simplified."""

from __future__ import annotations

from edgedla.context import Context, Outcome
from edgedla.ladder import climb, onnx_steps


def verify(context: Context) -> Outcome:
    """Rungs `onnx` and `simplified`, each against the one before, on the model's own samples."""
    ladder = climb(context, onnx_steps(context), context.samples(), {"onnx", "simplified"})
    return Outcome(gates=ladder.gates, rungs=ladder.rungs)
