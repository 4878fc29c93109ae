"""The table of rules and the page made from it."""

from __future__ import annotations

import re
import subprocess
import sys

from edgedla_targets.pcupid.lint import RULES, rules_page
from edgedla_targets.pcupid.lint.rule import CERTAINTIES, LEVELS


def test_numbers_are_unique_and_in_order() -> None:
    numbers = [rule.number for rule in RULES]
    assert numbers == sorted(set(numbers))
    assert all(re.fullmatch(r"IPU\d{3}", number) for number in numbers)


def test_every_rule_says_everything() -> None:
    for rule in RULES:
        assert rule.level in LEVELS
        assert rule.certainty in CERTAINTIES
        assert all([rule.title, rule.limit, rule.source, rule.hint]), rule.number


def test_titles_are_unique() -> None:
    assert len({rule.title for rule in RULES}) == len(RULES)


def test_the_page_has_every_rule_once() -> None:
    page = rules_page()
    assert re.findall(r"^### (IPU\d{3}) ", page, re.MULTILINE) == [rule.number for rule in RULES]
    for rule in RULES:
        section = page.split(f"### {rule.number} ")[1].split("\n#")[0]
        for part in (rule.title, rule.level, rule.limit, rule.hint, rule.source, f"*{rule.certainty}*"):
            assert part in section, rule.number


def test_the_page_is_the_same_in_another_process() -> None:
    """Sets are ordered otherwise there: their hashes are salted."""
    code = "from edgedla_targets.pcupid.lint import rules_page; print(rules_page(), end='')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == rules_page()


def test_the_page_is_clean_markdown() -> None:
    page = rules_page()
    assert page.endswith("\n")
    assert "\n\n\n" not in page
    assert not [line for line in page.splitlines() if line != line.rstrip()]
