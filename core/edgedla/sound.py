"""What a product does to a sound before the model hears it, and the figures by which recordings differ.

For model plugins that take audio: arrays are float32 `(samples,)`, mono, full scale 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.errors import UsageError
from edgedla.model import Disturbance, Measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    import numpy.typing as npt

    Samples = npt.NDArray[np.float32]

DISTURBANCES = (
    Disturbance("white_noise", "dB SNR", (30, 25, 20, 15, 10, 5, 0)),
    Disturbance("pink_noise", "dB SNR", (30, 25, 20, 15, 10, 5, 0)),
    Disturbance("gain", "dB", (12, 6, 0, -20, -40, -60)),
    Disturbance("rate", "Hz", (16000, 11025, 8000, 4000)),
    Disturbance("clipping", "dB over full scale", (3, 6, 12, 20)),
    Disturbance("offset", "s cut off the beginning", (0.1, 0.25, 0.5, 1, 2)),
)
"""Noise is added at a ratio to the power of the clip; `gain` precedes a 16-bit converter, which clips above
full scale and rounds below; `rate` is a microphone's sampling rate; `clipping` drives the loudest sample that
far over full scale; `offset` starts the recording late."""

MEASURES = (
    Measure("loudness", "dBFS", (-60, -50, -40, -30, -20, -10)),
    Measure("crest", "dB", (6, 12, 18, 24)),
    Measure("silence", "share", (0.05, 0.25, 0.5, 0.75)),
)
"""RMS over the recording; peak over RMS; share of frames of 20 ms that are 60 dB or more below the peak."""

FRAME = 0.02  # s
QUIET = 1e-3  # of the peak: -60 dB
FLOOR_DB = -120.0  # of digital silence


def disturb(sound: Samples, rate: int, kind: str, amount: float, seed: int) -> Samples:
    """The recording as it would be after `kind`, one of `DISTURBANCES`; the same seed gives the same noise.

    Raises:
        UsageError: There is no such kind, or the amount is none of this kind.
    """
    import numpy as np

    changes: dict[str, Callable[[], Samples]] = {
        "white_noise": lambda: _with_noise(sound, _white(len(sound), seed), amount),
        "pink_noise": lambda: _with_noise(sound, _pink(len(sound), seed), amount),
        "gain": lambda: _sixteen_bits(sound * np.float32(10 ** (amount / 20))),
        "rate": lambda: _through_rate(sound, rate, amount),
        "clipping": lambda: _clipped(sound, amount),
        "offset": lambda: _late(sound, rate, amount),
    }
    if kind not in changes:
        raise UsageError(f"no disturbance named '{kind}'", hint=f"known are {', '.join(changes)}")
    return changes[kind]().astype(np.float32)


def measure(blocks: Iterable[Samples], rate: int) -> tuple[float, ...]:
    """The figures of `MEASURES`, in their order, of a recording in blocks of any length."""
    import numpy as np

    length = max(1, round(FRAME * rate))
    peaks, rest = [np.zeros(0, np.float32)], np.zeros(0, np.float32)
    energy, count = 0.0, 0
    for block in blocks:
        energy += float(np.sum(np.square(block, dtype=np.float64)))
        count += len(block)
        joined = np.concatenate([rest, np.abs(block)])
        whole = len(joined) - len(joined) % length
        peaks.append(joined[:whole].reshape(-1, length).max(axis=1))
        rest = joined[whole:]
    if len(rest):
        peaks.append(rest.max(keepdims=True))
    frames = np.concatenate(peaks)
    peak = float(frames.max(initial=0))
    if peak == 0 or energy == 0:
        return FLOOR_DB, 0.0, 1.0
    loudness = 10 * float(np.log10(energy / count))
    silent = float(np.mean(frames <= QUIET * peak))
    return max(FLOOR_DB, loudness), 20 * float(np.log10(peak)) - loudness, silent


def _with_noise(sound: Samples, noise: Samples, snr_db: float) -> Samples:
    """Noise so many dB below the mean power of those samples that are not digital silence."""
    import numpy as np

    heard = sound[sound != 0]
    own = float(np.mean(np.square(noise, dtype=np.float64)))
    if not len(heard) or not own:  # silence, or one sample of noise without a mean
        return sound
    power = float(np.mean(np.square(heard, dtype=np.float64)))
    return sound + noise * np.float32(np.sqrt(power / own / 10 ** (snr_db / 10)))


def _white(length: int, seed: int) -> Samples:
    import numpy as np

    return np.random.default_rng(seed).standard_normal(length, dtype=np.float32)


def _pink(length: int, seed: int) -> Samples:
    """Noise whose power falls with the frequency, by 3 dB per octave."""
    import numpy as np

    spectrum = np.fft.rfft(_white(length, seed))
    spectrum[0] = 0
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    return np.fft.irfft(spectrum, length).astype(np.float32)


def _sixteen_bits(sound: Samples) -> Samples:
    import numpy as np

    steps: Samples = np.rint(np.clip(sound * np.float32(32768), -32768, 32767))
    return steps / np.float32(32768)


def _through_rate(sound: Samples, rate: int, narrow: float) -> Samples:
    """Down to a microphone's rate and back, so that only what lies below half of it is left."""
    if narrow < 1:
        raise UsageError(f"a rate of {narrow:g} Hz is none")
    if narrow >= rate:
        return sound  # the recording holds no more than that microphone would
    import numpy as np
    import soxr

    there = soxr.resample(sound, rate, narrow, quality="HQ")
    back = soxr.resample(there, narrow, rate, quality="HQ")[: len(sound)]
    return np.pad(back, (0, len(sound) - len(back)))  # rounding may take a sample on either way


def _clipped(sound: Samples, over_db: float) -> Samples:
    import numpy as np

    peak = float(np.abs(sound).max(initial=0))
    if peak == 0:
        return sound
    clipped: Samples = np.clip(sound * np.float32(10 ** (over_db / 20) / peak), -1, 1)
    return clipped


def _late(sound: Samples, rate: int, seconds: float) -> Samples:
    """Without its beginning; at least one sample is left."""
    return sound[min(round(seconds * rate), len(sound) - 1) :]
