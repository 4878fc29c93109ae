"""The shortest chain of converters."""

from __future__ import annotations

import pytest

from edgedla.converter import Converter
from edgedla.errors import UsageError
from edgedla.route import find_route


def step(name: str, source: str, result: str) -> type[Converter]:
    return type(name, (Converter,), {"name": name, "source": source, "result": result})


STEPS = [
    step("safe", "onnx", "safe"),
    step("float", "safe", "float"),
    step("fixed", "float", "fixed"),
    step("shortcut", "onnx", "float"),
    step("back", "fixed", "onnx"),  # a circle must not hang
]


def names(accepts: str) -> list[str]:
    return [kind.name for kind in find_route(STEPS, accepts)]


def test_nothing_to_convert() -> None:
    assert names("onnx") == []


def test_fewest_steps_win() -> None:
    assert names("float") == ["shortcut"]
    assert names("fixed") == ["shortcut", "fixed"]


def test_order_of_installation_does_not_matter() -> None:
    twins = [step("b", "onnx", "x"), step("a", "onnx", "x")]
    assert find_route(twins, "x")[0].name == find_route(twins[::-1], "x")[0].name == "a"


def test_no_chain_names_what_can_be_reached() -> None:
    with pytest.raises(UsageError, match="fixed, float, onnx, safe") as caught:
        find_route(STEPS, "img")
    assert "list-plugins" in str(caught.value.hint)
