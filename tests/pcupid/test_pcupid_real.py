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
    kept = {"EDGEDLA_CACHE_DIR": str(zig_cache)}
    model = EatSed(EatSed.resolve(EatSed.Options(), None))
    with OnnxRunner(work / BUILT / "onnx/eat.onnx") as network:
        wanted = {clip: model.postprocess(network.run(model.preprocess(clip))).best.label for clip in clips}
    one_of_each = list({label: clip for clip, label in wanted.items()}.values())
    assert len(one_of_each) == 10
    # qemu takes its time, and what it runs is the same program.
    for board, given in {"native": clips, "aarch64": one_of_each, "armhf": one_of_each}.items():
        words = [word for clip in given for word in ("-i", str(clip))]
        answer = edgedla(
            *("run", "eat_sed", "--target", "pcupid", *words, "--board", f"emulated:{board}", "--json"),
            env=kept,
        )
        data = answer.json["data"]
        assert data["board"] == f"emulated:{board}"
        found = {Path(result["input"]): result["label"] for result in data["results"]}
        assert list(found) == list(given)
        assert sum(label == wanted[clip] for clip, label in found.items()) >= 0.95 * len(given), board
