"""The whole way with real sound: bundled weights, bundled clips, the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result

    Command = Callable[..., Result]


@pytest.fixture
def clips() -> list[Path]:
    from edgedla_eat_sed import samples

    return list(samples.files())


def test_the_first_clip_is_a_dog(edgedla: Command, eat_bundle: Path) -> None:
    result = edgedla("run", "--bundle", eat_bundle, "--json").json["data"]["results"][0]
    assert (result["label"], result["class_id"]) == ("dog", result["top"][0]["class_id"])
    assert len(result["top"]) == 3
    assert sum(score["score"] for score in result["top"]) <= 1


def test_top_k_beyond_the_classes_gives_all_of_them(edgedla: Command, eat_bundle: Path) -> None:
    (result,) = edgedla("run", "--bundle", eat_bundle, "--top-k", 100, "--json").json["data"]["results"]
    assert len({score["label"] for score in result["top"]}) == 10
    assert sum(score["score"] for score in result["top"]) == pytest.approx(1, abs=1e-5)


def test_a_minute_of_two_sounds_gives_two_events(
    edgedla: Command, eat_bundle: Path, clips: list[Path], work: Path
) -> None:
    import numpy as np
    import soundfile

    (dog, rate), (clock, _) = (soundfile.read(clips[index]) for index in (0, 7))
    soundfile.write(work / "long.wav", np.concatenate([dog] * 6 + [clock] * 6), rate)
    result = edgedla("run", "--bundle", eat_bundle, "-i", "long.wav", "--long", "slide", "--json").json
    events = result["data"]["results"][0]["events"]
    assert [event["label"] for event in events] == ["dog", "clock_tick"]
    assert events[0]["start"] == 0
    assert abs(events[0]["end"] - 30) < 3  # a window of 5.2 s may hear both
    assert abs(events[1]["start"] - 30) < 3
    assert abs(events[1]["end"] - 60) < 3


def test_a_part_of_the_clip_that_there_is_not(edgedla: Command, eat_bundle: Path) -> None:
    answer = edgedla("run", "--bundle", eat_bundle, "--window", "middle", "--json", code=2).json
    assert answer["error"]["message"] == "--window: expected 'start' or 'centre', found 'middle'"
    edgedla("run", "--bundle", eat_bundle, "--window", "centre")


def test_a_file_that_is_no_sound_among_clips(
    edgedla: Command, eat_bundle: Path, clips: list[Path], work: Path
) -> None:
    (work / "noise.wav").write_bytes(b"RIFF but no more")
    words = ["-i", "noise.wav", *[word for clip in clips[:3] for word in ("-i", str(clip))]]
    data = edgedla("run", "--bundle", eat_bundle, *words, "--jobs", 8, "--json", code=2).json["data"]
    assert [result["label"] for result in data["results"]] == ["dog", "rooster", "rain"]
    assert [item["input"] for item in data["failed"]] == ["noise.wav"]
