"""Figures of an evaluation for people: tables on a terminal, lines with tabs off it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgedla.cli.talk import Talk
    from edgedla.evaluate import Evaluation, Pairing
    from edgedla.statistics import Share

WIDEST = 12  # classes of a matrix that is shown whole
MISTAKES = 10  # of a larger one


def percent(share: Share) -> str:
    """A share and its interval."""
    if share.value is None or share.low is None or share.high is None:
        return "-"
    return f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"


def show_evaluation(talk: Talk, found: Evaluation) -> None:
    """Accuracy, calibration, and of the classes that occur their figures and how they are confused."""
    rows = [
        (
            f"accuracy of {found.rung}",
            percent(found.accuracy),
            f"{found.accuracy.hits} of {found.accuracy.count}",
        ),
        ("within the best 3", percent(found.top3), f"{found.top3.hits} of {found.top3.count}"),
    ]
    if found.calibration:
        rows.append(
            ("calibration error", f"{found.calibration.ece:.1%}", f"Brier {found.calibration.brier:.3f}")
        )
    if found.failed:
        rows.append(("not read", str(len(found.failed)), found.failed[0].clip))
    talk.table(("figure", "value (95 % interval)", ""), rows)
    talk.table(
        ("class", "clips", "recall", "precision", "F1"),
        [
            (
                row.label,
                str(row.support),
                percent(row.recall),
                _share(row.precision),
                "-" if row.f1 is None else f"{row.f1:.2f}",
            )
            for row in found.classes
            if row.support or row.predicted
        ],
    )
    _show_confusion(talk, found)


def show_pairing(talk: Talk, paired: Pairing) -> None:
    """Flips and what they amount to."""
    talk.table(
        ("against", "value", ""),
        [
            (f"accuracy of {paired.against}", percent(paired.accuracy), ""),
            ("right to wrong", str(paired.right_to_wrong), f"of {paired.clips}"),
            ("wrong to right", str(paired.wrong_to_right), f"of {paired.clips}"),
            ("wrong to wrong", str(paired.wrong_to_wrong), f"of {paired.clips}"),
            ("McNemar, exact", f"p = {paired.p_value:.3g}", ""),
            (
                "drop in points",
                f"{paired.drop.value:.2f} ({paired.drop.low:.2f} to {paired.drop.high:.2f})",
                f"at most {paired.budget.max_drop:g}: {paired.budget.verdict}",
            ),
        ],
    )
    if paired.flips:
        talk.table(
            ("clip", "is", "flip", "before", "after"),
            [
                (
                    flip.clip,
                    flip.label,
                    flip.kind.replace("_", " "),
                    f"{flip.before} {flip.score_before:.2f}",
                    f"{flip.after} {flip.score_after:.2f}",
                )
                for flip in paired.flips
            ],
        )


def _share(share: Share) -> str:
    return "-" if share.value is None else f"{share.value:.1%}"


def _show_confusion(talk: Talk, found: Evaluation) -> None:
    labels, counts = found.confusion.labels, found.confusion.counts
    present = [index for index, row in enumerate(found.classes) if row.support or row.predicted]
    if len(present) <= WIDEST:
        talk.table(
            ("is \\ taken for", *(f"{index}" for index in present)),
            [(f"{a} {labels[a]}", *(str(counts[a][b]) for b in present)) for a in present],
        )
        return
    mistakes = sorted(
        (-counts[a][b], labels[a], labels[b]) for a in present for b in present if counts[a][b] and a != b
    )
    talk.table(("is", "taken for", "clips"), [(a, b, str(-count)) for count, a, b in mistakes[:MISTAKES]])
