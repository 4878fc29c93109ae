"""Audio files that are refused: each with the file's name and the reason, none with a traceback or noise."""

from __future__ import annotations

import os
import struct
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from edgedla.errors import UsageError
from edgedla_eat_sed import audio

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE = 44_100
MPEG_SAMPLES = 1_152
NOISE = np.random.default_rng(0).normal(0, 0.1, 3 * RATE)


def refusal(path: Path) -> str:
    """Why `path` is refused, the same by all three doors."""
    doors = (
        lambda: audio.read(path, 22_050),
        lambda: audio.model_input(path, 22_050, 1000, "start"),
        lambda: list(audio.slide(path, 22_050, 1000, 500)),
    )
    reasons = set()
    for door in doors:
        with pytest.raises(UsageError) as caught:
            door()
        reasons.add(caught.value.message)
    (reason,) = reasons
    begin = f"cannot read '{path}': "
    assert reason.startswith(begin)
    return reason.removeprefix(begin)


def wav(
    rate: int = RATE, channels: int = 1, claimed: int | None = None, data: bytes = bytes(range(250)) * 8
) -> bytes:
    """A 16-bit WAV file whose header says what it is told to."""
    size = len(data) if claimed is None else claimed
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * channels * 2 & 0xFFFF_FFFF, channels * 2, 16)
    head = b"RIFF" + struct.pack("<I", min(size + 36, 0xFFFF_FFFF)) + b"WAVEfmt " + form
    return head + b"data" + struct.pack("<I", size) + data


def encoded(path: Path, form: str, subtype: str, **options: object) -> bytearray:
    with soundfile.SoundFile(path, "w", RATE, 1, subtype, format=form, **options) as file:
        file.write(NOISE)
    return bytearray(path.read_bytes())


def without_xing(mp3: bytes | bytearray) -> bytes | bytearray:
    """The frames of an MP3 less the first one, which counts them (header fields: ISO 11172-3, 2.4.2.3)."""
    kilobits = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)[mp3[2] >> 4]
    assert b"Xing" in mp3[:1441] or b"Info" in mp3[:1441]
    return mp3[144_000 * kilobits // RATE + (mp3[2] >> 1 & 1) :]


# What is no audio file


def test_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.wav") == "No such file or directory"


def test_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "it is a folder"


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert refusal(tmp_path / "a.wav") == "it is empty (0 bytes)"


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    assert refusal(tmp_path / "a.wav") == "it is not a regular file"


def test_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "a.wav").symlink_to(tmp_path / "a.wav")
    assert refusal(tmp_path / "a.wav") == "Too many levels of symbolic links"


def test_name_with_a_zero_byte(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="null byte"):
        audio.read(tmp_path / "a\0.wav", 22_050)


def test_name_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    path.write_bytes(wav())
    assert len(audio.read(path, RATE)) == 1000


@contextmanager
def without_privileges() -> Iterator[None]:
    """As an ordinary user, where the tests run as root, whom permissions do not stop."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_file_without_permission(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav())
    (tmp_path / "a.wav").chmod(0)
    with without_privileges():
        assert refusal(tmp_path / "a.wav") == "Permission denied"


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n" * 100,
        b"\x89PNG\r\n\x1a\n" + bytes(200),
        b"RIFF",
        b"RIFF\xff\xff\xff\xffWAVE",
        b"\0",
        b"OggS",
        b"fLaC",
    ],
    ids=["text", "png", "riff", "riff_wave", "zero", "ogg", "flac"],
)
def test_what_is_no_audio(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(data)
    assert refusal(tmp_path / "a.wav")


# Headers


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"rate": 0}, "SF_INFO struct incomplete"),
        ({"rate": 1}, "a sample rate of 1 Hz is not in 1000 to 1000000 Hz"),
        ({"rate": 2**31 - 1}, "a sample rate of 2147483647 Hz is not in 1000 to 1000000 Hz"),
        ({"rate": 2**32 - 1}, "SF_INFO struct incomplete"),
        ({"channels": 0}, "Channel count is zero"),
        ({"channels": 1025, "data": bytes(2050)}, "Too many channels specified"),
        ({"data": b""}, "it holds no sound (0 frames)"),
        ({"claimed": 0}, "it holds no sound (0 frames)"),
        ({"claimed": 2_000_000_000}, "cut short or damaged: 1000000000 frames announced, 1000 found"),
        ({"claimed": 2002}, "cut short or damaged: 1001 frames announced, 1000 found"),
    ],
)
def test_absurd_header(header: dict[str, int], reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(**header))  # type: ignore[arg-type] # one dictionary of all parameters
    assert reason in refusal(tmp_path / "a.wav")


@pytest.mark.parametrize("claimed", [0xFFFF_FFFF, 0x7FFF_FFFF, 0x7FFF_F000])
def test_wav_from_a_pipe_does_not_know_its_length_and_is_read(claimed: int, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(claimed=claimed))
    assert len(audio.read(tmp_path / "a.wav", RATE)) == 1000


def test_half_a_frame_at_the_end_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(claimed=2001))
    assert len(audio.read(tmp_path / "a.wav", RATE)) == 1000


def with_flac_total(flac: bytearray, frames: int) -> bytes:
    """Another total of samples in a FLAC's STREAMINFO: 36 bits from bit 4 of byte 21 on (RFC 9639, 8.2)."""
    flac[21] = flac[21] & 0xF0 | frames >> 32
    flac[22:26] = struct.pack(">I", frames & 0xFFFF_FFFF)
    return bytes(flac)


