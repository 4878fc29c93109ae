"""Reference pages of models and targets have the headings that contributing.md lists, in that order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgedla.plugins import Plugins

DOCS = Path(__file__).parents[2] / "docs"
LISTED = dict(
    re.findall(
        r"^\* (Target|Model): (.*)$", (DOCS / "contributing.md").read_text(encoding="utf-8"), re.MULTILINE
    )
)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r"^# (Target|Model)s? ", re.MULTILINE)


def pages() -> dict[str, str]:
    """Reference pages of a model or a target, and which of them it is."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md")}
    found = {name: TITLE.search(FENCED.sub("```", text)) for name, text in texts.items()}
    return {name: kind[1] for name, kind in found.items() if kind}


@pytest.mark.parametrize(("name", "kind"), sorted(pages().items()))
def test_headings_are_those_of_its_kind(name: str, kind: str) -> None:
    text = FENCED.sub("```", (DOCS / f"reference/{name}.md").read_text(encoding="utf-8"))
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == LISTED[kind].split(", ")
    sections = re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]
    assert all(section.strip() for section in sections)


def test_every_model_and_target_of_edgedla_has_a_page() -> None:
    plugins = Plugins()
    own = {
        name: kind
        for kind, registry in (("Model", plugins.models), ("Target", plugins.targets))
        for name in registry
        if plugins.origin(registry, name).distribution == "edgedla"
    }
    assert own.items() <= pages().items()
    assert len(own) > 2


def test_options_of_the_example_are_described() -> None:
    field = re.compile(r"^    (\w+): .* = Field\(", re.MULTILINE)
    described = re.findall(r"`(ppocr_\w+\.\w+)`", (DOCS / "reference/ppocr.md").read_text(encoding="utf-8"))
    for name, file in (("ppocr_det", "detector.py"), ("ppocr_rec", "recogniser.py")):
        code = (DOCS.parent / "examples/edgedla-ppocr/edgedla_ppocr" / file).read_text(encoding="utf-8")
        assert {f"{name}.{key}" for key in field.findall(code)} == {
            each for each in described if each.startswith(name)
        }
