"""The contract of a model plugin."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from typing_extensions import TypeVar

from edgedla.errors import UsageError
from edgedla.spec import Credit, ModelSpec, Options, Prediction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    from torch import nn

    from edgedla.requirement import Requirement
    from edgedla.runner import Feed, Runner
    from edgedla.trainer import Trainer

OptionsT = TypeVar("OptionsT", bound=Options, default=Options)


@dataclass(frozen=True)
class Window:
    """One stretch of a long recording: seconds from its beginning, and the model input cut from it."""

    start: float
    end: float
    feed: Feed


@dataclass(frozen=True)
class Sound:
    """A recording as it was decoded: mono float32 blocks `(samples,)`, full scale 1, at `rate` Hz."""

    rate: int
    blocks: Iterator[npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Disturbance:
    """Something that makes an input worse, its unit, and the amounts that are worth a look."""

    kind: str
    unit: str
    amounts: tuple[float, ...]


@dataclass(frozen=True)
class Measure:
    """A figure by which inputs differ; `edges` part its range into the steps to calibrate over."""

    name: str
    unit: str
    edges: tuple[float, ...]


class Model(ABC, Generic[OptionsT]):
    """A network and what belongs to it: weights, export, pre- and post-processing, labels, samples.

    An instance is decided by its options alone, so that a bundle, which keeps them, can be run without
    the checkpoint. Import torch, onnx and other heavy libraries inside the methods that need them.
    """

    name: ClassVar[str]
    summary: ClassVar[str] = ""
    Options: ClassVar[type[Options]] = Options
    requires: ClassVar[tuple[Requirement, ...]] = ()  # what building needs beyond the plugin's dependencies
    suffixes: ClassVar[
        tuple[str, ...]
    ] = ()  # of the files in a folder that are inputs (".wav", …); empty: all

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    @classmethod
    def resolve(cls, options: OptionsT, checkpoint: Path | None) -> OptionsT:
        """Options with everything the checkpoint decides filled in (`None`: the bundled weights).

        Raises:
            UsageError: The checkpoint cannot be read, or contradicts an option.
        """
        return options

    @classmethod
    def trainer(cls) -> type[Trainer[Any]] | None:
        """What trains the network (`None`: nothing here does); imports nothing heavy."""
        return None

    @abstractmethod
    def spec(self) -> ModelSpec:
        """Shapes, dtypes, labels, opset and tolerances."""

    def load(self, checkpoint: Path | None) -> nn.Module:
        """The trained network in eval mode (`None`: the bundled weights).

        Raises:
            UsageError: The checkpoint cannot be read or does not fit.
        """
        raise NotImplementedError(f"{type(self).__name__} has no torch network; it must override `export`")

    def export(self, checkpoint: Path | None, path: Path) -> None:
        """Write the network as ONNX to `path`. A plugin that has only an ONNX file copies it here."""
        from edgedla.export import export_torch

        export_torch(self.load(checkpoint), self.spec(), path)

    def export_plain(self, checkpoint: Path | None, path: Path) -> None:
        """Write the graph a user would have without edgedla, which `bench` compares with."""
        self.export(checkpoint, path)

    def has_network(self) -> bool:
        """Whether there is a torch network, or only the graph that `export` writes."""
        return type(self).load is not Model.load

    def torch_runner(self, checkpoint: Path | None) -> Runner:
        """The first rung of the ladder, the trained network itself."""
        from edgedla.export import TorchRunner

        return TorchRunner(self.load(checkpoint), self.spec())

    @abstractmethod
    def samples(self, limit: int) -> Iterable[Feed]:
        """Up to `limit` real inputs, for verification."""

    def calibration(self, limit: int) -> Iterable[Feed]:
        """Up to `limit` real inputs to calibrate a quantiser on; never the model's test data."""
        return self.samples(limit)

    def held_out(self, path: Path) -> bool:
        """Whether a file belongs to the test data, so that a quantiser must not be calibrated on it."""
        return False

    def trained_on(self, path: Path) -> bool:
        """Whether the bundled weights were trained on this file, as far as that can be told."""
        return False

    def sample_files(self) -> Sequence[Path]:
        """Files that `run` takes when the user gives none."""
        return ()

    def credit(self, path: Path) -> Credit | None:
        """Whom one of `sample_files` is owed to, where that is known."""
        return None

    def preprocess(self, path: Path) -> Feed:
        """A user's file as model input.

        Raises:
            UsageError: The file cannot be read; names it and the reason.
        """
        raise UsageError(f"model '{self.name}' does not read files")

    def sound(self, path: Path) -> AbstractContextManager[Sound]:
        """A user's recording before anything is done to it, for a program that reads WAV files only.

        A model whose spec has `audio` should override it; else such a program is fed with `preprocess`.

        Raises:
            UsageError: The file cannot be read; names it and the reason.
        """
        raise UsageError(f"model '{self.name}' does not decode recordings")

    def disturbances(self) -> Sequence[Disturbance]:
        """What `disturb` can do to an input; for audio `edgedla.sound.DISTURBANCES`."""
        return ()

    def disturb(self, path: Path, kind: str, amount: float, seed: int) -> Feed:
        """A user's file as model input, disturbed before `preprocess` would see it; same seed, same feed.

        Raises:
            UsageError: The file cannot be read, or there is no such disturbance.
        """
        raise UsageError(f"model '{self.name}' cannot disturb its inputs")

    def measures(self) -> Sequence[Measure]:
        """The figures of `measure`; for audio `edgedla.sound.MEASURES`."""
        return ()

    def measure(self, path: Path) -> tuple[float, ...]:
        """By what a user's file differs from others: one figure for each of `measures`.

        Raises:
            UsageError: The file cannot be read; names it and the reason.
        """
        self.preprocess(path)  # whether it can be read is known of every model
        return ()

    def windows(self, path: Path) -> Iterator[Window]:
        """A recording longer than the input, window by window, in constant memory."""
        raise UsageError(f"model '{self.name}' has no windows to slide", hint="leave out --long")

    def postprocess(self, outputs: Feed) -> Prediction:
        """Network outputs of one input as classes, regions (in pixels of its input) or text."""
        raise UsageError(f"model '{self.name}' does not say what its outputs mean")

    def locate(self, prediction: Prediction, path: Path) -> Prediction:
        """What `postprocess` found in a user's image, in pixels of that image.

        Raises:
            UsageError: The file cannot be read; names it and the reason.
        """
        return prediction


def unwritten(kind: type[Model[Any]]) -> list[str]:
    """What is missing in a plugin that was written for builds only, before its model can answer for files."""
    return [name for name in ("preprocess", "postprocess") if getattr(kind, name) is getattr(Model, name)]
