"""Recordings made worse, measured, and known from training: what eat_sed adds to the contract of a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from edgedla.errors import UsageError
from edgedla.sound import DISTURBANCES, MEASURES
from edgedla_eat_sed import audio, samples
from edgedla_eat_sed.plugin import INPUT, EatSed
from edgedla_eat_sed.settings import EatOptions

CLIP = Path(__file__).parents[1] / "data/audio/1-44831-A-1.ogg"


def model(**options: str) -> EatSed:
    return EatSed(EatOptions.model_validate(options))


@pytest.mark.parametrize("window", ["start", "centre"])
def test_no_disturbance_is_what_the_model_hears_anyway(window: str) -> None:
    plain = model(window=window)
    assert np.array_equal(plain.disturb(CLIP, "offset", 0, 0)[INPUT], plain.preprocess(CLIP)[INPUT])
    assert np.array_equal(plain.disturb(CLIP, "rate", 1e6, 0)[INPUT], plain.preprocess(CLIP)[INPUT])


def test_every_disturbance_gives_a_valid_and_repeatable_input() -> None:
    plain = model()
    clean = plain.preprocess(CLIP)[INPUT]
    assert tuple(plain.disturbances()) == DISTURBANCES
    for each in DISTURBANCES:
        found = plain.disturb(CLIP, each.kind, each.amounts[0], 3)[INPUT]
        assert (found.shape, found.dtype) == (clean.shape, clean.dtype)
        assert np.abs(found).max() == pytest.approx(0.95)
        assert np.array_equal(found, plain.disturb(CLIP, each.kind, each.amounts[0], 3)[INPUT])
        assert not np.array_equal(found, clean)


def test_an_offset_starts_late() -> None:
    found, rate = soundfile.read(CLIP, dtype="float32")
    late = audio.disturbed_input(CLIP, rate, 1000, "start", kind="offset", amount=0.5, seed=0)
    expected = found[rate // 2 :]
    assert late[0, 0] == pytest.approx(0.95 * expected[:1000] / np.abs(expected).max(), abs=1e-6)


def test_measures_are_those_of_the_file(tmp_path: Path) -> None:
    assert tuple(model().measures()) == MEASURES
    path = tmp_path / "tone.wav"
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    soundfile.write(path, np.concatenate([tone, np.zeros(16000)]), 16000, "FLOAT")
    loudness, crest, silence = model().measure(path)
    assert (loudness, crest, silence) == pytest.approx((-12.04, 6.02, 0.5), abs=0.02)
    path.write_text("no sound")
    for read in (lambda: model().measure(path), lambda: model().disturb(path, "gain", 0, 0)):
        with pytest.raises(UsageError, match=r"tone\.wav"):
            read()


def test_clips_of_the_training_folds_are_known_by_name(tmp_path: Path) -> None:
    trained, other = tmp_path / "2-118072-A-0_22.05k.wav", tmp_path / "1-118072-A-0.wav"
    assert model().trained_on(trained)
    assert model().trained_on(Path("5-9032-A-0.ogg"))
    assert not model().trained_on(other)
    assert not model().trained_on(tmp_path / "2-dogs.wav")
    link = tmp_path / "mine.wav"
    link.symlink_to(trained)
    assert model().trained_on(link)
    loop = tmp_path / "loop.wav"
    loop.symlink_to(loop)
    assert not model().trained_on(loop)
    folds = [(model().held_out(path), model().trained_on(path)) for path in samples.files()]
    assert folds.count((True, False)) == folds.count((False, True)) == 10
