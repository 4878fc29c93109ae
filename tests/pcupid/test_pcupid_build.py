"""`edgedla build` for pcupid by the emulated toolchain: what it leaves and says, and its options."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import edgedla_eat_sed.samples
from edgedla.artifacts import MANIFEST
from edgedla.errors import DeviceError
from edgedla.toolchain import Toolchain
from edgedla_eat_sed.plugin import EatSed
from edgedla_targets.pcupid.options import PcupidOptions
from edgedla_targets.pcupid.simulate import EmulatedNetwork, VendorSimulator
from pcupid_builds import BOARD_NOTICE, NOTICE, TINY, WORDS, prepare

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgedla.runner import Feed
    from throwaway import Result

    Command = Callable[..., Result]

GOLDEN = Path(__file__).parent / "golden"
CLIPS = Path(edgedla_eat_sed.samples.__file__).parent


def test_what_a_build_answers(first_build: tuple[Path, dict[str, Any]]) -> None:
    root, answer = first_build
    data = answer["data"]
    assert (answer["schema"], answer["ok"], answer["exit_code"]) == ("edgedla.build/1", True, 0)
    assert answer["warnings"] == [NOTICE]
    assert data["toolchain"] == "emulated"
    assert {"name": "lint.safe_onnx", "ok": True, "value": 0, "limit": 0} in data["gates"]
    assert all(gate["ok"] for gate in data["gates"])
    gates = {gate["name"].partition(".")[0] for gate in data["gates"]}
    assert gates >= {"onnx", "simplified", "safe", "float", "fixed", "offline", "board"}
    assert {"name": "board.max_abs", "ok": True, "value": 0, "limit": 0} in data["gates"]
    assert {"name": "board.self_test", "ok": True, "value": 0, "limit": 0} in data["gates"]
    assert {"name": "board.classes", "ok": True, "value": 1, "limit": 1} in data["gates"]
    manifest = json.loads((root / MANIFEST).read_text())
    assert manifest["toolchain"] == "emulated"
    assert [rung["name"] for rung in manifest["rungs"]] == [
        *("onnx", "simplified", "safe", "float", "fixed", "offline", "board")
    ]
    assert not (root / ".work").exists()


def test_the_bundle_holds_no_path_of_this_machine(tiny_bundle: Path) -> None:
    folder = str(tiny_bundle).encode()
    for path in tiny_bundle.rglob("*"):
        if path.is_file() and path.parent.name != "logs":
            assert folder not in path.read_bytes(), path


@pytest.mark.parametrize("name", ["input_config.ini", "sed_eat.cfg", "preprocess.py"])
def test_the_rendered_files_are_the_golden_ones(tiny_bundle: Path, name: str) -> None:
    rendered = (tiny_bundle / "convert" / name).read_text()
    # The golden copies are of the real network; only the length of the input and the classes are its own.
    length, classes = 16384, 35
    golden = (GOLDEN / name).read_text().replace("114688", str(length)).replace("=10\n", f"={classes}\n")
    assert rendered == golden


def test_the_vendors_names(tiny_bundle: Path) -> None:
    names = {
        path.relative_to(tiny_bundle / "convert").as_posix() for path in tiny_bundle.rglob("convert/**/*")
    }
    assert names >= {
        "onnx/eat_sim.onnx",
        "eat_float.sim",
        "eat_fixed.sim",
        "eat.img",
        "quant_data/sample_000.npy",
    }


WRONG = [
    ("--set pcupid.input_formats=RGB", "mean is missing, which image inputs need: RGB", "pcupid.mean="),
    ("--set pcupid.quantizations=false", "quantizations", "pcupid.quantizations"),
    ("--set pcupid.input_formats=YUV_NV12", "training_input_formats", "pcupid.training_input_formats"),
    ("--set pcupid.input_width_alignment=2", "input_width_alignment", "pcupid.input_width_alignment"),
    ("--set pcupid.conv_format=INT4", "conv_format", ""),
    ("--set pcupid.calibration_samples=0", "calibration_samples", ""),
    ("--set pcupid.quant_levels=L1", "quant_levels", "quant_level"),
    (
        "--toolchain /nowhere",
        "/nowhere does not exist; expected an SGS_IPU_Toolchain folder",
        "check the path",
    ),
    ("--opendla /nowhere", "/nowhere does not exist; expected an OpenDLAModel folder", "check the path"),
    ("--toolchain replay:/nowhere", "/nowhere/recording.json: No such file", "record"),
    ("--set pcupid.profile=s99", "no profile named 's99'", "emulated"),
    ("--docker-image=-v", "'-v' is no name of an image", ""),
    ("--opendla emulated --set pcupid.algorithm=sed/other", "no folder sed/other", "leave opendla empty"),
]


@pytest.mark.parametrize(("words", "message", "hint"), WRONG, ids=[words for words, _, _ in WRONG])
def test_what_is_wrong_is_said_before_anything_runs(
    work: Path, capfd: pytest.CaptureFixture[str], words: str, message: str, hint: str
) -> None:
    from edgedla.cli import main

    assert main(["build", *WORDS, *words.split()]) == 2
    said = capfd.readouterr().err
    assert message in said
    assert hint in said
    assert "Traceback" not in said
    assert list(work.iterdir()) == []


def test_a_clip_of_the_test_data_is_no_calibration(edgedla: Command, work: Path) -> None:
    (work / "calib").mkdir()
    shutil.copy(next(CLIPS.glob("1-*.ogg")), work / "calib/renamed.ogg")
    result = edgedla("build", *WORDS, "--calib", "calib", "--json", code=2)
    assert "belong to the test data of 'eat_sed', first renamed.ogg" in result.json["error"]["message"]


def test_calibration_by_the_users_own_clips(work: Path, bundle: Path, tiny_bundle: Path) -> None:
    (work / "calib").mkdir()
    clip = edgedla_eat_sed.samples.calibration_files()[3]
    shutil.copy(clip, work / "calib/one.ogg")
    made = prepare(work, calibration=work / "calib")
    made.run(lambda _: None)
    samples = sorted((bundle / "convert/quant_data").iterdir())
    assert [path.name for path in samples] == ["sample_000.npy"]
    assert (np.load(samples[0]) == made.context.model.preprocess(clip)["images"]).all()
    fixed, before = (root / "convert/eat_fixed.sim" for root in (bundle, tiny_bundle))
    assert fixed.read_bytes() != before.read_bytes()


def feeds(count: int) -> list[Feed]:
    model = EatSed(EatSed.resolve(EatSed.Options(), TINY))
    return list(model.samples(count))


@pytest.mark.slow
def test_outputs_that_the_board_leaves_as_int16(edgedla: Command, bundle: Path, tiny_bundle: Path) -> None:
    edgedla("build", *WORDS, "--set", "pcupid.dequantizations=false")
    assert "dequantizations=FALSE" in (bundle / "convert/input_config.ini").read_text()
    result = edgedla("run", "eat_sed", "--target", "pcupid", "--json").json
    assert result["warnings"] == [NOTICE, BOARD_NOTICE]
    clip = result["data"]["results"][0]
    float32 = edgedla("run", "--bundle", tiny_bundle, "-i", clip["input"], "--json").json["data"]["results"][
        0
    ]
    assert clip["label"] == float32["label"]
    assert clip["score"] == pytest.approx(float32["score"], abs=1e-3)


@pytest.mark.slow
def test_sixteen_bits_come_closer_than_eight(work: Path, bundle: Path) -> None:
    assert bundle.is_dir()
    errors = {}
    for bits in ("ALL_UINT8", "ALL_INT16"):
        manifest = prepare(work, target_options={"conv_format": bits}).run(lambda _: None)
        errors[bits] = next(rung.max_abs for rung in manifest.rungs if rung.name == "fixed")
    assert 0 < errors["ALL_INT16"] < errors["ALL_UINT8"]  # type: ignore[operator] # both were measured


@pytest.mark.slow
def test_a_template_of_the_users(work: Path, bundle: Path, edgedla: Command) -> None:
    source = Path(__file__).parents[2] / "templates/edgedla_templates/pcupid/input_config.ini.j2"
    own = work / "mine/input_config.ini.j2"
    own.parent.mkdir()
    own.write_text("; checked by the audio team\n" + source.read_text())
    edgedla("build", *WORDS, "--templates", "mine")
    assert (bundle / "convert/input_config.ini").read_text().startswith("; checked by the audio team\n")
    own.write_text(source.read_text().replace("{{ value | ini_value }}", " {{ value | ini_value | lower }}"))
    result = edgedla("build", *WORDS, "--templates", "mine", code=2)
    assert f"input_config.ini made from {Path('mine/input_config.ini.j2')}" in result.err


def test_an_image_for_another_chip(edgedla: Command, bundle: Path) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text())
    manifest["target"]["options"]["chip"] = "souffle"
    (bundle / MANIFEST).write_text(json.dumps(manifest))
    result = edgedla("run", "--bundle", bundle, code=DeviceError.exit_code)
    assert (
        "prog_sed_eat on emulated:native: MI_IPU_GetOfflineModeStaticInfo was refused: 54 MISMATCH_MODEL"
        in result.err
    )
    simulator = edgedla("run", "--bundle", bundle, "--board", "simulator", code=DeviceError.exit_code)
    assert "eat.img: made for the chip 'pcupid', this is 'souffle'" in simulator.err


def test_a_bundle_says_who_made_it_whatever_tools_are_here_now(edgedla: Command, bundle: Path) -> None:
    result = edgedla("run", "--bundle", bundle, "--json", env={"SGS_IPU_DIR": "/nowhere"}).json
    assert result["data"]["toolchain"] == "emulated"
    assert result["warnings"] == [NOTICE, BOARD_NOTICE]


@pytest.mark.parametrize("name", ["eat_float.sim", "eat_fixed.sim", "eat.img"])
def test_the_simulators_text_says_what_the_network_says(tiny_bundle: Path, tmp_path: Path, name: str) -> None:
    model = EatSed(EatSed.resolve(EatSed.Options(), TINY))
    path, spec, options = tiny_bundle / "convert" / name, model.spec(), PcupidOptions(toolchain="emulated")
    tools = Toolchain(log_dir=tmp_path / "logs", echo=lambda _: None)
    inputs = feeds(3)
    with VendorSimulator(path, "eat_sed", spec, options, tools) as simulator:
        written = simulator.run_all(inputs)
    with EmulatedNetwork(path, spec, options) as network:
        exact = network.run_all(inputs)
    assert len(written) == 3
    for one, other in zip(written, exact, strict=True):
        assert one["output"].shape == (1, 35)
        assert np.abs(one["output"] - other["output"]).max() <= 1e-6  # six decimals


def test_a_name_of_the_image_without_its_ending(work: Path, bundle: Path) -> None:
    manifest = prepare(work, target_options={"save_name": "ears"}).run(lambda _: None)
    assert manifest.path_of("pcupid_img", bundle) == bundle / "convert/ears.img"
    assert not (bundle / "convert/eat.img").exists()
