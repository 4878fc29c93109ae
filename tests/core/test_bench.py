"""The benchmark counts what it says: parts, percentiles, ratios, agreement, memory of a fresh process."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edgedla import bench
from edgedla.bench import Latencies, Ratio, Subject

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edgedla.runner import Feed
    from throwaway import Result, Site


def filled(**parts: list[float]) -> Latencies:
    latencies = Latencies()
    for part, values in parts.items():
        for value in values:
            latencies.add(**{part: value})
    return latencies


def test_percentiles_are_numpys() -> None:
    values = [float(value) for value in range(100)]
    latencies = filled(net=values)
    expected = {
        name: round(float(np.percentile(values, at)), 3)
        for name, at in (("p50", 50), ("p95", 95), ("p99", 99))
    }
    assert latencies.percentiles() == {"net": expected}
    assert latencies.median("net") == 49.5


def test_a_busy_while_that_meets_both_of_a_pair_does_not_move_their_ratio() -> None:
    quiet = Ratio.between("net", filled(net=[1, 1, 1, 1, 1]), filled(net=[2, 2, 2, 2, 2]))
    busy = Ratio.between("net", filled(net=[1, 1, 10, 10, 10]), filled(net=[2, 2, 20, 20, 2]))
    assert quiet == Ratio(0.5, 0.5)
    assert busy.of_pairs == 0.5
    assert busy.of_medians == 5


class Diary:
    """Writes down what is asked of it: a model, a runner, a clock."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.jobs: list[int] = []

    def preprocess(self, path: Path) -> Feed:
        self.entries.append(f"read {path}")
        return {"x": np.zeros(1)}

    def postprocess(self, outputs: Feed) -> str:
        return f"{len(outputs)} outputs"

    def sleep(self, seconds: float) -> None:
        self.entries.append(f"rest {seconds}")


class Scribe:
    """A runner that writes its name into a diary."""

    def __init__(self, name: str, diary: Diary) -> None:
        self.name, self.diary = name, diary

    def run(self, feed: Feed) -> Feed:
        self.diary.entries.append(self.name)
        return feed


def test_both_rest_and_wake_before_each_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    diary: Any = Diary()

    class Bundle:
        model = diary

    plain: Any = Scribe("plain", diary)
    subject = Subject(Bundle, Scribe("own", diary), [Path("a"), Path("b")], plain)  # type: ignore[arg-type] # stand-ins
    monkeypatch.setattr(time, "sleep", diary.sleep)
    own, other = subject.latency(4)
    rest = f"rest {bench.REST}"
    turn = [rest, "own", "own", rest, "plain", "plain"]
    # Warm-up counts down to the first file, so that every file is timed equally often.
    assert diary.entries == [
        each for name in "bababab"[: 4 + bench.WARM_UP] for each in (f"read {name}", *turn)
    ]
    assert {part: len(values) for part, values in own.parts.items()} == {"pre": 4, "net": 4, "post": 4}
    assert len(other.parts["net"]) == 4


def check(data: dict[str, Any], precision: str, max_abs: float, top1: float) -> None:
    assert set(data["ms"]) == {"pre", "net", "post"}
    assert set(data["ms"]["net"]) == set(data["plain"]["ms"]["net"]) == {"p50", "p95", "p99"}
    assert data["options"]["precision"] == precision
    assert data["agreement"]["max_abs"] <= max_abs
    assert data["agreement"]["top1_agree"] >= top1
    assert 30e6 < data["peak_memory_bytes"] < 2e9
    assert data["plain"]["ratio"] > 0
    through = data["throughput"]
    assert (through["jobs"], through["rounds"]) == (2, 1)
    quotient = through["clips_per_second"] / through["plain_clips_per_second"]
    assert through["ratio"] == pytest.approx(quotient, rel=0.01)


@pytest.mark.slow
def test_bench_of_the_bundled_model(edgedla: Callable[..., Result]) -> None:
    short = ("--repeats", "5", "--rounds", "1", "--jobs", "2", "--json")
    data = edgedla("bench", "eat_sed", "--target", "onnxruntime", *short).json["data"]
    check(data, "fp32", max_abs=1e-4, top1=1)
    data = edgedla("bench", "eat_sed", "--target", "onnxruntime", "--precision", "int8", *short).json["data"]
    check(data, "int8", max_abs=2, top1=0.95)
    found = edgedla("run", "eat_sed", "--target", "onnxruntime", "--json").json["data"]["results"][0]
    assert found["label"] == "dog"  # of the int8 bundle that bench left


def test_a_model_without_sample_files_cannot_be_timed(site: Site, edgedla: Callable[..., Result]) -> None:
    site.beep()
    result = edgedla("bench", "beep", "--target", "onnxruntime", "--json", code=2)
    assert "no sample files" in json.loads(result.out)["error"]["message"]
