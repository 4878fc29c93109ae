"""The page of `edgedla report` in a real browser: it renders, plays and prints; all can read and reach it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from browsing import CONTRASTS, LEAST, PHONE, opened
from hums import QUOTED, SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from hums import Hum

REACHABLE = "a[href], audio, summary, [tabindex='0']"


@pytest.fixture(scope="module")
def path(hum: Hum) -> Path:
    hum.run("report", hum.bundle, *hum.words, "--out", "browser.html")
    return hum.folder / "browser.html"


@pytest.fixture
def page(browser: Browser, path: Path) -> Iterator[Page]:
    found, said = opened(browser, path)
    yield found
    assert said == [path.as_uri()]
    found.context.close()


def test_it_renders_without_a_word_and_without_the_network(page: Page) -> None:
    assert page.title() == "hum for wry: edgedla report"  # no script of a label has changed it
    assert page.evaluate("document.scripts.length") == 0
    assert SCRIPT in page.inner_text("#accuracy")
    assert QUOTED.replace("\u202e", "\\u202e") in page.inner_text("#accuracy")
    assert page.evaluate("getComputedStyle(document.body).maxWidth") != "none"  # the policy lets its style in
    assert page.evaluate(
        "[...document.images].every((image) => image.complete && image.naturalWidth === 360)"
    )
    assert page.evaluate("document.documentElement.outerHTML.length") < 5_000_000


def test_the_policy_stops_what_should_get_in(browser: Browser, path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    worse = (
        "<script>document.title='taken'</script><img src='http://127.0.0.1:9/x' onerror='alert(1)'></body>"
    )
    (tmp_path / "worse.html").write_text(text.replace("</body>", worse), encoding="utf-8")
    page, said = opened(browser, tmp_path / "worse.html", load=False)
    stopped: list[tuple[str, str | None]] = []
    page.on("requestfailed", lambda request: stopped.append((request.url, request.failure)))
    page.goto((tmp_path / "worse.html").as_uri())
    assert page.title() != "taken"
    assert sum("Content Security Policy" in line for line in said) >= 2
    assert stopped == [("http://127.0.0.1:9/x", "csp")]
    page.context.close()


@pytest.mark.slow
def test_every_player_plays_to_its_end(page: Page) -> None:
    players = page.locator("audio")
    assert players.count() == 5
    for index in range(players.count()):
        found = players.nth(index).evaluate(
            """async (audio) => {
                await audio.play();
                await new Promise((resolve, reject) => {
                    audio.onended = resolve;
                    audio.onerror = () => reject(audio.error.message);
                });
                return [audio.currentTime, audio.duration];
            }"""
        )
        assert found == [pytest.approx(1, abs=0.05)] * 2


def test_a_player_is_played_from_the_keyboard(page: Page) -> None:
    player = page.locator("audio").first
    player.focus()
    page.keyboard.press("Space")
    times: list[float] = []
    while not times or (times[-1] <= 0.1 and len(times) < 100):  # its policy lets no function wait inside
        page.wait_for_timeout(50)
        times.append(player.evaluate("(audio) => audio.currentTime"))
    assert times[-1] > 0.1


def test_tab_reaches_all_that_can_be_used(page: Page) -> None:
    page.evaluate(f"document.querySelectorAll(`{REACHABLE}`).forEach((each, at) => each.dataset.at = at)")
    wanted = page.locator(REACHABLE).evaluate_all(
        "all => all.filter((each) => each.checkVisibility()).map((each) => each.dataset.at)"
    )
    assert len(wanted) > 30
    reached = []
    for _ in range(20 * len(wanted)):  # a player has several stops
        page.keyboard.press("Tab")
        at = page.evaluate("document.activeElement.dataset.at ?? null")
        if at is None:
            break
        reached.append(at)
    assert list(dict.fromkeys(reached)) == wanted  # in the order of the page
    assert page.evaluate("document.querySelector('.skip').matches('a[href=\"#main\"]')")


def test_the_first_link_skips_to_the_content(page: Page) -> None:
    page.keyboard.press("Tab")
    box = page.locator(".skip").bounding_box()
    assert box
    assert box["y"] >= 0  # it is seen when it is reached
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(browser: Browser, path: Path, scheme: str) -> None:
    page, _ = opened(browser, path, scheme)
    page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
    found = page.evaluate(CONTRASTS)
    assert len(found) > 300
    assert [each for each in found if each[1] < LEAST] == []
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert light == (scheme == "light")
    page.context.close()


def test_the_check_of_contrast_can_fail(page: Page) -> None:
    page.evaluate("document.querySelector('h1').style.color = '#999'")
    assert [each for each in page.evaluate(CONTRASTS) if each[1] < LEAST]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_prints_on_white_with_all_that_is_folded(browser: Browser, path: Path, scheme: str) -> None:
    page, _ = opened(browser, path, scheme)
    pages = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
    assert 4 <= len(pages) <= 20
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("audio").first.is_visible()
    folded = page.locator("details:not([open]) table")
    assert folded.count() > 2
    assert all(
        box["height"] > 20 for box in folded.evaluate_all("all => all.map((t) => t.getBoundingClientRect())")
    )
    assert [each for each in page.evaluate(CONTRASTS) if each[1] < LEAST] == []
    page.context.close()


def test_on_a_phone_nothing_stands_out_of_the_screen(browser: Browser, path: Path) -> None:
    page, said = opened(browser, path, size=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate("document.querySelectorAll('.chart svg').length") > 5
    smallest = page.evaluate(
        """Math.min(...[...document.querySelectorAll('.chart text')].map((text) =>
            parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a))"""
    )
    assert smallest >= 9  # pixels
    assert said == [path.as_uri()]
    page.context.close()


def test_charts_have_names_and_words(page: Page) -> None:
    charts = page.get_by_role("img")
    assert charts.count() > 15
    for name in ("Signal-to-noise ratio of each rung", "Accuracy with white noise", "Milliseconds, here"):
        assert page.get_by_role("img", name=name).count() == 1, name
    assert page.get_by_role("region", name="Gates").count() >= 1
    assert page.get_by_role("img", name="Waveform of 0.wav").count() == 1
    assert page.get_by_role("img", name="Spectrogram of 0.wav").count() == 1
