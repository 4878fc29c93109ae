"""The page that walks through a plugin is run in the environment of examples/edgedla-ppocr, by .ci/example.

It is an environment to be thrown away: the page has pip install a plugin into it. Nothing there has torch.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

pages: Any = import_module("test_docs_run")  # on the path of .ci/example, not on that of mypy


def test_the_walk_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_spec("torch") is None
    monkeypatch.setattr(pages, "install", lambda _: None)  # pip does, by the page's own command
    for found in pages.blocks((pages.ROOT / pages.WALK_THROUGH).read_text()):
        if found.title:
            pages.write(tmp_path, found)
        elif found.language == "console" and not found.reason:
            pages.perform(found, tmp_path)
