"""Templates render for any model: undefined names are errors, and class names no matter of course."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgedla.conformance.builds import built, plain_build
from edgedla.conformance.case import BrokenRuleError, NotApplicableError
from edgedla.conformance.tiny import Picture, Sound
from edgedla.errors import BUG

if TYPE_CHECKING:
    from edgedla.conformance.bench import Ran
    from edgedla.conformance.case import Case


def templates(case: Case) -> str:
    """All that a target generates, for models with class names, with none, of recordings and of images."""
    first = _made(built(case).ran, "with class names")
    sources = {path.removeprefix("src/") for path in first if path.startswith("src/")}
    if missing := set(case.kind.sources) - sources:
        raise BrokenRuleError(f"`sources` names {', '.join(sorted(missing))}, which codegen does not make")
    if not sources:
        raise NotApplicableError("the target generates no files")
    _made(plain_build(case), "without class names")
    others = [kind.name for kind in (Sound, Picture) if _taken(plain_build(case, kind), kind.name)]
    return f"{len(sources)} files, with and without class names{''.join(f', {name}' for name in others)}"


def _made(ran: Ran, what: str) -> list[str]:
    if ran.code:
        raise BrokenRuleError(f"for a model {what}: {ran.failure}")
    return [artifact["path"] for artifact in ran.json["data"]["artifacts"]]


def _taken(ran: Ran, name: str) -> bool:
    """Whether the target takes such a model; it may refuse it, but not stumble over it."""
    if ran.code == BUG:
        raise BrokenRuleError(f"for {name}: {ran.failure}", "refuse in check() what the target does not take")
    return ran.code == 0


def jinja(case: Case) -> str:
    """`edgedla_jinja` adds to the environment and takes nothing of it away, strictness least of all."""
    from jinja2 import StrictUndefined

    from edgedla.render import environment

    hook: Any = getattr(case.subject.module, "edgedla_jinja", None)
    if hook is None:
        raise NotApplicableError("the plugin has no edgedla_jinja")
    env = environment()
    before = dict(env.filters)
    hook(env)
    if env.undefined is not StrictUndefined:
        raise BrokenRuleError("edgedla_jinja makes undefined names silent", "leave env.undefined as it is")
    lost = [name for name, function in before.items() if env.filters.get(name) is not function]
    if lost:
        raise BrokenRuleError(f"edgedla_jinja replaces the filters {', '.join(lost)}", "choose other names")
    return f"adds {', '.join(sorted(env.filters.keys() - before.keys())) or 'no filter'}"
