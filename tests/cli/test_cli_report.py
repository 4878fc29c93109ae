"""`edgedla report` of the model that comes with edgedla."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result


@pytest.mark.slow
def test_all_bundled_clips_are_played_below_five_megabytes(
    edgedla: Callable[..., Result], eat_bundle: Path, work: Path
) -> None:
    answer = edgedla("report", eat_bundle, "--out", "page.html", "--policy", "commercial", "--json").json
    assert answer["data"] == {
        "model": "eat_sed",
        "target": "onnxruntime",
        "toolchain": "onnxruntime",
        "page": "page.html",
        "size": (work / "page.html").stat().st_size,
        "players": 20,
        "missing": ["eval", "robustness", "bench"],
    }
    assert answer["data"]["size"] < 5_000_000
    text = (work / "page.html").read_text(encoding="utf-8")
    assert text.count("<audio ") == 20
    assert "https://freesound.org/people/Heigh-hoo/sounds/30226/" in text
    assert "CC BY 3.0 (trained on ESC-10" in text
    assert not (eat_bundle / "report.html").exists()


def test_a_model_of_other_things_than_sounds_has_no_players(
    edgedla: Callable[..., Result], beep: Path, work: Path
) -> None:
    assert edgedla("report", beep).out.startswith("build/beep/onnxruntime/report.html\t")
    text = (beep / "report.html").read_text(encoding="utf-8")
    assert "The input of this model is no sound." in text
    assert "<audio" not in text
    assert "The licence of the weights is not known" in text
    assert (
        "the licence of the weights is not known"
        in edgedla("report", beep, "--policy", "commercial", code=1).err
    )
    assert work.is_dir()
