"""Whoever installs it can read what it is, and under which terms it comes."""

from __future__ import annotations

import inspect
import sys
from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING

from edgedla.conformance.case import BrokenRuleError, NotApplicableError

if TYPE_CHECKING:
    from importlib.metadata import PackageMetadata

    from edgedla.conformance.case import Case

SHORTEST = 80  # characters of a README that says anything


def licence(case: Case) -> str:
    """The distribution's metadata name a licence."""
    found = _metadata(case)
    named = [found["License-Expression"], found["License"]]
    named += [each for each in found.get_all("Classifier", []) if each.startswith("License ::")]
    stated = [each for each in named if each and each != "UNKNOWN"]
    if not stated:
        raise BrokenRuleError(
            f"{case.subject.plugin.distribution} names no licence", 'write `license = "…"` into [project]'
        )
    return stated[0].splitlines()[0]


def weights_licence(case: Case) -> str:
    """The spec says under which licence the weights come."""
    found: str = case.instance().spec().licence
    if not found:
        raise BrokenRuleError("spec() names no licence of the weights", 'ModelSpec(licence="…")')
    return found


def readme(case: Case) -> str:
    """The distribution's metadata hold its README."""
    found = _metadata(case)
    text = str(found.get_payload() or found["Description"] or "").strip()  # type: ignore[attr-defined] # email.message
    if len(text) < SHORTEST:
        raise BrokenRuleError(
            f"{case.subject.plugin.distribution} comes without a description",
            'write README.md, and `readme = "README.md"` into [project]',
        )
    return f"{len(text)} characters"


def described(case: Case) -> str:
    """The class has a summary and a docstring of its own, and every option its description."""
    kind = case.kind
    if not kind.summary.strip():
        raise BrokenRuleError(f"{kind.__name__} has no `summary`, which the lists show")
    if not (kind.__doc__ or "").strip() or kind.__doc__ in {base.__doc__ for base in kind.__mro__[1:]}:
        raise BrokenRuleError(f"{kind.__name__} has no docstring of its own")
    silent = [key for key, field in kind.Options.model_fields.items() if not field.description]
    if silent:
        raise BrokenRuleError(
            f"the options {', '.join(silent)} have no description", 'Field(default=…, description="…")'
        )
    if not inspect.getdoc(sys.modules[kind.__module__]):
        raise BrokenRuleError(f"the module {kind.__module__} has no docstring")
    return f"{kind.summary}; {len(kind.Options.model_fields)} options"


def _metadata(case: Case) -> PackageMetadata:
    try:
        return metadata(case.subject.plugin.distribution)
    except PackageNotFoundError:
        raise NotApplicableError("the plugin belongs to no distribution that is installed") from None
