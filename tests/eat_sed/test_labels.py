"""Class names: the two data sets' own, and lists that users write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgedla.errors import UsageError
from edgedla_eat_sed import labels

if TYPE_CHECKING:
    from pathlib import Path

# Copied from the data set's own table, meta/esc50.csv: `category` by `target`.
TARGETS = {
    0: "dog",
    1: "rooster",
    10: "rain",
    11: "sea_waves",
    12: "crackling_fire",
    20: "crying_baby",
    21: "sneezing",
    38: "clock_tick",
    40: "helicopter",
    41: "chainsaw",
}


def test_esc50_has_the_data_sets_numbers() -> None:
    assert len(labels.ESC50) == len(set(labels.ESC50)) == 50
    assert {target: labels.ESC50[target] for target in TARGETS} == TARGETS
    # Five groups of ten: animals, nature, people, indoors, outdoors.
    firsts_and_lasts = [(labels.ESC50[i], labels.ESC50[i + 9]) for i in range(0, 50, 10)]
    assert firsts_and_lasts == [
        ("dog", "crow"),
        ("rain", "thunderstorm"),
        ("crying_baby", "drinking_sipping"),
        ("door_wood_knock", "glass_breaking"),
        ("helicopter", "hand_saw"),
    ]
    assert labels.ESC50[32] == "keyboard_typing"


def test_esc10_is_in_the_order_of_the_outputs() -> None:
    assert tuple(TARGETS.values()) == labels.ESC10


@pytest.mark.parametrize(
    "data",
    [
        b"dog\ncrying baby\nHahn\n",
        b"dog\ncrying baby\nHahn",
        b"dog\ncrying baby\nHahn\n\n\n  \n",
        b"\xef\xbb\xbfdog\r\ncrying baby\r\nHahn\r\n\r\n",
        b"  dog\ncrying baby  \nHahn",
    ],
    ids=["plain", "no_last_newline", "blank_lines", "windows", "blanks"],
)
def test_lists_as_people_write_them(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_bytes(data)
    assert labels.read_labels(tmp_path / "labels.txt") == ("dog", "crying baby", "Hahn")


def test_names_in_any_script(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("犬\nçocuk\nÄhre\n", encoding="utf-8")
    assert labels.read_labels(tmp_path / "labels.txt") == ("犬", "çocuk", "Ähre")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\n\r\n  \n", "holds no class names"),
        (b"dog\n\ncat\n", "line 2: empty"),
        (b"dog\ncat\n dog \n", "line 3: 'dog' is the name of line 1 already"),
        (b"dog\nca\tt\n", "line 2: control character U+0009"),
        (b"dog\x00\n", "line 1: control character U+0000"),
        (b"dog\rcat\r", "line 1: control character U+000D"),
        (b"dog\n\x1b[31mcat\n", "line 2: control character U+001B"),
        ("dog\u2028cat\n".encode(), "line 1: control character U+2028"),
        (b"dog\n\xff\xfe\n", "is not text: no UTF-8 at byte 4"),
        ("dog\ncat\n".encode("utf-16"), "is not text: no UTF-8 at byte 0"),
        (b"PK\x03\x04\x14", "control character U+0003"),
        (b"a" * 1_000_001, "too large for a list of class names"),
    ],
)
def test_what_is_no_list_of_names(data: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_bytes(data)
    with pytest.raises(UsageError) as caught:
        labels.read_labels(tmp_path / "labels.txt")
    assert reason in caught.value.message
    assert str(tmp_path / "labels.txt") in caught.value.message


def test_no_file_folder_or_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, reason in {"none": "No such file", ".": "it is a folder", "pipe": "not a regular file"}.items():
        with pytest.raises(UsageError, match=reason):
            labels.read_labels(tmp_path / name)


NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names=st.lists(NAMES, min_size=1, max_size=30, unique=True), newline=st.sampled_from(["\n", "\r\n"]))
def test_what_is_written_is_read(names: list[str], newline: str, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_bytes(newline.join(names).encode())
    assert labels.read_labels(tmp_path / "labels.txt") == tuple(names)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_give_names_or_a_usage_error(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_bytes(data)
    try:
        names = labels.read_labels(tmp_path / "labels.txt")
    except UsageError:
        return
    assert names
    assert all(name == name.strip(" ") != "" for name in names)
    assert len(set(names)) == len(names)
