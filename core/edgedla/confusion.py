"""Which class is taken for which: counts, the figures of each class, and names that look exchanged."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from edgedla.spec import Spec
from edgedla.statistics import Share, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Confusion(Spec):
    """`counts[true][predicted]`, both in the order of `labels`."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class ClassRow(Spec):
    """One class: `support` clips are of it, `predicted` were taken for it.

    `recall` is the share of its clips that were recognised, `precision` the share of what was taken for it
    that is; `f1` their harmonic mean, `None` where neither is known.
    """

    label: str
    support: int
    predicted: int
    recall: Share
    precision: Share
    f1: float | None


def confusion(labels: Sequence[str], pairs: Iterable[tuple[int, int]]) -> Confusion:
    """Counts over pairs of true and predicted class number."""
    counts = [[0] * len(labels) for _ in labels]
    for true, predicted in pairs:
        counts[true][predicted] += 1
    return Confusion(labels=tuple(labels), counts=tuple(map(tuple, counts)))


def class_rows(table: Confusion) -> tuple[ClassRow, ...]:
    """The figures of every class, in the order of the labels."""
    return tuple(_row(table, index) for index in range(len(table.labels)))


def exchanged(table: Confusion) -> tuple[tuple[str, str], ...]:
    """Pairs of classes that are each taken for the other more often than for themselves.

    A network rarely does that; names in another order than the outputs always do.
    """
    names, counts = table.labels, table.counts
    return tuple(
        (names[a], names[b])
        for a, b in combinations(range(len(names)), 2)
        if _prefers(counts[a], a, b) and _prefers(counts[b], b, a)
    )


def _prefers(row: Sequence[int], own: int, other: int) -> bool:
    """Whether most of a class's clips are taken for the other one."""
    return 2 * row[other] > sum(row) and row[other] > row[own]


def _row(table: Confusion, index: int) -> ClassRow:
    hits = table.counts[index][index]
    support = sum(table.counts[index])
    predicted = sum(row[index] for row in table.counts)
    return ClassRow(
        label=table.labels[index],
        support=support,
        predicted=predicted,
        recall=share(hits, support),
        precision=share(hits, predicted),
        f1=2 * hits / (support + predicted) if support + predicted else None,
    )
