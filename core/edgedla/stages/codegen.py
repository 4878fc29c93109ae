"""Generate the target's sources."""

from __future__ import annotations

from edgedla.context import Context, Outcome


def codegen(context: Context) -> Outcome:
    """The files the target generates, as artifacts of kind `source`."""
    return Outcome(files=tuple(("source", path) for path in context.target.codegen(context)))
