"""A labelled data set on disk: the layout of ESC (`meta/esc50.csv` and `audio/`), or one folder per class.

A folder from elsewhere is not trusted: names that lead out of it, tables without the columns they need and
names that stand there twice are refused with the line.
"""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from edgedla.bounded import read_bounded
from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

TABLE = PurePosixPath("meta/esc50.csv")
RECORDINGS = "audio"
COLUMNS = ("filename", "category")
LARGEST = 64_000_000
"""Bytes of a table; that of ESC-50 has 100 kB for 2000 recordings."""
SHOWN = 5  # names in a message


@dataclass(frozen=True)
class Clip:
    """One labelled file."""

    path: Path
    name: str  # relative to the data set's recordings, with forward slashes; unique in it
    label: str  # the data set's own name of the class
    fold: int | None = None


@dataclass(frozen=True)
class Dataset:
    """Labelled files of one folder; `classes` are the names that occur, by the table's `target`."""

    root: Path
    layout: str  # "esc" or "folders"
    clips: tuple[Clip, ...]
    classes: tuple[str, ...]
    unlisted: int = 0  # recordings in the folder that the table does not name

    @property
    def folds(self) -> tuple[int, ...]:
        """The folds that occur, sorted; empty where the data set has none."""
        return tuple(sorted({clip.fold for clip in self.clips if clip.fold is not None}))

    def only(self, folds: Iterable[int]) -> Dataset:
        """The clips of these folds.

        Raises:
            UsageError: The data set has no folds, or not these.
        """
        wanted = set(folds)
        if not self.folds:
            raise UsageError(f"{self.root}: the data set has no folds", hint="leave out --fold")
        if missing := sorted(wanted - set(self.folds)):
            raise UsageError(
                f"{self.root}: there is no fold {missing[0]}", hint=f"folds are {_list(map(str, self.folds))}"
            )
        return self._with(clip for clip in self.clips if clip.fold in wanted)

    def without(self, fold: int) -> Dataset:
        """The clips of all other folds.

        Raises:
            UsageError: There is no such fold, or no other.
        """
        self.only([fold])
        if self.folds == (fold,):
            raise UsageError(f"{self.root}: fold {fold} is the only one, so nothing is left")
        return self._with(clip for clip in self.clips if clip.fold != fold)

    def take(self, names: Iterable[str]) -> Dataset:
        """The clips of these names."""
        wanted = set(names)
        return self._with(clip for clip in self.clips if clip.name in wanted)

    def _with(self, clips: Iterable[Clip]) -> Dataset:
        kept = tuple(clips)
        present = {clip.label for clip in kept}
        return replace(self, clips=kept, classes=tuple(name for name in self.classes if name in present))


def read_dataset(root: Path, suffixes: Sequence[str] = ()) -> Dataset:
    """The data set in `root`; `suffixes` are those of recordings in class folders (`Model.suffixes`).

    A recording that the table names is listed, whether or not its file is there: who reads it counts it.

    Raises:
        UsageError: There is no such folder, it has neither layout, it is empty, or its table is damaged.
    """
    if not root.is_dir():
        raise UsageError(f"--data {root}: {'not a folder' if root.exists() else 'there is no such folder'}")
    if (root / TABLE).is_file():
        return _esc(root, suffixes)
    return _folders(root, suffixes)


def thinned(clips: Sequence[Clip], count: int) -> tuple[Clip, ...]:
    """At most `count` clips in their order, as many of each class: of each in turn the next one."""
    by_class: dict[str, list[Clip]] = {}
    for clip in clips:
        by_class.setdefault(clip.label, []).append(clip)
    turns = zip_longest(*by_class.values())
    kept = set(islice((clip for turn in turns for clip in turn if clip), count))
    return tuple(clip for clip in clips if clip in kept)


def match_labels(dataset: Dataset, labels: Sequence[str], *, known_only: bool = False) -> dict[str, int]:
    """The model's class number of each of the data set's classes, by name.

    Names count as equal without regard to case and to blanks, hyphens and underscores. Numbers in a table are
    never used: those of a subset (ESC-10 within ESC-50) are not those of the outputs. With `known_only`
    classes that the model lacks are left out.

    Raises:
        UsageError: The model does not know a class, or knows none.
    """
    if not labels:
        raise UsageError("the model has no class names", hint="its plugin has to name them in spec()")
    numbers = {plain_label(name): index for index, name in enumerate(labels)}
    found = {name: numbers[plain_label(name)] for name in dataset.classes if plain_label(name) in numbers}
    other = [name for name in dataset.classes if name not in found]
    if not found:
        raise UsageError(
            f"{dataset.root}: none of its {len(dataset.classes)} classes is one of the model's; "
            f"the data set has {_list(dataset.classes)}, the model {_list(labels)}",
            hint="class names of a model come from labels.txt beside its checkpoint, or an option",
        )
    if other and not known_only:
        count = sum(clip.label in found for clip in dataset.clips)
        raise UsageError(
            f"{dataset.root}: the model does not know {len(other)} of its {len(dataset.classes)} classes: "
            f"{_list(other)}",
            hint=f"--known-only takes the {count} clips of the others",
        )
    return found


