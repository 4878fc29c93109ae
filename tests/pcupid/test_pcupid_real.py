"""The real network for pcupid: the program on each emulated board hears what the exported network hears."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import edgedla_eat_sed.samples
from edgedla.runner import OnnxRunner
from edgedla_eat_sed.plugin import EatSed
from pcupid_builds import BUILT

if TYPE_CHECKING:
    from collections.abc import Callable

    from throwaway import Result

    Command = Callable[..., Result]


@pytest.mark.slow
def test_the_program_hears_what_the_network_hears(edgedla: Command, work: Path, zig_cache: Path) -> None:
    edgedla("build", "eat_sed", "--target", "pcupid")
    clips = edgedla_eat_sed.samples.files()
    words = ["run", "eat_sed", "--target", "pcupid", *(word for clip in clips for word in ("-i", str(clip)))]
    kept = {"EDGEDLA_CACHE_DIR": str(zig_cache)}
    model = EatSed(EatSed.resolve(EatSed.Options(), None))
    with OnnxRunner(work / BUILT / "onnx/eat.onnx") as network:
        wanted = [model.postprocess(network.run(model.preprocess(clip))).top[0].label for clip in clips]
    assert len(set(wanted)) == 10
    for board in ("emulated:native", "emulated:aarch64", "emulated:armhf"):
        data = edgedla(*words, "--board", board, "--json", env=kept).json["data"]
        assert data["board"] == board
        assert [Path(result["input"]) for result in data["results"]] == list(clips)
        found = [result["label"] for result in data["results"]]
        same = sum(one == other for one, other in zip(found, wanted, strict=True))
        assert same >= 0.95 * len(clips), board
