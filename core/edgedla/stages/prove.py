"""Does the program answer as the network does? What was compiled, run where the target runs it."""

from __future__ import annotations

from edgedla.context import Context, Outcome
from edgedla.ladder import climb, onnx_steps, route_steps


def prove(context: Context) -> Outcome:
    """The target's own rungs, each against the one before; where all agree, its checks as gates."""
    steps = context.target.rungs(context)
    if not steps:
        return Outcome()
    known = [*onnx_steps(context), *route_steps(context)]
    ends = [known[0], known[-1]]  # those between were compared before
    ladder = climb(context, [*ends, *steps], context.samples(), {step.name for step in steps})
    agree = all(rung.ok for rung in ladder.rungs)
    checks = context.target.checks(context) if agree else []
    return Outcome(gates=(*ladder.gates, *checks), rungs=ladder.rungs)
