"""Links between pages lead somewhere, and every page can be reached."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text())


def targets(page: Path) -> list[tuple[Path, str]]:
    """Files that a page links to, and the headings in them."""
    found = [link.partition("#") for link in LINK.findall(prose(page)) if not link.startswith("https://")]
    return [((page.parent / path if path else page).resolve(), anchor) for path, _, anchor in found]


def anchors(page: Path) -> set[str]:
    """Headings as Git hosts name them: lower case, blanks as hyphens, other signs left out."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    for path, anchor in targets(ROOT / name):
        assert path.exists(), f"{name} links to {path}"
        assert path.is_relative_to(ROOT), f"{name} links out of the repository"
        assert not anchor or anchor in anchors(path), f"{name}: {path.name} has no heading #{anchor}"


def test_every_page_can_be_reached() -> None:
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        waiting += [path for path, _ in targets(page)]
    assert set(PAGES) <= seen


@pytest.mark.parametrize("name", NAMES)
def test_a_page_begins_with_its_heading(name: str) -> None:
    assert re.search(r"\A(?:EAT here [^\n]+\n\n)?# \S", (ROOT / name).read_text())


@pytest.mark.parametrize("name", NAMES)
def test_no_page_names_a_machine(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.search(r"(?<![\w.~])/(?:home|root|tmp|work|Users|mnt|opt)/\S", text)
