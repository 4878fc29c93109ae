"""The page that walks through a plugin is run in the environment of examples/edgedla-ppocr, by .ci/example.

It is an environment to be thrown away: the page has pip install a plugin into it. Nothing there has torch.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import test_docs_run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_walk_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_spec("torch") is None
    monkeypatch.setattr(test_docs_run, "install", lambda _: None)  # pip does, by the page's own command
    for found in test_docs_run.blocks((test_docs_run.ROOT / test_docs_run.WALK_THROUGH).read_text()):
        if found.title:
            test_docs_run.write(tmp_path, found)
        elif found.language == "console" and not found.reason:
            test_docs_run.perform(found, tmp_path)
