"""The extension points of edgedla, all of them. Arguments go by keyword; some may be left out.

A plugin is a module that an entry point of the group `edgedla` names; it implements any of these with
`hookimpl`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from jinja2 import Environment

    from edgedla.artifacts import Artifact
    from edgedla.context import Context
    from edgedla.converter import Converter
    from edgedla.model import Model
    from edgedla.runner import Feed
    from edgedla.spec import Verdict
    from edgedla.target import Target

hookspec = pluggy.HookspecMarker("edgedla")
hookimpl = pluggy.HookimplMarker("edgedla")


@hookspec
def edgedla_models() -> Iterable[type[Model[Any]]]:  # type: ignore[empty-body] # a declaration has no body
    """Model classes this plugin brings."""


@hookspec
def edgedla_converters() -> Iterable[type[Converter]]:  # type: ignore[empty-body] # a declaration has no body
    """Converter classes this plugin brings."""


@hookspec
def edgedla_targets() -> Iterable[type[Target[Any]]]:  # type: ignore[empty-body] # a declaration has no body
    """Target classes this plugin brings."""


@hookspec
def edgedla_jinja(env: Environment) -> None:
    """Add filters or tests to the environment before anything is rendered."""


@hookspec(firstresult=True)
def edgedla_samples(model: Model[Any], limit: int) -> Iterable[Feed] | None:
    """Other calibration inputs than the model's own; the first plugin that answers is taken."""


@hookspec(firstresult=True)
def edgedla_judge(model: Model[Any], reference: Sequence[Feed], candidate: Sequence[Feed]) -> Verdict | None:
    """Another acceptance rule for the outputs of two rungs on the same samples; the first answer is taken."""


@hookspec
def edgedla_before_stage(stage: str, context: Context) -> None:
    """Observe that a stage begins. What an observer raises is reported, never passed on."""


@hookspec
def edgedla_after_stage(stage: str, context: Context, artifacts: tuple[Artifact, ...]) -> None:
    """Observe that a stage ended, and what it left."""
