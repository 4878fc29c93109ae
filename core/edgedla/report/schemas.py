"""What `edgedla eval`, `robustness` and `bench` print with `--json`, as it is read back for a report."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from edgedla.evaluate import Evaluation, Leakage, Pairing
from edgedla.robustness import Robustness
from edgedla.spec import Metrics, Spec


class Failure(Spec):
    """Why a command ended with another status than 0."""

    code: str
    message: str
    hint: str | None


class Answer(Spec):
    """The object on stdout; `data` is empty where the command failed before it measured."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    format: str = Field(alias="schema")
    ok: bool
    exit_code: int
    data: dict[str, Any]
    warnings: tuple[str, ...]
    error: Failure | None


class Recordings(Spec):
    """The data set of an evaluation."""

    folder: str
    layout: Literal["esc", "folders"]
    fold: int | None
    clips: int = 0
    left_out: int = 0
    unlisted: int = 0


class EvalData(Evaluation):
    """`data` of `edgedla.eval/1`."""

    model: str
    target: str
    toolchain: str
    bundle: str
    manifest: str  # its SHA-256, "" where a gate had stopped the build
    data: Recordings
    leakage: Leakage
    against: Pairing | None


class RobustnessData(Robustness):
    """`data` of `edgedla.robustness/1`."""

    model: str
    target: str
    toolchain: str
    bundle: str
    manifest: str
    data: Recordings


class Percentiles(Spec):
    """Milliseconds."""

    p50: float = Field(ge=0)
    p95: float = Field(ge=0)
    p99: float = Field(ge=0)


class Plain(Spec):
    """Plain onnxruntime on the plain export; `ratio` is how many times as long the bundle takes."""

    ms: dict[str, Percentiles]
    ratio: float
    ratio_of_medians: float


class Throughput(Spec):
    """All clips at once, against a plain loop."""

    jobs: int
    rounds: int
    clips_per_second: float
    plain_clips_per_second: float
    ratio: float
    ratio_of_medians: float


class OnBoard(Spec):
    """The target's own program; its name says where it ran."""

    name: str
    ms: dict[str, Percentiles]
    peak_memory_bytes: int
    tensor_bytes: int
    memory_outside_tensors_bytes: int


class BenchData(Spec):
    """`data` of `edgedla.bench/1`."""

    model: str
    target: str
    toolchain: str
    manifest: str
    options: dict[str, Any]
    repeats: int
    ms: dict[str, Percentiles]
    peak_memory_bytes: int = Field(ge=0)
    plain: Plain | None = None
    agreement: Metrics | None = None
    throughput: Throughput | None = None
    board: OnBoard | None = None
