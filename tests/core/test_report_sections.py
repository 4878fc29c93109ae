"""Sections that only some bundles have: layers, rules, many classes, many sounds, failed gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edgedla.artifacts import MANIFEST, Gate, Manifest, read_json
from edgedla.confusion import class_rows, confusion
from edgedla.evaluate import Evaluation, Leakage
from edgedla.report import built, measured
from edgedla.report.evaluated import Evaluated
from edgedla.report.facts import Facts
from edgedla.report.page import page
from edgedla.report.recordings import FULL, Recording, within
from edgedla.report.schemas import Recordings
from edgedla.report.sounds import Player
from edgedla.report.view import Missing
from edgedla.spec import Finding, LayerError
from edgedla.statistics import share

if TYPE_CHECKING:
    from hums import Hum

LAYERS = [
    LayerError(
        name=f"layer_{index}",
        op="Conv",
        snr_db=10.0 + index,
        loss_db=index % 7,
        hint="--set x=1" if index % 7 == 6 else "",
    )
    for index in range(100)
]
FINDINGS = [
    Finding(rule="R2", level="note", node="", message="slow", cost=0.5),
    Finding(
        rule="R1", level="error", node="a/b", message="<b>refused</b>", limit="at most 4", hint="split it"
    ),
    Finding(rule="R3", level="warning", node="c", message="close"),
]


@pytest.fixture(scope="session")
def manifest(hum: Hum) -> Manifest:
    return read_json(hum.bundle / MANIFEST, Manifest, "")


def facts(manifest: Manifest, **changes: object) -> Facts:
    values: dict[str, object] = {
        "manifest": manifest,
        "network": "convert/wry.onnx",
        "notice": "",
        "damaged": (),
        "layers": (LAYERS, ""),
        "findings": (FINDINGS, ""),
        "evaluated": None,
        "robustness": None,
        "bench": None,
        "recordings": (),
        "silent": "",
        "data_licence": ("", ""),
    }
    return Facts(**values | changes)  # type: ignore[arg-type] # each test changes what it is about


def evaluated(count: int) -> Evaluated:
    """One clip of each of so many classes, each taken for the next one."""
    labels = [f"class_{index}" for index in range(count)]
    table = confusion(labels, [(index, (index + 1) % count) for index in range(count)])
    found = Evaluation(
        rung="wry",
        clips=count,
        accuracy=share(0, count),
        top3=share(0, count),
        classes=class_rows(table),
        confusion=table,
        calibration=None,
        results=(),
        failed=(),
    )
    data = Recordings(folder="data", layout="esc", fold=None)
    return Evaluated(data, found, Leakage(training=("a.wav",)), None, None)


def test_layers_are_drawn_worst_first_and_those_to_mend_by_what_they_lose(manifest: Manifest) -> None:
    found = built.layers(facts(manifest))
    assert not isinstance(found, Missing)
    chart, listed, mended = found
    assert [row.bars[0].text for row in chart.rows[:2]] == ["10.0 dB", "11.0 dB"]
    assert len(chart.rows) == built.WORST
    assert (len(listed.rows), listed.more) == (built.LISTED, 100 - built.LISTED)
    assert {row[3].text for row in mended.rows} == {"6.0 dB"}
    assert {row[4].text for row in mended.rows} == {"--set x=1"}


def test_rules_that_are_broken_come_first(manifest: Manifest) -> None:
    found = built.lint(facts(manifest))
    assert not isinstance(found, Missing)
    assert [row[0].text for row in found.rows] == ["R1", "R3", "R2"]
    assert [cell.text for cell in found.rows[0]] == [
        "R1",
        "error",
        "a/b",
        "<b>refused</b>, at most 4",
        "-",
        "split it",
    ]
    assert b"&lt;b&gt;refused" in page(facts(manifest))


def test_gates_that_failed_come_first_and_are_on_top(manifest: Manifest) -> None:
    bad = Gate(name="wry.max_abs", ok=False, value=2.0, limit=0.5)
    failed = manifest.model_copy(update={"gates": (*manifest.gates, bad)})
    found = built.gates(failed)
    assert [cell.text for cell in found.rows[0]] == ["wry.max_abs", "fails", "2", "0.5"]
    assert found.rows[0][1].state == "bad"
    text = page(facts(failed)).decode()
    assert "1 failed" in text
    assert "all hold" not in text


def test_a_rung_that_parts_says_so(manifest: Manifest) -> None:
    last = manifest.rungs[-1].model_copy(
        update={"ok": False, "reason": "other shapes", "max_abs": None, "snr_db": None, "total": None}
    )
    found = built.ladder(manifest.model_copy(update={"rungs": (*manifest.rungs[:-1], last)}))
    assert not isinstance(found, Missing)
    assert found[0].rows[-1].label == "wry - parts"
    assert found[1].rows[-1][2].text == "parts: other shapes"
    assert isinstance(built.ladder(manifest.model_copy(update={"rungs": ()})), Missing)


def test_many_classes_give_a_list_of_mistakes(manifest: Manifest) -> None:
    (few,) = measured.matrices(evaluated(measured.MATRIX))
    (many,) = measured.matrices(evaluated(527))
    assert len(few.head) == measured.MATRIX + 1
    assert many.head == ("is", "taken for", "clips")
    assert len(many.rows) + many.more == 527
    text = page(facts(manifest, evaluated=evaluated(527), notice="emulated"))
    assert len(text) < 1_000_000
    assert b"Emulated." in text
    assert b"1 of 527 clips were trained on" in text


def test_sounds_stay_within_their_budget() -> None:
    sound = Player(1.0, 8000, 1.0, (), "o" * 900, "s" * 100)
    clips = [Recording(f"{index}", "", "", (), None, sound) for index in range(5)]
    kept = within([Recording("mute", "", "", (), None), *clips], 3500)
    assert [each.player is not None for each in kept] == [False, True, True, True, False, False]
    assert [each.reason for each in kept] == ["", "", "", "", FULL, FULL]
