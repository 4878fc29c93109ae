"""Anything that can be fed: named tensors in, named tensors out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    import numpy.typing as npt

Feed: TypeAlias = "dict[str, npt.NDArray[Any]]"
"""Tensor name to array; shapes and dtypes are those of the model's spec."""


class Runner(Protocol):
    """A network that is ready to run. Safe to call from several threads."""

    def run(self, feed: Feed) -> Feed:
        """All outputs for one set of inputs."""
        ...

    def run_all(self, feeds: Sequence[Feed]) -> list[Feed]:
        """All outputs for several sets of inputs, in order."""
        ...

    def close(self) -> None:
        """Free what the runner holds; calling it twice does nothing."""
        ...


class RunnerBase(ABC):
    """What most runners share: one input after another, and a context manager over `close`."""

    @abstractmethod
    def run(self, feed: Feed) -> Feed:
        """All outputs for one set of inputs."""

    def run_all(self, feeds: Sequence[Feed]) -> list[Feed]:
        """One after another; override where many at once are cheaper."""
        return [self.run(feed) for feed in feeds]

    def close(self) -> None:
        """Nothing to free."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class OnnxRunner(RunnerBase):
    """An ONNX file in an onnxruntime CPU session: the reference every other rung is compared with.

    `spinning` is onnxruntime's default: threads that wait keep a core busy for it. That is some milliseconds
    faster on an idle machine, and many times slower where other programs want the cores.
    """

    def __init__(self, path: Path, *, spinning: bool = False) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._names = [output.name for output in self._session.get_outputs()]

    def run(self, feed: Feed) -> Feed:
        """All outputs of the graph for one set of inputs."""
        return dict(zip(self._names, self._session.run(self._names, feed), strict=True))
