"""Sounds of a report: what is drawn, what is heard, and that both are the same every time."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edgedla.errors import PrerequisiteError, UsageError
from edgedla.report import ogg, sounds
from edgedla.spec import AudioInput, ModelSpec, TensorSpec

if TYPE_CHECKING:
    import numpy.typing as npt

RATE = 22050


def tone(hertz: float, seconds: float = 1.0) -> npt.NDArray[np.float32]:
    times = np.arange(round(RATE * seconds)) / RATE
    return (0.5 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


def written() -> bytes:
    """A file as libsndfile writes it, with a stream number drawn by chance and its own checksums."""
    file = io.BytesIO()
    soundfile.write(file, tone(440), RATE, format="OGG", subtype="VORBIS")
    return file.getvalue()


def pages(data: bytes) -> list[bytes]:
    starts = [at for at in range(len(data)) if data.startswith(b"OggS\0", at)]
    return [data[a:b] for a, b in zip(starts, [*starts[1:], len(data)], strict=True)]


def test_checksum_is_that_of_libogg() -> None:
    found = pages(written())
    assert len(found) > 2
    for page in found:
        cleared = page[:22] + bytes(4) + page[26:]
        assert ogg.checksum(cleared) == int.from_bytes(page[22:26], "little")


def test_files_are_the_same_whenever_they_are_written() -> None:
    assert len({written() for _ in range(3)}) > 1  # by themselves they are not
    assert len({ogg.fix_serial(written()) for _ in range(3)}) == 1


def test_a_file_with_another_stream_number_is_decoded_to_the_same_sound() -> None:
    plain = written()
    before, _ = soundfile.read(io.BytesIO(plain))
    after, rate = soundfile.read(io.BytesIO(ogg.fix_serial(plain, 77)))
    assert rate == RATE
    assert np.array_equal(before, after)


@given(st.binary(max_size=80) | st.integers(0, 2000).map(lambda end: b"OggS" + bytes(end % 30)))
@settings(max_examples=200, deadline=None)
def test_what_is_no_ogg_is_refused_or_left_in_its_length(data: bytes) -> None:
    found, refused = data, ""
    try:
        found = ogg.fix_serial(data)
    except UsageError as error:
        refused = error.message
    assert len(found) == len(data)
    assert "Ogg page" in refused or not refused


def test_a_file_that_is_cut_short_is_refused() -> None:
    with pytest.raises(UsageError, match=r"cut short|no Ogg page"):
        ogg.fix_serial(written()[:-3])


@pytest.mark.parametrize("hertz", [1000, 5000, 9000])
def test_a_tone_is_a_line_at_its_frequency(hertz: float) -> None:
    levels = sounds.spectrogram(tone(hertz))
    assert levels.shape == (sounds.HEIGHT, sounds.WIDTH)
    brightest = levels.mean(axis=1).argmax()  # row 0 is half of the rate
    expected = (1 - hertz / (RATE / 2)) * sounds.HEIGHT
    assert abs(brightest - expected) <= 1.5
    assert levels[brightest].min() > 200
    assert np.median(levels) < 40


def test_silence_is_dark_and_flat() -> None:
    silence = np.zeros(RATE, np.float32)
    assert sounds.spectrogram(silence).max() == 0
    assert set(sounds.envelope(silence)) == {(0.0, 0.0)}
    assert sounds.player(silence, RATE).loudest == 0


def test_envelope_follows_the_sound() -> None:
    sound = np.concatenate([np.zeros(RATE, np.float32), tone(440)])
    columns = sounds.envelope(sound)
    assert len(columns) == sounds.COLUMNS
    assert max(high for _, high in columns[: sounds.COLUMNS // 2 - 1]) == 0
    assert columns[-3][1] == pytest.approx(0.5, abs=0.01)
    assert columns[-3][0] == pytest.approx(-0.5, abs=0.01)


def test_a_picture_holds_the_levels_in_colours_that_grow_lighter() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = Image.open(io.BytesIO(sounds.picture(levels)))
    assert (image.format, image.size) == ("PNG", (16, 16))
    light = np.asarray(image.convert("L"), np.int32).ravel()
    assert (np.diff(light) >= 0).all()
    assert light[-1] - light[0] > 200


def test_a_player_plays_what_the_network_hears() -> None:
    sound = tone(440)
    first, second = sounds.player(sound, RATE), sounds.player(sound, RATE)
    assert first == second
    kind, _, data = first.ogg.partition(",")
    assert kind == "data:audio/ogg;base64"
    heard, rate = soundfile.read(io.BytesIO(base64.b64decode(data)))
    assert (len(heard), rate) == (len(sound), RATE)
    assert float(np.corrcoef(heard, sound)[0, 1]) > 0.99
    assert first.spectrogram.startswith("data:image/png;base64,")
    assert first.size > len(first.ogg)


@pytest.mark.parametrize(
    ("rate", "sound"),
    [
        (None, np.zeros((1, 4000), np.float32)),
        (50, np.zeros((1, 4000), np.float32)),  # Hz that no browser plays
        (RATE, np.zeros((1, 100), np.float32)),
        (RATE, np.full((1, 4000), np.nan, np.float32)),
    ],
)
def test_what_is_no_sound_has_no_player(rate: int | None, sound: npt.NDArray[np.float32]) -> None:
    spec = ModelSpec(
        inputs=(TensorSpec(name="x", shape=sound.shape),),
        outputs=(TensorSpec(name="y", shape=(1, 2)),),
        audio=rate and AudioInput(rate=rate, peak=1),  # type: ignore[arg-type] # None stays None
    )
    assert sounds.sound_of({"x": sound}, spec) is None


def test_without_pillow_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgedla.requirement.find_spec", {}.get)
    with pytest.raises(PrerequisiteError, match="drawing spectrograms needs the package 'PIL'") as caught:
        sounds.player(tone(440), RATE)
    assert caught.value.hint == "pip install 'edgedla[report]', or --no-players for a page without sound"
