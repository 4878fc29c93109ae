"""Sections about the build: what it is, its gates, its ladder, its layers, and what lint says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from edgedla.report.charts import bar_chart
from edgedla.report.view import Cell, Missing, Table, decibels, number, size, table

if TYPE_CHECKING:
    from edgedla.artifacts import Gate, Manifest, Origin, Rung
    from edgedla.report.charts import BarChart
    from edgedla.report.facts import Facts
    from edgedla.spec import Finding, LayerError

WORST = 16  # layers in the chart
LISTED = 60  # layers in the table; beyond them nothing is lost
NAME = 46  # letters of a layer's name that fit there
LEVELS = ("error", "warning", "note")


def contents(facts: Facts) -> dict[str, Table]:
    """What was built: model, target, checkpoint, shapes, versions, options, files."""
    manifest = facts.manifest
    spec = manifest.spec
    shapes = [
        (f"{kind} {each.name}", f"{' x '.join(map(str, each.shape))} {each.dtype}")
        for kind, tensors in (("input", spec.inputs), ("output", spec.outputs))
        for each in tensors
    ]
    sound = [("sound", f"{spec.audio.rate} Hz, peak {spec.audio.peak:g}")] if spec.audio else []
    return {
        "about": table(
            "The build",
            ("", "value"),
            [
                ("model", _origin(manifest.model)),
                ("target", _origin(manifest.target)),
                ("toolchain", Cell(manifest.toolchain, "warn" if facts.notice else "")),
                ("checkpoint", manifest.checkpoint),
                *shapes,
                *sound,
                ("classes", ", ".join(spec.labels) or "none"),
                ("edgedla", manifest.edgedla),
                *sorted(manifest.versions.items()),
            ],
        ),
        "options": table(
            "Options",
            ("option", "value"),
            [
                (f"{origin.name}.{key}", _option(value))
                for origin in (manifest.model, manifest.target)
                for key, value in origin.options.items()
            ],
            folded=True,
        ),
        "files": table(
            "Files",
            ("file", "kind", "size", "SHA-256"),
            [
                (
                    Cell(each.path, "bad" if each.path in facts.damaged else ""),
                    each.kind,
                    size(each.size),
                    each.sha256,
                )
                for each in manifest.artifacts
            ],
            numeric=(2,),
            folded=True,
            wide=(0, 3),
        ),
    }


def gates(manifest: Manifest) -> Table:
    """All gates, those that failed first."""
    ranked = sorted(manifest.gates, key=lambda gate: gate.ok)
    return table("Gates", ("gate", "verdict", "value", "limit"), map(_gate, ranked), numeric=(2, 3))


def ladder(manifest: Manifest) -> tuple[BarChart, Table] | Missing:
    """Each rung against the one before and against the first: as bars of SNR, and as a table."""
    rungs = manifest.rungs
    if not rungs:
        return Missing("the build compared no rungs")
    first = rungs[0].against
    chart = bar_chart(
        "Signal-to-noise ratio of each rung",
        f"Bars of decibels for {len(rungs)} rungs, against the rung before and against {first}; the longer "
        "the bar the smaller the difference, and the whole width means that there is none.",
        ("against the one before", f"against {first}"),
        [
            (rung.name + ("" if rung.ok else " - parts"), (_bar(rung.snr_db, rung.max_abs), _total_bar(rung)))
            for rung in rungs
        ],
    )
    return chart, table(
        "The ladder",
        (
            "rung",
            "against",
            "verdict",
            "SNR",
            "max abs",
            "same class",
            f"SNR to {first}",
            f"max abs to {first}",
            f"same class as {first}",
        ),
        map(_rung, rungs),
        numeric=range(3, 9),
    )


def layers(facts: Facts) -> tuple[BarChart, Table, Table] | Missing:
    """SNR of each layer of the fixed network against the float one, worst first; and those to be mended."""
    found, reason = facts.layers
    if found is None:
        return Missing(reason)
    worst = found[:WORST]
    chart = bar_chart(
        f"The {len(worst)} worst of {len(found)} layers",
        "Bars of decibels, one for each layer, shortest first: fixed against float on the model's samples.",
        (),
        [(_fitted(f"{each.op} {each.name}"), ((each.snr_db, f"{each.snr_db:.1f} dB"),)) for each in worst],
    )
    head = ("layer", "operator", "SNR", "takes of it", "what mends it")
    mended = sorted((each for each in found if each.hint), key=lambda each: -each.loss_db)[:WORST]
    return (
        chart,
        table("Layers", head, map(_layer, found), numeric=(2, 3), folded=True, most=LISTED, wide=(0, 4)),
        table("Layers to be mended", head, map(_layer, mended), numeric=(2, 3), wide=(0, 4)),
    )


def lint(facts: Facts) -> Table | Missing:
    """What the target's rules say, errors first."""
    found, reason = facts.findings
    if found is None:
        return Missing(reason)
    ranked = sorted(found, key=lambda each: LEVELS.index(each.level))
    return table(
        "Findings",
        ("rule", "level", "node", "finding", "share of work", "how to rewrite it"),
        map(_finding, ranked),
        numeric=(4,),
        wide=(2, 3, 5),
    )


def _origin(origin: Origin) -> str:
    return f"{origin.name} ({origin.distribution} {origin.version})"


def _option(value: Any) -> str:
    """An option's value as it would be typed."""
    if isinstance(value, list):
        return ", ".join(map(_option, value)) or "-"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) or "-"


def _gate(gate: Gate) -> tuple[str | Cell, ...]:
    verdict = Cell("holds", "good") if gate.ok else Cell("fails", "bad")
    return gate.name, verdict, number(gate.value, ".4g"), number(gate.limit, ".4g")


def _bar(snr: float | None, max_abs: float | None) -> tuple[float | None, str]:
    return (math.inf if max_abs == 0 else snr), decibels(snr, max_abs)


def _total_bar(rung: Rung) -> tuple[float | None, str]:
    return _bar(rung.total.snr_db, rung.total.max_abs) if rung.total else (None, "-")


def _rung(rung: Rung) -> tuple[str | Cell, ...]:
    total = rung.total
    return (
        rung.name,
        rung.against,
        Cell("agrees", "good") if rung.ok else Cell(f"parts: {rung.reason}", "bad"),
        decibels(rung.snr_db, rung.max_abs),
        number(rung.max_abs, ".2e"),
        number(rung.top1_agree, ".0%"),
        decibels(total.snr_db, total.max_abs) if total else "-",
        number(total.max_abs if total else None, ".2e"),
        number(total.top1_agree if total else None, ".0%"),
    )


def _layer(layer: LayerError) -> tuple[str | Cell, ...]:
    loss = f"{layer.loss_db:.1f} dB" if layer.loss_db else "-"
    return layer.name, layer.op, f"{layer.snr_db:.1f} dB", loss, layer.hint or "-"


def _finding(finding: Finding) -> tuple[str | Cell, ...]:
    level = Cell(finding.level, {"error": "bad", "warning": "warn", "note": ""}[finding.level])  # type: ignore[arg-type] # of the states
    return (
        finding.rule,
        level,
        finding.node or "the graph",
        ", ".join(filter(None, (finding.message, finding.shape, finding.limit))),
        number(finding.cost, ".1%"),
        finding.hint or "-",
    )


def _fitted(text: str) -> str:
    return text if len(text) <= NAME else f"{text[: NAME // 2]}…{text[-NAME // 2 + 1 :]}"
