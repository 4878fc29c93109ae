"""How far bundles agree with the pipeline of the package that the weights come from, on the same pages."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest
from edgedla import PrerequisiteError
from hypothesis import given
from hypothesis import strategies as st

from edgedla_ppocr import agreement as module
from edgedla_ppocr.agreement import Agreement, agreement, distance, match, overlap, package_pipeline
from edgedla_ppocr.page import Line

if TYPE_CHECKING:
    from conftest import Place

PAGES = "5"
TEXT = st.text("abc", max_size=8)


def line(left: float, text: str = "", width: float = 10) -> Line:
    return Line(((left, 0), (left + width, 0), (left + width, 10), (left, 10)), text, 1.0)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [("", "", 0), ("abc", "abc", 0), ("kitten", "sitting", 3), ("", "ab", 2), ("ab", "ba", 2)],
)
def test_distance(a: str, b: str, expected: int) -> None:
    assert distance(a, b) == expected


@given(TEXT, TEXT, TEXT)
def test_distance_is_a_metric(a: str, b: str, c: str) -> None:
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)
    assert distance(a, c) <= distance(a, b) + distance(b, c)
    assert abs(len(a) - len(b)) <= distance(a, b) <= max(len(a), len(b))


def test_overlap() -> None:
    assert overlap(line(0), line(0)) == 1
    assert overlap(line(0), line(5)) == pytest.approx(1 / 3)
    assert overlap(line(0), line(20)) == 0


def test_each_line_has_one_partner_and_the_best() -> None:
    found = [line(0, "a"), line(1, "b"), line(100, "c")]
    expected = [line(1, "x"), line(300, "y")]
    assert match(found, expected) == [(found[1], expected[0])]


def test_lines_without_partner_count_in_full() -> None:
    found = agreement([([line(0, "abcd"), line(50, "ef")], [line(0, "abxd"), line(90, "ghi")])])
    assert found == Agreement(
        lines=2, expected_lines=2, same_place=1, same_text=0, same_letters=0, cer=(1 + 2 + 3) / 7
    )
    assert found.recall == found.precision == 0.5


def test_spaces_are_told_from_letters() -> None:
    found = agreement([([line(0, "a b")], [line(0, "ab")])])
    assert (found.same_text, found.same_letters, found.cer) == (0, 1, 0.5)


def test_bundles_agree_with_the_package(built: Place) -> None:
    ran = built.python("-m", "edgedla_ppocr.agreement", "--pages", PAGES, "--json")
    assert ran.code == 0, ran.err
    found = {name: Agreement(**figures) for name, figures in ran.json.items()}
    there, back = found["bundle against package"], found["package against bundle"]
    assert there.expected_lines > 30
    assert there.recall >= 0.98
    assert there.precision >= 0.98
    assert there.cer <= 0.03
    assert there.same_letters / there.same_place >= 0.97
    assert back.recall >= 0.98
    assert back.cer <= 0.03
    assert found["bundle against drawn"].cer <= found["package against drawn"].cer + 0.01


def test_quantised_bundles_agree_with_the_package(built_for_board: Place) -> None:
    ran = built_for_board.python(
        "-m", "edgedla_ppocr.agreement", "--target", "pcupid", "--pages", PAGES, "--json"
    )
    assert ran.code == 0, ran.err
    found = Agreement(**ran.json["bundle against package"])
    assert found.recall >= 0.95
    assert found.precision >= 0.95
    assert found.cer <= 0.06
    assert found.same_letters / found.same_place >= 0.95


def test_lines_are_told_for_people(built: Place) -> None:
    ran = built.python("-m", "edgedla_ppocr.agreement", "--pages", "1")
    first = ran.out.splitlines()[0]
    assert re.fullmatch(
        r"bundle against package: (\d+) of \1 lines found, 0 more, \d+ with .*, CER \d.\d%", first
    )


def test_without_bundles_the_command_says_what_to_build(tmp_path: object) -> None:
    assert module.main(["--build", f"{tmp_path}/none", "--pages", "1"]) == 2


def test_missing_desktop_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", None)
    with pytest.raises(PrerequisiteError) as caught:
        package_pipeline()
    assert caught.value.hint == "apt install libgl1 libglib2.0-0"
