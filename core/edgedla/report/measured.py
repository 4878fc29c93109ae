"""Sections about measurements: accuracy, decisions, calibration, robustness, latency."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from edgedla.report.charts import bar_chart, line_chart, span_chart
from edgedla.report.view import Cell, Missing, Note, Table, number, percent, size, table
from edgedla.statistics import share

if TYPE_CHECKING:
    from edgedla.artifacts import Manifest
    from edgedla.confusion import Confusion
    from edgedla.evaluate import Pairing
    from edgedla.report.charts import BarChart, LineChart, SpanChart
    from edgedla.report.evaluated import Evaluated
    from edgedla.report.schemas import BenchData, Percentiles
    from edgedla.robustness import Robustness, Series
    from edgedla.statistics import Share

MATRIX = 24  # classes of a matrix that is shown whole
PERCENTS = (0, 25, 50, 75, 100)
KINDS = {
    "right_to_wrong": Cell("right to wrong", "bad"),
    "wrong_to_right": Cell("wrong to right", "good"),
    "wrong_to_wrong": Cell("wrong to wrong", "warn"),
}
VERDICTS = {
    "pass": Note("The whole interval lies within the budget.", "good"),
    "exceed": Note("More is lost than the budget allows.", "bad"),
    "undecided": Note("There are too few clips to say whether the budget is kept.", "warn"),
}


def commands(manifest: Manifest, verb: str, words: str) -> tuple[str, str]:
    """What measures it, and the report that takes it in."""
    model, target = (shlex.quote(each.name) for each in (manifest.model, manifest.target))
    return (
        f"edgedla {verb} {model} --target {target}{words} --json > {verb}.json",
        f"edgedla report DIR --{verb} {verb}.json",
    )


def accuracy(each: Evaluated) -> tuple[SpanChart, Table]:
    """Accuracy of the rung, and of the one that it is paired with."""
    found, paired = each.found, each.paired
    shares = [(found.rung, found.accuracy), (f"{found.rung}, within the best 3", found.top3)]
    if paired:
        shares.insert(0, (paired.against, paired.accuracy))
    chart = span_chart(
        "Accuracy with its 95 % interval",
        f"Points and Wilson intervals between 0 and 100 % for {', '.join(name for name, _ in shares)}.",
        [
            (name, 100 * (one.low or 0), 100 * (one.value or 0), 100 * (one.high or 0), percent(one))
            for name, one in shares
        ],
        PERCENTS,
        " %",
    )
    rows = [(name, percent(one), f"{one.hits} of {one.count}") for name, one in shares]
    return chart, table(
        "Accuracy", ("rung", "accuracy (95 % interval)", "clips"), rows, numeric=(2,), wide=(1,)
    )


def classes(each: Evaluated) -> Table:
    """Recall and precision of each class."""
    return table(
        "Classes",
        ("class", "clips", "recall (95 % interval)", "precision", "F1"),
        [
            (
                row.label,
                str(row.support),
                percent(row.recall),
                number(row.precision.value, ".1%"),
                number(row.f1, ".2f"),
            )
            for row in each.found.classes
        ],
        numeric=(1, 3, 4),
        folded=len(each.found.classes) > MATRIX,
        wide=(2,),
    )


def matrices(each: Evaluated) -> list[Table]:
    """Which class is taken for which, before and after."""
    shown = [(each.found.rung, each.found.confusion)]
    if each.before and each.paired:
        shown.insert(0, (each.paired.against, each.before))
    return [_matrix(rung, found) for rung, found in shown]


def decisions(paired: Pairing) -> tuple[SpanChart, Table, Table, Note]:
    """What the way from one rung to the other cost in decisions."""
    lost, budget = paired.drop, paired.budget
    most = max(2.0, abs(lost.low), abs(lost.high), budget.max_drop)
    edge = next(step for step in (2.0, 5.0, 10.0, 20.0, 50.0, 100.0) if step >= most or step == 100.0)  # noqa: PLR2004 - all of it
    words = f"{lost.value:+.2f} ({lost.low:+.2f} to {lost.high:+.2f})"
    chart = span_chart(
        f"Accuracy lost from {paired.against} to {paired.rung}, in percentage points",
        f"A point at {lost.value:+.2f} with its 95 % interval {lost.low:+.2f} to {lost.high:+.2f}, and a "
        f"line at the budget of {budget.max_drop:g}.",
        [("drop (95 % interval)", lost.low, lost.value, lost.high, words)],
        (-edge, -edge / 2, 0, edge / 2, edge),
        "",
        (budget.max_drop, f"budget {budget.max_drop:g}"),
    )
    needed = "no number" if budget.clips_needed is None else str(budget.clips_needed)
    counts = table(
        "Decisions",
        ("", "clips"),
        [
            ("compared", str(paired.clips)),
            ("both right", str(paired.both_right)),
            ("both wrong", str(paired.both_wrong)),
            ("right to wrong", str(paired.right_to_wrong)),
            ("wrong to right", str(paired.wrong_to_right)),
            ("wrong to wrong, another class", str(paired.wrong_to_wrong)),
            ("McNemar, exact, two-sided", f"p = {paired.p_value:.3g}"),
            ("needed to decide about the budget", needed),
        ],
        numeric=(1,),
    )
    flips = table(
        "Clips that changed their mind",
        ("clip", "is", "flip", paired.against, paired.rung),
        [
            (
                flip.clip,
                flip.label,
                KINDS[flip.kind],
                f"{flip.before} {flip.score_before:.2f}",
                f"{flip.after} {flip.score_after:.2f}",
            )
            for flip in paired.flips
        ],
    )
    return chart, counts, flips, VERDICTS[budget.verdict]


def calibration(each: Evaluated) -> tuple[LineChart, Table, str] | Missing:
    """Whether scores are probabilities."""
    found = each.found.calibration
    if found is None:
        return Missing("no clip was answered")
    full = [one for one in found.bins if one.count]
    ranges = [f"{one.low:.2f}-{one.high:.2f}" for one in full]
    chart = line_chart(
        "Share of right answers by score",
        f"Share that is right beside the mean score, for {len(full)} ranges of scores; near is good.",
        "score up to",
        [f"{one.high:.2f}" for one in full],
        [
            ("right", [_interval(share(round((one.accuracy or 0) * one.count), one.count)) for one in full]),
            ("mean score", [((one.confidence or 0),) * 3 for one in full]),
        ],
    )
    rows = [
        (name, str(one.count), number(one.confidence, ".1%"), number(one.accuracy, ".1%"))
        for name, one in zip(ranges, full, strict=True)
    ]
    words = f"Expected calibration error {found.ece:.1%}, Brier score {found.brier:.3f} (0 to 2)."
    return chart, table("Calibration", ("score", "clips", "mean score", "right"), rows, (1, 2, 3)), words


def robustness(found: Robustness) -> tuple[list[LineChart], Table]:
    """Accuracy where recordings get worse, all rungs in each chart."""
    rows = [("as recorded", "", *(percent(one) for one in found.clean.accuracy.values()))]
    rows = [(*rows[0], str(found.clean.flips))]
    rows += [
        (
            series.kind.replace("_", " "),
            f"{point.amount:g} {series.unit}",
            *tuple(percent(one) for one in point.accuracy.values()),
            str(point.flips),
        )
        for series in found.series
        for point in series.points
    ]
    head = ("disturbance", "amount", *found.rungs, "differ")
    last = len(head) - 1
    return (
        [_disturbed(found, series) for series in found.series],
        table("Robustness", head, rows, numeric=(last,), folded=True, wide=range(2, last)),
    )


def latency(found: BenchData) -> tuple[list[BarChart], Table, Table]:
    """Milliseconds of each part, memory, and the comparison with plain onnxruntime."""
    groups = [("here", found.ms)]
    groups += [("plain onnxruntime", found.plain.ms)] if found.plain else []
    groups += [(found.board.name, found.board.ms)] if found.board else []
    names = ("p50", "p95", "p99")
    charts = [
        bar_chart(
            f"Milliseconds, {group}",
            f"Bars of the median, the 95th and the 99th percentile for {', '.join(parts)}.",
            names,
            [(part, [_millis(values, name) for name in names]) for part, values in parts.items()],
        )
        for group, parts in groups
    ]
    rows = [
        (f"{group}: {part}", *(f"{getattr(values, name):.2f}" for name in names))
        for group, parts in groups
        for part, values in parts.items()
    ]
    return (
        charts,
        table("Latency", ("part", "p50 ms", "p95 ms", "p99 ms"), rows, (1, 2, 3)),
        table("Beside it", ("", "value"), _beside(found), (1,)),
    )


def _beside(found: BenchData) -> list[tuple[str, str]]:
    rows = [("repeats", str(found.repeats)), ("peak memory", size(found.peak_memory_bytes))]
    if found.plain:
        rows.append(("network, ratio to plain onnxruntime", f"{found.plain.ratio:.2f}"))
    if found.throughput:
        rows.append(("clips per second", f"{found.throughput.clips_per_second:.1f}"))
        rows.append(("plain loop, clips per second", f"{found.throughput.plain_clips_per_second:.1f}"))
    if found.agreement:
        rows.append(("max abs difference to plain", f"{found.agreement.max_abs:.1e}"))
    if found.board:
        rows.append((f"{found.board.name}, peak memory", size(found.board.peak_memory_bytes)))
        outside = size(found.board.memory_outside_tensors_bytes)
        rows.append((f"{found.board.name}, outside the network's tensors", outside))
    return rows


def _millis(values: Percentiles, name: str) -> tuple[float, str]:
    value: float = getattr(values, name)
    return value, f"{name} {value:.2f} ms"


def _matrix(rung: str, found: Confusion) -> Table:
    labels, counts = found.labels, found.counts
    if len(labels) > MATRIX:
        mistakes = sorted(
            (-count, labels[true], labels[guess])
            for true, row in enumerate(counts)
            for guess, count in enumerate(row)
            if count and guess != true
        )
        return table(
            f"Most frequent mistakes of {rung}",
            ("is", "taken for", "clips"),
            [(true, guess, str(-count)) for count, true, guess in mistakes],
            (2,),
            folded=True,
        )
    return table(
        f"Confusion of {rung}: rows are what a clip is, columns what it was taken for, by number",
        ("is", *map(str, range(len(labels)))),
        [
            (
                f"{index} {label}",
                *(_counted(count, sum(row), right=index == at) for at, count in enumerate(row)),
            )
            for index, (label, row) in enumerate(zip(labels, counts, strict=True))
        ],
        range(1, len(labels) + 1),
    )


def _counted(count: int, support: int, *, right: bool) -> Cell:
    """Shade 0 to 4 by the share of the class; what is wrong has other shades."""
    if not count:
        return Cell("·")
    level = 1 + min(3, 4 * count // (support + 1))
    return Cell(str(count), heat=f"{'hit' if right else 'miss'}{level}")


def _interval(one: Share) -> tuple[float, float, float] | None:
    if one.value is None or one.low is None or one.high is None:
        return None
    return one.low, one.value, one.high


def _disturbed(found: Robustness, series: Series) -> LineChart:
    points = [found.clean, *series.points]
    kind = series.kind.replace("_", " ")
    return line_chart(
        f"Accuracy with {kind}",
        f"Lines of accuracy from 0 to 100 % for {', '.join(found.rungs)}: as recorded, then with {kind} of "
        f"{', '.join(f'{point.amount:g}' for point in series.points)} {series.unit}.",
        series.unit,
        ["clean", *(f"{point.amount:g}" for point in series.points)],
        [(rung, [_interval(point.accuracy[rung]) for point in points]) for rung in found.rungs],
    )
