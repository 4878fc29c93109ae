"""How fast a training is, and for what share of the time the network waits for its batches."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stopwatch:
    """Times of one epoch."""

    def __init__(self, device: torch.device) -> None:
        self._gpu = device if device.type == "cuda" else None
        self.restart()

    def restart(self) -> None:
        """Begin a new epoch."""
        self._begin, self._waited, self._clips = self._now(), 0.0, 0
        self._end = self._begin

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """What is done in here is waiting: the network has nothing to do meanwhile."""
        before = self._now()
        yield
        self._waited += self._now() - before

    def step(self, clips: int) -> None:
        """A step with so many clips is done."""
        self._clips += clips
        self._end = self._now()

    @property
    def rate(self) -> float:
        """Clips per second."""
        return self._clips / max(self._end - self._begin, 1e-9)

    @property
    def share(self) -> float:
        """Share of the time that was waiting."""
        return self._waited / max(self._end - self._begin, 1e-9)

    def _now(self) -> float:
        if self._gpu:  # work on a GPU is queued: without this the clock would measure the queueing
            torch.cuda.synchronize(self._gpu)
        return time.perf_counter()
