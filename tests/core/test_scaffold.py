"""Names and folders of a new plugin, and the text of its files."""

from __future__ import annotations

import ast
import doctest
import io
import itertools
import re
import tomllib
import wave
from typing import TYPE_CHECKING, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edgedla.errors import UsageError
from edgedla.scaffold import text, tree
from edgedla.scaffold.example import example
from edgedla.scaffold.model import model_files
from edgedla.scaffold.names import LONGEST, Names, names_for
from edgedla.scaffold.plan import Guess, Kind, Plan
from edgedla.scaffold.target import target_files
from edgedla.spec import TensorSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KINDS: tuple[Kind, ...] = get_args(Kind)
HOSTILE = 'it\'s """ \\ {{ 1/0 }} | `x` </b>\u202e'
SIZE = TensorSpec(name="x", shape=(1, 4))


@given(st.one_of(st.text(max_size=50), st.from_regex(r"[a-z0-9_-]{1,45}", fullmatch=True)))
def test_names_are_good_for_all_they_become(name: str) -> None:
    try:
        names = names_for(name, {})
    except UsageError:
        return
    assert names.package.isidentifier()
    assert re.fullmatch(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*", names.distribution)  # as PEP 508 wants it
    assert re.fullmatch("[A-Za-z][A-Za-z0-9_]*", names.stem)
    assert names.class_name("model").isidentifier()
    assert len(name) <= LONGEST


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "cannot be"),
        ("3d", "cannot be"),
        ("Big", "perhaps 'big'"),
        ("a--b", "perhaps 'a_b'"),
        ("../up", "perhaps 'up'"),
        ("a" * 41, "at most 40"),
        ("mine", "taken by me"),
        ("targets", "package 'edgedla_targets'"),
        ("eat-sed", "package 'edgedla_eat_sed'"),
    ],
)
def test_names_that_are_refused(name: str, reason: str) -> None:
    with pytest.raises(UsageError) as refused:
        names_for(name, {"mine": "me"})
    assert reason in f"{refused.value.message}\n{refused.value.hint}"


FILES = {"a": b"1", "deep/er/b": b"2", "deep/c": b"3"}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("existed", [True, False])
def test_a_folder_is_written(tmp_path: Path, *, existed: bool) -> None:
    out = tmp_path / "over/out"
    if existed:
        out.mkdir(parents=True)
    before = out.stat().st_ino if existed else None
    tree.write_tree(out, FILES)
    assert contents(tmp_path / "over") == {f"out/{name}": data for name, data in FILES.items()}
    assert before in (None, out.stat().st_ino)  # whoever stands in it still does


FULL = OSError(28, "No space left on device")


@pytest.mark.parametrize(("stop", "seen"), [(KeyboardInterrupt(), KeyboardInterrupt), (FULL, UsageError)])
@pytest.mark.parametrize(
    ("existed", "call", "number"),
    [
        (False, "write_bytes", 0),
        (False, "write_bytes", 2),
        (False, "rename", 0),
        (True, "write_bytes", 1),
        (True, "rename", 0),
        (True, "rename", 1),
        (True, "rmdir", 0),
    ],
)
def test_a_folder_that_is_not_finished_is_not_there(  # noqa: PLR0913, PLR0917 - what stops it, and where
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    existed: bool,  # noqa: FBT001 - a parameter of the test
    call: str,
    number: int,
    stop: BaseException,
    seen: type[BaseException],
) -> None:
    out = tmp_path / "out"
    if existed:
        out.mkdir()
    real, count = getattr(type(tmp_path), call), itertools.count()

    def stopping(self: Path, *words: object) -> object:
        if next(count) == number:
            raise stop
        return real(self, *words)

    monkeypatch.setattr(type(tmp_path), call, stopping)
    with pytest.raises(seen):
        tree.write_tree(out, FILES)
    monkeypatch.undo()
    assert list(tmp_path.rglob("*")) == ([out] if existed else [])


@pytest.mark.parametrize("make", [lambda p: p.write_text("x"), lambda p: (p / "x").mkdir(parents=True)])
def test_nothing_is_overwritten(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "out")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError):
        tree.write_tree(tmp_path / "out", FILES)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_place_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot be written"):
        tree.write_tree(tmp_path / "file/out", FILES)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_again_is_the_same(kind: Kind) -> None:
    assert model_files(Names("one"), example(kind)) == model_files(Names("one"), example(kind))


def test_samples_are_what_they_are_called() -> None:
    with wave.open(io.BytesIO(example("audio").samples["high.wav"])) as file:
        sound = np.frombuffer(file.readframes(9999), "<i2")
        rate = file.getframerate()
    spectrum = np.abs(np.fft.rfft(sound))
    assert np.argmax(spectrum) * rate / len(sound) == 3500
    for number, name in enumerate(("red", "green", "blue")):
        with Image.open(io.BytesIO(example("image").samples[f"{name}.png"])) as image:
            assert image.size == (64, 48)
            assert np.argmax(np.asarray(image).mean(axis=(0, 1))) == number
    rising = np.load(io.BytesIO(example("tensor").samples["rising.npy"]))
    assert (np.diff(rising) > 0).all()


def test_words_of_a_file_are_only_words() -> None:
    """They stand in strings, docstrings and Markdown, and end none of them."""
    plan = Plan(
        kind="tensor",
        summary=HOSTILE,
        inputs=(SIZE,),
        outputs=(SIZE,),
        opset=13,
        labels=(HOSTILE, "b", "c", "d"),
        scores="none",
        licence=HOSTILE,
        samples={"a.npy": b""},
        graph=b"",
        source=HOSTILE,
        guessed=(Guess(what=HOSTILE, value=HOSTILE, why=HOSTILE, where=HOSTILE),),
        changed=(HOSTILE,),
    )
    files = model_files(Names("odd"), plan)
    module = ast.parse(files["edgedla_odd/__init__.py"])
    texts = [node.value for node in ast.walk(module) if isinstance(node, ast.Constant)]
    assert texts.count(HOSTILE) == 2  # summary and licence
    tomllib.loads(files["pyproject.toml"].decode())
    readme = files["README.md"].decode()
    (row,) = (line for line in readme.splitlines() if line.startswith("| it's"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 5
    assert "\u202e" not in readme
    assert re.search(r"(?<!\\)<", re.sub("`[^`]+`", "", readme)) is None


@given(st.text())
def test_any_text_is_written_as_python(value: str) -> None:
    assert ast.literal_eval(text.py(value)) == value


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(text).failed == 0
    assert doctest.testmod(text).attempted == 4


@pytest.mark.parametrize("name", ["a", "my-board", "board_2"])
def test_c_of_a_target_is_left_to_the_target(name: str) -> None:
    files = target_files(Names(name))
    package = Names(name).package
    assert b"{{ label | c_string }}" in files[f"{package}/labels.h.j2"]
    assert b"{%" not in files[f"{package}/__init__.py"]
    assert b"EDGEDLA_CONTRACT = (1, 1)" in files[f"{package}/__init__.py"]
