"""`list-targets`, `list-models`, `list-plugins`: what is installed, and what is broken and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgedla.cli.common import workspace
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb

if TYPE_CHECKING:
    from edgedla.plugins import Plugin, Plugins
    from edgedla.registry import Registry
    from edgedla.workspace import Workspace


@verb("list-targets")
def list_targets(talk: Talk) -> None:
    """List the places a model can be built for."""
    space = workspace()
    _show(talk, "targets", _rows(space, space.plugins.targets))


@verb("list-models")
def list_models(talk: Talk) -> None:
    """List the models that can be built."""
    space = workspace()
    _show(talk, "models", _rows(space, space.plugins.models))


@verb("list-plugins")
def list_plugins(talk: Talk) -> None:
    """List the plugins, what each brings, and why a broken one is broken."""
    plugins = workspace().plugins
    found = [(plugin, _brings(plugins, plugin.name)) for plugin in plugins.plugins.values()]
    talk.data = {"plugins": [_plugin(plugin) | brings for plugin, brings in found]}
    talk.table(
        ("plugin", "distribution", "version", "status", "brings"),
        [
            (
                plugin.name,
                plugin.distribution,
                plugin.version,
                _status(plugin),
                _remedy(plugin) or ", ".join(name for names in brings.values() for name in names),
            )
            for plugin, brings in found
        ],
    )


def _brings(plugins: Plugins, name: str) -> dict[str, list[str]]:
    registries: dict[str, Registry[Any]] = {
        "models": plugins.models,
        "targets": plugins.targets,
        "converters": plugins.converters,
    }
    return {
        kind: [each for each in registry if registry.plugin_of(each) == name]
        for kind, registry in registries.items()
    }


def _plugin(plugin: Plugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "status": _status(plugin),
        "reason": plugin.reason,
        "hint": plugin.hint if plugin.reason else "",
    }


def _status(plugin: Plugin) -> str:
    return "broken" if plugin.reason else "ready"


def _rows(space: Workspace, registry: Registry[Any]) -> list[dict[str, str]]:
    plugins = space.plugins
    rows = []
    for name in registry:
        kind, plugin = registry.get(name), plugins.origin(registry, name)
        rows.append(_row(name, kind.summary, plugin, *_state(kind)))
    rows += [_row(plugin.name, "", plugin, "broken", _remedy(plugin)) for plugin in plugins.broken]
    return rows


def _state(kind: Any) -> tuple[str, str]:
    try:
        missing = [need for need in kind.requires if not need.met()]
    except Exception as error:  # noqa: BLE001 - a stranger's `requires`; the other rows are shown all the same
        return "broken", f"requires: {type(error).__name__}: {error}"
    reason = "; ".join(f"{need.purpose} needs '{need.name}': {need.hint}" for need in missing)
    return "missing" if missing else "ready", reason


def _remedy(plugin: Plugin) -> str:
    return f"{plugin.reason}; {plugin.hint}" if plugin.reason else ""


def _row(name: str, summary: str, plugin: Plugin, status: str, reason: str) -> dict[str, str]:
    return {
        "name": name,
        "summary": summary,
        "plugin": plugin.distribution,
        "version": plugin.version,
        "status": status,
        "reason": reason,
    }


def _show(talk: Talk, kind: str, rows: list[dict[str, str]]) -> None:
    talk.data = {kind: rows}
    talk.table(
        ("name", "status", "from", "what it is"),
        [
            (
                row["name"],
                row["status"],
                f"{row['plugin']} {row['version']}",
                row["reason"] or row["summary"],
            )
            for row in rows
        ],
    )
