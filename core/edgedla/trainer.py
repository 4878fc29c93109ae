"""The contract of a trainer: what `edgedla train` hands to a model's plugin, and what it gets back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from typing_extensions import TypeVar

from edgedla.spec import Options

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OptionsT = TypeVar("OptionsT", bound=Options, default=Options)


def _nothing(*_: object) -> None:
    """Hears and does not tell."""


@dataclass(frozen=True)
class Job:
    """What the user asked for, whatever the model, and how to talk to him meanwhile."""

    data: Path
    out: Path  # becomes the run folder
    init: Path | None = None  # weights to start from, a checkpoint of the model
    seed: int | None = None  # None: 0, or that of the run that is resumed
    budget: float | None = None  # seconds after which the training is over, instead of a number of epochs
    resume: bool = False  # go on with the run in `out`
    device: str = "auto"
    say: Callable[[str], None] = _nothing
    warn: Callable[[str], None] = _nothing
    progress: Callable[[float, str], None] = _nothing  # share done 0 … 1, and what is at work
    stopping: Callable[[], bool] = field(default=lambda: False)  # asked between two steps


class Trainer(ABC, Generic[OptionsT]):
    """Trains a model on a labelled data set.

    The class is made before anything heavy is imported: import torch inside `train`. `Options` are the
    recipe; they are given as flags of `edgedla train MODEL`, or in the section `<model>_train`.
    """

    Options: ClassVar[type[Options]] = Options

    def __init__(self, model_options: Any, options: OptionsT) -> None:
        self.model_options = model_options
        self.options = options

    def resumable(self, out: Path) -> bool:
        """Whether `out` holds a run that can be resumed."""
        return False

    @abstractmethod
    def train(self, job: Job) -> dict[str, Any]:
        """Train, and leave in `job.out` a folder that `--checkpoint` takes; figures of the run as JSON data.

        A figure `accuracy`, where there is one, is a dumped `edgedla.statistics.Share`.

        Raises:
            UsageError: Data, options or the run to be resumed do not fit.
            KeyboardInterrupt: `job.stopping()` said so; what is needed to resume is in `job.out`.
        """
