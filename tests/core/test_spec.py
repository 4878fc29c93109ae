"""What may be said of an image, and answers that are no classes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from edgedla.cli.shown import CLASS_COLUMNS, READING_COLUMNS, REGION_COLUMNS, result, rows
from edgedla.errors import UsageError
from edgedla.predict import Answer, Milliseconds, finite
from edgedla.spec import ImageInput, Prediction, Reading, Region, Score

CORNERS = ((1.4, 2), (5, 2), (5, 3.6))
PATH = Path("page.png")


def shown(prediction: Prediction, threshold: float | None = None) -> list[tuple[object, ...]]:
    found = result(Answer(PATH, prediction, Milliseconds(1, 2, 3)), 3, threshold)
    return [(columns, *row) for columns, row in rows(found)]


@pytest.mark.parametrize(
    "given",
    [
        {"format": "RGB", "mean": (0,), "std": (1,)},
        {"format": "GRAY", "mean": (0,) * 3, "std": (1,) * 3},
        {"format": "BGR", "mean": (0,) * 3, "std": (1, 0, 1)},
        {"format": "BGR", "mean": (float("nan"),) * 3, "std": (1,) * 3},
        {"format": "NV12", "mean": (0,), "std": (1,)},
    ],
)
def test_an_image_has_one_mean_and_deviation_for_each_channel(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ImageInput.model_validate(given)


def test_regions_have_a_row_each() -> None:
    regions = (Region(corners=CORNERS, score=0.75, label="sign"), Region(corners=CORNERS, score=0.25))
    outline = "1,2 5,2 5,4"
    assert shown(Prediction(regions=regions)) == [
        (REGION_COLUMNS, "page.png", "sign", "0.750", outline),
        (REGION_COLUMNS, "page.png", "-", "0.250", outline),
    ]
    assert len(shown(Prediction(regions=regions), 0.5)) == 1


def test_no_region_and_no_text_are_said() -> None:
    assert shown(Prediction(regions=())) == [(REGION_COLUMNS, "page.png", "none", "-", "-")]
    assert shown(Prediction(reading=Reading(text="", score=0))) == [
        (READING_COLUMNS, "page.png", "", "0.000")
    ]


def test_a_model_may_answer_in_several_ways() -> None:
    both = Prediction(
        top=(Score(class_id=1, label="stop", score=0.9),), reading=Reading(text="STOP", score=0.8)
    )
    assert shown(both) == [
        (CLASS_COLUMNS, "page.png", "stop", "0.900", ""),
        (READING_COLUMNS, "page.png", "STOP", "0.800"),
    ]
    assert shown(both, 0.85)[1:] == []


def test_what_is_no_class_has_no_best_one() -> None:
    with pytest.raises(UsageError, match="no classes"):
        _ = Prediction(regions=()).best


@pytest.mark.parametrize(
    "wrong",
    [
        Prediction(reading=Reading(text="a", score=float("nan"))),
        Prediction(regions=(Region(corners=CORNERS, score=float("inf")),)),
        Prediction(regions=(Region(corners=(*CORNERS, (0, float("nan"))), score=1),)),
    ],
)
def test_numbers_that_are_none_are_refused(wrong: Prediction) -> None:
    with pytest.raises(UsageError, match=r"page\.png"):
        finite(wrong, PATH)
