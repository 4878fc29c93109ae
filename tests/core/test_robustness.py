"""What disturbances do to a sound, by measurement, and accuracy under them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgedla.dataset import Clip
from edgedla.errors import UsageError
from edgedla.model import Disturbance
from edgedla.robustness import Trial, chosen
from edgedla.rungs import Rungs
from edgedla.runner import RunnerBase
from edgedla.sound import DISTURBANCES, MEASURES, disturb, measure
from edgedla.spec import Prediction, Score

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgedla.runner import Feed

RATE = 16000
TONE = (0.5 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)).astype(np.float32)


def power(sound: Any) -> float:
    return float(np.mean(np.square(sound, dtype=np.float64)))


@pytest.mark.parametrize("kind", ["white_noise", "pink_noise"])
@pytest.mark.parametrize("snr", [30, 0, -10])
def test_noise_has_the_ratio_asked_for(kind: str, snr: float) -> None:
    noise = disturb(TONE, RATE, kind, snr, 1) - TONE
    assert 10 * np.log10(power(TONE) / power(noise)) == pytest.approx(snr, abs=0.01)
    # Digital silence around a sound is no part of its power.
    padded = np.concatenate([TONE, np.zeros(3 * RATE, np.float32)])
    noise = disturb(padded, RATE, kind, snr, 1) - padded
    assert 10 * np.log10(power(TONE) / power(noise)) == pytest.approx(snr, abs=0.1)


def test_the_colour_of_noise() -> None:
    # Power per octave: the same for pink noise, twice as much in the next for white noise.
    for kind, step in (("pink_noise", 1.0), ("white_noise", 2.0)):
        noise = disturb(TONE, RATE, kind, -60, 5)
        spectrum = np.abs(np.fft.rfft(noise)) ** 2
        octaves = [spectrum[edge : 2 * edge].sum() for edge in (500, 1000, 2000, 4000)]
        assert octaves[3] / octaves[0] == pytest.approx(step**3, rel=0.15)


def test_the_seed_decides_the_noise() -> None:
    assert np.array_equal(disturb(TONE, RATE, "pink_noise", 10, 7), disturb(TONE, RATE, "pink_noise", 10, 7))
    assert not np.array_equal(
        disturb(TONE, RATE, "pink_noise", 10, 7), disturb(TONE, RATE, "pink_noise", 10, 8)
    )
    loud, soft = (disturb(TONE, RATE, "white_noise", snr, 7) - TONE for snr in (0, 20))
    assert loud == pytest.approx(10 * soft, abs=1e-5)  # the same noise at another level


def test_gain_is_that_of_a_converter_of_16_bits() -> None:
    soft = disturb(TONE, RATE, "gain", -80, 0)
    assert len(np.unique(soft)) <= 5  # 0.5e-4 is some two steps of 1/32768
    loud = disturb(TONE, RATE, "gain", 12, 0)
    assert (loud.max(), loud.min()) == (32767 / 32768, -1)
    assert disturb(TONE, RATE, "gain", 0, 0) == pytest.approx(TONE, abs=0.5 / 32768)


def test_a_narrow_microphone_keeps_what_is_below_half_its_rate() -> None:
    high = np.sin(2 * np.pi * 6000 * np.arange(RATE) / RATE).astype(np.float32)
    found = disturb(TONE + high, RATE, "rate", 8000, 0)
    middle = slice(1000, -1000)
    assert found[middle] == pytest.approx(TONE[middle], abs=2e-3)
    assert len(found) == len(TONE)
    assert np.array_equal(disturb(TONE, RATE, "rate", 44100, 0), TONE)
    with pytest.raises(UsageError, match="a rate of 0 Hz"):
        disturb(TONE, RATE, "rate", 0, 0)


def test_clipping_and_offset() -> None:
    clipped = disturb(TONE, RATE, "clipping", 6, 0)
    assert np.abs(clipped).max() == 1
    # Of 8 samples in half a period, those from 45 to 135 degrees are above half the peak.
    assert np.mean(np.abs(clipped) == 1) == 5 / 8
    assert np.array_equal(disturb(TONE, RATE, "offset", 0.25, 0), TONE[4000:])
    assert len(disturb(TONE, RATE, "offset", 100, 0)) == 1
    with pytest.raises(UsageError, match="no disturbance named 'echo'"):
        disturb(TONE, RATE, "echo", 1, 0)


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=300),
    st.sampled_from([(each.kind, amount) for each in DISTURBANCES for amount in each.amounts]),
)
def test_any_sound_stays_one(values: list[float], change: tuple[str, float]) -> None:
    sound = np.array(values, np.float32)
    before = sound.copy()
    found = disturb(sound, RATE, *change, 3)
    assert np.isfinite(found).all()
    assert found.dtype == np.float32
    assert 1 <= len(found) <= len(sound)
    assert np.array_equal(sound, before)
    figures = measure([sound], RATE)
    assert measure(np.array_split(sound, 3), RATE) == pytest.approx(figures)
    assert len(figures) == len(MEASURES)
    assert np.isfinite(figures).all()
    assert 0 <= figures[2] <= 1


def test_measures_by_hand() -> None:
    # A sine of 0.5: RMS 0.5/√2, -9.03 dBFS; crest √2, 3.01 dB.
    assert measure([TONE], RATE) == pytest.approx((-9.03, 3.01, 0), abs=0.01)
    padded = np.concatenate([TONE, np.zeros(3 * RATE, np.float32)])
    assert measure([padded], RATE) == pytest.approx((-9.03 - 6.02, 3.01 + 6.02, 0.75), abs=0.01)
    assert measure([np.zeros(9, np.float32)], RATE) == (-120, 0, 1)


class Line:
    """A model of one number per file; `lower` takes some away, `fail` reads nothing."""

    name = "line"

    def disturbances(self) -> Sequence[Disturbance]:
        return (Disturbance("lower", "steps", (1, 2)), Disturbance("noise", "dB", (10, 0)))

    def preprocess(self, path: Path) -> Feed:
        try:
            return {"x": np.array([float(path.read_text())])}
        except ValueError:
            raise UsageError(f"{path}: no number") from None

    def disturb(self, path: Path, kind: str, amount: float, seed: int) -> Feed:
        value = self.preprocess(path)["x"]
        return {"x": value - amount if kind == "lower" else value + np.random.default_rng(seed).normal()}

    def postprocess(self, outputs: Feed) -> Prediction:
        best = int(outputs["x"][0] > 0)
        return Prediction(top=tuple(Score(class_id=i, label=str(i), score=0.5) for i in (best, 1 - best)))


class Shift(RunnerBase):
    def __init__(self, amount: float) -> None:
        self.amount = amount

    def run(self, feed: Feed) -> Feed:
        return {"x": feed["x"] + self.amount}


def trial(folder: Path, seed: int = 0) -> Any:
    clips = []
    for index, text in enumerate(("0.5", "1.5", "2.5", "-1", "no number")):
        path = folder / f"{index}.txt"
        path.write_text(text)
        clips.append(Clip(path, path.name, "low" if text[0] == "-" else "high"))
    model: Any = Line()
    with Rungs(model, {"onnx": Shift(0), "fixed": Shift(-0.5)}, 2) as rungs:
        told: list[tuple[float, str]] = []
        found = Trial(model, rungs, clips, {"low": 0, "high": 1}, seed).run(
            model.disturbances(), lambda share, now: told.append((share, now))
        )
    assert [now for _, now in told] == [
        "as recorded",
        "lower 1 steps",
        "lower 2 steps",
        "noise 10 dB",
        "noise 0 dB",
    ]
    assert [share for share, _ in told] == [0, 0.2, 0.4, 0.6, 0.8]
    return found


def test_a_series_of_both_rungs(tmp_path: Path) -> None:
    found = trial(tmp_path)
    assert (found.rungs, found.clips) == (("onnx", "fixed"), 4)
    assert [each.clip for each in found.failed] == ["4.txt"]
    assert [found.clean.accuracy[name].hits for name in found.rungs] == [4, 3]
    assert found.clean.flips == 1
    lower = found.series[0]
    assert (lower.kind, lower.unit, [point.amount for point in lower.points]) == ("lower", "steps", [1, 2])
    assert [[point.accuracy[name].hits for name in found.rungs] for point in lower.points] == [[3, 2], [2, 1]]


def test_the_same_seed_the_same_answer(tmp_path: Path) -> None:
    assert trial(tmp_path) == trial(tmp_path)
    assert any(trial(tmp_path, seed).series[1] != trial(tmp_path).series[1] for seed in range(1, 9))


def test_disturbances_by_name() -> None:
    model: Any = Line()
    assert [each.kind for each in chosen(model, [])] == ["lower", "noise"]
    assert [each.kind for each in chosen(model, ["noise", "noise"])] == ["noise"]
    with pytest.raises(UsageError, match="no disturbance named 'nose'") as caught:
        chosen(model, ["nose"])
    assert "noise" in (caught.value.hint or "")
