"""Templates render for any model: undefined names are errors, and class names no matter of course."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgedla.conformance.builds import built, plain_build
from edgedla.conformance.case import BrokenRuleError, NotApplicableError

if TYPE_CHECKING:
    from edgedla.conformance.case import Case


def templates(case: Case) -> str:
    """All that a target generates, for a model with class names and for one with none."""
    for ran, what in ((built(case).ran, "with class names"), (plain_build(case), "without class names")):
        if ran.code:
            raise BrokenRuleError(f"for a model {what}: {ran.failure}")
    made = [artifact["path"] for artifact in built(case).ran.json["data"]["artifacts"]]
    sources = [path for path in made if path.startswith("src/")]
    missing = set(case.kind.sources) - {path.removeprefix("src/") for path in sources}
    if missing:
        raise BrokenRuleError(f"`sources` names {', '.join(sorted(missing))}, which codegen does not make")
    if not sources:
        raise NotApplicableError("the target generates no files")
    return f"{len(sources)} files, with and without class names"


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
