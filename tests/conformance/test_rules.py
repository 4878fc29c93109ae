"""Each rule finds the plugin that breaks it, and none complains of a good one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edgedla.conformance import discovery
from edgedla.conformance.check import Checked, find_subject, kit
from edgedla.conformance.rules import RULES
from edgedla.plugins import Plugins
from plants import EXPORT, GOOD, PLANTS, Plant

if TYPE_CHECKING:
    from pathlib import Path

    from throwaway import Site

BY_ID = {rule.id: rule for rule in RULES}
CASES = [(rule, plant) for rule, plants in PLANTS.items() for plant in plants]


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch, work: Path) -> None:
    """One measurement instead of several; a plant that is slow is so slow that one tells."""
    assert work.is_dir()
    monkeypatch.setattr(discovery, "ROUNDS", 1)


def checked(name: str, *rules: str) -> list[Checked]:
    with kit(find_subject(name, Plugins())) as found:
        return [found.check(BY_ID[rule]) for rule in rules]


def test_every_rule_has_a_plant() -> None:
    assert list(PLANTS) == [rule.id for rule in RULES]


@pytest.mark.parametrize(("rule", "plant"), CASES, ids=[f"{rule}-{plant.said}" for rule, plant in CASES])
def test_a_plant_is_found(site: Site, rule: str, plant: Plant) -> None:
    plant.install(site)
    (found,) = checked(plant.name, rule)
    assert (found.status, found.rule.id) == ("broken", rule)
    assert plant.said in found.message
    assert found.hint


@pytest.mark.parametrize("plant", GOOD, ids=lambda plant: plant.name)
def test_a_good_plugin_breaks_no_rule(site: Site, plant: Plant) -> None:
    plant.install(site)
    found = checked(plant.name, *BY_ID)
    assert [each for each in found if each.status == "broken"] == []
    silent = {each.rule.id for each in found if each.status == "not applicable"}
    other = "target" if plant.name == "beep" else "model"
    assert silent == {rule.id for rule in RULES if rule.of == other} | (
        {"jinja"} if other == "target" else set()
    )


def test_an_export_that_fails_is_told_with_its_reason_and_once(site: Site) -> None:
    Plant("beep", "", ((EXPORT, f"        raise OSError('no weights')\n{EXPORT}"),)).install(site)
    found = {each.rule.id: each for each in checked("beep", "graph", "builds", "deterministic-export")}
    assert (found["graph"].status, found["graph"].message) == ("broken", "beep: OSError: no weights")
    assert "no weights" in found["builds"].message
    assert found["deterministic-export"].status == "not applicable"
    assert "no weights" in found["deterministic-export"].message


def test_a_plugin_may_be_called_like_the_kit(site: Site) -> None:
    Plant("beep", "", distribution="edgedla-conformance").install(site)
    (found,) = checked("beep", "builds")
    assert found.status == "ok", found.message
