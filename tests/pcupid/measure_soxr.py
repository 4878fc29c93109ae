"""Measure the filters of soxr's quality HQ, and how far the board program's are from them.

    python tests/pcupid/measure_soxr.py

For each pair of rates: the widths of the Kaiser-windowed sincs whose frequency response, and whose beginning
of a recording, fit soxr's best, found by least squares: the numbers in edla_kernel.c and edla_halve.c.
Then, the C front end compiled here, the largest difference of its output from soxr's, as a share of full
scale, for white noise, a sweep to half the rate and a constant. Times are in samples of the lower rate,
frequencies in halves of that rate.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
import soxr

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from c_programs import FrontEnd, compiler_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    Values = npt.NDArray[Any]

SIMPLE = (
    (44_100, 22_050),
    (11_025, 22_050),
    (48_000, 16_000),
    (24_000, 16_000),
    (88_200, 22_050),
    (176_400, 22_050),
)
TWICE = (
    (8_000, 22_050),
    (16_000, 22_050),
    (48_000, 22_050),
    (32_000, 22_050),
    (44_100, 16_000),
    (22_270, 22_050),
    (44_101, 22_050),
    (26_460, 22_050),
)
SWAPPED = ((37_800, 22_050), (36_750, 22_050), (40_000, 22_050))
HALVED = ((88_200, 22_050, 2), (96_000, 22_050, 4))
HEARD = (
    *(8_000, 11_025, 12_000, 16_000, 24_000, 32_000, 37_800, 44_100, 44_101, 48_000, 88_200, 96_000, 192_000),
    *(1_000_000, 6_000, 5_500, 5_000, 4_000, 1_000),
)
RATE = 22_050


def say(text: str) -> None:
    """One line of the report."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def impulse(source: int, to: int, place: int, count: int) -> Values:
    """What soxr makes of a recording that is 1 at `place`, 0 elsewhere."""
    samples = np.zeros(count, np.float32)
    samples[place] = 1
    made: Values = soxr.resample(samples, source, to, quality="HQ").astype(np.float64)
    return made


def sinc(shape: Sequence[float] | Values, time: Values) -> Values:
    """A sinc in a Kaiser window; its shape is cutoff, half length and beta."""
    cutoff, half, beta = map(float, shape)
    inside = np.maximum(0, 1 - (time / half) ** 2)
    window = np.where(np.abs(time) < half, np.i0(beta * np.sqrt(inside)) / np.i0(beta), 0)
    made: Values = cutoff * np.sinc(cutoff * time) * window
    return made


def fitted(residual: Callable[[Values], Values], start: list[float]) -> tuple[Values, float]:
    """Parameters with the smallest squares, by damped Gauss-Newton steps, and the largest residual left."""
    best, damping = np.array(start), 1e-3
    left = residual(best)
    for _ in range(40):
        columns = [residual(best + step) - left for step in np.diag(1e-5 * np.abs(best))]
        slopes = np.stack(columns, axis=1) / (1e-5 * np.abs(best))
        normal = slopes.T @ slopes
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), -slopes.T @ left)
        tried = residual(best + step)
        if tried @ tried < left @ left:
            best, left, damping = best + step, tried, damping / 5
        else:
            damping *= 5
        if damping > 1:
            break
    return best, float(np.abs(left).max())