def test_flac_that_claims_a_thousand_million_frames(tmp_path: Path) -> None:
    flac = encoded(tmp_path / "a.flac", "FLAC", "PCM_16")
    (tmp_path / "a.flac").write_bytes(with_flac_total(flac, 10**9))
    assert refusal(tmp_path / "a.flac") == "cut short or damaged: 1000000000 frames announced, 132300 found"


def test_flac_from_a_pipe_does_not_know_its_length_and_is_read(tmp_path: Path) -> None:
    flac = encoded(tmp_path / "a.flac", "FLAC", "PCM_16")
    (tmp_path / "a.flac").write_bytes(with_flac_total(flac, 0))
    assert len(audio.read(tmp_path / "a.flac", RATE)) == len(NOISE)


# Samples


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e31, 1e300])
@pytest.mark.parametrize("frame", [0, 70_000, 99_999])
def test_what_is_no_level_of_sound(value: float, frame: int, tmp_path: Path) -> None:
    sound = np.zeros((100_000, 2))
    sound[frame, 1] = value
    soundfile.write(tmp_path / "a.wav", sound, RATE, "DOUBLE")
    assert refusal(tmp_path / "a.wav").startswith(f"frame {frame} holds no level of sound")


# Files cut short


@pytest.mark.parametrize("share", [0.5, 0.9, 0.9999])
@pytest.mark.parametrize(
    ("form", "subtype"),
    [
        ("WAV", "PCM_U8"),
        ("WAV", "PCM_16"),
        ("WAV", "PCM_24"),
        ("WAV", "FLOAT"),
        ("RF64", "PCM_16"),
        ("AIFF", "PCM_16"),
        ("AU", "PCM_16"),
        ("MP3", "MPEG_LAYER_III"),
    ],
)
def test_cut_file_names_frames_announced_and_found(
    form: str, subtype: str, share: float, tmp_path: Path
) -> None:
    data = encoded(tmp_path / "a", form, subtype)
    cut = int(len(data) * (min(share, 0.9) if form == "MP3" else share))
    (tmp_path / "a").write_bytes(data[:cut])
    reason = refusal(tmp_path / "a")
    assert reason.startswith(f"cut short or damaged: {len(NOISE)} frames announced, ")
    found = int(reason.split()[-2])
    tolerance = 4 * MPEG_SAMPLES if form == "MP3" else 100  # of the header, which is not sound
    assert abs(found - len(NOISE) * cut / len(data)) < tolerance


