"""Data sets as they come from anywhere: layouts, folds, labels, lists, and what must be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgedla.dataset import Clip, Dataset, match_labels, plain_label, read_dataset, read_list, thinned
from edgedla.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "filename,fold,target,category,esc10,src_file,take\n"


def esc(folder: Path, table: str | bytes, *files: str) -> Path:
    (folder / "meta").mkdir(parents=True)
    (folder / "meta/esc50.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    (folder / "audio").mkdir()
    for name in files:
        (folder / "audio" / name).write_text("x")
    return folder


def test_the_layout_of_esc(tmp_path: Path) -> None:
    rows = "1-1-A-10.txt,1,10,rain,True,1,A\n2-2-A-0.txt,2,0,dog,True,2,A\n2-3-A-10.txt,2,10,rain,True,3,A\n"
    found = read_dataset(
        esc(tmp_path / "d", HEAD + rows, "1-1-A-10.txt", "extra.txt", ".hidden.txt", "x.md"), [".txt"]
    )
    assert (found.layout, found.classes, found.folds) == ("esc", ("dog", "rain"), (1, 2))
    assert [(clip.name, clip.label, clip.fold) for clip in found.clips] == [
        ("1-1-A-10.txt", "rain", 1),
        ("2-2-A-0.txt", "dog", 2),
        ("2-3-A-10.txt", "rain", 2),
    ]  # missing files are listed: whoever reads them counts them
    assert found.unlisted == 1
    assert found.only([1]).classes == ("rain",)
    assert [clip.fold for clip in found.without(1).clips] == [2, 2]
    assert [clip.name for clip in thinned(found.clips, 2)] == ["1-1-A-10.txt", "2-2-A-0.txt"]
    assert thinned(found.clips, 99) == found.clips


def test_class_folders(tmp_path: Path) -> None:
    for name in ("dog/a.txt", "dog/deep/b.txt", "cat/a.txt", ".git/x.txt", "empty/notes.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    found = read_dataset(tmp_path, [".txt"])
    assert [(clip.name, clip.label) for clip in found.clips] == [
        ("cat/a.txt", "cat"),
        ("dog/a.txt", "dog"),
        ("dog/deep/b.txt", "dog"),
    ]
    assert (found.layout, found.classes, found.folds) == ("folders", ("cat", "dog"), ())
    with pytest.raises(UsageError, match="no folds"):
        found.only([1])


def test_other_tables_that_are_fine(tmp_path: Path) -> None:
    # A byte order mark, CRLF, quotes, other columns in another order, and what a spreadsheet would run.
    table = '\ufeffcategory,filename\r\n"=HYPERLINK(""x"")",a.txt\r\n"sea, waves",b.txt\r\n'
    found = read_dataset(esc(tmp_path / "d", table), [".txt"])
    assert found.classes == ('=HYPERLINK("x")', "sea, waves")
    assert found.folds == ()


HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "no column": ("filename,fold\na.txt,1\n", "no column 'category'"),
    "empty": ("", "no column 'filename'"),
    "no rows": (HEAD, "names no recording"),
    "upwards": (HEAD + "../../etc/passwd,1,0,dog,True,1,A\n", "line 2: '../../etc/passwd' leads out"),
    "inside and out": (HEAD + "a/../../b.txt,1,0,dog,True,1,A\n", "leads out"),
    "absolute": (HEAD + "/etc/passwd,1,0,dog,True,1,A\n", "leads out"),
    "backslashes": (HEAD + "..\\b.txt,1,0,dog,True,1,A\n", "leads out"),
    "control character": (HEAD + "a\x1b[2J.txt,1,0,dog,True,1,A\n", "is no file name"),
    "zero byte": (HEAD + "a\x00.txt,1,0,dog,True,1,A\n", "is no file name"),
    "no name": (HEAD + " ,1,0,dog,True,1,A\n", "is no file name"),
    "twice": (HEAD + 2 * "a.txt,1,0,dog,True,1,A\n", "line 3: 'a.txt' stands in line 2 already"),
    "no class": (HEAD + "a.txt,1,0, ,True,1,A\n", "has no category"),
    "too few fields": (HEAD + "a.txt,1\n", "line 2: has not as many fields"),
    "too many fields": (HEAD + "a.txt,1,0,dog,True,1,A,more\n", "has not as many fields"),
    "fold": (HEAD + "a.txt,one,0,dog,True,1,A\n", "fold is 'one'"),
    "huge fold": (HEAD + "a.txt,99999999,0,dog,True,1,A\n", "fold is '99999999'"),
    "negative target": (HEAD + "a.txt,1,-3,dog,True,1,A\n", "target is '-3'"),
    "open quote": (HEAD + '"a.txt,1,0,dog\n', "unexpected end of data"),
    "other coding": (HEAD.encode() + b"\xff\xfe.txt,1,0,dog,True,1,A\n", "no UTF-8 at byte"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_table_is_refused(tmp_path: Path, case: str) -> None:
    table, reason = HOSTILE[case]
    with pytest.raises(UsageError) as caught:
        read_dataset(esc(tmp_path / "d", table))
    assert reason in caught.value.message
    assert "esc50.csv" in caught.value.message


@settings(max_examples=50)
@given(st.text(max_size=200))
def test_a_table_of_anything_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = esc(
        tmp_path_factory.mktemp("any") / "d", ("filename,category\n" + text).encode(errors="replace")
    )
    try:
        found = read_dataset(folder)
    except UsageError:
        return
    audio = (folder / "audio").resolve()
    assert found.clips
    assert all(audio in clip.path.resolve().parents for clip in found.clips)
    assert len({clip.name for clip in found.clips}) == len(found.clips)


def test_folders_that_are_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such folder"):
        read_dataset(tmp_path / "missing")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="not a folder"):
        read_dataset(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        UsageError, match=r"neither meta/esc50.csv nor a folder per class with files with suffix"
    ):
        read_dataset(tmp_path / "empty", [".wav"])


def test_folds_that_are_not_there(tmp_path: Path) -> None:
    found = read_dataset(esc(tmp_path / "d", HEAD + "a.txt,1,0,dog,True,1,A\n"))
    with pytest.raises(UsageError, match="there is no fold 9") as caught:
        found.only([9])
    assert caught.value.hint == "folds are 1"
    with pytest.raises(UsageError, match="the only one"):
        found.without(1)


def dataset(root: Path, *labels: str) -> Dataset:
    return Dataset(root, "esc", tuple(Clip(root / name, name, name) for name in labels), labels)


def test_labels_are_matched_by_name(tmp_path: Path) -> None:
    found = dataset(tmp_path, "Sea waves", "rain", "clock-tick")
    labels = ("rain", "clock_tick", "sea_waves", "dog")
    assert match_labels(found, labels) == {"Sea waves": 2, "rain": 0, "clock-tick": 1}


def test_labels_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not know 1 of its 2 classes: cat") as caught:
        match_labels(dataset(tmp_path, "dog", "cat"), ["dog"])
    assert caught.value.hint == "--known-only takes the 1 clips of the others"
    assert match_labels(dataset(tmp_path, "dog", "cat"), ["dog"], known_only=True) == {"dog": 0}
    for known_only in (False, True):
        with pytest.raises(UsageError, match="none of its 1 classes"):
            match_labels(dataset(tmp_path, "0"), ["class_0"], known_only=known_only)
    with pytest.raises(UsageError, match="has no class names"):
        match_labels(dataset(tmp_path, "dog"), ())


@given(st.text(), st.sampled_from(["_", " ", "-", "  "]))
def test_plain_labels_settle(text: str, gap: str) -> None:
    assert plain_label(plain_label(text)) == plain_label(text)
    assert plain_label(f"a{gap}b") == "a_b"


def test_lists(tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds/a b.txt").write_text("x")
    (tmp_path / "list.txt").write_text("sounds/a b.txt\n\n")
    assert read_list(tmp_path / "list.txt") == (tmp_path / "sounds/a b.txt",)
    for content, reason in (
        ("", "names no file"),
        ("sounds/c.txt\n", "there is no file"),
        ("a\0b\n", "there is no"),
    ):
        (tmp_path / "list.txt").write_text(content)
        with pytest.raises(UsageError, match=reason):
            read_list(tmp_path / "list.txt")
    (tmp_path / "list.txt").write_bytes(b"RIFF\xff\xfe")
    with pytest.raises(UsageError, match="not text"):
        read_list(tmp_path / "list.txt")
