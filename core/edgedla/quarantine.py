"""Why a plugin is broken and what mends it: each cause has its own remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla import CONTRACT, __version__

if TYPE_CHECKING:
    from packaging.requirements import Requirement

ATTRIBUTE = "EDGEDLA_CONTRACT"
"""In a plugin's module: the plugin contract that it was made for, a pair of whole numbers."""


class PluginError(Exception):
    """A plugin that cannot be taken in, for a reason that edgedla knows; `remedy` is what to type."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


def contract_of(module: object) -> tuple[int, int] | None:
    """The contract that a plugin says it was made for; `None` where it says nothing.

    Raises:
        PluginError: What it says is no contract.
    """
    match getattr(module, ATTRIBUTE, None):
        case None:
            return None
        case (int(major), int(minor)):
            return major, minor
        case other:
            raise PluginError(f"{ATTRIBUTE} is {other!r}, not a pair of whole numbers such as {CONTRACT}")


def check_contract(module: object) -> None:
    """Raise PluginError where a plugin was made for a contract that this edgedla does not keep."""
    wanted = contract_of(module)
    if wanted is None or (wanted[0] == CONTRACT[0] and wanted[1] <= CONTRACT[1]):
        return
    newer = wanted > CONTRACT
    raise PluginError(
        f"it is made for plugin contract {_dotted(wanted)}; edgedla {__version__} keeps {_dotted(CONTRACT)}",
        "pip install --upgrade edgedla" if newer else "",
    )


def diagnose(error: BaseException, distribution: str) -> tuple[str, str]:
    """Reason and remedy of a plugin that failed: of the distribution's unmet needs, else of the error."""
    upgrade = f"pip install --upgrade {distribution}"
    if isinstance(error, PluginError):
        return str(error), error.remedy or upgrade
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    if needs := _unmet(distribution):
        words = "; ".join(f"it needs {need}, and {here}" for need, here in needs)
        return f"{words} ({reason})", f"pip install {' '.join(repr(str(need)) for need, _ in needs)}"
    if _speaks_of_the_contract(error):
        return reason, f"pip install --upgrade edgedla {distribution}"
    if isinstance(error, ModuleNotFoundError):
        return reason, f"pip install --force-reinstall {distribution}, or what brings the module {error.name}"
    return reason, upgrade


def _speaks_of_the_contract(error: BaseException) -> bool:
    """Whether plugin and core know different names or hooks."""
    if isinstance(error, ImportError):
        return (error.name or "").partition(".")[0] == "edgedla"
    return type(error).__name__ == "PluginValidationError"


def _unmet(distribution: str) -> list[tuple[Requirement, str]]:
    """What a distribution says that it needs and does not find, and what is here instead."""
    from importlib.metadata import PackageNotFoundError, requires

    from packaging.requirements import InvalidRequirement, Requirement

    found = []
    try:
        for text in requires(distribution) or ():
            need = Requirement(text)
            if (need.marker is None or need.marker.evaluate({"extra": ""})) and (here := _lacking(need)):
                found.append((need, here))
    except (PackageNotFoundError, InvalidRequirement):  # no metadata, or none that can be read
        return []
    return found


def _lacking(need: Requirement) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        here = version(need.name)
    except PackageNotFoundError:
        return "it is not installed"
    return "" if need.specifier.contains(here, prereleases=True) else f"here is {here}"


def _dotted(contract: tuple[int, int]) -> str:
    return ".".join(map(str, contract))
