"""Accuracy where inputs are not as clean as in the data set: a series per disturbance, rungs side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgedla.artifacts import digest
from edgedla.errors import UsageError
from edgedla.evaluate import Unread
from edgedla.registry import advice
from edgedla.spec import Spec
from edgedla.statistics import Share, share

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edgedla.dataset import Clip
    from edgedla.model import Disturbance, Model
    from edgedla.rungs import Reply, Rungs
    from edgedla.runner import Feed


class Point(Spec):
    """Accuracy of each rung at one amount, and the clips on which first and last rung name another class."""

    amount: float
    accuracy: dict[str, Share]
    flips: int


class Series(Spec):
    """All amounts of one disturbance, in the order asked for."""

    kind: str
    unit: str
    points: tuple[Point, ...]


class Robustness(Spec):
    """The clean clips, and each disturbance; a clip that cannot be read is in no figure."""

    rungs: tuple[str, ...]
    clips: int
    seed: int
    clean: Point
    series: tuple[Series, ...]
    failed: tuple[Unread, ...]


@dataclass(frozen=True)
class Trial:
    """Labelled clips, and the rungs that answer; `classes` are the model's numbers of the clips' classes."""

    model: Model[Any]
    rungs: Rungs
    clips: Sequence[Clip]
    classes: Mapping[str, int]
    seed: int

    def run(self, disturbances: Sequence[Disturbance], progress: Callable[[float, str], None]) -> Robustness:
        """Every amount of every disturbance through all rungs, which hear the same.

        What is random depends on seed, clip and kind alone: the noise of a clip is the same at every level,
        on every machine, and whatever else is asked for. `progress` is told the share that is done, and what
        comes next.

        Raises:
            UsageError: No clip can be read.
        """
        progress(0, "as recorded")
        clean = list(self.rungs.answers(self.clips))
        good = [reply for reply in clean if not reply.failure]
        failed = [reply for reply in clean if reply.failure]
        if not good:
            raise UsageError(f"none of {len(clean)} clips could be read, first: {failed[0].failure}")
        clips = [reply.clip for reply in good]
        return Robustness(
            rungs=self.rungs.names,
            clips=len(clips),
            seed=self.seed,
            clean=self._point(0, good),
            series=self._all_series(disturbances, clips, progress),
            failed=tuple(Unread(clip=reply.clip.name, reason=reply.failure) for reply in failed),
        )

    def _all_series(
        self,
        disturbances: Sequence[Disturbance],
        clips: Sequence[Clip],
        progress: Callable[[float, str], None],
    ) -> tuple[Series, ...]:
        total = 1 + sum(len(each.amounts) for each in disturbances)
        done = 1  # the clips as recorded
        found = []
        for each in disturbances:
            points = []
            for amount in each.amounts:
                progress(done / total, f"{each.kind} {amount:g} {each.unit}")
                points.append(
                    self._point(amount, list(self.rungs.answers(clips, self._reader(each.kind, amount))))
                )
                done += 1
            found.append(Series(kind=each.kind, unit=each.unit, points=tuple(points)))
        return tuple(found)

    def _reader(self, kind: str, amount: float) -> Callable[[Clip], Feed]:
        def read(clip: Clip) -> Feed:
            own = int(digest(str(self.seed), clip.name, kind)[:15], 16)
            return self.model.disturb(clip.path, kind, amount, own)

        return read

    def _point(self, amount: float, replies: Sequence[Reply]) -> Point:
        for reply in replies:
            if reply.failure:  # it could be read before: the disturbance or the network is at fault
                raise UsageError(f"{reply.clip.name}: {reply.failure}")
        told = [[prediction.best.class_id for prediction in reply.predictions] for reply in replies]
        truth = [self.classes[reply.clip.label] for reply in replies]
        return Point(
            amount=amount,
            accuracy={
                name: share(sum(row[at] == true for row, true in zip(told, truth, strict=True)), len(truth))
                for at, name in enumerate(self.rungs.names)
            },
            flips=sum(row[0] != row[-1] for row in told),
        )


def chosen(model: Model[Any], kinds: Sequence[str]) -> list[Disturbance]:
    """The model's disturbances of these kinds, all where none is named.

    Raises:
        UsageError: The model has none, or not this one.
    """
    known = {each.kind: each for each in model.disturbances()}
    if not known:
        raise UsageError(f"model '{model.name}' says of no disturbance what it does to its inputs")
    for kind in kinds:
        if kind not in known:
            raise UsageError(f"no disturbance named '{kind}'", hint=advice(kind, known, "disturbances"))
    return [known[kind] for kind in (dict.fromkeys(kinds) or known)]