def read_list(path: Path) -> tuple[Path, ...]:
    """The files that a list names, one per line, relative to the folder that the list stands in.

    Raises:
        UsageError: It is no such list, or names a file that is not there.
    """
    lines = [line for line in _text(path).splitlines() if line.strip()]
    if not lines:
        raise UsageError(f"{path}: the list names no file")
    files = tuple(path.parent / line for line in lines)
    for number, file in enumerate(files, start=1):
        if "\0" in lines[number - 1] or not file.is_file():
            raise UsageError(
                f"{path}: there is no file {str(file)!r}, which line {number} names",
                hint="one file a line, relative to the list's own folder, as edgedla calibrate-set writes it",
            )
    return files


def plain_label(name: str) -> str:
    """A class name as it is compared: `Sea waves`, `sea-waves` and `sea_waves` are one."""
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())


def _esc(root: Path, suffixes: Sequence[str]) -> Dataset:
    table, folder = root / TABLE, root / RECORDINGS
    rows = list(_rows(table))
    clips, lines, targets = [], dict[str, int](), dict[str, int]()
    for line, row in rows:
        name, where = row["filename"], f"{table}, line {line}"
        _check_name(name, where)
        if name in lines:
            raise UsageError(f"{where}: {name!r} stands in line {lines[name]} already")
        lines[name] = line
        label = row["category"].strip()
        if not label:
            raise UsageError(f"{where}: {name!r} has no category")
        target = _number(row.get("target"), f"{where}: target", lowest=0)
        targets.setdefault(label, len(targets) if target is None else target)
        fold = _number(row.get("fold"), f"{where}: fold", lowest=0)
        clips.append(Clip(folder / name, name, label, fold))
    if not clips:
        raise UsageError(f"{table}: the table names no recording")
    present = set(_recordings(folder, suffixes)) if folder.is_dir() else set()
    return Dataset(
        root,
        "esc",
        tuple(clips),
        tuple(sorted(targets, key=lambda label: (targets[label], label))),
        unlisted=len(present - lines.keys()),
    )


def _text(path: Path) -> str:
    try:
        return read_bounded(path, LARGEST, "that lists no recordings").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not text: no UTF-8 at byte {error.start}") from None


def _rows(table: Path) -> Iterator[tuple[int, dict[str, str]]]:
    text = _text(table)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise UsageError(
                f"{table}: there is no column '{missing[0]}'",
                hint=f"the first line names the columns, at least {', '.join(COLUMNS)}; fold is optional",
            )
        for row in reader:
            if None in row or None in row.values():
                raise UsageError(f"{table}, line {reader.line_num}: has not as many fields as the first line")
            yield reader.line_num, row
    except csv.Error as error:
        raise UsageError(f"{table}, line {reader.line_num}: {error}") from None


def _check_name(name: str, where: str) -> None:
    """A name is that of a file below the recordings, wherever the table comes from."""
    parts = PurePosixPath(name)
    if not name.strip() or not name.isprintable():
        raise UsageError(f"{where}: {name!r} is no file name")
    if parts.is_absolute() or ".." in parts.parts or "\\" in name:
        raise UsageError(f"{where}: {name!r} leads out of the folder '{RECORDINGS}'")


def _number(text: str | None, where: str, lowest: int) -> int | None:
    """A whole number of a cell, `None` where the column is not there or the cell is empty."""
    if text is None or not text.strip():
        return None
    try:
        number = int(text)
    except ValueError:
        number = lowest - 1
    if not lowest <= number <= 1_000_000:  # noqa: PLR2004 - more folds or classes than anybody has
        raise UsageError(f"{where} is {text!r}, expected a whole number from {lowest} on")
    return number


def _folders(root: Path, suffixes: Sequence[str]) -> Dataset:
    classes = sorted(folder.name for folder in root.iterdir() if folder.is_dir() and folder.name[0] != ".")
    clips = tuple(
        Clip(root / label / name, f"{label}/{name}", label)
        for label in classes
        for name in sorted(_recordings(root / label, suffixes))
    )
    if not clips:
        wanted = f" with suffix {', '.join(suffixes)}" if suffixes else ""
        raise UsageError(
            f"--data {root}: there is neither {TABLE} nor a folder per class with files{wanted}",
            hint=f"ESC's layout is {TABLE} and {RECORDINGS}/; class folders are CLASS/FILE",
        )
    for clip in clips:
        _check_name(clip.name, f"{root}")
    present = {clip.label for clip in clips}
    return Dataset(root, "folders", clips, tuple(name for name in classes if name in present))


def _recordings(folder: Path, suffixes: Sequence[str]) -> Iterator[str]:
    """Files below a folder, hidden ones left out, by their name relative to it."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != ".")
        for name in files:
            if name[0] != "." and (not suffixes or Path(name).suffix.lower() in suffixes):
                yield (Path(place) / name).relative_to(folder).as_posix()


def _list(names: Iterable[str]) -> str:
    shown = list(names)
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return ", ".join(shown[:SHOWN]) + more
