"""Figures of an evaluation, pairs of rungs, leaks, and how rungs are asked."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgedla.clips import ClipHash, ClipList, clip_hash, feed_hash, read_clips, write_clips
from edgedla.confusion import class_rows, confusion, exchanged
from edgedla.dataset import Clip
from edgedla.errors import UsageError
from edgedla.evaluate import evaluate, find_leaks, pair
from edgedla.rungs import CHUNK, Reply, Rungs, check_rung
from edgedla.runner import RunnerBase
from edgedla.spec import Prediction, Score

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgedla.runner import Feed

LABELS = ("dog", "cat", "cow", "hen")
CLASSES = {name: index for index, name in enumerate(LABELS)}


def prediction(first: int, score: float = 0.7) -> Prediction:
    order = [first, *(index for index in range(len(LABELS)) if index != first)]
    rest = (1 - score) / (len(LABELS) - 1)
    return Prediction(
        top=tuple(
            Score(class_id=index, label=LABELS[index], score=score if index == first else rest)
            for index in order
        )
    )


def reply(folder: Path, name: str, true: int, *answers: int) -> Reply:
    return Reply(
        Clip(folder / name, name, LABELS[true]), ClipHash(name=name), tuple(map(prediction, answers))
    )


def test_the_figures_of_a_rung(tmp_path: Path) -> None:
    replies = [
        reply(tmp_path, "a", 0, 0),
        reply(tmp_path, "b", 0, 1),
        reply(tmp_path, "c", 1, 1),
        reply(tmp_path, "d", 3, 0),  # the best three of four are 0, 1, 2
        Reply(Clip(tmp_path / "e", "e", "dog"), ClipHash(), failure="e: broken"),
    ]
    found = evaluate(replies, CLASSES, LABELS, ("float",), 0)
    assert (found.rung, found.clips, found.accuracy.hits, found.accuracy.count) == ("float", 4, 2, 4)
    assert (found.top3.hits, found.top3.count) == (3, 4)
    assert [(each.clip, each.reason) for each in found.failed] == [("e", "e: broken")]
    assert found.confusion.counts == ((1, 1, 0, 0), (0, 1, 0, 0), (0, 0, 0, 0), (1, 0, 0, 0))
    dog, cat, cow, hen = found.classes
    assert (dog.support, dog.predicted, dog.recall.value, dog.precision.value, dog.f1) == (
        2,
        2,
        0.5,
        0.5,
        0.5,
    )
    assert (cat.recall.value, cat.precision.value) == (1.0, 0.5)
    assert cat.f1 == pytest.approx(2 / 3)
    assert (cow.recall.value, cow.precision.value, cow.f1) == (None, None, None)
    assert (hen.recall.value, hen.precision.value, hen.f1) == (0.0, None, 0.0)
    assert found.calibration
    assert found.calibration.ece == pytest.approx(abs(0.7 - 0.5))
    assert [each.correct for each in found.results] == [True, False, True, False]
    assert [score.label for score in found.results[3].top] == ["dog", "cat", "cow"]
    assert found.results[3].label == "hen"


def test_nothing_was_read(tmp_path: Path) -> None:
    lost = [Reply(Clip(tmp_path / "e", "e", "dog"), ClipHash(), failure="broken")]
    found = evaluate(lost, CLASSES, LABELS, ("float",), 0)
    assert (found.accuracy.value, found.calibration, found.clips) == (None, None, 0)


def test_flips_by_kind(tmp_path: Path) -> None:
    replies = [
        reply(tmp_path, "kept", 0, 0, 0),
        reply(tmp_path, "lost", 0, 0, 1),
        reply(tmp_path, "won", 1, 0, 1),
        reply(tmp_path, "moved", 2, 0, 1),
        reply(tmp_path, "wrong", 2, 0, 0),
    ]
    before, after = (evaluate(replies, CLASSES, LABELS, ("onnx", "fixed"), at) for at in (0, 1))
    found = pair(before, after, 1.0)
    assert (found.against, found.rung, found.clips) == ("onnx", "fixed", 5)
    assert {flip.clip: flip.kind for flip in found.flips} == {
        "lost": "right_to_wrong",
        "won": "wrong_to_right",
        "moved": "wrong_to_wrong",
    }
    assert (found.right_to_wrong, found.wrong_to_right, found.wrong_to_wrong) == (1, 1, 1)
    assert (found.both_right, found.both_wrong) == (1, 2)
    assert (found.p_value, found.drop.value, found.budget.verdict) == (1.0, 0.0, "undecided")
    assert (
        found.flips[0].model_dump() | {"score_before": 0.7, "score_after": 0.7} == found.flips[0].model_dump()
    )
    other = evaluate(replies[:3], CLASSES, LABELS, ("onnx", "fixed"), 1)
    with pytest.raises(ValueError, match="argument"):
        pair(before, other, 1.0)


answers = st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=40)


@given(answers)
def test_pairs_add_up(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, int]]) -> None:
    folder = tmp_path_factory.getbasetemp()
    replies = [reply(folder, str(index), *row) for index, row in enumerate(rows)]
    before, after = (evaluate(replies, CLASSES, LABELS, ("a", "b"), at) for at in (0, 1))
    found = pair(before, after, 5.0)
    assert found.both_right + found.both_wrong + found.right_to_wrong + found.wrong_to_right == len(rows)
    assert found.right_to_wrong - found.wrong_to_right == before.accuracy.hits - after.accuracy.hits
    assert len(found.flips) == sum(a != b for _, a, b in rows)
    table = after.confusion.counts
    assert sum(map(sum, table)) == len(rows)
    assert sum(table[index][index] for index in range(4)) == after.accuracy.hits
    assert (
        sum(row.support for row in after.classes) == sum(row.predicted for row in after.classes) == len(rows)
    )


def test_names_that_look_exchanged() -> None:
    pairs = [(0, 1)] * 4 + [(0, 0), (1, 0), (1, 0), (1, 1), (2, 2)]
    assert exchanged(confusion(LABELS, pairs)) == (("dog", "cat"),)
    # One class that takes all is no exchange, neither is a bad network.
    assert exchanged(confusion(LABELS, [(0, 0), (1, 0), (2, 0)])) == ()
    assert exchanged(confusion(LABELS, [(0, 1), (0, 2), (1, 0), (1, 3)])) == ()
    assert [row.support for row in class_rows(confusion(LABELS, pairs))] == [5, 3, 1, 0]


class Reader:
    """A model of numbers in files: the class is the whole part."""

    def preprocess(self, path: Path) -> Feed:
        try:
            return {"x": np.array([float(path.read_text())])}
        except (OSError, ValueError):
            raise UsageError(f"{path}: not a number") from None

    def postprocess(self, outputs: Feed) -> Prediction:
        value = float(outputs["y"][0])
        return prediction(int(value) % 4) if np.isfinite(value) else prediction(0, value)


class Adder(RunnerBase):
    def __init__(self, amount: float) -> None:
        self.amount = amount
        self.fed: list[int] = []
        self.closed = 0
        self._lock = threading.Lock()

    def run(self, feed: Feed) -> Feed:
        with self._lock:
            self.fed.append(id(feed))
        return {"y": feed["x"] + self.amount}

    def close(self) -> None:
        self.closed += 1


class Batched(Adder):
    """A runner that knows better what many at once are worth."""

    def run_all(self, feeds: Sequence[Feed]) -> list[Feed]:
        self.fed += map(id, feeds)
        return [{"y": feed["x"] + self.amount} for feed in feeds]

    def run(self, feed: Feed) -> Feed:
        raise AssertionError


def numbers(folder: Path, *texts: str) -> list[Clip]:
    for index, text in enumerate(texts):
        (folder / f"{index}.txt").write_text(text)
    return [Clip(folder / f"{index}.txt", f"{index}.txt", LABELS[index % 4]) for index in range(len(texts))]


def test_all_rungs_get_the_same_tensors(tmp_path: Path) -> None:
    clips = numbers(tmp_path, *map(str, range(CHUNK + 3)), "no number")
    clips.append(Clip(tmp_path / "missing.txt", "missing.txt", "dog"))
    first, second = Adder(0), Batched(1)
    model: Any = Reader()
    with Rungs(model, {"a": first, "b": second}, 3) as rungs:
        found = list(rungs.answers(clips))
    assert [each.clip for each in found] == clips
    assert [each.failure for each in found[-2:]] == [f"{clip.path}: not a number" for clip in clips[-2:]]
    for index, each in enumerate(found[:-2]):
        assert [answer.top[0].class_id for answer in each.predictions] == [index % 4, (index + 1) % 4]
        assert each.hash == clip_hash(each.clip.path, {"x": np.array([float(index)])})
    assert sorted(first.fed) == sorted(second.fed)  # the same arrays, not equal ones
    assert first.closed == second.closed == 1


def test_an_answer_that_is_no_number_is_named(tmp_path: Path) -> None:
    model: Any = Reader()
    with Rungs(model, {"a": Adder(float("nan"))}, 1) as rungs:
        found = list(rungs.answers(numbers(tmp_path, "1")))
    assert "scores that are no numbers" in found[0].failure


def test_there_is_no_such_rung() -> None:
    with pytest.raises(UsageError, match="no rung 'fixd'") as caught:
        check_rung("fixd", ("onnx", "fixed"))
    assert "fixed" in (caught.value.hint or "")


def test_hashes_know_a_clip_by_bytes_or_by_what_is_heard(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("1")
    second.write_text("1.0")
    feed = {"x": np.ones(3, np.float32)}
    known = ClipList(clips=(clip_hash(first, feed),))
    assert clip_hash(first, {"x": np.zeros(3, np.float32)}) in known
    assert clip_hash(second, feed) in known
    assert clip_hash(second, {"x": np.zeros(3, np.float32)}) not in known
    assert ClipHash(name="a") not in known
    assert "a" not in known


def test_hashes_of_feeds() -> None:
    one: Feed = {"x": np.ones((2, 3), np.float32), "y": np.zeros(1)}
    assert feed_hash(one) == feed_hash(dict(reversed(one.items())))
    assert feed_hash(one) == feed_hash({**one, "x": np.asfortranarray(one["x"])})
    others: list[Feed] = [
        {**one, "x": one["x"].reshape(3, 2)},
        {**one, "x": one["x"].astype(np.float64)},
        {"x": one["y"], "y": one["x"]},
        {"x": one["x"]},
    ]
    assert len({feed_hash(each) for each in (one, *others)}) == 5


def test_lists_are_written_once_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    clips = [ClipHash(name="b", file="1"), ClipHash(name="a", file="2"), ClipHash(name="b", file="1")]
    write_clips(path, clips)
    written = path.read_bytes()
    write_clips(path, reversed(clips))
    assert path.read_bytes() == written
    assert [clip.name for clip in read_clips(path).clips] == ["a", "b"]
    assert read_clips(tmp_path / "missing.json") == ClipList()
    path.write_text('{"schema": "edgedla.clips/2"}')
    with pytest.raises(UsageError, match="schema"):
        read_clips(path)


def test_leaks(tmp_path: Path) -> None:
    replies = [
        Reply(Clip(tmp_path / name, name, "dog"), ClipHash(name=name, file=name))
        for name in ("a", "b", "c", "d")
    ]
    calibrated, trained = (ClipList(clips=(ClipHash(file=name),)) for name in ("a", "b"))
    found = find_leaks(replies, calibrated, trained, lambda path: path.name == "c")
    assert (found.calibration, found.training) == (("a",), ("b", "c"))
