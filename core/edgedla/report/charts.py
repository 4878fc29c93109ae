"""Geometry of the page's charts: where bars, marks and words stand. Macros of charts.html.j2 draw them.

All are `WIDTH` units wide, near the width of a phone in pixels, so that their words can be read there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 400.0
FIGURE = 128.0  # kept free at the right for the words behind a bar
BEYOND = 1.2  # how much longer a bar without end is than the longest other one
LINE, BAR, GAP = 17.0, 16.0, 9.0  # heights of a label, of a bar, and below a row
LEFT, RIGHT, TOP, BOTTOM = 44.0, 12.0, 10.0, 40.0  # margins of a chart with axes
PLOT = 170.0  # height of its field


@dataclass(frozen=True)
class Bar:
    """One bar of series number `series`, and what stands behind it."""

    y: float
    width: float
    series: int
    text: str


@dataclass(frozen=True)
class BarRow:
    """Bars below a label."""

    label: str
    y: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class BarChart:
    """Rows of bars; `about` says in words what is to be seen."""

    title: str
    about: str
    height: float
    series: tuple[str, ...]
    rows: tuple[BarRow, ...]


def bar_chart(
    title: str,
    about: str,
    series: Sequence[str],
    rows: Sequence[tuple[str, Sequence[tuple[float | None, str]]]],
) -> BarChart:
    """Bars from zero; what is below has none, infinity the whole width, `None` only its words."""
    values = [value for _, bars in rows for value, _ in bars if value is not None and math.isfinite(value)]
    longest = max([value for value in values if value > 0], default=1.0)
    if any(value == math.inf for _, bars in rows for value, _ in bars):
        longest *= BEYOND
    placed, y = [], 0.0
    for label, bars in rows:
        placed.append(BarRow(label, y + 12, _bars(bars, y + LINE, longest)))
        y += LINE + BAR * len(bars) + GAP
    return BarChart(title, about, y, tuple(series), tuple(placed))


def _bars(bars: Sequence[tuple[float | None, str]], y: float, longest: float) -> tuple[Bar, ...]:
    room = WIDTH - FIGURE
    return tuple(
        Bar(
            y + BAR * index,
            round(room * min(1.0, max(0.0, (value or 0.0) / longest)), 1),
            index,
            text,
        )
        for index, (value, text) in enumerate(bars)
    )


@dataclass(frozen=True)
class Span:
    """A value and its interval, as places in a chart."""

    label: str
    y: float
    low: float
    at: float
    high: float
    text: str


@dataclass(frozen=True)
class SpanChart:
    """Values with their intervals over one axis; `line` marks a limit."""

    title: str
    about: str
    height: float
    rows: tuple[Span, ...]
    ticks: tuple[tuple[float, str], ...]
    line: tuple[float, str] | None


def span_chart(  # noqa: PLR0913, PLR0917 - a chart is its axis, its rows and its words
    title: str,
    about: str,
    rows: Sequence[tuple[str, float, float, float, str]],
    axis: Sequence[float],
    unit: str,
    limit: tuple[float, str] | None = None,
) -> SpanChart:
    """One row per (label, low, value, high, words); `axis` are the values that are named below."""
    lowest, highest = axis[0], axis[-1]

    def place(value: float) -> float:
        return round(8 + (WIDTH - 16) * (min(max(value, lowest), highest) - lowest) / (highest - lowest), 1)

    step = 2 * LINE + GAP
    return SpanChart(
        title,
        about,
        step * len(rows) + BOTTOM,
        tuple(
            Span(label, 12 + step * index, place(low), place(value), place(high), text)
            for index, (label, low, value, high, text) in enumerate(rows)
        ),
        tuple((place(value), f"{value:g}{unit}") for value in axis),
        None if limit is None else (place(limit[0]), limit[1]),
    )


@dataclass(frozen=True)
class Mark:
    """One measured point and its interval, as places in a chart."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class LineChart:
    """Shares over amounts, one line per series."""

    title: str
    about: str
    axis: str
    series: tuple[tuple[str, tuple[Mark, ...]], ...]
    ticks: tuple[tuple[float, str], ...]
    levels: tuple[tuple[float, str], ...]


def line_chart(
    title: str,
    about: str,
    axis: str,
    amounts: Sequence[str],
    series: Sequence[tuple[str, Sequence[tuple[float, float, float] | None]]],
) -> LineChart:
    """Each series has (low, value, high) from 0 to 1 for each amount, `None` where nothing was counted."""
    step = (WIDTH - LEFT - RIGHT) / max(1, len(amounts))
    middles = [round(LEFT + step * (index + 0.5), 1) for index in range(len(amounts))]
    lines = []
    for number, (name, values) in enumerate(series):
        shift = 5 * (number - (len(series) - 1) / 2)  # so that intervals do not cover each other
        lines.append(
            (
                name,
                tuple(
                    Mark(x + shift, height(value[1]), height(value[0]), height(value[2]))
                    for x, value in zip(middles, values, strict=True)
                    if value is not None
                ),
            )
        )
    return LineChart(
        title,
        about,
        axis,
        tuple(lines),
        tuple(zip(middles, amounts, strict=True)),
        tuple((height(share), f"{share:.0%}") for share in (0, 0.25, 0.5, 0.75, 1)),
    )


def height(share: float) -> float:
    """Where a share from 0 to 1 stands in a chart with axes."""
    return round(TOP + PLOT * (1 - share), 1)


def envelope(columns: Sequence[tuple[float, float]], high: float) -> str:
    """The path of a waveform around the middle of a field that is as wide as there are columns."""
    upper = [f"{x},{high / 2 * (1 - top):.1f}" for x, (_, top) in enumerate(columns)]
    lower = [f"{x},{high / 2 * (1 - low) + 0.5:.1f}" for x, (low, _) in enumerate(columns)]
    return f"M{' L'.join([*upper, *reversed(lower)])} Z"
