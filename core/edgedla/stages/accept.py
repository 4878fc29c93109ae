"""Does what the converters made still say the same? Every rung that can be run, against the one before."""

from __future__ import annotations

from edgedla.context import Context, Outcome
from edgedla.ladder import climb, onnx_steps, route_steps


def accept(context: Context) -> Outcome:
    """Rungs of the route; the first is compared with the simplified graph, all with the trained network."""
    if not context.route:
        return Outcome()
    made = route_steps(context)
    known = onnx_steps(context)
    ends = [known[0], known[-1]]  # those between were compared before
    ladder = climb(context, [*ends, *made], context.samples(), {step.name for step in made})
    return Outcome(gates=ladder.gates, rungs=ladder.rungs)
