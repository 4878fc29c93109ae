"""Weights come from the installed package, and from the version this plugin was made for."""

from __future__ import annotations

import sys
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from edgedla import PrerequisiteError, UsageError

from edgedla_ppocr import weights
from edgedla_ppocr.recogniser import CHARACTERS, dictionary
from edgedla_ppocr.weights import DETECTOR, RECOGNISER, Weights, load

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Place


@pytest.mark.parametrize("file", [DETECTOR, RECOGNISER])
def test_weights_are_those_of_the_package(file: Weights) -> None:
    path = file.path()
    assert path.parts[-3:-1] == ("rapidocr_onnxruntime", "models")
    assert sha256(path.read_bytes()).hexdigest() == file.sha256


def test_package_is_not_imported(built: Place) -> None:
    code = (
        "import sys; from edgedla_ppocr.weights import DETECTOR; DETECTOR.path();"
        "print(sorted({'rapidocr_onnxruntime', 'cv2', 'onnx', 'numpy'} & sys.modules.keys()))"
    )
    assert built.python("-c", code).out == "[]\n"


def test_missing_package_names_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = weights.WEIGHTS.model_copy(update={"name": "no_such_package"})
    monkeypatch.setattr(weights, "WEIGHTS", absent)
    with pytest.raises(PrerequisiteError) as caught:
        DETECTOR.path()
    assert caught.value.hint == "pip install 'rapidocr-onnxruntime==1.4.4'"


@pytest.mark.parametrize("content", [b"other weights", None])
def test_other_weights_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    package = tmp_path / "rapidocr_onnxruntime"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    if content is not None:
        (package / "models" / DETECTOR.file).write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "rapidocr_onnxruntime", raising=False)
    with pytest.raises(PrerequisiteError, match="does not hold the weights of version") as caught:
        DETECTOR.path()
    assert str(package / "models" / DETECTOR.file) in caught.value.message
    assert "--checkpoint FILE.onnx" in (caught.value.hint or "")


def test_dictionary_of_the_bundled_weights() -> None:
    characters = dictionary(RECOGNISER.path())
    assert len(characters) == CHARACTERS
    assert characters[0] == "'"
    assert all(len(character) == 1 for character in characters)
    assert set("0123456789ABCabc中国北京") <= set(characters)


def test_detector_has_no_dictionary() -> None:
    with pytest.raises(UsageError, match="metadata has no 'character'"):
        dictionary(DETECTOR.path())


@pytest.mark.parametrize("content", [b"", b"no model", bytes(range(256))])
def test_file_that_is_no_onnx(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.onnx"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="it is no ONNX file"):
        load(path)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load(tmp_path / "weights.onnx")
