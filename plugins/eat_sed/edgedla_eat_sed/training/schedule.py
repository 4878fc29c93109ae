"""How far a training is, and the learning rate there."""

from __future__ import annotations

import math
import time

WARM_UP = 0.05
ONE_CYCLE_RISE = 0.3
ONE_CYCLE_START, LAST = 1 / 25, 1e-3  # of the highest rate


def rate(progress: float, schedule: str) -> float:
    """The learning rate as a share of the highest, at `progress` 0 … 1.

    `cosine`: a short linear rise, then half a cosine down. `one-cycle`: half a cosine up over the first 30 %,
    half a one down.
    """
    if schedule == "one-cycle":
        if progress < ONE_CYCLE_RISE:
            return _between(ONE_CYCLE_START, 1, progress / ONE_CYCLE_RISE)
        return _between(1, LAST, (progress - ONE_CYCLE_RISE) / (1 - ONE_CYCLE_RISE))
    if progress < WARM_UP:
        return max(LAST, progress / WARM_UP)
    return _between(1, LAST, (progress - WARM_UP) / (1 - WARM_UP))


def _between(first: float, last: float, progress: float) -> float:
    return last + (first - last) * (1 + math.cos(math.pi * min(progress, 1))) / 2


class Clock:
    """Seconds of training, those before an interruption counted in."""

    def __init__(self, spent: float = 0.0) -> None:
        self._start = time.perf_counter() - spent

    @property
    def spent(self) -> float:
        """Seconds up to now."""
        return time.perf_counter() - self._start
