"""Where bars, marks and words of the charts stand."""

from __future__ import annotations

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from edgedla.report.charts import FIGURE, WIDTH, bar_chart, envelope, height, line_chart, span_chart

NUMBERS = st.floats(-1e9, 1e9) | st.just(math.inf) | st.none()


@given(st.lists(st.lists(NUMBERS, min_size=1, max_size=3), max_size=20))
def test_bars_stay_in_their_field_and_keep_their_order(values: list[list[float | None]]) -> None:
    chart = bar_chart("t", "a", ("x",), [(str(row), [(each, "") for each in row]) for row in values])
    placed = [(value, bar) for row, line in zip(values, chart.rows, strict=True)
              for value, bar in zip(row, line.bars, strict=True)]  # fmt: skip
    assert all(0 <= bar.width <= WIDTH - FIGURE for _, bar in placed)
    assert all(bar.y + 16 <= chart.height for _, bar in placed)
    known = [(value, bar.width) for value, bar in placed if value is not None]
    for a, long in known:
        assert all(long >= short for b, short in known if a >= b)


def test_bars_are_as_long_as_their_values() -> None:
    chart = bar_chart("t", "a", (), [("a", [(50.0, "50")]), ("b", [(100.0, "100")]), ("c", [(-3.0, "-3")])])
    assert [row.bars[0].width for row in chart.rows] == [136.0, 272.0, 0.0]
    endless = bar_chart("t", "a", (), [("a", [(100.0, "")]), ("b", [(math.inf, "exact")])])
    assert endless.rows[0].bars[0].width < endless.rows[1].bars[0].width == WIDTH - FIGURE


def test_spans_stand_where_the_axis_says() -> None:
    chart = span_chart("t", "a", [("x", 25.0, 50.0, 200.0, "")], (0, 50, 100), "%", (50.0, "limit"))
    (row,) = chart.rows
    assert chart.ticks == ((8.0, "0%"), (200.0, "50%"), (392.0, "100%"))
    assert (row.low, row.at, row.high) == (104.0, 200.0, 392.0)  # what is beyond the axis ends there
    assert chart.line == (200.0, "limit")


def test_lines_leave_out_what_was_not_counted() -> None:
    chart = line_chart(
        "t", "a", "dB", ("1", "2"), [("x", [(0, 0.5, 1), None]), ("y", [(1, 1, 1), (0, 0, 0)])]
    )
    (_, first), (_, second) = chart.series
    assert len(first) == 1
    assert (first[0].high, first[0].y, first[0].low) == (height(1), height(0.5), height(0))
    assert [mark.y for mark in second] == [height(1), height(0)]
    assert first[0].x < second[0].x  # beside each other
    assert height(1) < height(0)


@given(st.lists(st.tuples(st.floats(-1, 0), st.floats(0, 1)), min_size=1, max_size=50))
def test_a_waveform_is_a_path_within_its_field(columns: list[tuple[float, float]]) -> None:
    path = envelope(columns, 60)
    points = re.findall(r"(\d+),(-?\d+\.\d)", path)
    assert len(points) == 2 * len(columns)
    assert re.fullmatch(r"M[-\d.,L ]+ Z", path)
    assert all(0 <= int(x) < len(columns) and 0 <= float(y) <= 60.5 for x, y in points)
