"""From audio files of every kind to the network's input: reference values, properties of the numbers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgedla.errors import UsageError
from edgedla_eat_sed import audio, decode

if TYPE_CHECKING:
    from edgedla_eat_sed.decode import Samples

RATE, LENGTH = 22_050, 114_688
DATA = Path(__file__).parents[1] / "data" / "audio"
FORMATS = {
    "wav8.wav": ("WAV", "PCM_U8", 2e-2),
    "wav16.wav": ("WAV", "PCM_16", 1e-4),
    "wav24.wav": ("WAV", "PCM_24", 1e-6),
    "wav32.wav": ("WAV", "PCM_32", 1e-7),
    "float.wav": ("WAV", "FLOAT", 0),
    "double.wav": ("WAV", "DOUBLE", 0),
    "extensible.wav": ("WAVEX", "PCM_16", 1e-4),
    "telephone.wav": ("WAV", "ULAW", 2e-2),
    "wide.rf64": ("RF64", "PCM_16", 1e-4),
    "apple.aiff": ("AIFF", "PCM_16", 1e-4),
    "sun.au": ("AU", "PCM_16", 1e-4),
    "flac16.flac": ("FLAC", "PCM_16", 1e-4),
    "flac24.flac": ("FLAC", "PCM_24", 1e-6),
    "vorbis.ogg": ("OGG", "VORBIS", 5e-2),
    "layer3.mp3": ("MP3", "MPEG_LAYER_III", 5e-2),
    "wav_in_disguise.mp3": ("WAV", "PCM_16", 1e-4),
    "wav_in_disguise.raw": ("WAV", "PCM_16", 1e-4),
}


def chord(frames: int, rate: int) -> Samples:
    """A steady sound of three tones, well below half of any rate used here."""
    phase = 2 * np.pi * np.arange(frames)[:, None] / rate * np.array([330, 1230, 2210])
    tones: Samples = (0.2 * np.sin(phase).sum(axis=1)).astype(np.float32)
    return tones


def whole_file(path: Path, rate: int, length: int, window: str) -> Samples:
    """What `model_input` has to give, straightforwardly and in memory."""
    sound, own_rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = sound.mean(axis=1, dtype=np.float64).astype(np.float32)
    mono = mono if own_rate == rate else soxr.resample(mono, own_rate, rate, quality="HQ")
    peak = np.abs(mono).max(initial=0)
    mono = 0.95 * mono / peak if peak else mono
    first = max(0, (len(mono) - length) // 2) if window == "centre" else 0
    cut = mono[first : first + length]
    return np.pad(cut, (0, length - len(cut)))[None, None]


# Reference values from the network's original implementation


@pytest.mark.parametrize(("name", "clip"), [("dog", "1-100032-A-0.ogg"), ("rooster", "1-44831-A-1.ogg")])
def test_input_is_what_the_original_was_fed(name: str, clip: str) -> None:
    given_input = audio.model_input(DATA / clip, RATE, LENGTH, "start")
    assert given_input.shape == (1, 1, LENGTH)
    assert given_input.dtype == np.float32
    np.testing.assert_allclose(given_input[0, 0], np.load(DATA / "inputs.npz")[name], rtol=0, atol=1e-6)


# Formats, rates, channels


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_read(name: str, tmp_path: Path) -> None:
    container, subtype, tolerance = FORMATS[name]
    sound = chord(3 * RATE, RATE)
    soundfile.write(tmp_path / name, sound, RATE, subtype, format=container)
    found = audio.read(tmp_path / name, RATE)
    assert found.shape == sound.shape
    assert found.dtype == np.float32
    # Lossy codecs smear the beginning and the end.
    np.testing.assert_allclose(found[4096:-4096], sound[4096:-4096], rtol=0, atol=tolerance)


def test_opus_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.opus", chord(96_000, 48_000), 48_000, "OPUS", format="OGG")
    found = audio.read(tmp_path / "a.opus", RATE)
    np.testing.assert_allclose(found[4096:-4096], chord(44_100, RATE)[4096:-4096], rtol=0, atol=5e-2)


@pytest.mark.parametrize("rate", [8_000, 11_127, 16_000, 22_049, 44_100, 48_000, 96_000, 192_000])
def test_every_rate_gives_the_same_sound(rate: int, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", chord(2 * rate, rate), rate, "FLOAT")
    found = audio.read(tmp_path / "a.wav", RATE)
    assert len(found) == 2 * RATE
    np.testing.assert_allclose(found[2000:-2000], chord(2 * RATE, RATE)[2000:-2000], rtol=0, atol=1e-4)


def test_rate_of_the_model_is_taken_from_the_caller(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", chord(44_100, 44_100), 44_100)
    assert len(audio.read(tmp_path / "a.wav", 16_000)) == 16_000


@pytest.mark.parametrize("channels", [1, 2, 3, 8, 255])
def test_equal_channels_are_the_same_as_one(channels: int, tmp_path: Path) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, 3000).astype(np.float32)
    soundfile.write(tmp_path / "one.wav", sound, RATE, "FLOAT")
    soundfile.write(tmp_path / "many.wav", np.repeat(sound[:, None], channels, axis=1), RATE, "FLOAT")
    np.testing.assert_array_equal(
        audio.read(tmp_path / "many.wav", RATE), audio.read(tmp_path / "one.wav", RATE)
    )


def test_channels_are_averaged(tmp_path: Path) -> None:
    sound = np.array([[1, 0, 0, 0, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0, 0, 0, -1]], np.float32)
    soundfile.write(tmp_path / "a.wav", sound, RATE, "FLOAT")
    assert audio.read(tmp_path / "a.wav", RATE).tolist() == [0.125, 0.0]


def test_opposite_channels_are_silence(tmp_path: Path) -> None:
    sound = chord(5000, 44_100)
    soundfile.write(tmp_path / "a.wav", np.stack([sound, -sound], axis=1), 44_100, "FLOAT")
    assert not audio.model_input(tmp_path / "a.wav", RATE, LENGTH, "start").any()


@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_blocks_of_an_mp3_join_without_a_break(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 100_000)
    path = tmp_path / "a.mp3"
    with soundfile.SoundFile(path, "w", 44_100, 1, bitrate_mode=mode, compression_level=0.5) as file:
        file.write(noise)
    expected, _ = soundfile.read(path, dtype="float32")
    monkeypatch.setattr(decode, "BLOCK", 5000)
    np.testing.assert_array_equal(audio.read(path, 44_100), expected)


# The window


@pytest.mark.parametrize("window", ["start", "centre"])
@pytest.mark.parametrize(
    ("frames", "rate"), [(1, 8_000), (1, 44_100), (1, 96_000), (999, 22_050), (70_001, 48_000)]
)
def test_short_recording_begins_at_zero_and_is_padded(
    frames: int, rate: int, window: str, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(frames, 0.5), rate)
    given_input = audio.model_input(tmp_path / "a.wav", RATE, LENGTH, window)
    np.testing.assert_array_equal(given_input, whole_file(tmp_path / "a.wav", RATE, LENGTH, window))
    assert not given_input[0, 0, frames * RATE // rate + 1 :].any()


def test_start_and_centre_of_a_long_recording(tmp_path: Path) -> None:
    ramp = np.linspace(0, 1, 1001, dtype=np.float32)
    soundfile.write(tmp_path / "a.wav", ramp, RATE, "FLOAT")
    start = audio.model_input(tmp_path / "a.wav", RATE, 100, "start")
    centre = audio.model_input(tmp_path / "a.wav", RATE, 100, "centre")
    # Both are normalised by the peak of the whole recording, 1, which is in neither.
    np.testing.assert_array_equal(start[0, 0], np.float32(0.95) * ramp[:100])
    np.testing.assert_array_equal(centre[0, 0], np.float32(0.95) * ramp[450:550])


def test_unknown_window_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.ones(10), RATE)
    with pytest.raises(UsageError, match="no window named 'center'") as caught:
        audio.model_input(tmp_path / "a.wav", RATE, LENGTH, "center")
    assert caught.value.hint == "use start or centre"


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 30_000), st.integers(1, 3)),
    rate=st.sampled_from([8_000, 22_050, 44_100, 47_999]),
    length=st.integers(1, 8_000),
    window=st.sampled_from(["start", "centre"]),
    block=st.integers(1_000, 40_000),
)
def test_streaming_gives_exactly_what_the_whole_file_gives(
    shape: tuple[int, int], rate: int, length: int, window: str, block: int
) -> None:
    sound = np.random.default_rng(shape).uniform(-1, 1, shape) ** 5
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "a.wav"
        soundfile.write(path, sound, rate, "FLOAT")
        patch.setattr(decode, "BLOCK", block)
        streamed = audio.model_input(path, RATE, length, window)
        np.testing.assert_array_equal(streamed, whole_file(path, RATE, length, window))


# Properties of the numbers

LEVELS = arrays(
    np.float32,
    st.tuples(st.integers(1, 400), st.integers(1, 3)),
    elements=st.one_of(
        st.floats(-1, 1, width=32), st.sampled_from([0.0, 1e-45, -1e-45, 2e-38, 1e-20, 1e30, -1e30])
    ),
)


@settings(max_examples=150, deadline=None)
@given(sound=LEVELS, rate=st.sampled_from([8_000, RATE, 44_100]), window=st.sampled_from(["start", "centre"]))
def test_input_is_finite_within_headroom_and_of_the_right_shape(
    sound: Samples, rate: int, window: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        soundfile.write(Path(folder) / "a.wav", sound, rate, "FLOAT")
        given_input = audio.model_input(Path(folder) / "a.wav", RATE, 300, window)
    assert given_input.shape == (1, 1, 300)
    assert given_input.dtype == np.float32
    assert np.abs(given_input).max() <= 0.95 + 1e-6  # false for NaN


@settings(max_examples=60, deadline=None)
@given(
    sound=arrays(np.float32, st.integers(2, 300), elements=st.floats(-1, 1, width=16)),
    exponent=st.integers(-40, 40),
    rate=st.sampled_from([RATE, 44_100]),
)
def test_gain_changes_nothing(sound: Samples, exponent: int, rate: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plain, scaled = Path(folder) / "plain.wav", Path(folder) / "scaled.wav"
        soundfile.write(plain, sound, rate, "FLOAT")
        soundfile.write(scaled, sound * np.float32(2.0**exponent), rate, "FLOAT")
        np.testing.assert_allclose(
            audio.model_input(scaled, RATE, 200, "start"),
            audio.model_input(plain, RATE, 200, "start"),
            atol=1e-6,
        )


@pytest.mark.parametrize("rate", [8_000, RATE, 44_100])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "FLOAT"])
def test_silence_stays_silence(rate: int, subtype: str, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(5000), rate, subtype)
    assert not audio.model_input(tmp_path / "a.wav", RATE, LENGTH, "start").any()


@pytest.mark.parametrize(
    ("peak", "expected"), [(1e-45, 0.0), (1.17e-38, 0.0), (1.18e-38, 0.95), (1e-30, 0.95)]
)
def test_peak_below_the_normal_floats_is_silence(peak: float, expected: float, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0, peak, 0], np.float32), RATE, "FLOAT")
    given_input = audio.model_input(tmp_path / "a.wav", RATE, 8, "start")
    np.testing.assert_allclose(given_input[0, 0], [0, expected, 0, 0, 0, 0, 0, 0], rtol=1e-5)


def test_two_readings_are_equal() -> None:
    first, second = (audio.model_input(DATA / "1-44831-A-1.ogg", RATE, LENGTH, "centre") for _ in range(2))
    np.testing.assert_array_equal(first, second)
