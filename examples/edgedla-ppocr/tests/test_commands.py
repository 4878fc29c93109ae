"""The command line over both models and both targets, down to the program on the emulated board."""

from __future__ import annotations

import json
import sys
from shutil import copyfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edgedla_ppocr import draw
from edgedla_ppocr.detector import DetectorOptions, PpocrDet
from edgedla_ppocr.weights import RECOGNISER

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Place

PAGE, LINE = draw.sample_files("page")[1], draw.sample_files("line")[4]
PAGE_LINES = draw.page(draw.SAMPLES, 1).lines
LINE_TEXT = draw.line(draw.SAMPLES, 4).lines[0].text
BOARD = "edgedla_targets.pcupid.emulated.board"


def test_both_models_are_ready(built: Place) -> None:
    found = {model["name"]: model for model in built.edgedla("list-models", "--json").json["data"]["models"]}
    for name in ("ppocr_det", "ppocr_rec"):
        assert found[name]["status"] == "ready", found[name]
        assert found[name]["plugin"] == "edgedla-ppocr"


@pytest.mark.parametrize("target", ["onnxruntime", "pcupid"])
def test_lines_of_a_page_are_found(target: str, request: pytest.FixtureRequest) -> None:
    found = first_result(place_of(target, request), "ppocr_det", target, PAGE)
    regions = found["regions"]
    assert len(regions) == len(PAGE_LINES)
    for region, line in zip(regions, PAGE_LINES, strict=True):
        left, top, right, bottom = line.box
        xs, ys = zip(*region["corners"], strict=True)
        assert min(xs) == pytest.approx(left, abs=12)
        assert max(xs) == pytest.approx(right, abs=12)
        assert min(ys) == pytest.approx(top, abs=14)
        assert max(ys) == pytest.approx(bottom, abs=14)
        assert region["score"] > 0.6


@pytest.mark.parametrize("target", ["onnxruntime", "pcupid"])
def test_text_of_a_line_is_read(target: str, request: pytest.FixtureRequest) -> None:
    found = first_result(place_of(target, request), "ppocr_rec", target, LINE)
    assert found["reading"]["text"].strip() == LINE_TEXT
    assert found["reading"]["score"] > 0.9


def test_libraries_of_a_desktop_are_not_needed(built: Place) -> None:
    code = (
        "import sys; sys.modules['cv2'] = None; from edgedla.cli import main; sys.argv[0] = 'edgedla';"
        "sys.exit(main())"
    )
    ran = built.python("-c", code, "run", "ppocr_det", "--target", "onnxruntime", "-i", PAGE)
    assert ran.code == 0, ran.err
    assert len(ran.out.splitlines()) >= len(PAGE_LINES)


def test_person_sees_regions_and_text(built: Place) -> None:
    shown = built.edgedla("run", "ppocr_rec", "--target", "onnxruntime", "-i", LINE).out
    assert LINE_TEXT in shown
    shown = built.edgedla("run", "ppocr_det", "--target", "onnxruntime", "-i", PAGE).out
    assert shown.count("text") >= len(PAGE_LINES)


@pytest.mark.parametrize("model", ["ppocr_det", "ppocr_rec"])
def test_every_rung_down_to_the_board_agrees(built_for_board: Place, model: str) -> None:
    rungs = {rung["name"]: rung for rung in manifest(built_for_board, model)["rungs"]}
    assert list(rungs) == ["simplified", "safe", "float", "fixed", "offline", "board"]
    assert all(rung["ok"] for rung in rungs.values())
    assert rungs["fixed"]["snr_db"] > 15
    assert rungs["offline"]["max_abs"] == rungs["board"]["max_abs"] == 0


def test_board_takes_bytes_in_the_order_of_training_and_normalises_itself(built_for_board: Place) -> None:
    text = (built_for_board.folder / "build/ppocr_det/pcupid/convert/input_config.ini").read_text()
    for line in ("training_input_formats=BGR", "input_formats=BGR", "mean=127.5:127.5:127.5"):
        assert line in text.splitlines()
    assert "std_value=127.5:127.5:127.5" in text.splitlines()


