"""Pieces that sections of the page are made of, as plain values for the templates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgedla.statistics import Share

State: TypeAlias = Literal["", "good", "bad", "warn"]

ROWS = 300
"""Of a table; the rest is counted."""


@dataclass(frozen=True)
class Cell:
    """One cell of a table: `state` colours it, `heat` shades it (0 to 4), `href` makes it a link."""

    text: str
    state: State = ""
    heat: str = ""
    href: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under a head; the first cell of a row names it.

    Columns of `numeric` are set to the right, those of `wide` hold sentences or names that need room.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: tuple[int, ...] = ()
    more: int = 0  # rows that are left out
    folded: bool = False
    wide: tuple[int, ...] = ()


def table(  # noqa: PLR0913 - what a table has
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str | Cell]],
    numeric: Sequence[int] = (),
    *,
    folded: bool = False,
    most: int = ROWS,
    wide: Sequence[int] = (),
) -> Table:
    """A table of at most `most` rows."""
    cells = [tuple(each if isinstance(each, Cell) else Cell(each) for each in row) for row in rows]
    return Table(
        caption,
        tuple(head),
        tuple(cells[:most]),
        tuple(numeric),
        max(0, len(cells) - most),
        folded,
        tuple(wide),
    )


@dataclass(frozen=True)
class Missing:
    """What is not on the page: why, and the commands that bring it."""

    reason: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Note:
    """A sentence that must be seen."""

    text: str
    state: State = "warn"


def percent(share: Share) -> str:
    """A share and its interval."""
    if share.value is None or share.low is None or share.high is None:
        return "-"
    return f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"


def number(value: float | None, form: str) -> str:
    """A figure, or a dash where there is none."""
    return "-" if value is None or not math.isfinite(value) else format(value, form)


def decibels(snr: float | None, max_abs: float | None) -> str:
    """A signal-to-noise ratio; without any difference there is none."""
    if max_abs == 0:
        return "exact"
    return "-" if snr is None else f"{snr:.1f} dB"


def size(count: int) -> str:
    """Bytes for people."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:  # noqa: PLR2004 - decimal units
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
