"""`edgedla doctor`: what is there, what is missing for which plugin, and the command that brings it."""

from __future__ import annotations

import platform
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from edgedla import __version__
from edgedla.cli.common import Settings, workspace
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import EdgedlaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgedla.target import Target


@verb("doctor")
def doctor(talk: Talk, settings: Settings = None) -> None:
    """Check this machine: what each model and target needs, and how to get what is missing."""
    space = workspace(settings)
    plugins = space.plugins
    checks = []
    for registry in (plugins.models, plugins.targets):
        for name in registry:
            checks += _checks(name, registry.get(name))
    for name in plugins.targets:
        checks += _diagnosis(name, partial(space.target, name))
    checks += [
        {
            "for": broken.name,
            "what": "plugin",
            "status": "broken",
            "detail": broken.reason,
            "hint": broken.hint,
        }
        for broken in plugins.broken
    ]
    talk.data = {"edgedla": __version__, "python": platform.python_version(), "checks": checks}
    talk.table(("for", "what", "status", "detail"), [_cells(check) for check in checks])
    if all(check["status"] == "ready" for check in checks):
        talk.say(f"edgedla {__version__} on Python {platform.python_version()}: nothing is missing")


def _checks(name: str, kind: Any) -> list[dict[str, str]]:
    try:
        return [_check(name, need) for need in kind.requires]
    except Exception as error:  # noqa: BLE001 - a stranger's `requires`; all else is checked all the same
        detail = f"{type(error).__name__}: {error}"
        return [{"for": name, "what": "requires", "status": "broken", "detail": detail, "hint": ""}]


def _diagnosis(name: str, make: Callable[[], Target[Any]]) -> list[dict[str, str]]:
    """What a target finds wrong with its options here; a stranger's may fail in any way."""
    try:
        found = [check.model_dump() for check in make().diagnose()]
    except EdgedlaError as error:
        found = [{"what": "options", "status": "broken", "detail": error.message, "hint": error.hint or ""}]
    except Exception as error:  # noqa: BLE001 - as above
        detail = f"{type(error).__name__}: {error}"
        found = [{"what": "diagnose", "status": "broken", "detail": detail, "hint": ""}]
    return [{"for": name, **check} for check in found]


def _check(name: str, need: Any) -> dict[str, str]:
    met = need.met()
    return {
        "for": name,
        "what": need.name,
        "status": "ready" if met else "missing",
        "detail": _version(need.name) if met else f"{need.purpose} needs it",
        "hint": "" if met else need.hint,
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "found"  # a program, or a package named otherwise than its distribution


def _cells(check: dict[str, str]) -> tuple[str, str, str, str]:
    detail = check["detail"] + (f"; {check['hint']}" if check["hint"] else "")
    return check["for"], check["what"], check["status"], detail
