"""Names that say where a thing comes from, and versions that say what it goes with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edgedla import CONTRACT
from edgedla.conformance.case import BrokenRuleError, NotApplicableError
from edgedla.quarantine import PluginError, check_contract, contract_of

if TYPE_CHECKING:
    from edgedla.conformance.case import Case

OWN = "edgedla"
PATTERN = re.compile(r"[a-z][a-z0-9_-]*")


def names(case: Case) -> str:
    """Distribution `edgedla-…`, package `edgedla_…`, and names that configuration can have as sections."""
    from edgedla.config import CoreOptions

    plugin = case.subject.plugin
    package = plugin.module.partition(":")[0].partition(".")[0]
    distribution = re.sub(r"[-_.]+", "-", plugin.distribution).lower()
    if distribution != OWN and not distribution.startswith(f"{OWN}-"):
        raise BrokenRuleError(f"the distribution is called {plugin.distribution}, not {OWN}-{plugin.name}")
    if not package.startswith(f"{OWN}_"):
        raise BrokenRuleError(
            f"the package is called {package}, a name that others may have, not {OWN}_{plugin.name}"
        )
    for name in (plugin.name, *(kind.name for kind in case.subject.kinds)):
        if not PATTERN.fullmatch(name):
            raise BrokenRuleError(f"'{name}' is no name: lower-case letters, digits, - and _, a letter first")
        if name in CoreOptions.model_fields:
            raise BrokenRuleError(f"'{name}' is the name of a setting of edgedla itself")
    for converter in case.subject.converters:
        if "From" not in converter.__name__:
            raise BrokenRuleError(
                f"the converter class {converter.__name__} does not say what it makes of what",
                "name it <Result>From<Source>",
            )
    return f"{plugin.distribution}, {package}, entry point {plugin.name}"


def version(case: Case) -> str:
    """The distribution has a version that installers can order."""
    from packaging.version import InvalidVersion, Version

    found = case.subject.plugin.version
    try:
        Version(found)
    except InvalidVersion:
        raise BrokenRuleError(
            f"'{found}' is no version", "set `version` in pyproject.toml, as in 1.0, and install again"
        ) from None
    return found


def contract(case: Case) -> str:
    """The module says for which plugin contract it was made, and this edgedla keeps that one."""
    if case.subject.module is None:
        raise NotApplicableError("the plugin is not imported")
    try:
        wanted = contract_of(case.subject.module)
        check_contract(case.subject.module)
    except PluginError as error:
        raise BrokenRuleError(str(error), error.remedy) from None
    have = ".".join(map(str, CONTRACT))
    if wanted is None:
        raise BrokenRuleError(
            f"{case.subject.plugin.module} does not say for which contract it was made",
            f"write EDGEDLA_CONTRACT = {CONTRACT} into the module of the entry point",
        )
    return f"made for {wanted[0]}.{wanted[1]}; this edgedla keeps {have}"
