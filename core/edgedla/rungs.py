"""Rungs of a build's ladder, opened side by side: each clip is read once, and all get the same tensors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from edgedla.clips import ClipHash, clip_hash
from edgedla.errors import UsageError
from edgedla.ladder import built_steps, network_steps
from edgedla.predict import finite
from edgedla.registry import advice
from edgedla.runner import RunnerBase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from edgedla.context import Context
    from edgedla.dataset import Clip
    from edgedla.model import Model
    from edgedla.runner import Feed, Runner
    from edgedla.spec import Prediction

CHUNK = 32
"""Clips that are read, and then run, together: bounds the memory, and is the piece of work of a cluster."""


@dataclass(frozen=True)
class Reply:
    """What the rungs say of one clip, in their order; or why it could not be read."""

    clip: Clip
    hash: ClipHash
    predictions: tuple[Prediction, ...] = ()
    failure: str = ""


class Rungs:
    """Rungs that are ready to run, in the order asked for."""

    def __init__(self, model: Model[Any], runners: dict[str, Runner], jobs: int) -> None:
        self.names = tuple(runners)
        self._model = model
        self._runners = runners
        self._pool = ThreadPoolExecutor(jobs)

    @classmethod
    def open(cls, context: Context, names: Sequence[str], jobs: int, network: Path | None) -> Rungs:
        """Open rungs by name; `network` is what the target runs of a finished build, for the last rung.

        Raises:
            UsageError: There is no such rung, or nothing here runs it.
        """
        steps = {step.name: step for step in built_steps(context)}
        for name in names:
            check_rung(name, tuple(steps))
        last = network_rung(context)
        runners: dict[str, Runner] = {}
        for name in dict.fromkeys(names):
            own = context.target.runner(network, jobs) if network and name == last else None
            runner = own or steps[name].open()
            if runner is None:
                raise UsageError(f"nothing on this machine runs rung '{name}'", hint=_choices(tuple(steps)))
            runners[name] = runner
        return cls(context.model, runners, jobs)

    def answers(self, clips: Iterable[Clip], read: Callable[[Clip], Feed] | None = None) -> Iterator[Reply]:
        """A reply per clip, in order; `read` takes the place of the model's own `preprocess`."""
        waiting = iter(clips)
        while chunk := tuple(islice(waiting, CHUNK)):
            yield from self.answer(chunk, read)

    def answer(self, clips: Sequence[Clip], read: Callable[[Clip], Feed] | None = None) -> list[Reply]:
        """Replies to one chunk: first all is read, then it goes through one rung after the other."""
        read = read or (lambda clip: self._model.preprocess(clip.path))
        readings = list(self._pool.map(lambda clip: _reading(clip, read), clips))
        good = [reading for reading in readings if reading.feed is not None]
        columns = [
            self._run(runner, [reading.feed or {} for reading in good]) for runner in self._runners.values()
        ]
        rows = iter(zip(*columns, strict=True))
        return [
            self._reply(reading, next(rows)) if reading.feed is not None else reading.refused()
            for reading in readings
        ]

    def close(self) -> None:
        """Free what the rungs hold."""
        self._pool.shutdown(cancel_futures=True)
        for runner in self._runners.values():
            runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, runner: Runner, feeds: list[Feed]) -> list[Feed]:
        if type(runner).run_all is RunnerBase.run_all:
            return list(self._pool.map(runner.run, feeds))
        return runner.run_all(feeds) if feeds else []  # knows better what many at once are worth

    def _reply(self, reading: _Reading, outputs: tuple[Feed, ...]) -> Reply:
        try:
            predictions = tuple(
                finite(self._model.postprocess(output), reading.clip.path) for output in outputs
            )
        except UsageError as error:
            return Reply(reading.clip, reading.hash, failure=error.message)
        return Reply(reading.clip, reading.hash, predictions)


@dataclass(frozen=True)
class _Reading:
    """A clip and the model input read from it, `None` where there is a failure."""

    clip: Clip
    hash: ClipHash
    feed: Feed | None = None
    failure: str = ""

    def refused(self) -> Reply:
        return Reply(self.clip, self.hash, failure=self.failure)


def _reading(clip: Clip, read: Callable[[Clip], Feed]) -> _Reading:
    try:
        feed = read(clip)
        return _Reading(clip, clip_hash(clip.path, feed), feed)
    except UsageError as error:
        return _Reading(clip, ClipHash(name=clip.path.name), failure=error.message)
    except OSError as error:  # it went away between reading and hashing
        return _Reading(clip, ClipHash(name=clip.path.name), failure=f"{clip.path}: {error.strerror}")


def check_rung(name: str, known: Sequence[str]) -> None:
    """Raise UsageError where the ladder has no rung of this name."""
    if name not in known:
        raise UsageError(f"the ladder has no rung '{name}'", hint=advice(name, known, "rungs"))


def rung_names(context: Context) -> tuple[str, ...]:
    """The rungs that have been made, from the trained network to what the target runs."""
    return tuple(step.name for step in built_steps(context))


def network_rung(context: Context) -> str:
    """The network that the target gets."""
    return network_steps(context)[-1].name


def _choices(names: Sequence[str]) -> str:
    return f"rungs: {', '.join(names)}"
