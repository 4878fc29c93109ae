"""`edgedla check-plugin`: the conformance kit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import GateError

if TYPE_CHECKING:
    from edgedla.conformance.case import Subject
    from edgedla.conformance.check import Checked


@verb("check-plugin")
def check_plugin(
    talk: Talk,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A plugin; or a model or target, to check that one alone.")
    ],
) -> None:
    """Hold a plugin against the rules for plugins: names, imports, spec, graph, builds, papers."""
    from edgedla.config import Config
    from edgedla.conformance.check import find_subject, kit
    from edgedla.conformance.rules import RULES
    from edgedla.plugins import Plugins

    config = Config.load(cwd=Path.cwd(), environ=os.environ)
    subject = find_subject(name, Plugins(disabled=config.core().disable_plugins))
    done: list[Checked] = []
    with talk.progress(f"checking {name}") as update, kit(subject) as rules:
        for number, rule in enumerate(RULES):
            update(number / len(RULES), rule.id)
            done.append(rules.check(rule))
            talk.detail(f"{rule.id}: {done[-1].status}")
    _show(talk, subject, done)
    broken = [each for each in done if each.status == "broken"]
    if broken:
        raise GateError(
            f"plugin '{subject.plugin.name}' of {subject.plugin.distribution} {subject.plugin.version} "
            f"breaks {len(broken)} rule(s): {', '.join(each.rule.id for each in broken)}",
            hint=broken[0].hint,
        )


def _show(talk: Talk, subject: Subject, done: list[Checked]) -> None:
    from edgedla.quarantine import contract_of

    plugin = subject.plugin
    try:
        contract: Any = contract_of(subject.module)
    except Exception:  # noqa: BLE001 - whatever a plugin says; the rule `contract` answers for it
        contract = None
    talk.data = {
        "plugin": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "contract": contract and ".".join(map(str, contract)),
        "checks": [
            {"rule": each.rule.id, "status": each.status, "message": each.message, "hint": each.hint}
            for each in done
        ],
    }
    talk.table(
        ("rule", "status", "what was found"),
        [
            (each.rule.id, each.status, f"{each.message}; {each.hint}" if each.hint else each.message)
            for each in done
        ],
    )
