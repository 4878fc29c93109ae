"""The documentation's site in a real browser, opened as files: read, reached, searched, no network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from browsing import CONTRASTS, DESKTOP, LEAST, PHONE, opened
from sites import build_site

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, ViewportSize

PAGES = (
    "index",
    "tutorial/first-build",
    "how-to/use-the-vendor-toolchain",
    "reference/pcupid",
    "reference/cli",
    "zh/tutorial/first-build",
)
CUT = """() => [...document.querySelectorAll('.md-content pre > code, .md-typeset__scrollwrap')].filter(
    (each) => each.scrollWidth > each.clientWidth && getComputedStyle(each).overflowX !== 'auto').length"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build_site(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["light", "dark"])
def test_a_page_is_read_in_silence(
    browser: Browser, site: Path, name: str, scheme: Any, size: ViewportSize
) -> None:
    page, said = opened(browser, site / f"{name}.html", scheme, size)
    assert [line for line in said if not line.startswith(site.as_uri())] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.evaluate(CUT) == 0
    found = page.evaluate(CONTRASTS)
    assert len(found) > 30
    assert sorted({tuple(each) for each in found if each[1] < LEAST}) == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    page.context.close()


def test_every_page_is_reached_from_the_menu_of_the_first(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site / "index.html")
    links = page.locator(".md-nav--primary a.md-nav__link[href], .md-tabs__link").evaluate_all(
        "all => all.map((each) => each.href)"
    )
    wanted = {path.as_uri() for path in site.rglob("*.html") if path.name != "404.html"}
    outside = {path.as_uri() for path in (site / "repository").rglob("*.html")}
    assert wanted - outside <= {link.partition("#")[0] for link in links}
    page.context.close()


@pytest.mark.parametrize(
    ("words", "answer"), [("calibration", "how-to/evaluate.html"), ("量化", "README.zh.html")]
)
def test_search_answers_without_a_server(browser: Browser, site: Path, words: str, answer: str) -> None:
    page, said = opened(browser, site / "index.html")
    page.click(".md-search__input")
    page.keyboard.insert_text(words)
    page.keyboard.press("End")  # the search begins when a key is let go
    page.wait_for_selector(f".md-search-result__link[href*='{answer}']", timeout=10_000)
    page.locator(f".md-search-result__link[href*='{answer}']").first.click()
    page.wait_for_url(f"**/{answer}*")
    assert [line for line in said if not line.startswith(site.as_uri())] == []
    page.context.close()
