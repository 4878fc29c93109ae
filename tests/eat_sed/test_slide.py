"""Long recordings in windows: where they lie, what is in them, and that memory stays small."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgedla.errors import UsageError
from edgedla_eat_sed import audio, decode

if TYPE_CHECKING:
    from edgedla_eat_sed.decode import Samples

RATE = 22_050


def noise(frames: int, seed: int = 0) -> Samples:
    """Noise whose level rises, so that each stretch has a peak of its own."""
    sound = np.random.default_rng(seed).uniform(-1, 1, frames) * np.linspace(0.1, 1, frames)
    return sound.astype(np.float32)


def write(path: Path, sound: Samples, rate: int = RATE) -> Path:
    soundfile.write(path, sound, rate, "FLOAT")
    return path


@settings(max_examples=80, deadline=None)
@given(
    frames=st.integers(1, 3000), length=st.integers(1, 900), share=st.floats(0, 1), block=st.integers(1, 4000)
)
@example(frames=1, length=100, share=0.5, block=100)
@example(frames=100, length=100, share=0.5, block=100)
@example(frames=101, length=100, share=0.5, block=100)
@example(frames=150, length=100, share=0.5, block=100)
@example(frames=300, length=100, share=1, block=7)
def test_windows_are_recordings_of_their_own(frames: int, length: int, share: float, block: int) -> None:
    hop = max(1, int(length * share), frames // 40)  # no more than forty files
    length = max(length, hop)
    sound = noise(frames)
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        write(folder / "long.wav", sound)
        with patch.context() as small:
            small.setattr(decode, "BLOCK", block)
            windows = list(audio.slide(folder / "long.wav", RATE, length, hop))
        for number, (start, end, given_input) in enumerate(windows):
            first, last = number * hop, min(frames, number * hop + length)
            assert (start, end) == (first / RATE, last / RATE)
            stretch = write(folder / "stretch.wav", sound[first:last])
            np.testing.assert_array_equal(given_input, audio.model_input(stretch, RATE, length, "start"))
    assert len(windows) == 1 + max(0, -(-(frames - length) // hop))  # each but the first brings something new


@pytest.mark.parametrize(
    ("frames", "ends"),
    [
        (40, [40]),
        (100, [100]),
        (101, [100, 101]),
        (150, [100, 150]),
        (151, [100, 150, 151]),
        (250, [100, 150, 200, 250]),
    ],
)
def test_last_window_brings_something_new(frames: int, ends: list[int], tmp_path: Path) -> None:
    windows = list(audio.slide(write(tmp_path / "a.wav", noise(frames)), RATE, 100, 50))
    assert [round(end * RATE) for _, end, _ in windows] == ends
    assert [round(start * RATE) for start, _, _ in windows] == [50 * i for i in range(len(ends))]


def test_last_window_is_padded_with_zeros(tmp_path: Path) -> None:
    *_, (_, _, last) = audio.slide(write(tmp_path / "a.wav", noise(130)), RATE, 100, 50)
    assert last.shape == (1, 1, 100)
    assert last.dtype == np.float32
    assert last[0, 0, :80].all()
    assert not last[0, 0, 80:].any()


def test_times_and_windows_at_another_rate(tmp_path: Path) -> None:
    sound = noise(5 * 44_100)
    windows = list(audio.slide(write(tmp_path / "a.wav", sound, 44_100), RATE, 2 * RATE, RATE))
    assert [(start, end) for start, end, _ in windows] == [(0, 2), (1, 3), (2, 4), (3, 5)]
    for start, end, given_input in windows:
        stretch = write(tmp_path / "b.wav", sound[int(start) * 44_100 : int(end) * 44_100], 44_100)
        alone = audio.model_input(stretch, RATE, 2 * RATE, "start")
        # The resampler sees other neighbours at the ends; white noise makes the most of that.
        np.testing.assert_allclose(given_input[..., 200:-200], alone[..., 200:-200], rtol=0, atol=1e-3)


def test_short_recording_gives_one_window_equal_to_the_input(tmp_path: Path) -> None:
    for frames, rate in ((1, 96_000), (1, 8_000), (3000, 44_100)):
        path = write(tmp_path / "a.wav", noise(frames), rate)
        ((start, end, given_input),) = audio.slide(path, RATE, 4000, 1000)
        assert start == 0
        assert end == pytest.approx(frames / rate, abs=1 / RATE)
        np.testing.assert_array_equal(given_input, audio.model_input(path, RATE, 4000, "start"))


def test_windows_do_not_share_memory(tmp_path: Path) -> None:
    windows = audio.slide(write(tmp_path / "a.wav", noise(300)), RATE, 100, 10)
    _, _, first = next(windows)
    kept = first.copy()
    first[:] = 7
    _, _, second = next(windows)
    np.testing.assert_allclose(second[0, 0, :80].argmax(), kept[0, 0, 10:90].argmax())
    assert np.abs(second).max() <= 0.95 + 1e-6


def test_silent_stretch_stays_silent_between_loud_ones(tmp_path: Path) -> None:
    sound = np.concatenate([noise(100), np.zeros(100, np.float32), noise(100)])
    loud, silent, again = (
        given_input for _, _, given_input in audio.slide(write(tmp_path / "a.wav", sound), RATE, 100, 100)
    )
    assert np.abs(loud).max() == pytest.approx(0.95)
    assert not silent.any()
    np.testing.assert_array_equal(loud, again)


@pytest.mark.parametrize("hop", [-1, 0, 101])
def test_hop_outside_the_window_is_refused(hop: int, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"a hop of {hop} samples is not in 1 to 100"):
        next(audio.slide(write(tmp_path / "a.wav", noise(300)), RATE, 100, hop))


def test_damage_is_met_after_the_windows_before_it(tmp_path: Path) -> None:
    sound = noise(200_000)
    sound[150_000] = np.nan
    windows = audio.slide(write(tmp_path / "a.wav", sound), RATE, 10_000, 10_000)
    assert next(windows)[:2] == (0, 10_000 / RATE)
    with pytest.raises(UsageError, match="frame 150000 holds no level of sound"):
        list(windows)


# One hour at the model's rate is 318 MB of float32; what a fresh process grows by is measured.
MEASURE = """
import resource, sys
from pathlib import Path
import numpy, soundfile, soxr
from edgedla_eat_sed import audio
megabytes = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = megabytes()
for door in sys.argv[2].split():
    if door == "slide":
        print(sum(1 for _ in audio.slide(Path(sys.argv[1]), 22050, 114688, 57344)))
    else:
        print(audio.model_input(Path(sys.argv[1]), 22050, 114688, door).shape[-1])
print(megabytes() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("form", "subtype"), [("WAV", "PCM_16"), ("OGG", "VORBIS")])
def test_memory_for_an_hour_is_that_for_a_window(form: str, subtype: str, tmp_path: Path) -> None:
    second = (noise(8000, seed=1) * 0.5).astype(np.float32)
    with soundfile.SoundFile(tmp_path / "hour", "w", 8000, 1, subtype, format=form) as file:
        for _ in range(60):
            file.write(np.tile(second, 60))
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, tmp_path / "hour", "start slide centre"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    start, windows, centre, megabytes = done.stdout.split()
    assert (start, centre) == ("114688", "114688")
    assert int(windows) == 1 + -(-(3600 * RATE - 114_688) // 57_344)
    assert float(megabytes) < 40