def response(source: int, to: int, frequencies: Values) -> Values:
    """Soxr's frequency response, from an impulse far from both ends."""
    wide = max(1.0, source / to)
    count = int(1200 * wide) + 64
    made = impulse(source, to, count // 2, count)
    time = (np.arange(len(made)) * source / to - count // 2) / wide
    found: Values = np.cos(np.pi * np.outer(frequencies, time)) @ made * source / to
    return found


def spectrum(parameters: Values, frequencies: Values) -> Values:
    """The frequency response of a sinc in a Kaiser window."""
    time = (np.arange(4_000) + 0.5) / 2_000 - 1
    time *= parameters[1]
    found: Values = (
        np.cos(np.pi * np.outer(frequencies, time)) @ sinc(parameters, time) * parameters[1] / 2_000
    )
    return found


def fit_simple(source: int, to: int) -> None:
    """One filter: its response alone decides."""
    frequencies = np.linspace(0, 1, 201)
    wanted = response(source, to, frequencies)
    found, left = fitted(lambda values: spectrum(values, frequencies) - wanted, [0.95, 99, 13.5])
    say(f"{source} to {to}: {_named('', found)}, differs by {left:.0e}")


def fit_twice(source: int, to: int, *, swapped: bool = False) -> None:
    """Two filters: the first results of recordings that begin with an impulse show where the second does."""
    ratio = source / to
    wide, inner = max(1.0, ratio), 1.0 if ratio < 1 or swapped else ratio / 2 ** int(np.log2(ratio))
    time = np.arange(40 if swapped else 6 + int(8 / min(1.0, ratio))) * ratio / wide
    step = 0.5 / inner
    between = np.arange(int(240 / step)) * step
    wanted = np.array([impulse(source, to, place, 3_000)[: len(time)] for place in range(8)])

    def residual(values: Values) -> Values:
        first, second = (values[3:], values[:3]) if swapped else (values[:3], values[3:])
        last = sinc(second, time[:, None] - between) * step
        made = [last @ sinc(first, between - place / wide) / wide for place in range(8)]
        left: Values = (np.array(made) - wanted).ravel()
        return left

    frequencies = np.linspace(0, 1, 201)
    heard = response(source, to, frequencies)

    def both(values: Values) -> Values:
        made = spectrum(values[:3], frequencies) * spectrum(values[3:], frequencies)
        return np.concatenate([residual(values), made - heard])

    half = 3.8 if swapped else 3.75 if ratio < 1 else _wide_taps(inner) / (4 * inner)
    start = [0.95687, 102, 13.7, 1.8 + 1.7 * (inner - 1), half, 13.9]
    found, left = fitted(both, start)
    taps = 4 * found[4] * (ratio / 2 if swapped else inner)
    say(f"{source} to {to}: {_named('steep ', found[:3])}, taps {4 * inner * found[1]:.2f}; "
        f"{_named('wide ', found[3:])}, taps {taps:.2f}, differs by {left:.0e}")  # fmt: skip


def _wide_taps(ratio: float) -> int:
    """The number that the second of two filters has, going down."""
    return 16 if ratio < 1.0725 else 14 if ratio < 1.365 else 12


def _named(name: str, values: Values) -> str:
    return f"{name}cutoff {values[0]:.5f} half {values[1]:.3f} beta {values[2]:.3f}"


def fit_halving(source: int, to: int, stages: int) -> None:
    """The filter before the others, from samples that are lost to those of odd time."""
    inner = source / to / 4
    count = np.ceil((96.33 + 4.92 * np.log2(stages)) * inner)
    steep = 0.956872, (count + 0.25) / inner, 13.04 + 0.6712 * np.log2(stages)
    step, time = 0.5 / inner, np.arange(30.0)
    between = np.arange(int(60 / step)) * step
    places = np.arange(40) / (2 * inner)
    kept = sinc(steep, between[:, None] - places) / (2 * inner)
    if inner > 1:
        wide = 1.8179 + 1.7122 * (inner - 1), _wide_taps(inner) / (4 * inner), 14.06
        after = sinc(wide, time[:, None] - between) * step @ kept
    else:
        after = sinc(steep, time[:, None] - places) / (2 * inner)
    wanted = np.array([impulse(source, to, place, 3_000)[: len(time)] for place in range(24)])

    def residual(values: Values) -> Values:
        made = [after @ sinc([0.5, *values], 2.0 * np.arange(40) - place) for place in range(24)]
        left: Values = (np.array(made) - wanted).ravel()
        return left

    found, left = fitted(residual, [18, 14])
    say(f"{source} to {to}, {stages} filters: half {found[0]:.3f} beta {found[1]:.3f}, differs by {left:.0e}")


def compare(front_end: FrontEnd, rate: int, folder: Path) -> None:
    """The largest differences over two seconds, normalised as a network hears them."""
    time = np.arange(2 * rate) / rate
    signals: dict[str, Any] = {
        "noise": np.random.default_rng(1).uniform(-1, 1, 2 * rate),
        "sweep": np.sin(np.pi * rate / 4 * time**2),
        "constant": np.full(2 * rate, 0.5),
    }
    words = []
    for name, samples in signals.items():
        path = folder / f"{rate}.wav"
        soundfile.write(path, samples, rate, subtype="FLOAT")
        wanted = soxr.resample(samples.astype(np.float32), rate, RATE, quality="HQ")
        found = front_end.hear(path, rate=RATE, length=len(wanted))[0].sound
        words.append(f"{name} {np.abs(found - 0.95 * wanted / np.abs(wanted).max()).max():.0e}")
    say(f"{rate} to {RATE}: {', '.join(words)}")


def main() -> None:
    """All of it."""
    say("one filter")
    for source, to in SIMPLE:
        fit_simple(source, to)
    say("two filters")
    for source, to in TWICE:
        fit_twice(source, to)
    say("two filters, the wide one first")
    for source, to in SWAPPED:
        fit_twice(source, to, swapped=True)
    say("halving")
    for source, to, stages in HALVED:
        fit_halving(source, to, stages)
    say("the C front end against soxr")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        front_end = FrontEnd.made(folder, compiler_for("native", folder), "-O3")
        for rate in HEARD:
            compare(front_end, rate, folder)


if __name__ == "__main__":
    main()
