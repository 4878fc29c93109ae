"""Files of other verbs: what is taken of them, and that nothing else is."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgedla.artifacts import MANIFEST, Manifest, read_json, to_json
from edgedla.errors import UsageError
from edgedla.report import disturbed, evaluated
from edgedla.report.answers import read_answer
from edgedla.report.schemas import BenchData, EvalData, RobustnessData

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hums import Hum

    Change = Callable[[dict[str, Any]], object]

RUNGS = ("onnx", "simplified", "wry")


@pytest.fixture(scope="session")
def manifest(hum: Hum) -> Manifest:
    return read_json(hum.bundle / MANIFEST, Manifest, "")


def build_of(manifest: Manifest) -> str:
    return hashlib.sha256(to_json(manifest)).hexdigest()


def evaluation(path: Path, answer: Any, manifest: Manifest) -> evaluated.Evaluated:
    path.write_text(json.dumps(answer))
    found = read_answer(path, EvalData, manifest, build_of(manifest))
    return evaluated.from_file(path, found, manifest.spec.labels, RUNGS)


def test_an_evaluation_is_read_with_both_confusions(tmp_path: Path, hum: Hum, manifest: Manifest) -> None:
    answer = hum.answer("eval")
    found = evaluation(tmp_path / "eval.json", answer, manifest)
    assert found.found.accuracy.model_dump() == answer["data"]["accuracy"]
    assert found.found.calibration
    assert found.found.calibration.model_dump(mode="json") == answer["data"]["calibration"]
    assert found.paired
    assert found.paired.model_dump(mode="json") == answer["data"]["against"]
    assert found.found.confusion.counts == ((4, 0), (3, 1))  # of four each, the leaning network loses three
    assert found.before
    assert found.before.counts == ((4, 0), (0, 4))


def test_the_hash_of_the_manifest_decides(tmp_path: Path, hum: Hum, manifest: Manifest) -> None:
    answer = hum.answer("eval")
    assert answer["data"]["manifest"] == build_of(manifest)
    answer["data"]["manifest"] = "another"
    with pytest.raises(UsageError, match="measured on another bundle: manifest is 'another'"):
        evaluation(tmp_path / "eval.json", answer, manifest)


def put(*path: str | int) -> Callable[[object], Change]:
    """Sets one value below `data`."""

    def value(new: object) -> Change:
        def change(data: dict[str, Any]) -> None:
            place: Any = data
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = new

        return change

    return value


CONTRADICTIONS: dict[str, tuple[Change, str]] = {
    "model": (put("model")("other"), "another bundle: model is 'other', this one has 'hum'"),
    "target": (put("target")("pcupid"), "another bundle: target is"),
    "toolchain": (put("toolchain")("emulated"), "another bundle: toolchain is"),
    "rung": (put("rung")("fats"), "rung is 'fats', which is none of onnx, simplified, wry"),
    "other rung": (put("against", "against")("fats"), "against.against is 'fats'"),
    "labels": (put("confusion", "labels")(["a", "b"]), "confusion.labels is"),
    "hits": (put("accuracy", "hits")(8), "accuracy.hits is 8, and it should be 5"),
    "top 3": (put("top3", "hits")(1), "top3.hits is 1, and it should be 8"),
    "counts": (put("confusion", "counts")([[4, 0], [0, 4]]), "confusion is"),
    "clips": (put("clips")(9), "clips is 9, and it should be 8"),
    "label": (put("results", 0, "label")("cat"), "results.0.label is 'cat'"),
    "predicted": (put("results", 0, "predicted")("cat"), "results.0.predicted is 'cat'"),
    "correct": (put("results", 0, "correct")(1), "results.0.correct is True, and it should be False"),
    "flip of nothing": (put("against", "flips", 0, "clip")("none.wav"), "clips without a result"),
    "flip to nothing": (put("against", "flips", 0, "before")("cat"), "before is 'cat'"),
    "flips": (put("against", "right_to_wrong")(0), "against.right_to_wrong is 0, and it should be 3"),
    "bins": (put("calibration", "bins", 0, "count")(5), "calibration.bins, clips is"),
    "error": (put("calibration", "ece")(7), "calibration holds what is no share"),
    "unknown key": (put("more")(1), "data.*more: Extra inputs|more: Extra inputs"),
    "no number": (put("accuracy", "hits")("many"), "accuracy.hits: Input should be a valid integer"),
    "nothing": (lambda data: data["results"].clear(), "not one clip was answered|should be"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_an_evaluation_that_contradicts_itself_is_refused(
    tmp_path: Path, hum: Hum, manifest: Manifest, name: str
) -> None:
    answer = hum.answer("eval")
    answer["error"] = None
    change, words = CONTRADICTIONS[name]
    change(answer["data"])
    with pytest.raises(UsageError, match=words):
        evaluation(tmp_path / "eval.json", answer, manifest)


def test_intervals_are_counted_anew(tmp_path: Path, hum: Hum, manifest: Manifest) -> None:
    answer = hum.answer("eval")
    true = copy.deepcopy(answer["data"])
    answer["data"]["accuracy"] |= {"value": 0.99, "low": 0.98}
    answer["data"]["against"] |= {"p_value": 0.5, "drop": {"value": -9.0, "low": -9.0, "high": -9.0}}
    answer["data"]["against"]["budget"]["verdict"] = "pass"
    found = evaluation(tmp_path / "eval.json", answer, manifest)
    assert found.paired
    assert found.found.accuracy.model_dump() == true["accuracy"]
    assert found.paired.model_dump(mode="json") == true["against"]


NO_ANSWERS = {
    "empty": b"",
    "no JSON": b"accuracy\t100%\n",
    "no object": b"[1, 2]",
    "no UTF-8": b'{"schema": "\xff"}',
    "not a number": b'{"schema": NaN}',
    "endless": b'{"schema": 1e999}',
    "deep": b"[" * 200_000,
    "long number": b"1" * 10_000,
    "nothing in it": b"{}",
}


@pytest.mark.parametrize("name", NO_ANSWERS)
@pytest.mark.parametrize("kind", [EvalData, RobustnessData, BenchData])
def test_what_is_no_answer_is_refused(tmp_path: Path, manifest: Manifest, name: str, kind: Any) -> None:
    path = tmp_path / "answer.json"
    path.write_bytes(NO_ANSWERS[name])
    with pytest.raises(UsageError, match=r"answer\.json: ") as caught:
        read_answer(path, kind, manifest, build_of(manifest))
    assert caught.value.hint
    assert "edgedla " in caught.value.hint


def test_another_verb_and_a_failure_are_said(tmp_path: Path, hum: Hum, manifest: Manifest) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(hum.answer("bench")))
    with pytest.raises(UsageError, match=r"schema is 'edgedla.bench/1', expected 'edgedla.eval/1'"):
        read_answer(path, EvalData, manifest, build_of(manifest))
    failed = hum.answer("eval") | {"data": {}, "error": {"code": "x", "message": "no clips", "hint": None}}
    path.write_text(json.dumps(failed))
    with pytest.raises(UsageError, match="the command that wrote it failed: no clips"):
        read_answer(path, EvalData, manifest, build_of(manifest))
    with pytest.raises(UsageError, match="No such file"):
        read_answer(tmp_path / "none.json", EvalData, manifest, build_of(manifest))


def test_robustness_is_counted_anew_and_checked(tmp_path: Path, hum: Hum, manifest: Manifest) -> None:
    path, answer = tmp_path / "robustness.json", hum.answer("robustness")

    def read() -> Any:
        path.write_text(json.dumps(answer))
        found = read_answer(path, RobustnessData, manifest, build_of(manifest))
        return disturbed.from_file(path, found, RUNGS).model_dump(mode="json")

    assert read().items() <= answer["data"].items()
    answer["data"]["clean"]["accuracy"]["wry"]["hits"] = 99
    with pytest.raises(UsageError, match="clean: counts do not fit 8 clips"):
        read()
    del answer["data"]["clean"]["accuracy"]["wry"]
    with pytest.raises(UsageError, match="clean: accuracy is of onnx"):
        read()
    answer["data"]["rungs"] = ["onnx", "other"]
    with pytest.raises(UsageError, match="rung 'other' is none of"):
        read()


def test_a_bench_of_other_options_is_refused(tmp_path: Path, hum: Hum, manifest: Manifest) -> None:
    path, answer = tmp_path / "bench.json", hum.answer("bench")
    path.write_text(json.dumps(answer))
    assert read_answer(path, BenchData, manifest, build_of(manifest)).repeats == 5
    answer["data"]["options"]["lean"] = 0.0
    path.write_text(json.dumps(answer))
    with pytest.raises(UsageError, match="another bundle: options is"):
        read_answer(path, BenchData, manifest, build_of(manifest))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3),
    max_leaves=8,
)


@given(value=JSON, key=st.sampled_from(["rung", "clips", "accuracy", "results", "against", "calibration"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_is_taken_or_refused_in_words(
    tmp_path: Path, hum: Hum, manifest: Manifest, value: Any, key: str
) -> None:
    answer = hum.answer("eval")
    answer["data"][key] = value
    refused = "eval.json"
    try:
        evaluation(tmp_path / "eval.json", answer, manifest)
    except UsageError as error:
        refused = error.message
    assert "eval.json" in refused
