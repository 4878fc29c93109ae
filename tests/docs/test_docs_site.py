"""The site is built without a warning, asks nothing of the network, and has every page."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from sites import ROOT, build_site

if TYPE_CHECKING:
    from pathlib import Path

LOADED = re.compile(
    r"""<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=["']?((?:https?:)?//[^"'\s>]+)"""
)
GARBLED = ("```", "no-run", "<!-- given")  # of fences and marks that were not understood


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build_site(folder)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if not line.startswith("INFO ")] == []
    return folder


def test_every_page_is_in_the_site(site: Path) -> None:
    wanted = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    found = {path.relative_to(site) for path in site.rglob("*.html")}
    assert wanted <= found
    assert len(wanted) > 30


def test_no_page_is_in_the_menu_twice() -> None:
    named = re.findall(
        r"^ +- (?:[^\n]*: )?(\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(named) == len(set(named)) > 30


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert {found for page in pages for found in LOADED.findall(page.read_text(encoding="utf-8"))} == set()
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not re.search(r"@import|url\(\s*[\"']?(?:https?:)?//", styles)


def test_fences_are_understood(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not [
            sign
            for sign in GARBLED
            if sign in re.sub(r"<code\b.*?</code>|<!--.*?-->", "", text, flags=re.DOTALL)
        ]
    shown = (site / "tutorial/first-build.html").read_text(encoding="utf-8")
    assert shown.count('<span class="gp">$ </span>') > 8


def test_a_page_of_the_repository_leads_back_into_the_site(site: Path) -> None:
    text = (site / "repository/index.html").read_text(encoding="utf-8")
    assert 'href="../tutorial/first-build.html"' in text
    assert 'href="LICENSE"' in text
    assert (site / "repository/LICENSE").is_file()


def test_pages_say_their_language(site: Path) -> None:
    found = {
        page.relative_to(site).as_posix(): re.findall(
            r'<html lang="([^"]*)"', page.read_text(encoding="utf-8")
        )
        for page in site.rglob("*.html")
    }
    chinese = {name for name, languages in found.items() if languages == ["zh-Hans"]}
    assert chinese == {"repository/README.zh.html", "zh/tutorial/first-build.html"}
    assert all(found[name] == ["en"] for name in found.keys() - chinese)


def test_what_leads_nowhere_and_what_nothing_leads_to_ends_the_build(tmp_path: Path) -> None:
    root = copied(tmp_path / "root")
    (root / "docs/how-to/lonely.md").write_text("# Lonely\n", encoding="utf-8")
    faults = ("gone.md", "../README.md#no-such", "tutorial/first-build.md#nor-such", "/reference/cli.md")
    with (root / "docs/index.md").open("a", encoding="utf-8") as file:
        file.write("".join(f"\n[a fault]({fault})\n" for fault in faults))
    done = build_site(tmp_path / "site", root)
    assert done.returncode == 1
    told = done.stderr.partition("WARNING")[2]
    signs = (
        "- how-to/lonely.md",
        "link 'gone.md'",
        "anchor '#no-such'",
        "anchor '#nor-such'",
        "absolute link",
    )
    assert [sign for sign in signs if sign not in told] == []


def copied(root: Path) -> Path:
    """What the site is built of, to be damaged."""
    shutil.copytree(ROOT / "docs", root / "docs")
    for path in (
        ROOT / "mkdocs.yml",
        ROOT / "LICENSE",
        ROOT / "tests/docs/site_hooks.py",
        *ROOT.glob("README*"),
    ):
        place = root / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    for name in ("examples", "plugins", "targets"):
        (root / name).symlink_to(ROOT / name)
    return root