@pytest.mark.parametrize(("board", "code"), [("BGRA", 0), ("YUV_NV12", 0), ("RGB", 2)])
def test_another_board_format_is_an_option(
    tmp_path: Path, built_for_board: Place, board: str, code: int
) -> None:
    words = (
        "build",
        "ppocr_det",
        "--target",
        "pcupid",
        "--set",
        f"pcupid.input_formats={board}",
        "--dry-run",
    )
    built_for_board.edgedla(*words, "--out", tmp_path / "other", code=code)


def test_program_on_the_board_takes_bytes_of_a_picture(built_for_board: Place, tmp_path: Path) -> None:
    assert built_for_board.python("-m", "edgedla_ppocr.raw", PAGE, tmp_path / "page.raw").code == 0
    assert (tmp_path / "page.raw").stat().st_size == 640 * 640 * 3
    bundle = built_for_board.folder / "build/ppocr_det/pcupid"
    (program,) = (bundle / "bin").iterdir()
    ran = built_for_board.python(
        *("-m", BOARD, "--", program, "-m", bundle / "convert/ppocr_det.img"),
        *("-i", tmp_path / "page.raw", "--dump", tmp_path, "--json"),
    )
    assert ran.code == 0, ran.err
    assert ran.json["results"][0]["outputs"][0]["shape"] == [1, 640, 640, 1]  # NHWC
    found = np.fromfile(tmp_path / "0.text.f32", "<f4").reshape(1, 1, 640, 640)
    regions = PpocrDet(DetectorOptions()).postprocess({"text": found}).regions or ()
    assert len(regions) == len(PAGE_LINES)


def test_own_weights_by_file(built: Place, tmp_path: Path) -> None:
    own = copyfile(RECOGNISER.path(), tmp_path / "own.onnx")
    built.edgedla(
        *("build", "ppocr_rec", "--target", "onnxruntime", "--checkpoint", own, "--out", tmp_path / "own")
    )
    assert (
        built.edgedla(*("run", "--bundle", tmp_path / "own", "-i", LINE, "--json")).json["data"]["results"][
            0
        ]["reading"]["text"]
        == LINE_TEXT
    )


def test_own_file_that_is_no_network_is_refused(built: Place, tmp_path: Path) -> None:
    own = tmp_path / "own.onnx"
    own.write_bytes(b"no network")
    words = ("build", "ppocr_rec", "--target", "onnxruntime", "--checkpoint", own, "--json")
    error = built.edgedla(*words, "--out", tmp_path / "own", code=2).json["error"]
    assert error["message"] == f"cannot read '{own}': it is no ONNX file"


def test_longer_lines_by_option(built: Place, tmp_path: Path) -> None:
    words = ("build", "ppocr_rec", "--target", "onnxruntime", "--set", "ppocr_rec.width=640")
    built.edgedla(*words, "--out", tmp_path / "long")
    spec = json.loads((tmp_path / "long/manifest.json").read_text())["spec"]
    assert spec["inputs"][0]["shape"] == [1, 3, 48, 640]
    assert spec["outputs"][0]["shape"] == [1, 80, 6625]


@pytest.mark.parametrize("width", [41, 0, 4096])
def test_width_that_no_graph_has_is_refused(built: Place, width: int) -> None:
    words = ("build", "ppocr_rec", "--target", "onnxruntime", "--set", f"ppocr_rec.width={width}", "--json")
    assert "ppocr_rec.width" in built.edgedla(*words, code=2).json["error"]["message"]


def place_of(target: str, request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue("built" if target == "onnxruntime" else "built_for_board")
    return found


def first_result(place: Place, model: str, target: str, file: Path) -> dict[str, Any]:
    ran = place.edgedla("run", model, "--target", target, "-i", file, "--json")
    (found,) = ran.json["data"]["results"]
    assert isinstance(found, dict)
    return found


def manifest(place: Place, model: str) -> dict[str, Any]:
    found = json.loads((place.folder / f"build/{model}/pcupid/manifest.json").read_text())
    assert isinstance(found, dict)
    return found


def test_python_is_one_the_package_allows() -> None:
    assert sys.version_info[:2] in {(3, 11), (3, 12)}
