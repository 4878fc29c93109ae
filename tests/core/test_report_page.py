"""The page of `edgedla report`: what it says, every time the same, and no name gets out of its place."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from hums import QUOTED, SCRIPT

if TYPE_CHECKING:
    from pathlib import Path

    from hums import Hum

VOID = {"meta", "link", "img", "br", "input", "hr"}
TAGS = """a audio body br caption circle code dd desc details div dl dt figcaption figure footer h1 h2 h3 head
header html img li line link main meta nav ol p path polyline pre rect section span strong style
summary svg table tbody td text th thead title tr ul"""


class Page(HTMLParser):
    """A page as a browser would take it apart: elements in order, and the text without style."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="session")
def text(hum: Hum) -> str:
    assert hum.run("report", hum.bundle, *hum.words, "--out", "full.html").code == 0
    return (hum.folder / "full.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def page(text: str) -> Page:
    return Page(text)


def words(page: Page) -> str:
    return " ".join(page.text.split())


def test_two_runs_give_the_same_bytes_wherever_they_are_made(hum: Hum, text: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(hum.bundle, elsewhere)
    hum.run("report", elsewhere, *hum.words, "--out", tmp_path / "again.html")
    again = (tmp_path / "again.html").read_text(encoding="utf-8")
    assert again == text
    assert str(hum.folder) not in text
    assert str(hum.folder.parent) not in text


def test_names_stay_text(page: Page) -> None:
    assert {tag for tag, _ in page.elements} <= set(TAGS.split())
    assert not [
        name for _, found in page.elements for name in found if name.startswith("on") or name == "style"
    ]
    assert SCRIPT in page.text
    assert QUOTED.replace("\u202e", "\\u202e") in page.text  # and what turns text around is written out
    assert "\u202e" not in page.text
    assert "CC BY 4.0 </p><img src=x onerror=alert(1)>" in page.text
    assert "1<b>.wav" in page.text


def test_nothing_leads_out(page: Page) -> None:
    sources = [value for _, found in page.elements for name, value in found.items() if name == "src"]
    assert sources
    assert all(
        value and value.startswith(("data:image/png;base64,", "data:audio/ogg;base64,")) for value in sources
    )
    links = {found["href"] for found in page.all("a")}
    assert {link for link in links if link and not link.startswith("#")} == {
        "https://example.org/minus?a=1&b=2",
        "https://example.org/",
    }  # `javascript:` is no address
    assert "javascript:alert(1)" in page.text
    policy = next(found["content"] for found in page.all("meta") if found.get("http-equiv"))
    assert policy
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_structure_is_that_of_a_document(page: Page, text: str) -> None:
    assert text.startswith("<!DOCTYPE html>")
    assert page.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = Counter(found["id"] for _, found in page.elements if "id" in found)
    assert set(ids.values()) == {1}
    for _, found in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((found.get(name) or "").split()) <= ids.keys()
        if (found.get("href") or "").startswith("#"):
            assert (found["href"] or "")[1:] in ids
    assert all(found.get("alt") for found in page.all("img"))
    assert all(found.get("aria-label") and "controls" in found for found in page.all("audio"))
    charts = [found for found in page.all("svg") if not found.get("aria-hidden")]
    assert len(charts) > 6
    assert all(found["role"] == "img" and found["aria-labelledby"] for found in charts)
    assert len(page.all("caption")) == len(page.all("table"))


def test_it_says_what_was_found(page: Page, hum: Hum) -> None:
    said = words(page)
    for part in (
        "accuracy (95 % interval) clips onnx 100.0% (67.6% to 100.0%) 8 of 8",
        "wry 62.5% (30.6% to 86.3%) 5 of 8",
        "Confusion of onnx",
        "Confusion of wry",
        "right to wrong 3",
        "McNemar, exact, two-sided p = 0.25",
        "There are too few clips to say whether the budget is kept.",
        "Accuracy with white noise",
        "Target 'wry' has no rules for graphs",
        "shows nothing of its layers",
        "CC BY 4.0",
        "Ann <i>",
        "peak memory",
        "wry.lean 2.4",
    ):
        assert part in said, part
    manifest = json.loads((hum.bundle / "manifest.json").read_text())
    for artifact in manifest["artifacts"]:
        assert artifact["path"] in said
        assert artifact["sha256"] in said
    assert len(page.all("audio")) == 5  # three clips that changed their mind, two samples
    assert said.count("(right to wrong)") == 3


def test_without_measurements_it_says_how_to_get_them(hum: Hum) -> None:
    done = hum.run("report", hum.bundle, "--out", "bare.html", "--json").json
    assert done["data"]["missing"] == ["eval", "robustness", "bench"]
    assert done["data"]["players"] == 2
    said = words(Page((hum.folder / "bare.html").read_text(encoding="utf-8")))
    for verb in ("eval", "robustness", "bench"):
        assert f"edgedla {verb} hum --target wry" in said
        assert f"edgedla report DIR --{verb} {verb}.json" in said


def test_evaluated_on_the_spot_it_says_the_same_as_the_file(hum: Hum, page: Page) -> None:
    done = hum.run("report", hum.bundle, "--data", "data", "--out", "now.html", "--json").json
    assert done["warnings"] == []
    said = words(Page((hum.folder / "now.html").read_text(encoding="utf-8")))
    start, end = "Of rung wry on 8 clips", "Robustness Not measured"
    assert said.count(start) == 1
    part = said[said.index(start) : said.index(end)]
    assert part.removesuffix("Robustness ").strip() in words(page)


def test_clips_without_sound_are_listed(hum: Hum) -> None:
    hum.run("report", hum.bundle, "--eval", "eval.json", "--no-players", "--out", "mute.html")
    found = Page((hum.folder / "mute.html").read_text(encoding="utf-8"))
    assert not found.all("audio")
    assert "1<b>.wav" in found.text


def test_a_damaged_file_is_said_loudly(hum: Hum, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(hum.bundle, bundle)
    with (bundle / "onnx/hum.onnx").open("ab") as file:
        file.write(b"x")
    hum.run("report", bundle, "--no-players")
    said = words(Page((bundle / "report.html").read_text(encoding="utf-8")))
    assert "onnx/hum.onnx is missing or damaged: it is not what was built." in said


@pytest.mark.slow
def test_commercial_use_is_refused_with_the_words_that_forbid_it(hum: Hum, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(hum.bundle, bundle)
    policy = ("report", bundle, "--policy", "commercial")
    assert hum.run(*policy, "--json").json["ok"]
    (bundle / "report.html").unlink()
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["spec"]["licence"] = "CC BY-NC 3.0, ESC-50"
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    refused = hum.run(*policy, code=1)
    assert "the weights: 'CC BY-NC 3.0, ESC-50' forbids commercial use" in refused.err
    assert not (bundle / "report.html").exists()
    hum.run("report", bundle)
    said = words(Page((bundle / "report.html").read_text(encoding="utf-8")))
    assert "Not for commercial use: the licence of the weights says: CC BY-NC 3.0, ESC-50" in said
    manifest["spec"]["licence"] = ""
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    assert "the licence of the weights is not known" in hum.run(*policy, code=1).err


@pytest.mark.slow
def test_licences_of_the_data_set_count(hum: Hum, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(hum.data, data)
    (data / "LICENSE").write_text("The data set is under the\nAttribution-NonCommercial license\n")
    words_ = ("report", hum.bundle, "--eval", "eval.json", "--data", data, "--out", tmp_path / "page.html")
    refused = hum.run(*words_, "--policy", "commercial", code=1).err
    assert "the data set, LICENSE: 'Attribution-NonCommercial license' forbids commercial use" in refused
    (data / "LICENSE").unlink()
    (data / "meta/attribution.csv").unlink()
    refused = hum.run(*words_, "--policy", "commercial", code=1).err
    assert "the licence of the recording 0.wav is not known" in refused
    hum.run(*words_)
    said = words(Page((tmp_path / "page.html").read_text(encoding="utf-8")))
    assert "The licence of the recording 0.wav and 2 more is not known: ask before you hand it on." in said


MISUSES = {
    "no bundle": (("data",), "data/manifest.json: No such file"),
    "fold": (("build/hum/wry", "--fold", "1"), "choose among the clips of --data"),
    "no folds": (("build/hum/wry", "--data", "data", "--fold", "1"), "the data set has no folds"),
    "another verb": (("build/hum/wry", "--eval", "bench.json"), "schema is 'edgedla.bench/1'"),
    "no place": (("build/hum/wry", "--no-players", "--out", "eval.json/page.html"), "eval.json"),
    "rung": (("build/hum/wry", "--data", "data", "--against", "wry"), "that is the rung that is evaluated"),
}


@pytest.mark.parametrize("name", MISUSES)
def test_misuse_is_said_in_one_line(hum: Hum, name: str) -> None:
    line, said = MISUSES[name]
    found = hum.run("report", *line, code=2)
    assert said in found.err
    assert "Traceback" not in found.err