def test_cut_wav_of_less_than_a_byte_a_frame(tmp_path: Path) -> None:
    adpcm = encoded(tmp_path / "a.wav", "WAV", "IMA_ADPCM")
    (tmp_path / "a.wav").write_bytes(adpcm[: len(adpcm) // 2])
    announced, found = (int(word) for word in refusal(tmp_path / "a.wav").split() if word.isdigit())
    assert announced == pytest.approx(len(NOISE), rel=0.1)
    assert found == pytest.approx(len(NOISE) / 2, rel=0.1)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_cut_flac_names_frames_announced(share: float, tmp_path: Path) -> None:
    flac = encoded(tmp_path / "a.flac", "FLAC", "PCM_16")
    (tmp_path / "a.flac").write_bytes(flac[: int(len(flac) * share)])
    reason = refusal(tmp_path / "a.flac")
    assert reason.startswith("cut short or damaged after frame ")
    assert f" of {len(NOISE)} (" in reason


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_cut_ogg_lacks_its_end_mark(subtype: str, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.ogg", NOISE, 48_000, subtype, format="OGG")
    ogg = (tmp_path / "a.ogg").read_bytes()
    (tmp_path / "a.ogg").write_bytes(ogg[: len(ogg) // 2])
    reason = refusal(tmp_path / "a.ogg")
    assert reason.startswith("cut short or damaged: the Ogg stream stops after ")
    assert reason.endswith(" frames without its end mark")


def test_ogg_with_a_tag_behind_its_end_is_read(tmp_path: Path) -> None:
    ogg = encoded(tmp_path / "a.ogg", "OGG", "VORBIS")
    (tmp_path / "a.ogg").write_bytes(ogg + b"TAG" + bytes(125))
    assert len(audio.read(tmp_path / "a.ogg", RATE)) == len(NOISE)


def test_flipped_bits_in_the_middle_of_ogg_and_flac(tmp_path: Path) -> None:
    for form, subtype in (("OGG", "VORBIS"), ("FLAC", "PCM_16")):
        data = encoded(tmp_path / "a", form, subtype)
        data[len(data) // 2] ^= 0xFF
        (tmp_path / "a").write_bytes(data)
        assert refusal(tmp_path / "a").startswith("cut short or damaged")


@pytest.mark.parametrize("behind", [b"", b"TAG" + bytes(125)], ids=["plain", "tagged"])
def test_mp3_of_constant_bit_rate_needs_no_xing_tag(behind: bytes, tmp_path: Path) -> None:
    mp3 = encoded(tmp_path / "a.mp3", "MP3", "MPEG_LAYER_III", bitrate_mode="CONSTANT", compression_level=0.5)
    (tmp_path / "a.mp3").write_bytes(without_xing(mp3) + behind)
    assert abs(len(audio.read(tmp_path / "a.mp3", RATE)) - len(NOISE)) < 3 * MPEG_SAMPLES


def test_mp3_of_varying_bit_rate_without_xing_tag_is_refused_not_halved(tmp_path: Path) -> None:
    path = tmp_path / "it's.mp3"
    with soundfile.SoundFile(path, "w", RATE, 1, bitrate_mode="VARIABLE", compression_level=0.5) as file:
        file.write(np.concatenate([NOISE, np.zeros(RATE), NOISE]))
    path.write_bytes(without_xing(path.read_bytes()))
    with pytest.raises(UsageError, match="varying bit rate") as caught:
        audio.read(path, RATE)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("ffmpeg -i ")
    assert caught.value.hint.endswith("decoded.wav'")


def test_damaged_mp3_is_refused_without_noise_from_the_decoder(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mp3 = encoded(tmp_path / "a.mp3", "MP3", "MPEG_LAYER_III")
    damaged: dict[str, bytes | bytearray] = {
        "hole": mp3[:9000] + mp3[14_000:],
        "half": mp3[: len(mp3) // 2],
        "garbage": b"ID3\x04\0\0\0\0\x10\0" + np.random.default_rng(0).bytes(50_000),
    }
    for name, data in damaged.items():
        (tmp_path / name).write_bytes(data)
        assert refusal(tmp_path / name)
    assert capfd.readouterr() == ("", "")


def test_standard_error_is_heard_again_after_an_mp3(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    encoded(tmp_path / "a.mp3", "MP3", "MPEG_LAYER_III")
    audio.read(tmp_path / "a.mp3", 22_050)
    os.write(2, b"still here")
    assert capfd.readouterr().err == "still here"


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_file_stays_open(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav())
    (tmp_path / "bad.wav").write_bytes(wav(rate=1))
    encoded(tmp_path / "a.mp3", "MP3", "MPEG_LAYER_III")
    before = open_files()
    for name in ("a.wav", "a.mp3"):
        audio.read(tmp_path / name, 22_050)
        next(audio.slide(tmp_path / name, 22_050, 100, 50))
    refusal(tmp_path / "bad.wav")
    assert open_files() == before
