"""From an audio file to the network's input: mono, resampled, normalised by its peak, one window long.

The order is that of the network's training: mean over channels, resampling (soxr, quality HQ),
`0.95 * x / max|x|` over the whole recording, then the window, zero-padded at its end. Memory is bounded by
the window, however long the file. Heavy: import where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

from edgedla import sound
from edgedla.errors import UsageError
from edgedla_eat_sed.decode import recording
from edgedla_eat_sed.settings import PEAK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edgedla_eat_sed.decode import Samples

QUIETEST = float(np.finfo(np.float32).tiny)
"""A peak below the smallest normal float32, 1.2e-38, is silence: there are only rounding steps down there."""


def read(path: Path, rate: int) -> Samples:
    """The whole recording as float32 `(samples,)`: mono at `rate` Hz, levels as in the file, full scale 1.

    Raises:
        UsageError: The file cannot be read; names it and the reason.
    """
    return np.concatenate(list(_stream(path, rate)))


def read_normalised(path: Path, rate: int) -> Samples:
    """The whole recording as `read` gives it, normalised by its peak; silence is zeros.

    Raises:
        UsageError: The file cannot be read.
    """
    sound = read(path, rate)
    return _input(sound, float(np.abs(sound).max(initial=0)), len(sound)).reshape(-1)


def cut(sound: Samples, length: int, window: str) -> Samples:
    """What `model_input` gives of a recording, from `read_normalised` of it."""
    first = max(0, (len(sound) - length) // 2) if window == "centre" else 0
    result = np.zeros((1, 1, length), np.float32)
    kept = sound[first : first + length]
    result[0, 0, : len(kept)] = kept
    return result


def model_input(path: Path, rate: int, length: int, window: str) -> Samples:
    """One window of the recording as float32 `(1, 1, length)`, normalised by the peak of the whole recording.

    `window` "start" takes the first `length` samples at `rate` Hz, "centre" the middle ones (the file is then
    read twice: first for its length). A shorter recording begins at sample 0 and is followed by zeros in both
    cases. Silence gives zeros.

    Raises:
        UsageError: The file cannot be read, or there is no such `window`.
    """
    first = _first_sample(path, rate, length, window)
    kept, peak = _keep(_stream(path, rate), first, length)
    return _input(kept, peak, length)


def disturbed_input(  # noqa: PLR0913 - what model_input takes, and what to do to the sound first
    path: Path, rate: int, length: int, window: str, *, kind: str, amount: float, seed: int
) -> Samples:
    """As `model_input`, of the recording after a disturbance of `edgedla.sound`; held in memory as a whole.

    Raises:
        UsageError: The file cannot be read, or there is no such `window` or disturbance.
    """
    with recording(path) as source:
        found, own_rate = np.concatenate(list(source.blocks())), source.rate
    heard = sound.disturb(found, own_rate, kind, amount, seed)
    if own_rate != rate:
        heard = soxr.resample(heard, own_rate, rate, quality="HQ")
    first = max(0, (len(heard) - length) // 2) if window == "centre" else 0
    return _input(heard[first : first + length], float(np.abs(heard).max(initial=0)), length)


def measure(path: Path) -> tuple[float, ...]:
    """The figures of `edgedla.sound.MEASURES` of a recording.

    Raises:
        UsageError: The file cannot be read; names it and the reason.
    """
    with recording(path) as source:
        return sound.measure(source.blocks(), source.rate)


def slide(path: Path, rate: int, length: int, hop: int) -> Iterator[tuple[float, float, Samples]]:
    """Start s, end s and float32 `(1, 1, length)` of windows that begin every `hop` samples at `rate` Hz.

    Each window is normalised as a recording of its own. The last one reaches the end of the recording: it is
    zero-padded, and its `end` is the recording's, where that comes before the window's. No window holds only
    what the one before it had. Damage within the file is met, and refused, after the windows before it.

    Raises:
        UsageError: The file cannot be read, or `hop` is not in 1 to `length`.
    """
    if not 1 <= hop <= length:
        raise UsageError(f"a hop of {hop} samples is not in 1 to {length}, the window's length")
    for first, stretch in _stretches(_stream(path, rate), length, hop):
        peak = float(np.abs(stretch).max(initial=0))
        yield first / rate, (first + len(stretch)) / rate, _input(stretch, peak, length)


def _stream(path: Path, rate: int) -> Iterator[Samples]:
    """The recording at `rate` Hz in blocks; exactly what resampling it in one piece gives."""
    with recording(path) as source:
        if source.rate == rate:
            yield from source.blocks()
            return
        resampler = soxr.ResampleStream(source.rate, rate, 1, dtype="float32", quality="HQ")
        for block in source.blocks():
            yield resampler.resample_chunk(block)
        yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


def _first_sample(path: Path, rate: int, length: int, window: str) -> int:
    if window == "start":
        return 0
    if window == "centre":
        return max(0, (sum(map(len, _stream(path, rate))) - length) // 2)
    raise UsageError(f"no window named '{window}'", hint="use start or centre")


def _keep(blocks: Iterator[Samples], first: int, length: int) -> tuple[Samples, float]:
    """Up to `length` samples from sample `first` on, and the peak of all blocks."""
    kept = np.zeros(0, np.float32)
    peak, seen = 0.0, 0
    for block in blocks:
        peak = max(peak, float(np.abs(block).max(initial=0)))
        missing = length - len(kept)
        if missing and seen + len(block) > first:
            skip = max(0, first - seen)
            kept = np.concatenate([kept, block[skip : skip + missing]])
        seen += len(block)
    return kept, peak


def _stretches(blocks: Iterator[Samples], length: int, hop: int) -> Iterator[tuple[int, Samples]]:
    """First sample and samples of each window; only the last may be shorter than `length`."""
    held = np.zeros(0, np.float32)
    first = 0
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) >= length:
            yield first, held[:length]
            held = held[hop:]
            first += hop
    # What the window before had already; before the first one nothing, and even of nothing there is a window.
    overlap = length - hop if first else -1
    if len(held) > overlap:
        yield first, held


def _input(stretch: Samples, peak: float, length: int) -> Samples:
    """The stretch over its peak, as float32 `(1, 1, length)` with zeros at the end."""
    result = np.zeros((1, 1, length), np.float32)
    if peak >= QUIETEST:
        # Multiplied first: the quotient of 0.95 and a small peak is more than float32 holds.
        result[0, 0, : len(stretch)] = PEAK * stretch / np.float32(peak)
    return result
