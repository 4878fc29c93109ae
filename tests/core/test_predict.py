"""Files through a model: order, failures among good ones, overlap, timelines."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgedla.errors import UsageError
from edgedla.model import Window
from edgedla.predict import input_files, predict, timeline
from edgedla.spec import Prediction, Score

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edgedla.runner import Feed


class Doubler:
    """A runner that doubles its input, and remembers how many calls were at work at once."""

    def __init__(self) -> None:
        self.at_work = 0
        self.most = 0
        self._lock = threading.Lock()
        self._met = threading.Barrier(2, timeout=5)

    def run(self, feed: Feed) -> Feed:
        with self._lock:
            self.at_work += 1
            self.most = max(self.most, self.at_work)
        if feed["x"][0] < 0:
            self._met.wait()  # goes on only when a second call has come as far
        with self._lock:
            self.at_work -= 1
        return {"y": feed["x"] * 2}

    def run_all(self, feeds: Sequence[Feed]) -> list[Feed]:
        return [self.run(feed) for feed in feeds]

    def close(self) -> None: ...


class Reader:
    """A model that reads one number per file, and windows of numbers."""

    suffixes = (".txt",)

    def preprocess(self, path: Path) -> Feed:
        try:
            return {"x": np.array([float(path.read_text())])}
        except ValueError:
            raise UsageError(f"{path}: not a number") from None

    def windows(self, path: Path) -> Iterator[Window]:
        for index, word in enumerate(path.read_text().split()):
            yield Window(index * 0.5, index * 0.5 + 1, {"x": np.array([float(word)])})

    def locate(self, prediction: Prediction, path: Path) -> Prediction:
        return prediction

    def postprocess(self, outputs: Feed) -> Prediction:
        value = float(outputs["y"][0])
        return Prediction(
            top=(Score(class_id=int(value) // 2, label=f"c{int(value) // 2}", score=value % 1),)
        )


MODEL: Any = Reader()


def write(folder: Path, *texts: str) -> list[Path]:
    paths = [folder / f"{index}.txt" for index in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return paths


@pytest.mark.parametrize("jobs", [1, 2, 7])
def test_answers_come_in_order_and_failures_do_not_stop_the_rest(tmp_path: Path, jobs: int) -> None:
    paths = write(tmp_path, "1", "2", "rubbish", "4", "5")
    answers = list(predict(MODEL, Doubler(), paths, jobs))
    assert [answer.path for answer in answers] == paths
    assert [answer.prediction is None for answer in answers] == [False, False, True, False, False]
    assert answers[2].failure == f"{paths[2]}: not a number"
    assert answers[3].prediction is not None
    assert answers[3].prediction.top[0].class_id == 4


def test_two_files_are_at_work_at_once(tmp_path: Path) -> None:
    runner = Doubler()
    assert len(list(predict(MODEL, runner, write(tmp_path, "-1", "-2"), jobs=2))) == 2
    assert runner.most == 2


def test_a_bug_in_the_runner_is_not_swallowed(tmp_path: Path) -> None:
    class Bad(Doubler):
        def run(self, feed: Feed) -> Feed:
            raise ZeroDivisionError(feed)

    with pytest.raises(ZeroDivisionError):
        list(predict(MODEL, Bad(), write(tmp_path, "1", "2", "3"), jobs=2))


def events(folder: Path, text: str, threshold: float) -> list[tuple[float, float, str, float]]:
    path = write(folder, text)[0]
    found = timeline(MODEL, Doubler(), path, threshold)
    return [(event.start, event.end, event.best.label, round(event.best.score, 3)) for event in found]


def test_neighbouring_windows_of_one_class_are_one_event(tmp_path: Path) -> None:
    # The score is the fraction of twice the number, the class its whole part halved.
    assert events(tmp_path, "1.3 1.45 2.3 1.1", 0.5) == [(0.0, 1.5, "c1", 0.9), (1.0, 2.0, "c2", 0.6)]


def test_a_gap_ends_an_event(tmp_path: Path) -> None:
    assert events(tmp_path, "1.3 1.1 1.1 1.1 1.3", 0.5) == [(0.0, 1.0, "c1", 0.6), (2.0, 3.0, "c1", 0.6)]


def test_silence_has_no_events(tmp_path: Path) -> None:
    assert events(tmp_path, "1.1 1.1", 0.5) == []


@given(st.lists(st.sampled_from([0.1, 0.3, 0.45, 1.1, 1.3, 1.45]), min_size=1, max_size=12))
def test_events_are_ordered_and_above_the_threshold(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("events")
    found = events(folder, " ".join(map(str, numbers)), 0.5)
    assert all(score >= 0.5 and start < end for start, end, _, score in found)
    assert [event[0] for event in found] == sorted(event[0] for event in found)


def test_inputs_are_files_folders_and_patterns_each_once(tmp_path: Path) -> None:
    paths = write(tmp_path, "1", "2")
    (tmp_path / "notes.md").write_text("")
    (tmp_path / "sub").mkdir()
    deep = tmp_path / "sub" / "3.TXT"
    deep.write_text("3")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "4.txt").write_text("4")
    assert input_files([str(tmp_path)], MODEL) == [*paths, deep]
    assert input_files([str(paths[1]), f"{tmp_path}/*.txt"], MODEL) == [paths[1], paths[0]]
    assert input_files([str(tmp_path / "notes.md")], MODEL) == [tmp_path / "notes.md"]  # named: meant


def test_names_with_pattern_characters_are_names_first(tmp_path: Path) -> None:
    odd = tmp_path / "[a]*.txt"
    odd.write_text("1")
    assert input_files([str(odd)], MODEL) == [odd]


@pytest.mark.parametrize("name", ["missing.txt", "*.flac", "empty"])
def test_what_leads_to_nothing_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"no such file|matches no file|holds no file"):
        input_files([str(tmp_path / name)], MODEL)
