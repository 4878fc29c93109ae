"""Emulated .sim and .img files: what they say of themselves, and who refuses which."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgedla.errors import DeviceError, UsageError
from edgedla_targets.pcupid.emulated import SDK, container, sim
from edgedla_targets.pcupid.emulated.image import Image
from edgedla_targets.pcupid.emulated.network import Network
from emulated_bench import Bench, chain, ini, listener, random

if TYPE_CHECKING:
    from pathlib import Path

FLOAT, FIXED, IMAGE = "net_float.sim", "net_fixed.sim", "net.img"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all three files of the small listener."""
    bench = Bench(tmp_path_factory.mktemp("made"))
    bench.samples()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SGS_IPU_DIR", str(SDK))
        chain(bench.folder, listener(), ini(), "1,1,1,64")
    return bench.folder


@pytest.fixture
def bench(made: Path, tmp_path: Path) -> Bench:
    """The same in a folder of the test's own."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return Bench(tmp_path)


@pytest.mark.parametrize(
    ("name", "magic"), [(FLOAT, b"EDLASIM1"), (FIXED, b"EDLASIM1"), (IMAGE, b"EDLAIMG1")]
)
def test_every_file_says_in_plain_text_that_it_is_emulated(name: str, magic: bytes, made: Path) -> None:
    data = (made / name).read_bytes()
    assert data[:8] == magic
    assert data[8:40] == hashlib.sha256(data[40:]).digest()
    (length,) = struct.unpack("<I", data[40:44])
    header = json.loads(data[48 : 48 + length])
    assert header["toolchain"] == "emulated"
    assert header["chip"] == "pcupid"
    assert "runs on no board" in header["note"]


def test_descriptors_of_an_image(made: Path) -> None:
    image = Image.load(made / IMAGE)
    (wave,), (logits,) = image.inputs, image.outputs
    assert (wave.name, wave.shape, wave.format, wave.size, wave.aligned_size) == (
        "wave",
        (1, 1, 64, 1),
        "FP32",
        256,
        256,
    )
    assert (logits.name, logits.shape, logits.format, logits.size, logits.aligned_size) == (
        "logits",
        (1, 5),
        "FP32",
        20,
        64,
    )
    assert image.header.inplace_input_buf
    assert image.header.variable_buffer_size == 2 * 2 * 8 * 64


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_noticed(place: float, bit: int, bench: Bench) -> None:
    data = bytearray((bench.folder / FIXED).read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    path = bench.put("damaged.img", bytes(data))
    with pytest.raises(UsageError, match=r"damaged\.img: (damaged|not a file)"):
        Network.read(path)


@pytest.mark.parametrize("size", [0, 4, 8, 40, 44, 200])
def test_cut_files_are_refused(size: int, bench: Bench) -> None:
    path = bench.put("cut.img", (bench.folder / IMAGE).read_bytes()[:size])
    with pytest.raises(UsageError, match=r"cut\.img"):
        Image.load(path)


def test_a_header_that_lies_is_refused_though_its_hash_fits(bench: Bench) -> None:
    for text in (b"{}", b"\xff", b'{"toolchain": "vendor"}'):
        body = struct.pack("<II", len(text), 0) + text
        path = bench.put("lie.img", b"EDLAIMG1" + hashlib.sha256(body).digest() + body)
        with pytest.raises(UsageError, match="header cannot be understood"):
            Image.load(path)
    body = (bench.folder / IMAGE).read_bytes()[40:] + b"more"
    path = bench.put("long.img", b"EDLAIMG1" + hashlib.sha256(body).digest() + body)
    with pytest.raises(UsageError, match=r"header cannot be understood: \d+ bytes, not"):
        Image.load(path)
    data = (bench.folder / FIXED).read_bytes()
    with pytest.raises(UsageError, match="its first bytes say otherwise"):
        Image.load(bench.put("lie.img", b"EDLAIMG1" + data[8:]))


def test_kinds_and_chips_are_not_mixed_up(bench: Bench) -> None:
    with pytest.raises(UsageError, match=r"a \.sim file"):
        Image.load(bench.folder / FIXED)
    with pytest.raises(UsageError, match="an image for a board"):
        sim.load(bench.folder / IMAGE)
    with pytest.raises(UsageError, match="cannot be read"):
        sim.load(bench.folder / "none.sim")
    with pytest.raises(UsageError, match="not a file of the emulated toolchain"):
        sim.load(bench.put("vendor.sim", b"\x18\x00\x00\x00SGS0 and so on"))
    with pytest.raises(DeviceError, match="made for the chip 'pcupid', this is 'mochi'"):
        Image.load(bench.folder / IMAGE, chip="mochi")
    header, payload = container.read(bench.folder / IMAGE)
    container.write(bench.folder / "other.img", header.model_copy(update={"chip": "mochi"}), payload)
    with pytest.raises(DeviceError, match="made for the chip 'mochi'"):
        Image.load(bench.folder / "other.img")
    assert Image.load(bench.folder / "other.img", chip=None).header.chip == "mochi"


def test_inputs_are_checked_against_their_descriptors(made: Path) -> None:
    image = Image.load(made / IMAGE)
    wave = random(1, 1, 64, 1)
    with image:
        assert image.run({"wave": wave, "more": wave})["logits"].shape == (1, 5)
    with pytest.raises(UsageError, match="input 'wave' is missing; given: sound"):
        image.run({"sound": wave})
    for wrong in (wave.astype(np.float64), wave[:, :, 1:], wave.reshape(1, 1, 1, 64)):
        with pytest.raises(UsageError, match="input 'wave': expected float32"):
            image.run({"wave": wrong})


def test_scripts_refuse_other_chips_and_kinds_and_damage(bench: Bench) -> None:
    data = bytearray((bench.folder / IMAGE).read_bytes())
    data[-1] ^= 1
    bench.put("damaged.img", bytes(data))
    refusals = {
        "made for pcupid, not for mochi": bench.simulate(IMAGE, "--soc_version", "mochi"),
        "damaged: its contents do not have the sha256": bench.simulate("damaged.img"),
        "is a fixed model, not Float": bench.simulate(FIXED, "-t", "Float"),
        "no detection output": bench.simulate(FIXED, "-c", "Detection"),
        "is not a float model": bench.calibrate("-m", FIXED),
        "is not a fixed model": bench.run("compile", "-m", FLOAT),
        "only goes with --batch_mode one_buf": bench.run(
            "compile", "-m", FIXED, "--inplace_input_buf", "False"
        ),
        "does not go with --batch_mode n_buf": bench.run("compile", "-m", FIXED, "-b", "1,2"),
    }
    for says, done in refusals.items():
        assert (done.code, says in done.text) == (1, True), done.text
    assert not list(bench.folder.glob("log/output/*"))


def test_compiler_milestones_default_name_and_batches(bench: Bench) -> None:
    done = bench.run(
        "compile", "-m", FIXED, "-b", "1,4", "--batch_mode", "one_buf", "--inplace_input_buf", "False"
    )
    assert done.code == 0, done.text
    wanted = ["Start to run convert offline network", "Run Offline OK. Cost time: ", "Start to run pack tool"]
    wanted += ["Offline model at: ", "Run Pack Tool OK."]
    places = [done.text.index(f"\033[31m{line}") for line in wanted]
    assert places == sorted(places)
    header = Image.load(bench.folder / "net_fixed.sim_sgsimg.img").header
    assert (header.batches, header.batch_mode, header.inplace_input_buf) == ((1, 4), "one_buf", False)


def test_calibrator_milestones_and_what_it_leaves(bench: Bench) -> None:
    (bench.folder / FIXED).unlink()
    done = bench.calibrate("--quant_level", "L5", "--num_process", "4")
    wanted = [
        "Start to analysis model",
        "Run statistics OK.",
        "Start to convert model...",
        "Fixed model at: ",
    ]
    places = [done.text.index(line) for line in [*wanted, "Run convert model OK."]]
    assert places == sorted(places)
    assert (bench.folder / FIXED).stat().st_size
    assert (bench.folder / "net_cmodel_float.sim").exists()
    names = [line.split()[0] for line in (bench.folder / "log/tensor_min_max.txt").read_text().splitlines()]
    assert names == ["wave", "wave/nchw", "c1", "r1", "c2", "r2", "mean", "logits"]
