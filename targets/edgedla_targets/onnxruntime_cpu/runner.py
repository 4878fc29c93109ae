"""A graph in an onnxruntime session, with its failures in edgedla's words."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edgedla.errors import DeviceError, EdgedlaError, UsageError
from edgedla.runner import RunnerBase

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.runner import Feed

FILE_IS_WRONG = ("NoSuchFile", "InvalidProtobuf", "InvalidArgument", "InvalidGraph", "NoModel")
"""onnxruntime's exceptions that speak of the file; the others speak of what it cannot do here."""
ONLY_ERRORS = 3
"""Severity of messages that onnxruntime prints by itself."""


def threads_for(jobs: int) -> int:
    """Threads of one session that `jobs` callers share, 0 for onnxruntime's own choice: all cores.

    With as many callers as cores one thread each does most: no inference waits for another's threads, and
    reading the next file fills the gaps. `edgedla bench` shows it as `throughput`.
    """
    return 0 if jobs <= 1 else max(1, (os.cpu_count() or 1) // jobs)


class CpuRunner(RunnerBase):
    """An ONNX file in a session with a number of threads (0: one for each core).

    With `alone` false, threads that wait sleep instead of spinning, so that they take no core from others.
    Measured with the fast graph of eat_sed on two cores: 15.2 ms spinning and 19.0 ms sleeping on an idle
    machine, 51 and 33 ms on a busy one.
    """

    def __init__(self, path: Path, threads: int, *, alone: bool = True) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = ONLY_ERRORS
        options.add_session_config_entry("session.intra_op.allow_spinning", str(int(alone)))
        self._path = path
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise _explained(path, "cannot be loaded", error) from error
        self._names = [output.name for output in self._session.get_outputs()]

    def run(self, feed: Feed) -> Feed:
        """All outputs of the graph for one set of inputs.

        Raises:
            DeviceError: onnxruntime gave up, for want of memory, say.
        """
        try:
            return dict(zip(self._names, self._session.run(self._names, feed), strict=True))
        except Exception as error:
            raise DeviceError(f"{self._path}: onnxruntime cannot run it: {error}") from error


def _explained(path: Path, what: str, error: Exception) -> EdgedlaError:
    kind = UsageError if type(error).__name__ in FILE_IS_WRONG else DeviceError
    return kind(f"{path}: {what} by onnxruntime: {error}", hint="build it again: edgedla build MODEL --fresh")
