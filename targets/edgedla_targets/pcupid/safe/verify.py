"""Numbers before and after: both graphs in onnxruntime on the same seeded inputs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from edgedla_targets.pcupid.safe.graph import Array

LARGEST_DIFFERENCE = 1e-4
"""Of any output element, as a share of that output's largest magnitude."""

ROUNDINGS = 4
"""As many times what rounding the inputs alone changes is allowed: rewrites may round otherwise inside."""

MOST_EXCUSED = 1e-2
"""More than this is never rounding, however much the graph makes of it."""

SEED = 0

FLOATS: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
}
INTEGERS: dict[str, type[np.generic]] = {
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(int16)": np.int16,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}


def session(model: bytes) -> ort.InferenceSession:
    """A session that runs the graph as it is, without optimisation."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4  # what goes wrong is raised as well
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class Reference:
    """Outputs of a graph on seeded random inputs, to compare others with."""

    def __init__(self, model: bytes) -> None:
        try:
            runner = session(model)
            self._inputs = [_random(value) for value in runner.get_inputs()]
            self.outputs = _run(runner, self._inputs)
        except UsageError:
            raise
        # onnxruntime's errors have no common base of their own.
        except Exception as error:
            raise UsageError(f"onnxruntime cannot run the graph: {error}") from error

    def difference(self, model: bytes) -> float:
        """The largest difference of any output element, as a share of that output's largest magnitude."""
        return self._difference(_run(session(model), self._inputs))

    def rounding(self, model: bytes) -> float:
        """The same, of the graph on inputs whose floats are the next larger ones."""
        return self._difference(_run(session(model), [_next(array) for array in self._inputs]))

    def _difference(self, outputs: list[Array]) -> float:
        return max(map(relative_difference, self.outputs, outputs), default=0.0)


class Limit:
    """How far a rewritten graph may be: LARGEST_DIFFERENCE, or what the source itself makes of rounding.

    Some graphs answer noise with next to nothing, in which the last bit of an input counts for much.
    """

    def __init__(self, model: bytes, reference: Reference) -> None:
        self._model, self._reference = model, reference

    def allows(self, difference: float) -> bool:
        """Whether rounding explains a difference."""
        return difference <= LARGEST_DIFFERENCE or difference <= self.value

    @cached_property
    def value(self) -> float:
        """The limit; the source is run once more for it."""
        rounding = self._reference.rounding(self._model)
        return max(LARGEST_DIFFERENCE, min(ROUNDINGS * rounding, MOST_EXCUSED))


def _run(runner: ort.InferenceSession, inputs: list[Array]) -> list[Array]:
    names = [value.name for value in runner.get_inputs()]
    outputs: list[Array] = runner.run(None, dict(zip(names, inputs, strict=True)))
    return outputs


def _next(array: Array) -> Array:
    return np.nextafter(array, np.asarray(np.inf, array.dtype)) if array.dtype.kind == "f" else array


def _random(value: Any) -> Array:
    generator = np.random.default_rng(SEED)
    noise: Array = np.asarray(generator.standard_normal(value.shape))
    if value.type in FLOATS:
        return noise.astype(FLOATS[value.type])
    if value.type in INTEGERS:
        # Indices are the usual integer inputs, and 0 and 1 are in any table.
        return (noise > 0).astype(INTEGERS[value.type])
    raise UsageError(f"input '{value.name}' has type {value.type}, of which no test input can be made")


def relative_difference(expected: Array, found: Array) -> float:
    """The largest absolute difference over the largest magnitude expected (over 1 where that is zero).

    Infinite where shapes differ, or where one is not finite and the other is something else.
    """
    if expected.shape != found.shape or expected.dtype != found.dtype:
        return float("inf")
    wide, other = expected.astype(np.float64), found.astype(np.float64)
    finite = np.isfinite(wide)
    if not np.array_equal(wide[~finite], other[~finite], equal_nan=True):
        return float("inf")
    if not finite.any():
        return 0.0
    scale = float(np.abs(wide[finite]).max()) or 1.0
    difference = float(np.abs(wide[finite] - other[finite]).max()) / scale
    return float("inf") if np.isnan(difference) else difference
