"""How fast a bundle is, as a ratio to plain onnxruntime on the plain export, alternating in one run."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from edgedla.compare import measure
from edgedla.predict import predict, predict_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgedla.model import Model
    from edgedla.runner import Feed, OnnxRunner, Runner
    from edgedla.spec import Metrics
    from edgedla.workspace import Bundle

ResultT = TypeVar("ResultT")

REST = 0.06
"""Seconds of rest before each timing. After a run the idle threads of an onnxruntime session keep a core busy
for about 40 ms more, and without the rest that time would be charged to whatever runs next: the fast graph of
eat_sed took 25 ms right after the plain one, 17.5 ms by itself."""
WARM_UP = 3
PERCENTILES = {"p50": 50, "p95": 95, "p99": 99}


@dataclass
class Latencies:
    """Milliseconds of each repeat, by part."""

    parts: dict[str, list[float]] = field(default_factory=dict)

    def add(self, **milliseconds: float) -> None:
        """One repeat."""
        for part, value in milliseconds.items():
            self.parts.setdefault(part, []).append(value)

    def percentiles(self) -> dict[str, dict[str, float]]:
        """p50, p95 and p99 of each part."""
        import numpy as np

        return {
            part: {name: round(float(np.percentile(values, at)), 3) for name, at in PERCENTILES.items()}
            for part, values in self.parts.items()
        }

    def median(self, part: str) -> float:
        """The median of one part, milliseconds."""
        import numpy as np

        return float(np.median(self.parts[part]))


@dataclass(frozen=True)
class Ratio:
    """How many times as long one takes as the other, measured in pairs."""

    of_pairs: float
    """Median of the pairs' ratios: what slows the machine for a while slows both of a pair."""
    of_medians: float

    @classmethod
    def between(cls, part: str, own: Latencies, other: Latencies) -> Ratio:
        """The ratio of one part of two series whose entries alternated."""
        import numpy as np

        pairs = np.array(own.parts[part]) / np.array(other.parts[part])
        return cls(float(np.median(pairs)), own.median(part) / other.median(part))


@dataclass(frozen=True)
class Subject:
    """What is timed: a bundle's runner over some files, and beside it the plain session if any."""

    bundle: Bundle
    runner: Runner
    files: Sequence[Path]
    plain: OnnxRunner | None

    def latency(self, repeats: int) -> tuple[Latencies, Latencies]:
        """One file after another through the bundle, each then through the plain session."""
        own, other = Latencies(), Latencies()
        for index in range(-WARM_UP, repeats):
            path = self.files[index % len(self.files)]
            feed, parts = self._parts(path)
            plain = 0.0 if self.plain is None else _net(self.plain, feed)[1]
            if index >= 0:
                own.add(**parts)
                other.add(net=plain)
        return own, other

    def _parts(self, path: Path) -> tuple[Feed, dict[str, float]]:
        """The model input of one file, and the milliseconds of reading, network and scores."""
        model = self.bundle.model
        feed, pre = _timed(lambda: model.preprocess(path))
        outputs, net = _net(self.runner, feed)
        _, post = _timed(lambda: model.postprocess(outputs))
        return feed, {"pre": pre, "net": net, "post": post}

    def throughput(self, rounds: int, jobs: int, plain: OnnxRunner) -> tuple[Latencies, Latencies]:
        """All files by `jobs` at once with threads to match, and in a plain read-run loop, alternating."""
        model, own, other = self.bundle.model, Latencies(), Latencies()
        runner = self.bundle.target.runner(self.bundle.network, jobs)
        assert runner is not None
        try:
            for index in range(-1, rounds):
                fast = _rested(lambda: list(predict(model, runner, self.files, jobs)))
                slow = _rested(lambda: _plain_loop(model, plain, self.files))
                if index >= 0:
                    own.add(folder=fast)
                    other.add(folder=slow)
        finally:
            runner.close()
        return own, other

    def agreement(self, plain: OnnxRunner) -> Metrics:
        """The bundle's outputs against the plain session's on the same files."""
        feeds = [self.bundle.model.preprocess(path) for path in self.files]
        reference, candidate = [plain.run(feed) for feed in feeds], [self.runner.run(feed) for feed in feeds]
        return measure(reference, candidate, classes=bool(self.bundle.manifest.spec.labels))


def peak_memory(root: Path, path: Path) -> int:
    """Highest resident memory in bytes of a fresh process that opens the bundle and predicts one file."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_predict_alone, str(root), str(path)).result()


def _predict_alone(root: str, path: str) -> int:
    import os

    from edgedla.config import Config
    from edgedla.workspace import Workspace

    space = Workspace(Config.load(cwd=Path.cwd(), environ=os.environ))
    bundle = space.open(Path(root), "edgedla build")
    runner = bundle.target.runner(bundle.network)
    assert runner is not None
    predict_file(bundle.model, runner, Path(path))
    return _high_water_mark()


def _high_water_mark() -> int:
    # Not getrusage: its maximum is inherited from the process that started this one.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status has no VmHWM")


def _plain_loop(model: Model[Any], plain: OnnxRunner, files: Sequence[Path]) -> None:
    for path in files:
        model.postprocess(plain.run(model.preprocess(path)))


def _net(runner: Runner, feed: Feed) -> tuple[Feed, float]:
    """Outputs and milliseconds of a run that follows a rest and an untimed run, which wakes its threads."""
    time.sleep(REST)
    runner.run(feed)
    return _timed(lambda: runner.run(feed))


def _rested(work: Callable[[], object]) -> float:
    time.sleep(REST)
    return _timed(work)[1]


def _timed(work: Callable[[], ResultT]) -> tuple[ResultT, float]:
    """A result, and the milliseconds it took."""
    started = time.perf_counter()
    result = work()
    return result, 1e3 * (time.perf_counter() - started)
