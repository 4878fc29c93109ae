"""The page: sections put together and rendered, one self-contained HTML file."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from edgedla.errors import UsageError
from edgedla.render import render
from edgedla.report import built, charts, licensed, measured
from edgedla.report.view import Missing, Note, decibels, number, size

if TYPE_CHECKING:
    from edgedla.report.facts import Facts
    from edgedla.report.recordings import Recording

PACKAGE = "edgedla_templates.report"
LARGEST = 5_000_000
"""Bytes of a page."""
HEIGHT = 60  # of a waveform


def page(facts: Facts) -> bytes:
    """The whole page as UTF-8; the same facts give the same bytes.

    Raises:
        UsageError: It would be larger than `LARGEST`.
    """
    style = render("style.css.j2", {}, package=PACKAGE)
    values = {
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "model": facts.manifest.model.name,
        "target": facts.manifest.target.name,
        "edgedla": facts.manifest.edgedla,
        "notice": facts.notice,
        "notes": _notes(facts),
        "summary": _summary(facts),
        "built": built.contents(facts),
        "gates": built.gates(facts.manifest),
        "ladder": built.ladder(facts.manifest),
        "layers": built.layers(facts),
        "lint": built.lint(facts),
        "recordings": [_recording(number_, each) for number_, each in enumerate(facts.recordings)],
        "silent": facts.silent,
        "sound": facts.manifest.spec.audio is not None,
        "credits": licensed.credits_table(facts),
        "licence_notes": licensed.notes(facts),
        "licence": facts.manifest.spec.licence,
        "data_licence": facts.data_licence,
        **_measured(facts),
    }
    text = render("page.html.j2", values, package=PACKAGE).encode()
    if len(text) > LARGEST:
        raise UsageError(
            f"the page would have {size(len(text))}, and {size(LARGEST)} is the limit",
            hint="--no-players, or an evaluation of fewer clips",
        )
    return text


def _measured(facts: Facts) -> dict[str, Any]:
    """What the sections of measurements show, or what measures it."""
    manifest, each, curves, bench = facts.manifest, facts.evaluated, facts.robustness, facts.bench
    evaluation = measured.commands(manifest, "eval", " --data FOLDER --against onnx")
    return {
        "evaluated": each,
        "accuracy": measured.accuracy(each)
        if each
        else Missing("not evaluated: how often it is right is not known", evaluation),
        "classes": measured.classes(each) if each else None,
        "matrices": measured.matrices(each) if each else [],
        "decisions": measured.decisions(each.paired)
        if each and each.paired
        else Missing("no two rungs were paired on the same clips", evaluation),
        "calibration": measured.calibration(each) if each else Missing("not evaluated", evaluation),
        "robustness": measured.robustness(curves)
        if curves
        else Missing(
            "not measured: nothing says how it fares with noise",
            measured.commands(manifest, "robustness", " --data FOLDER"),
        ),
        "curves": curves,
        "latency": measured.latency(bench)
        if bench
        else Missing("not timed", measured.commands(manifest, "bench", "")),
    }


def _notes(facts: Facts) -> list[Note]:
    found = [
        Note(f"{name} is missing or damaged: it is not what was built.", "bad") for name in facts.damaged[:20]
    ]
    each = facts.evaluated
    if each and each.leakage.calibration:
        count = len(each.leakage.calibration)
        found.append(Note(f"Leakage: {count} of the clips have calibrated the quantiser.", "bad"))
    if each and each.leakage.training:
        count = len(each.leakage.training)
        found.append(
            Note(f"Leakage: {count} of {each.found.clips} clips were trained on; accuracy is too high.")
        )
    if each and each.found.failed:
        found.append(Note(f"{len(each.found.failed)} clips could not be read and are in no figure."))
    return found


def _summary(facts: Facts) -> list[tuple[str, str, str, str]]:
    """Name, figure, what stands below it, and its state."""
    manifest, each, bench = facts.manifest, facts.evaluated, facts.bench
    failed = sum(not gate.ok for gate in manifest.gates)
    cards = [
        ("Gates", f"{failed} failed", f"of {len(manifest.gates)}", "bad")
        if failed
        else ("Gates", "all hold", f"{len(manifest.gates)} figures within their limits", "good")
    ]
    if manifest.rungs:
        last = manifest.rungs[-1]
        first = manifest.rungs[0].against
        figure = decibels(last.total.snr_db, last.total.max_abs) if last.total else "-"
        same = number(last.total.top1_agree if last.total else None, ".0%")
        cards.append((f"{first} to {last.name}", figure, f"same class on {same} of samples", ""))
    if each and each.found.accuracy.value is not None:
        one = each.found.accuracy
        cards.append(
            (
                "Accuracy",
                f"{one.value:.1%}",
                f"{number(one.low, '.1%')} to {number(one.high, '.1%')}, {one.hits} of {one.count} clips",
                "",
            )
        )
    else:
        cards.append(("Accuracy", "-", "not evaluated", "warn"))
    if each and each.paired:
        lost = each.paired.drop
        cards.append(
            (
                f"Lost from {each.paired.against}",
                f"{lost.value:+.2f} points",
                f"{lost.low:+.2f} to {lost.high:+.2f}, {len(each.paired.flips)} clips changed their mind",
                {"pass": "good", "exceed": "bad", "undecided": "warn"}[each.paired.budget.verdict],
            )
        )
    if bench and "net" in bench.ms:
        cards.append(("Network", f"{bench.ms['net'].p50:.1f} ms", f"p95 {bench.ms['net'].p95:.1f} ms", ""))
    sizes = {artifact.path: artifact.size for artifact in manifest.artifacts}
    if facts.network in sizes:
        cards.append(("Size", size(sizes[facts.network]), facts.network, ""))
    return cards


def _recording(index: int, each: Recording) -> dict[str, Any]:
    """One figure of the section about sounds."""
    return {
        "id": f"sound-{index}",
        "recording": each,
        "kind": measured.KINDS[each.kind] if each.kind else None,
        "wave": charts.envelope(each.player.envelope, HEIGHT) if each.player else "",
        "columns": len(each.player.envelope) if each.player else 0,
        "height": HEIGHT,
    }
