"""The board program's front end against Python's `model_input`, on this machine and on both kinds of ARM."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import soxr

from c_programs import FRONT_END, HERE, FrontEnd, compiled, compiler_for
from edgedla_eat_sed import audio
from wav_files import MENDED, RATE, REFUSED, TAKEN

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Samples = npt.NDArray[np.float64]

LENGTH = 16_384
RATES = (
    8_000,
    11_025,
    16_000,
    22_050,
    24_000,
    32_000,
    37_800,
    44_100,
    44_101,
    48_000,
    88_200,
    96_000,
    192_000,
)
OTHERS = ((44_100, 16_000), (48_000, 16_000), (22_050, 16_000), (8_000, 16_000), (44_100, 32_000),
          (44_100, 48_000), (48_000, 44_100), (96_000, 44_100), (384_000, 48_000), (1_000_000, 8_000),
          (22_051, 22_050), (22_049, 22_050), (37_000, 16_000), (30_000, 16_000))  # fmt: skip
SAME, RESAMPLED = 1e-6, 1e-4
"""Of full scale. The contract allows 1e-3 between other rates; 5e-5 is what the worst signal here takes."""
BOARDS = ["native", *(pytest.param(board, marks=pytest.mark.slow) for board in ("aarch64", "armhf"))]

pytestmark = pytest.mark.timeout(900)  # zig compiles its libc first


def signals(rate: int) -> dict[str, Samples]:
    """Half a second of everything that is hard on a filter, full scale 1."""
    count = rate // 2 + 1
    time = np.arange(count) / rate
    noise = np.random.default_rng(rate).uniform(-1, 1, count)
    step = np.zeros(count)
    step[count // 3 :] = 0.7
    clicks = np.zeros(count)
    clicks[[0, 1, 7, count // 2, count - 1]] = 0.5, -1, 1, 1, -0.5
    return {
        "noise": noise,
        "sweep to half the rate": np.sin(np.pi * rate / 2 * time**2 / time[-1]),
        "clipped": np.clip(3 * np.sin(2 * np.pi * 441 * time), -1, 1),
        "constant": np.full(count, 0.5),
        "step": step,
        "clicks": clicks,
        "silence": np.zeros(count),
        "very quiet": 1e-30 * noise,
        "quieter than any number": 1e-40 * noise,
        "one sample": np.array([0.25]),
        "two samples": np.array([0.25, -1]),
        "1001 samples": noise[:1001],
    }


def written(folder: Path, rate: int) -> list[Path]:
    """Those as float files."""
    paths = []
    for name, samples in signals(rate).items():
        paths.append(folder / f"{rate} {name}.wav")
        soundfile.write(paths[-1], samples, rate, subtype="FLOAT")
    return paths


@pytest.fixture(scope="module", params=BOARDS)
def front_end(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, zig_cache: Path
) -> FrontEnd:
    compiler = compiler_for(request.param, zig_cache)
    return FrontEnd.made(tmp_path_factory.mktemp("c"), compiler, "-O3")


def assert_same(
    front_end: FrontEnd, paths: list[Path], rate: int, limit: float, window: str = "start"
) -> None:
    for path, found in zip(
        paths, front_end.hear(*paths, rate=rate, length=LENGTH, window=window), strict=True
    ):
        wanted = audio.model_input(path, rate, LENGTH, window)[0, 0]
        assert np.abs(found.sound - wanted).max() <= limit, path.name


@pytest.mark.parametrize("rate", RATES)
def test_every_rate_gives_the_numbers_of_python(rate: int, front_end: FrontEnd, tmp_path: Path) -> None:
    assert_same(front_end, written(tmp_path, rate), RATE, SAME if rate == RATE else RESAMPLED)


@pytest.mark.parametrize(("rate", "to"), OTHERS)
def test_networks_of_other_rates(rate: int, to: int, front_end: FrontEnd, tmp_path: Path) -> None:
    paths = [
        path for path in written(tmp_path, rate) if any(name in path.name for name in ("noise", "constant"))
    ]
    assert_same(front_end, paths, to, RESAMPLED)


def test_every_file_gives_the_numbers_of_python(front_end: FrontEnd, tmp_path: Path) -> None:
    files = TAKEN | {f"mended {name}": meant for name, (_, meant) in MENDED.items()}
    files |= {f"given {name}": given for name, (given, _) in MENDED.items()}
    paths = [tmp_path / f"{index}.wav" for index in range(len(files))]
    for path, contents in zip(paths, files.values(), strict=True):
        path.write_bytes(contents)
    found = dict(zip(files, front_end.hear(*paths, rate=RATE, length=LENGTH), strict=True))
    for name in MENDED:
        np.testing.assert_array_equal(found[f"given {name}"].sound, found[f"mended {name}"].sound, name)
    for name, path in zip(files, paths, strict=True):
        if not name.startswith("given"):
            wanted = audio.model_input(path, RATE, LENGTH, "start")[0, 0]
            np.testing.assert_allclose(found[name].sound, wanted, rtol=0, atol=SAME, err_msg=name)


def test_every_refusal_is_the_same_everywhere(front_end: FrontEnd, tmp_path: Path) -> None:
    paths = [tmp_path / f"{index}.wav" for index in range(len(REFUSED))]
    for path, (contents, _, _) in zip(paths, REFUSED.values(), strict=True):
        path.write_bytes(contents)
    found = front_end.hear(*paths, rate=RATE, length=LENGTH)
    assert [each.error for each in found] == [error for _, error, _ in REFUSED.values()]


@pytest.mark.parametrize("rate", [1_000, 2_000, 4_000, 5_000])
def test_rates_below_a_quarter_agree_behind_the_beginning(
    rate: int, front_end: FrontEnd, tmp_path: Path
) -> None:
    # At their beginning soxr has a third filter; see edla_kernel.h.
    path = tmp_path / "clip.wav"
    noise = np.random.default_rng(5).uniform(-1, 1, rate) * np.minimum(1, np.arange(rate) / rate * 4)
    soundfile.write(path, noise, rate, subtype="FLOAT")
    assert_same(front_end, [path], RATE, 1e-3)


@pytest.mark.parametrize("channels", range(1, 7))
def test_channels_of_another_rate(channels: int, front_end: FrontEnd, tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    soundfile.write(
        path, np.random.default_rng(1).uniform(-1, 1, (20_001, channels)), 48_000, subtype="PCM_16"
    )
    assert_same(front_end, [path], RATE, RESAMPLED)


@pytest.mark.parametrize("rate", [RATE, 44_100, 44_101, 96_000])
def test_the_middle_of_a_long_recording(rate: int, front_end: FrontEnd, tmp_path: Path) -> None:
    # The peak is in the first second, outside the window; far from it the time must still be right.
    path = tmp_path / "clip.wav"
    noise = np.random.default_rng(2).uniform(-0.4, 0.4, 20 * rate + 1)
    noise[rate // 2] = 1
    soundfile.write(path, noise, rate, subtype="PCM_16")
    assert_same(front_end, [path], RATE, SAME if rate == RATE else RESAMPLED, "centre")


def test_the_middle_of_a_short_one_begins_at_its_beginning(front_end: FrontEnd, tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    soundfile.write(path, np.random.default_rng(3).uniform(-1, 1, LENGTH), 44_100, subtype="PCM_16")
    assert_same(front_end, [path], RATE, RESAMPLED, "centre")


def test_the_lengths_are_those_of_soxr(front_end: FrontEnd, tmp_path: Path) -> None:
    # A step in the last sample is heard to the last sample of the result, and not beyond.
    paths, lengths = [], []
    for rate in (8_000, 44_100, 44_101, 48_000, 192_000, 1_000_000):
        for count in (1, 2, 3, 23, 24, 1000, 1001):
            paths.append(tmp_path / f"{rate} {count}.wav")
            soundfile.write(paths[-1], np.full(count, 0.5), rate, subtype="FLOAT")
            lengths.append(len(soxr.resample(np.full(count, 0.5, np.float32), rate, RATE, quality="HQ")))
    for found, length in zip(front_end.hear(*paths, rate=RATE, length=LENGTH), lengths, strict=True):
        assert not found.sound[length:].any()
        assert length == 0 or found.sound[length - 1] != 0


def test_a_recording_is_not_changed_by_those_before_it(front_end: FrontEnd, tmp_path: Path) -> None:
    paths = [path for rate in (48_000, 8_000, 192_000, 44_100) for path in written(tmp_path, rate)[:2]]
    order = [*paths, *reversed(paths)]
    found = front_end.hear(*order, rate=RATE, length=LENGTH)
    alone = {path: front_end.hear(path, rate=RATE, length=LENGTH)[0].sound for path in paths}
    for path, each in zip(order, found, strict=True):
        np.testing.assert_array_equal(each.sound, alone[path])


def test_audio_that_cannot_be_is_refused(front_end: FrontEnd) -> None:
    for rate, length, peak in (
        (999, 10, 1),
        (1_000_001, 10, 1),
        (RATE, 0, 1),
        (RATE, 10, 0),
        (RATE, 10, "nan"),
    ):
        assert front_end.run(rate, length, peak, "start", "in", "out") == "error init\n"


def test_there_is_room_for_the_filters_of_all_rates(tmp_path: Path) -> None:
    # The arrays are members of one struct, where no sanitizer sees one run into the next.
    sources = [HERE / "c/sizes_main.c", *(path for path in FRONT_END if path.name != "edla_resample.c")]
    program = compiled(sources, tmp_path / "sizes", compiler_for("native", tmp_path), "-O2")
    assert FrontEnd(program).run() == "1688120 pairs\n"


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> FrontEnd:
    compiler = compiler_for("native", tmp_path_factory.getbasetemp())
    return FrontEnd.made(tmp_path_factory.mktemp("native"), compiler, "-O3")


def figures(native: FrontEnd, path: Path, length: int, repeat: int) -> dict[str, list[float]]:
    """Of `--bench`: milliseconds of the first run and the best, bytes of memory, kilobytes of the process."""
    lines = native.run("--bench", RATE, length, 0.95, "start", path, repeat).splitlines()
    return {name: list(map(float, values)) for name, *values in map(str.split, lines)}


def test_five_seconds_are_ready_in_fifteen_milliseconds(native: FrontEnd, tmp_path: Path) -> None:
    for rate in (44_100, 22_050, 48_000, 96_000):
        path = tmp_path / f"{rate}.wav"
        soundfile.write(path, np.random.default_rng(4).uniform(-1, 1, 5 * rate), rate, subtype="PCM_16")
        found = figures(native, path, 114_688, 20)
        (first, best), (memory,), (peak,) = found["bench"], found["memory"], found["peak"]
        text = (
            f"{rate} Hz: first {first:.2f} ms, best {best:.2f} ms, {memory:.0f} bytes, process {peak:.0f} kB"
        )
        print(text)  # noqa: T201 - shown with pytest -s
        assert rate != 44_100 or best <= 15
        assert memory <= 2e6


def test_memory_does_not_grow_with_the_recording(native: FrontEnd, tmp_path: Path) -> None:
    peaks = []
    for seconds in (1, 120):
        path = tmp_path / f"{seconds}.wav"
        soundfile.write(path, np.full(48_000 * seconds, 0.5), 48_000, subtype="PCM_U8")
        peaks.append(figures(native, path, 1000, 1)["peak"][0])
    assert all(abs(after - before) < 300 for before, after in pairwise(peaks))
    assert max(peaks) < 4_000
