"""A translation shows the commands and answers of its original, where they are run, section by section."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ORIGINALS = {
    "README.zh.md": "README.md",
    **{
        page.relative_to(ROOT).as_posix(): f"docs/{page.relative_to(ROOT / 'docs/zh').as_posix()}"
        for page in sorted((ROOT / "docs/zh").rglob("*.md"))
    },
}
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^(#+) ", re.MULTILINE)
CHINESE = re.compile("[\u4e00-\u9fff]")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(("translation", "original"), ORIGINALS.items())
def test_blocks_are_those_of_the_original(translation: str, original: str) -> None:
    assert FENCED.findall(text(translation)) == FENCED.findall(text(original))


@pytest.mark.parametrize(("translation", "original"), ORIGINALS.items())
def test_sections_are_those_of_the_original(translation: str, original: str) -> None:
    plain = [FENCED.sub("```", text(name)) for name in (translation, original)]
    assert HEADING.findall(plain[0]) == HEADING.findall(plain[1])
    sections = [[part.count("```") for part in re.split(r"^#+ ", page, flags=re.MULTILINE)] for page in plain]
    assert sections[0] == sections[1]  # each block in the section where it stands in the original
    assert all(CHINESE.search(part) for part in re.split(r"^#+ ", plain[0], flags=re.MULTILINE)[2:])


@pytest.mark.parametrize(("translation", "original"), ORIGINALS.items())
def test_what_is_named_and_linked_in_a_section_is_what_the_original_names(
    translation: str, original: str
) -> None:
    pages = [
        re.split(r"^#+ ", FENCED.sub("", text(name)), flags=re.MULTILINE) for name in (translation, original)
    ]
    for ours, theirs in zip(*pages, strict=True):
        assert set(CODE.findall(ours)) >= set(CODE.findall(theirs))
        missing = names_of_links(theirs) - names_of_links(ours)
        assert missing <= {Path(translation).name, Path(original).name}


def names_of_links(section: str) -> set[str]:
    return {Path(link).name.replace(".zh.", ".") for link in re.findall(r"\]\(([^)]+)\)", section)}


@pytest.mark.parametrize(("translation", "original"), ORIGINALS.items())
def test_each_leads_to_the_other(translation: str, original: str) -> None:
    for here, there in ((translation, original), (original, translation)):
        links = re.findall(r"\]\(([^)#]+)\)", text(here))
        assert (ROOT / there) in [((ROOT / here).parent / link).resolve() for link in links]


def test_the_tutorial_and_the_readme_are_translated() -> None:
    assert {"README.md", "docs/tutorial/first-build.md"} <= set(ORIGINALS.values())
