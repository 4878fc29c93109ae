"""The board program's WAV reader against Python's, and on files that lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from c_programs import FrontEnd, Heard, compiler_for
from edgedla_eat_sed import audio
from program_builds import SANITIZE
from wav_files import MENDED, RATE, REFUSED, SOUND, TAKEN, TONE, chunk, form, plain, riff

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

LENGTH = 1_024
"""More than any file here has."""


@pytest.fixture(scope="module")
def front_end(tmp_path_factory: pytest.TempPathFactory) -> FrontEnd:
    """With the sanitizers, so that each file also shows that nothing outside it is touched."""
    compiler = compiler_for("native", tmp_path_factory.getbasetemp())
    return FrontEnd.made(tmp_path_factory.mktemp("c"), compiler, *SANITIZE)


def python(path: Path) -> npt.NDArray[np.float32]:
    made: npt.NDArray[np.float32] = audio.model_input(path, RATE, LENGTH, "start")[0, 0]
    return made


def heard(front_end: FrontEnd, path: Path, contents: bytes | None = None) -> Heard:
    if contents is not None:
        path.write_bytes(contents)
    return front_end.hear(path, rate=RATE, length=LENGTH)[0]


@pytest.mark.parametrize("name", TAKEN)
def test_what_python_takes_gives_the_same_numbers(name: str, front_end: FrontEnd, tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    found = heard(front_end, path, TAKEN[name])
    np.testing.assert_allclose(found.sound, python(path), rtol=0, atol=1e-6)
    with soundfile.SoundFile(path) as decoder:
        told = (decoder.samplerate, decoder.channels, decoder.frames)
    assert (found.rate, found.channels, found.frames) == told
    assert not found.truncated


@pytest.mark.parametrize("name", MENDED)
def test_what_python_refuses_is_used_as_far_as_it_goes(
    name: str, front_end: FrontEnd, tmp_path: Path
) -> None:
    given, meant = MENDED[name]
    found = heard(front_end, tmp_path / "given.wav", given)
    (tmp_path / "meant.wav").write_bytes(meant)
    np.testing.assert_allclose(found.sound, python(tmp_path / "meant.wav"), rtol=0, atol=1e-6)
    cut = "cut short" in name or "promises" in name
    assert found.truncated == cut == (found.announced > found.frames)


@pytest.mark.parametrize("name", REFUSED)
def test_what_holds_no_sound_is_refused_with_the_reason(
    name: str, front_end: FrontEnd, tmp_path: Path
) -> None:
    given, error, words = REFUSED[name]
    found = heard(front_end, tmp_path / "clip.wav", given)
    assert (found.error, found.tensor) == (error, None)
    assert words in found.reason


@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW"]
)
@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_files_of_another_writer(
    subtype: str, kind: str, channels: int, front_end: FrontEnd, tmp_path: Path
) -> None:
    path = tmp_path / "clip.wav"
    sound = np.random.default_rng(channels).uniform(-1, 1, (801, channels))
    soundfile.write(path, sound, RATE, subtype=subtype, format=kind)
    found = heard(front_end, path)
    assert (found.channels, found.frames, found.truncated) == (channels, 801, False)
    np.testing.assert_allclose(found.sound, python(path), rtol=0, atol=1e-6)


def test_every_level_of_the_telephone_is_that_of_the_standard(front_end: FrontEnd, tmp_path: Path) -> None:
    # ITU-T G.711, tables 1a to 2b: the decoder's values at the ends of the codes' segments.
    laws = {6: ({0xAA: 4032, 0x2A: -4032, 0xD5: 1, 0x55: -1, 0x80: 688}, 4032), 7: (
        {0x80: 8031, 0x00: -8031, 0xFF: 0, 0x7F: 0, 0xFE: 2, 0x8F: 4191}, 8031)}  # fmt: skip
    for kind, (codes, loudest) in laws.items():
        found = heard(front_end, tmp_path / f"{kind}.wav", plain(bytes(codes), kind=kind, bits=8))
        wanted = 0.95 * np.array(list(codes.values())) / loudest
        np.testing.assert_allclose(found.sound[: len(codes)], wanted, rtol=0, atol=1e-6)


def test_sound_behind_four_gigabytes(front_end: FrontEnd, tmp_path: Path) -> None:
    # Sparse: the file system keeps what was written, and the rest reads as zeros.
    path, gap = tmp_path / "long.wav", 2**32 - 256
    with path.open("wb") as file:
        file.write(riff(form(), b"junk" + gap.to_bytes(4, "little")))
        for name in (b"junk", b"data"):
            file.seek(gap, 1)
            file.write(name + gap.to_bytes(4, "little"))
        file.write(TONE)
    found = heard(front_end, path)
    (tmp_path / "plain.wav").write_bytes(plain())
    np.testing.assert_allclose(found.sound, python(tmp_path / "plain.wav"), rtol=0, atol=1e-6)
    assert (found.frames, found.truncated) == (len(TONE) // 2, False)


def test_a_file_of_a_hundred_thousand_chunks_is_given_up(front_end: FrontEnd, tmp_path: Path) -> None:
    many = riff(*[chunk(b"junk", b"")] * 120_000, form(), chunk(b"data", TONE))
    assert "without the chunk" in heard(front_end, tmp_path / "many.wav", many).reason


def test_what_is_no_file_is_refused(front_end: FrontEnd, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    for path, words in (
        (tmp_path / "none.wav", "No such file"),
        (tmp_path, "a folder"),
        (tmp_path / "empty.wav", "empty"),
    ):
        found = front_end.hear(path, rate=RATE, length=LENGTH)[0]
        assert found.error == "FILE"
        assert words in found.reason


def test_one_sample_alone_is_the_peak(front_end: FrontEnd, tmp_path: Path) -> None:
    found = heard(front_end, tmp_path / "one.wav", plain(np.array([-77], "<i2").tobytes()))
    assert found.sound[0] == pytest.approx(-0.95, abs=1e-6)
    assert not found.sound[1:].any()


def test_the_tone_is_what_it_was_made_of(front_end: FrontEnd, tmp_path: Path) -> None:
    # Without Python's reader in between.
    found = heard(front_end, tmp_path / "tone.wav", plain())
    whole = np.trunc(SOUND)
    np.testing.assert_allclose(
        found.sound[: len(whole)], 0.95 * whole / np.abs(whole).max(), rtol=0, atol=1e-6
    )
