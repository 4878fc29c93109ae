"""Running a model over files: decoding of the next overlaps inference of this one, answers come in order."""

from __future__ import annotations

import math
import os
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from edgedla.errors import UsageError
from edgedla.inputs import find_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from edgedla.model import Model
    from edgedla.runner import Feed, Runner
    from edgedla.spec import Prediction, Score


@dataclass(frozen=True)
class Milliseconds:
    """Wall time of the three parts of a prediction."""

    pre: float
    net: float
    post: float


@dataclass(frozen=True)
class Answer:
    """One file's prediction, or the reason why there is none."""

    path: Path
    prediction: Prediction | None
    ms: Milliseconds | None
    failure: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """What a predictor took over some files, and how much memory."""

    ms: tuple[Milliseconds, ...]
    peak_memory_bytes: int | None  # `None` where nobody knows
    tensor_bytes: int
    """Of the peak: buffers of the network's inputs and outputs, which are the accelerator's on a board."""


class Predictor(Protocol):
    """What answers for files by itself, from their bytes to the class: a program on its board."""

    name: str
    """Where it runs, as `--json` names it."""

    def predict(self, files: Sequence[Path]) -> Iterator[Answer]:
        """One answer per file, in order; a file that cannot be read is an answer with its reason.

        Raises:
            EdgedlaError: It cannot be started, or failed; nothing of it is left running.
        """
        ...

    def measure(self, files: Sequence[Path], repeats: int) -> Measured:
        """Time each file `repeats` times, after it was read once."""
        ...


@dataclass(frozen=True)
class Event:
    """One class over a stretch of a long recording; seconds, and the highest score of its windows."""

    start: float
    end: float
    best: Score


def input_files(inputs: Sequence[str], model: Model[Any] | type[Model[Any]]) -> list[Path]:
    """The files meant by names, folders and glob patterns, in order, each once.

    Raises:
        UsageError: A name or pattern leads to nothing.
    """
    files: dict[Path, None] = {}
    for name in inputs:
        for path in _expand(name):
            files |= dict.fromkeys(find_files(path, model.suffixes))
    return list(files)


def predict(model: Model[Any], runner: Runner, files: Iterable[Path], jobs: int) -> Iterator[Answer]:
    """One answer per file, in order; `jobs` files are at work at once and at most twice as many wait."""
    with ThreadPoolExecutor(jobs) as pool:
        pending: deque[Future[Answer]] = deque()
        try:
            for path in files:
                pending.append(pool.submit(predict_file, model, runner, path))
                if len(pending) >= 2 * jobs:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def predict_file(model: Model[Any], runner: Runner, path: Path) -> Answer:
    """The prediction for one file; a file that cannot be read is an answer with its reason."""
    started = time.perf_counter()
    try:
        feed = model.preprocess(path)
        ready = time.perf_counter()
        outputs = runner.run(feed)
        ran = time.perf_counter()
        prediction = answered(model, outputs, path)
    except UsageError as error:
        return Answer(path, None, None, error.message)
    done = time.perf_counter()
    return Answer(
        path, prediction, Milliseconds(1e3 * (ready - started), 1e3 * (ran - ready), 1e3 * (done - ran))
    )


def timeline(model: Model[Any], runner: Runner, path: Path, threshold: float) -> Iterator[Event]:
    """Events of a long recording: neighbouring windows of one class that score `threshold` or more."""
    current: Event | None = None
    for window in model.windows(path):
        best = finite(model.postprocess(runner.run(window.feed)), path).best
        if best.score < threshold:
            continue
        if current and current.best.class_id == best.class_id and window.start <= current.end:
            louder = max(current.best, best, key=lambda score: score.score)
            current = Event(current.start, window.end, louder)
            continue
        if current:
            yield current
        current = Event(window.start, window.end, best)
    if current:
        yield current


def answered(model: Model[Any], outputs: Feed, path: Path) -> Prediction:
    """What the outputs of the network say of a file.

    Raises:
        UsageError: They say nothing, or the file cannot be read again.
    """
    return finite(model.locate(model.postprocess(outputs), path), path)


def finite(prediction: Prediction, path: Path) -> Prediction:
    """The prediction, if all its scores and coordinates are numbers.

    Raises:
        UsageError: They are not.
    """
    if all(map(math.isfinite, prediction.numbers)):
        return prediction
    raise UsageError(f"{path}: the network answers with scores that are no numbers")


def _expand(name: str) -> list[Path]:
    import glob
    from pathlib import Path

    if not name:  # what an unset variable leaves; as a path it would be the current folder
        raise UsageError("the name of an input is empty")
    if os.path.lexists(name) or not glob.has_magic(name):
        return [Path(name)]
    found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - Path.glob refuses absolute patterns
    if not found:
        raise UsageError(f"{name}: the pattern matches no file")
    return [Path(path) for path in found]
