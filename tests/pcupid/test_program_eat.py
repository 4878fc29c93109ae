"""The program of a whole build over recordings, with sanitizers: what it hears is what Python hears."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from edgedla_targets.pcupid.emulated.image import Image
from edgedla_targets.pcupid.program.golden import FOLDER, Clip
from pcupid_builds import prepare
from program_builds import Objects, Program

if TYPE_CHECKING:
    from edgedla.model import Model
    from edgedla_targets.pcupid.emulated.board import Board

RATE = 16000  # Hz, the tiny network's
SOUNDS = Path(__file__).parents[1] / "data/audio"


@pytest.fixture(scope="module")
def program(
    tmp_path_factory: pytest.TempPathFactory, tiny_bundle: Path, sanitized: Objects, board: Board
) -> Program:
    """The bundle's sources, compiled with sanitizers, beside its clips."""
    folder = tmp_path_factory.mktemp("eat")
    shutil.copytree(tiny_bundle / "src" / FOLDER, folder / FOLDER)
    path = sanitized.link(tiny_bundle / "src", folder / "prog_sed_eat")
    return Program(path, tiny_bundle / "convert/eat.img", board)


@pytest.fixture(scope="module")
def wavs(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The golden clips and real recordings, at other rates than the network's; the last one has that rate."""
    folder = tmp_path_factory.mktemp("wavs")
    paths = [Path(shutil.copy(path, folder)) for path in sorted((tiny_bundle / "src/golden").glob("*.wav"))]
    for path in sorted(SOUNDS.glob("*.ogg")):
        sound, rate = soundfile.read(path, dtype="float32")
        paths.append(folder / f"{path.stem}.WAV")
        soundfile.write(paths[-1], sound, rate, subtype="PCM_16", format="WAV")
    same = Path(shutil.copy(paths[-1], folder / "same_rate.wav"))
    soundfile.write(same, sound, RATE, subtype="PCM_16")
    return sorted([*paths, same])


@pytest.fixture
def model(work: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.delenv("SGS_IPU_DIR", raising=False)
    return prepare(work).context.model


def test_classes_and_scores_are_those_of_python(program: Program, model: Model, wavs: list[Path]) -> None:
    ran = program.run("-i", wavs[0].parent, "--json", "-k", "3", "-t", "0", "-n", "2")
    assert ran.code == 0, ran.err
    results = ran.json["results"]
    assert [result["input"] for result in results] == list(map(str, wavs))
    network = Image.load(program.image)
    for path, result in zip(wavs, results, strict=True):
        top = model.postprocess(network.run_floats(model.preprocess(path))).top
        assert [(each["class_id"], each["label"]) for each in result["top"]] == [
            (each.class_id, each.label) for each in top[:3]
        ]
        exact = 1e-6 if soundfile.info(path).samplerate == RATE else 1e-4  # by resampling
        for found, wanted in zip(result["top"], top, strict=False):
            assert found["score"] == pytest.approx(wanted.score, abs=exact)


def test_the_same_tensor_gives_the_same_bits(
    program: Program, model: Model, tiny_bundle: Path, tmp_path: Path
) -> None:
    tensors = sorted((tiny_bundle / "src/golden").glob("*.f32"))
    ran = program.run("-i", tiny_bundle / "src/golden", "--tensor", "--dump", tmp_path)
    assert ran.code == 0, ran.err
    network = Image.load(program.image)
    shape = model.spec().inputs[0].shape
    for index, path in enumerate(tensors):
        wanted = network.run_floats({"images": np.fromfile(path, "<f4").reshape(shape)})["output"]
        assert (tmp_path / f"{index}.output.f32").read_bytes() == wanted.tobytes()


def test_self_test_of_the_build(program: Program) -> None:
    ran = program.run("--self-test")
    assert ran.code == 0, ran.out
    assert ran.out.splitlines()[:5] == [
        "TAP version 13",
        "1..11",
        "ok 1 - the image is that of the build",
        "ok 2 - the image's tensors are those of the program",
        "ok 3 - clip_0: the front end makes the build's tensor of its recording",
    ]
    assert ran.out.count("\nok ") == 11


def test_self_test_hears_a_front_end_that_differs(program: Program, tmp_path: Path) -> None:
    shutil.copytree(program.path.parent / FOLDER, tmp_path / FOLDER)
    sound, rate = soundfile.read(tmp_path / FOLDER / "clip_1.wav", dtype="int16")
    soundfile.write(tmp_path / FOLDER / "clip_1.wav", np.roll(sound, 1), rate, subtype="PCM_16")
    ran = program.run("--self-test", "--golden", tmp_path / FOLDER)
    assert ran.code == 1
    assert "not ok 6 - clip_1: the front end makes the build's tensor of its recording" in ran.out
    assert "of full scale, allowed 0.001" in ran.out
    assert ran.out.count("not ok") == 1


def test_a_recording_that_is_cut_short_is_used_and_said_so(
    program: Program, wavs: list[Path], tmp_path: Path
) -> None:
    whole = wavs[0].read_bytes()
    path = tmp_path / "cut.wav"
    path.write_bytes(whole[: len(whole) // 2])
    ran = program.run("-i", path, "--json")
    assert ran.code == 0
    (warning,) = ran.json["results"][0]["warnings"]
    assert warning.startswith("the file ends early: ")
    assert f"warning: {path}: {warning}\n" in ran.err


def test_the_window_is_the_one_asked_for(program: Program, model: Model, tmp_path: Path) -> None:
    spec = model.spec()
    assert spec.audio is not None
    assert spec.audio.rate == RATE
    noise = np.random.default_rng(0).uniform(-1, 1, 5 * spec.inputs[0].shape[-1])
    soundfile.write(tmp_path / "long.wav", noise, spec.audio.rate, subtype="FLOAT")
    for window in ("start", "centre"):
        assert program.run("-i", "long.wav", "--window", window, "--dump", window, cwd=tmp_path).code == 0
    assert program.run("-i", "long.wav", "--dump", "own", cwd=tmp_path).code == 0
    dumps = {name: (tmp_path / name / "0.output.f32").read_bytes() for name in ("start", "centre", "own")}
    assert dumps["start"] != dumps["centre"]
    assert dumps["own"] == dumps[spec.audio.window]


def test_files_that_are_no_recordings_leave_the_others(
    program: Program, wavs: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "text.wav").write_text("not a sound")
    (tmp_path / "empty.wav").touch()
    words: list[str | Path] = [
        "-i",
        tmp_path / "text.wav",
        "-i",
        wavs[0],
        "-i",
        tmp_path / "empty.wav",
        "-i",
        "nope.wav",
    ]
    ran = program.run(*words, "--json")
    assert ran.code == 2
    assert [result["index"] for result in ran.json["results"]] == [1]
    assert [each["index"] for each in ran.json["failed"]] == [0, 2, 3]
    assert all(each["reason"] for each in ran.json["failed"])


def test_the_network_and_the_clips_are_those_of_the_build(tiny_bundle: Path) -> None:
    golden = sorted(path.name for path in (tiny_bundle / "src/golden").iterdir())
    assert golden == [f"clip_{i}.{suffix}" for i in range(3) for suffix in ("images.f32", "wav")]
    for path in (tiny_bundle / "src/golden").glob("*.wav"):
        assert soundfile.info(path).subtype == "PCM_16"


def test_long_outputs_are_kept_in_steps() -> None:
    values = np.arange(10_000, dtype=np.float32)
    kept = Clip("clip_0", (), (values, values[:4096]), -1).values()["outputs"]
    assert [each["step"] for each in kept] == [3, 1]
    assert kept[0]["numbers"] == values[::3].tolist()
    assert len(kept[1]["numbers"]) == 4096
