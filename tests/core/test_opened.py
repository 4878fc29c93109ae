"""A bundle from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edgedla import PrerequisiteError, UsageError, open_bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result, Site


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_bundle_answers(site: Site, work: Path, edgedla: Callable[..., Result], jobs: int) -> None:
    site.beep()
    (work / "a.txt").write_text("1 2 3")
    wanted = edgedla("run", "beep", "--target", "onnxruntime", "-i", "a.txt", "--json").json["data"][
        "results"
    ]
    with open_bundle("build/beep/onnxruntime", jobs=jobs) as bundle:
        best = bundle.predict(work / "a.txt").best
        assert (best.label, best.score) == (wanted[0]["label"], wanted[0]["score"])
        (tensor,) = bundle.spec.inputs
        outputs = bundle.run({tensor.name: np.zeros(tensor.shape, np.float32)})
        assert {name: array.shape for name, array in outputs.items()} == {"prob": (1, 2)}
        with pytest.raises(UsageError, match=r"b\.txt"):
            bundle.predict(work / "b.txt")
    bundle.close()


@pytest.mark.usefixtures("work")
def test_what_is_no_bundle_says_what_makes_one(site: Site) -> None:
    site.beep()
    with pytest.raises(UsageError) as caught:
        open_bundle("build/beep/onnxruntime")
    assert caught.value.hint == "edgedla build beep --target onnxruntime"
    with pytest.raises(UsageError) as caught:
        open_bundle("/")
    assert caught.value.hint == "edgedla build MODEL --target TARGET leaves one"


def test_a_bundle_of_a_plugin_that_is_not_here(
    site: Site, work: Path, edgedla: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.beep()
    edgedla("build", "beep", "--target", "onnxruntime")
    monkeypatch.setenv("EDGEDLA_DISABLE_PLUGINS", "beep")
    with pytest.raises(PrerequisiteError, match="beep"):
        open_bundle(work / "build/beep/onnxruntime")
