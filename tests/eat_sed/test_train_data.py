"""What is trained on: layouts, formats, splits, and folders that nobody should trust."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import torch
from pydantic import ValidationError

from edgedla.dataset import read_dataset
from edgedla.errors import UsageError
from edgedla_eat_sed.audio import model_input
from edgedla_eat_sed.plugin import EatSed
from edgedla_eat_sed.settings import EatOptions
from edgedla_eat_sed.training.options import TrainOptions
from edgedla_eat_sed.training.sounds import read_sounds
from edgedla_eat_sed.training.start import split
from tones import NETWORK, RATE, TONES, tone, train, trainer, write_esc, write_folders

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = EatSed.suffixes


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folders(tmp_path_factory.mktemp("folders") / "data")


@pytest.mark.parametrize("window", ["start", "centre"])
def test_clips_in_memory_are_what_the_network_is_given_later(folders: Path, window: str) -> None:
    """Several formats and rates; in longer clips the same part, in shorter ones the same zeros."""
    longer = folders.parent / "longer.wav"
    soundfile.write(longer, tone(60, 1, 3 * 1024), RATE)
    data = read_dataset(folders, SUFFIXES)
    clips = [*data.clips, type(data.clips[0])(longer, "longer.wav", "low")]
    numbers = {name: index for index, name in enumerate(data.classes)}
    held = read_sounds(clips, numbers, EatOptions(**(NETWORK | {"window": window})), print).sounds
    found = held.test_windows(torch.arange(len(held)))
    for clip, row in zip(clips, found, strict=True):
        assert np.array_equal(model_input(clip.path, RATE, 1024, window)[0, 0], row.numpy()), clip.name


def test_class_folders_are_trained_on(folders: Path, tmp_path: Path) -> None:
    found = train(folders, tmp_path / "run", epochs=1)
    assert found["classes"] == sorted(TONES)
    assert (found["training_clips"], found["test_clips"]) == (24, 6)


def test_a_split_by_names_takes_its_share_of_each_class(folders: Path) -> None:
    data = read_dataset(folders, SUFFIXES)
    trained, tested = split(data, TrainOptions(test_share=0.3))
    assert {clip.name for clip in trained.clips}.isdisjoint(clip.name for clip in tested.clips)
    assert len(trained.clips) + len(tested.clips) == 30
    assert [sum(clip.label == label for clip in tested.clips) for label in data.classes] == [3, 3, 3]
    again = split(read_dataset(folders, SUFFIXES), TrainOptions(test_share=0.3))[1]
    assert again.clips == tested.clips
    assert split(data, TrainOptions(test_share=0.0))[1].clips == ()


def test_a_split_by_folds_never_parts_one(tmp_path: Path) -> None:
    data = read_dataset(write_esc(tmp_path / "esc"))
    trained, tested = split(data, TrainOptions(fold=2))
    assert {clip.fold for clip in tested.clips} == {2}
    assert {clip.fold for clip in trained.clips} == {1, 3}
    assert len(split(data, TrainOptions(fold=-1))[0].clips) == 36
    with pytest.raises(UsageError, match="no fold 9"):
        split(data, TrainOptions(fold=9))


def test_a_fold_of_a_data_set_without_folds_is_refused(folders: Path) -> None:
    with pytest.raises(UsageError, match="no folds"):
        split(read_dataset(folders, SUFFIXES), TrainOptions(fold=1))


def test_files_that_cannot_be_read_are_named_and_counted(tmp_path: Path) -> None:
    data = write_esc(tmp_path / "esc")
    (data / "audio/2-0-0.wav").write_bytes(b"RIFF nonsense")
    (data / "audio/3-1-1.wav").unlink()
    (data / "audio/1-2-2.wav").write_bytes(b"")
    said: list[str] = []
    found = train(data, tmp_path / "run", epochs=1, warn=said.append)
    assert (found["training_clips"], found["test_clips"]) == (22, 11)
    assert {entry["input"].rpartition("/")[2] for entry in found["unreadable"]} == {
        "2-0-0.wav",
        "3-1-1.wav",
        "1-2-2.wav",
    }
    assert len(said) == 3
    assert all("cannot read" in line for line in said)


def test_many_such_files_do_not_flood_the_screen(tmp_path: Path) -> None:
    data = read_dataset(write_esc(tmp_path / "esc"))
    for clip in data.clips[:20]:
        clip.path.write_bytes(b"x")
    said: list[str] = []
    found = read_sounds(data.clips, dict.fromkeys(data.classes, 0), EatOptions(**NETWORK), said.append)
    assert len(found.failed) == 20
    assert said[-1] == "and 10 more files that cannot be read"
    assert len(said) == 11


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    data = write_esc(tmp_path / "esc", folds=2, each=1)
    for path in (data / "audio").iterdir():
        path.write_bytes(b"x")
    with pytest.raises(UsageError, match="none of 3 recordings can be read"):
        train(data, tmp_path / "run")


def test_a_class_without_a_clip_to_train_on_is_named(tmp_path: Path) -> None:
    data = write_esc(tmp_path / "esc", folds=2, each=1)
    (data / "audio/2-0-2.wav").unlink()
    with pytest.raises(UsageError, match="no recording to train on of class high"):
        train(data, tmp_path / "run")


def test_one_class_is_no_task(tmp_path: Path) -> None:
    (tmp_path / "data/bang").mkdir(parents=True)
    for take in range(4):
        soundfile.write(tmp_path / f"data/bang/{take}.wav", tone(60, take), RATE)
    with pytest.raises(UsageError, match="one class only"):
        train(tmp_path / "data", tmp_path / "run")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("filename,fold\na.wav,1\n", "no column 'category'"),
        ("filename,fold,category\n../../etc/passwd,1,x\n", "leads out of the folder"),
        ("filename,fold,category\na.wav,one,x\n", "whole number"),
        ("filename,fold,category\n", "names no recording"),
        ("filename,fold,category\na.wav,1,x\na.wav,2,x\n", "line 2 already"),
    ],
)
def test_hostile_tables_are_refused(tmp_path: Path, table: str, message: str) -> None:
    (tmp_path / "data/meta").mkdir(parents=True)
    (tmp_path / "data/meta/esc50.csv").write_text(table)
    with pytest.raises(UsageError, match=re.escape(message)):
        train(tmp_path / "data", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_missing_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        train(tmp_path / "nothing", tmp_path / "run")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"neither meta/esc50\.csv nor a folder per class"):
        train(tmp_path / "empty", tmp_path / "run")


def test_an_output_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="--out"):
        train(write_esc(tmp_path / "esc"), tmp_path / "file/run")


def test_silent_and_very_short_clips_are_clips(tmp_path: Path) -> None:
    data = write_esc(tmp_path / "esc")
    soundfile.write(data / "audio/2-0-0.wav", np.zeros(1100), RATE)
    soundfile.write(data / "audio/2-1-0.wav", np.full(1, 0.5), RATE)
    found = train(data, tmp_path / "run", epochs=2, epoch_mix=0, mix_ratio=1.0)
    assert found["training_clips"] == 24
    assert np.isfinite(found["last_epoch"]["loss"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_lr", 0.0),
        ("max_lr", float("nan")),
        ("batch_size", 0),
        ("mix_ratio", 1.5),
        ("mix_loss", "mse"),
        ("augs_mix", ("cutmix",)),
        ("ema", 1.0),
        ("test_share", 1.0),
        ("unknown", 1),
    ],
)
def test_wrong_options_are_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError):
        trainer(None, **{key: value})


def test_none_is_no_augmentation() -> None:
    assert TrainOptions.model_validate({"augs_mix": ["none"], "augs_noise": "none"}).augs_mix == ()


def test_wrong_devices_are_refused(tmp_path: Path) -> None:
    from edgedla.trainer import Job

    for name in ("cuda:99", "meta", "muffin"):
        with pytest.raises(UsageError, match="--device"):
            trainer().train(Job(data=tmp_path, out=tmp_path / "run", device=name))
