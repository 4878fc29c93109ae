"""What `--json` and the lines of `edgedla run` say of one answer: classes, regions of an image, text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edgedla.predict import Answer
    from edgedla.spec import Prediction

Columns = tuple[str, ...]
CLASS_COLUMNS: Columns = ("input", "label", "score", "then")
REGION_COLUMNS: Columns = ("input", "region", "score", "corners")
READING_COLUMNS: Columns = ("input", "text", "score")


def result(answer: Answer, top_k: int, threshold: float | None) -> dict[str, Any]:
    """One of `results`: all of its keys, whatever kind of answer the model gives."""
    assert answer.prediction is not None
    assert answer.ms is not None
    limit = -math.inf if threshold is None else threshold
    return {
        "input": str(answer.path),
        **_classes(answer.prediction, top_k, limit),
        **_found(answer.prediction, limit),
        "ms": {key: round(value, 3) for key, value in vars(answer.ms).items()},
    }


def rows(result: Mapping[str, Any]) -> Iterator[tuple[Columns, tuple[str, ...]]]:
    """A result as rows of tables, each under its columns; there is always one."""
    name, regions, reading = result["input"], result["regions"], result["reading"]
    if result["score"] is not None or (regions is None and reading is None):
        yield CLASS_COLUMNS, class_row(result)
    for region in regions or ():
        yield REGION_COLUMNS, (name, region["label"] or "-", _figure(region["score"]), _outline(region))
    if regions == []:
        yield REGION_COLUMNS, (name, "none", "-", "-")
    if reading:
        yield READING_COLUMNS, (name, reading["text"], _figure(reading["score"]))


def class_row(result: Mapping[str, Any]) -> tuple[str, ...]:
    """The classes of a result under `CLASS_COLUMNS`."""
    then = ", ".join(f"{score['label']} {score['score']:.3f}" for score in result["top"][1:])
    return (result["input"], result["label"] or "-", _figure(result["score"]), then)


def _classes(prediction: Prediction, top_k: int, limit: float) -> dict[str, Any]:
    best = prediction.top[0] if prediction.top else None
    heard = best if best and best.score >= limit else None
    return {
        "class_id": heard.class_id if heard else None,
        "label": heard.label if heard else None,
        "score": best.score if best else None,
        "top": [score.model_dump() for score in prediction.top[:top_k] if score.score >= limit],
    }


def _found(prediction: Prediction, limit: float) -> dict[str, Any]:
    reading, regions = prediction.reading, prediction.regions
    kept = [each.model_dump(mode="json") for each in regions or () if each.score >= limit]
    return {
        "regions": None if regions is None else kept,
        "reading": reading.model_dump() if reading and reading.score >= limit else None,
    }


def _outline(region: Mapping[str, Any]) -> str:
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in region["corners"])


def _figure(score: float | None) -> str:
    return "-" if score is None else f"{score:.3f}"
