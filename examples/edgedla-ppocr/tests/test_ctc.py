"""What columns of probabilities spell: by hand, by the package's own code, and back from any text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidocr_onnxruntime.ch_ppocr_rec.utils import CTCLabelDecode

from edgedla_ppocr.ctc import BLANK, read

LETTERS = ("a", "b", "c", "文")
CLASSES = len(LETTERS) + 2


def columns(
    classes: list[int], probability: float = 0.9
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    rest = (1 - probability) / (CLASSES - 1)
    found = np.full((len(classes), CLASSES), rest, np.float32)
    found[np.arange(len(classes)), classes] = probability
    return found


@pytest.mark.parametrize(
    ("classes", "text"),
    [
        ([0, 0, 0], ""),
        ([1, 1, 1], "a"),
        ([1, 0, 1], "aa"),
        ([1, 2, 2, 0, 4], "ab文"),
        ([0, 1, 5, 2], "a b"),
        ([3], "c"),
    ],
)
def test_repeated_classes_are_one_character_unless_a_blank_parts_them(classes: list[int], text: str) -> None:
    found = read(columns(classes), LETTERS)
    assert found.text == text
    assert found.score == pytest.approx(0.9 if text else 0.0)


def test_score_is_the_mean_over_the_columns_that_begin_a_character() -> None:
    found = columns([1, 1, 0, 2])
    found[0, 1], found[1, 1], found[3, 2] = 0.8, 0.3, 0.6
    assert read(found, LETTERS).score == pytest.approx(0.7)


@given(st.text("abc文 ", max_size=12), st.data())
def test_any_text_comes_back(text: str, data: st.DataObject) -> None:
    names = ["", *LETTERS, " "]
    classes: list[int] = []
    for character in text:
        number = names.index(character)
        gap = data.draw(st.integers(0, 2)) or (1 if classes and classes[-1] == number else 0)
        classes += [BLANK] * gap + [number] * data.draw(st.integers(1, 3))
    assert read(columns([*classes, BLANK]), LETTERS).text == text


@given(st.lists(st.integers(0, CLASSES - 1), min_size=1, max_size=20), st.integers(0, 2**32 - 1))
def test_text_and_score_are_those_of_the_package(classes: list[int], seed: int) -> None:
    probabilities = np.random.default_rng(seed).uniform(0.5, 1, len(classes)).astype(np.float32)
    found = columns(classes, 0.5)
    found[np.arange(len(classes)), classes] = probabilities
    ((text, score),) = CTCLabelDecode(character=list(LETTERS))(found[None])
    ours = read(found, LETTERS)
    assert ours.text == text
    assert ours.score == pytest.approx(score, abs=1e-6)
