"""Compile the target's sources."""

from __future__ import annotations

from edgedla.context import Context, Outcome


def compile(context: Context) -> Outcome:  # noqa: A001 - the stage's name; nothing here calls the built-in
    """The files the target compiles, as artifacts of kind `program`."""
    return Outcome(files=tuple(("program", path) for path in context.target.compile(context)))
