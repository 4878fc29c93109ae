"""The plugin loads: its entry point is imported, its hooks fit, and what they return can be used."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from edgedla import hookspecs
from edgedla.conformance.case import BrokenRuleError, NotApplicableError
from edgedla.registry import advice

if TYPE_CHECKING:
    from edgedla.conformance.case import Case

PREFIX = "edgedla_"
DEBUG = "EDGEDLA_STRICT_PLUGINS=1 edgedla list-plugins --debug shows where it fails"
MARK = "edgedla_impl"  # what `hookimpl` leaves on a function


def loads(case: Case) -> str:
    """The entry point is imported and what it brings is taken in."""
    plugin = case.subject.plugin
    if plugin.reason:
        raise BrokenRuleError(plugin.reason, f"{plugin.hint}; its author: {DEBUG}")
    subject = case.subject
    brought = [kind.name for kind in (*subject.kinds, *subject.converters)]
    return f"{plugin.module} brings {', '.join(brought) or 'hooks and no class'}"


def hook_signatures(case: Case) -> str:
    """Each function named like a hook is one, is marked, and takes only what its hook offers."""
    found = _functions(case)
    if not found:
        raise BrokenRuleError(
            f"{case.subject.plugin.module} has no hook", "implement edgedla_models() or edgedla_targets()"
        )
    for name, function in found.items():
        _check(name, function)
    return ", ".join(found)


def _functions(case: Case) -> dict[str, Any]:
    if case.subject.module is None:
        raise NotApplicableError("the plugin is not imported")
    return {
        name: value
        for name, value in inspect.getmembers(case.subject.module, callable)
        if name.startswith(PREFIX) or hasattr(value, MARK)
    }


def _check(name: str, function: Any) -> None:
    known = {each for each in vars(hookspecs) if each.startswith(PREFIX)}
    if name not in known:
        raise BrokenRuleError(f"there is no hook {name}", advice(name, known, "hooks"))
    if not hasattr(function, MARK):
        raise BrokenRuleError(f"{name} is not marked, so that nobody calls it", "put @hookimpl above it")
    offered = list(inspect.signature(getattr(hookspecs, name)).parameters)
    for argument in inspect.signature(function).parameters.values():
        if argument.name not in offered:
            raise BrokenRuleError(
                f"{name} takes '{argument.name}', which the hook does not offer",
                f"arguments: {', '.join(offered) or 'none'}",
            )
        if argument.default is not argument.empty:
            raise BrokenRuleError(
                f"{name}: '{argument.name}' has a default, which stands in the way of the value",
                "leave the default out; every argument is given",
            )
