"""Licences of weights and recordings: what stands in the page, and what commercial use has to refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgedla.errors import GateError
from edgedla.licences import forbidding
from edgedla.report.view import Cell, Note, Table, table

if TYPE_CHECKING:
    from edgedla.report.facts import Facts
    from edgedla.report.recordings import Recording

UNKNOWN = "not known"


@dataclass(frozen=True)
class Licence:
    """What one thing is under; `text` is "" where nobody says."""

    of: str
    text: str


def licences(facts: Facts) -> list[Licence]:
    """Of the weights, of the data set where one was named, and of each recording in the page."""
    found = [Licence("the weights", facts.manifest.spec.licence)]
    name, text = facts.data_licence
    if name:
        found.append(Licence(f"the data set, {name}", text))
    found += [
        Licence(f"the recording {each.name}", each.credit.licence if each.credit else "")
        for each in facts.recordings
        if each.player
    ]
    return found


def check_commercial(facts: Facts) -> None:
    """Raise GateError where a licence speaks against commercial use, or nobody says what it is."""
    for licence in licences(facts):
        if line := forbidding(licence.text):
            raise GateError(
                f"--policy commercial: {licence.of}: '{line}' forbids commercial use",
                hint="take weights and recordings that may be sold, or leave out --policy",
            )
        if not licence.text.strip():
            raise GateError(
                f"--policy commercial: the licence of {licence.of} is {UNKNOWN}",
                hint="weights: the option 'licence' of the model; recordings: meta/attribution.csv of the "
                "data set, or --no-players",
            )


def notes(facts: Facts) -> list[Note]:
    """What has to be known before the page or the network is handed on."""
    found = [
        Note(f"Not for commercial use: the licence of {each.of} says: {line}", "bad")
        for each in licences(facts)
        if (line := forbidding(each.text))
    ]
    unknown = [each.of for each in licences(facts) if not each.text.strip()]
    if unknown:
        others = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        found.append(Note(f"The licence of {unknown[0]}{others} is {UNKNOWN}: ask before you hand it on."))
    return found


def credits_table(facts: Facts) -> Table:
    """Who made the recordings that stand in the page."""
    return table(
        "Recordings in this page",
        ("recording", "author", "licence", "source"),
        [_row(each) for each in facts.recordings if each.player],
        folded=True,
    )


def _row(each: Recording) -> tuple[str | Cell, ...]:
    credit = each.credit
    if credit is None:
        return each.name, "-", UNKNOWN, "-"
    web = credit.source.startswith(("https://", "http://"))
    return each.name, credit.author, credit.licence, Cell(credit.source, href=credit.source if web else "")
