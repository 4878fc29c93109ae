"""The bundled clips: which, whose, under what licence, and that they are sound."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import soundfile

from edgedla_eat_sed import audio, samples
from edgedla_eat_sed.labels import ESC10, ESC50

if TYPE_CHECKING:
    from pathlib import Path

with (samples.HERE / "ATTRIBUTION.csv").open(encoding="utf-8", newline="") as table:
    ROWS = list(csv.DictReader(table))


def named(filename: str) -> tuple[str, str]:
    """Fold and class that a file name of the data set states."""
    fold, _, _, target = filename.removesuffix(".ogg").split("-")
    return fold, ESC50[int(target)]


def test_twenty_clips_in_the_order_of_the_table_and_nothing_else() -> None:
    assert [path.name for path in samples.files()] == [row["filename"] for row in ROWS]
    assert sorted(path.name for path in samples.HERE.glob("*.ogg")) == sorted(row["filename"] for row in ROWS)
    assert len(ROWS) == 20


def test_dog_comes_first_and_ten_clips_show_all_classes() -> None:
    assert ROWS[0]["class"] == "dog"
    assert [row["class"] for row in ROWS] == [*ESC10, *ESC10]


def test_every_clip_is_credited_and_no_other_file() -> None:
    for path, row in zip(samples.files(), ROWS, strict=True):
        credit = samples.credit(path)
        assert credit
        assert credit.model_dump().items() <= row.items()
    assert samples.credit(samples.HERE / "README.md") is None
    assert samples.credit(samples.HERE.parent / ROWS[0]["filename"]) is None


def test_table_agrees_with_the_file_names() -> None:
    assert [(row["fold"], row["class"]) for row in ROWS] == [named(row["filename"]) for row in ROWS]


def test_one_clip_of_each_fold_where_there_are_free_ones() -> None:
    folds = Counter((row["class"], row["fold"]) for row in ROWS)
    both = {(name, fold): 1 for name in ESC10 for fold in "12" if name not in ("sea_waves", "crackling_fire")}
    assert folds == both | {("sea_waves", "2"): 2, ("crackling_fire", "1"): 2}


def test_calibration_keeps_out_of_the_test_fold() -> None:
    files = samples.calibration_files()
    assert len(files) == 10
    assert {named(path.name)[0] for path in files} == {"2"}
    assert set(files) < set(samples.files())


def test_every_clip_is_free_and_its_author_named() -> None:
    for row in ROWS:
        assert row["licence"] == "CC0"
        assert row["author"]
        _, recording, _, _ = row["filename"].split("-")
        assert row["source"].startswith("https://freesound.org/people/")
        assert row["source"].endswith(f"/sounds/{recording}/")


def test_clips_are_small() -> None:
    assert sum(path.stat().st_size for path in samples.files()) < 2_000_000


@pytest.mark.parametrize("name", [row["filename"] for row in ROWS])
def test_clip_is_five_seconds_of_sound(name: str) -> None:
    information = soundfile.info(samples.HERE / name)
    assert (information.samplerate, information.channels) == (44_100, 1)
    longer = name == "1-17808-B-12.ogg"  # the data set's own slip: seven seconds
    assert information.frames == (319_296 if longer else 220_544)
    given_input = audio.model_input(samples.HERE / name, 22_050, 114_688, "start")
    assert 0.2 < abs(given_input).max() <= 0.95 + 1e-6
    assert longer or not given_input[0, 0, 110_272:].any()


def test_all_of_the_test_fold_is_known_and_nothing_else() -> None:
    found = [path.name for path in samples.files() if samples.is_test_clip(path)]
    assert found == [row["filename"] for row in ROWS if row["fold"] == "1"]
    assert len(found) == 10


@pytest.mark.parametrize(
    "name",
    ["1-137-A-32.wav", "1-137-A-32_22.05k.wav", "1-30226-A-0.ogg", "1-17808-B-12.flac", "1-9-C-0.WAV"],
)
def test_test_clips_are_known_by_the_names_of_the_data_set(tmp_path: Path, name: str) -> None:
    assert samples.is_test_clip(tmp_path / name)


@pytest.mark.parametrize(
    "name",
    [
        *("2-137-A-32.wav", "11-137-A-32.wav", "1-137-32.wav", "1-137-a-32.wav", "1-137-A-321.wav"),
        *("x1-137-A-32.wav", "1-137-A-32", "1-x-A-32.wav", "door.wav", "1.wav"),
    ],
)
def test_other_names_are_not(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not audio")
    assert not samples.is_test_clip(tmp_path / name)


def test_a_bundled_test_clip_is_known_by_any_name(tmp_path: Path) -> None:
    clips = dict(zip(("1", "2"), (samples.files()[0], samples.calibration_files()[0]), strict=True))
    for fold, clip in clips.items():
        copy = tmp_path / f"recording {fold}.ogg"
        copy.write_bytes(clip.read_bytes())
        assert samples.is_test_clip(copy) == (fold == "1")


def test_a_link_to_a_test_clip_is_one(tmp_path: Path) -> None:
    (tmp_path / "1-1-A-0.wav").write_bytes(b"")
    (tmp_path / "mine.wav").symlink_to(tmp_path / "1-1-A-0.wav")
    assert samples.is_test_clip(tmp_path / "mine.wav")


def test_what_cannot_be_read_is_left_to_who_reads_it(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert not samples.is_test_clip(tmp_path / "loop")
    assert not samples.is_test_clip(tmp_path)
    assert not samples.is_test_clip(tmp_path / "missing.wav")
