"""Settings of the network: what passes, what is refused and why."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from edgedla_eat_sed.settings import EatOptions, NetSettings


@pytest.mark.parametrize(
    ("values", "key", "reason"),
    [
        ({"nf": 0}, "nf", "greater than or equal to 1"),
        ({"n_layers": -1}, "n_layers", "greater than or equal to 1"),
        ({"nf": 10**30}, "nf", "less than or equal to"),
        ({"n_head": 7}, "", "n_head: 7 does not divide emb_dim 128"),
        ({"seq_len": 114689}, "", "seq_len: 114689 is not a multiple of 1024"),
        ({"seq_len": 31 * 1024}, "", "at least 32768"),
        ({"ds_factors": ()}, "ds_factors", "at least 1"),
        ({"ds_factors": (4, 3)}, "ds_factors", "multiple of 2"),
        ({"ds_factors": (4, 0)}, "ds_factors", "greater than or equal to 2"),
        ({"ds_factors": (2,) * 9}, "ds_factors", "at most 8"),
        ({"ds_factors": [4, "four"]}, "ds_factors", "valid integer"),
        ({"ds_factors": "4,4"}, "ds_factors", "valid tuple"),
        ({"n_classes": 0}, "n_classes", "greater than or equal to 1"),
        ({"nf": 16, "kernel": 3}, "kernel", "not permitted"),
        ({"nf": 256, "emb_dim": 4096, "n_layers": 64}, "", "parameters are more than the limit"),
        ({"nf": 64, "seq_len": 2**23}, "", "elements is more than the limit"),
        ({"ds_factors": (2,), "seq_len": 2**17}, "", "elements is more than the limit"),
    ],
)
def test_absurd_settings_are_refused(values: dict[str, Any], key: str, reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        NetSettings.model_validate(values)
    problems = caught.value.errors()
    assert any(reason in problem["msg"] for problem in problems)
    assert key in {str(problem["loc"][0]) if problem["loc"] else "" for problem in problems}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"window": "middle"}, "'start' or 'centre'"),
        ({"size": "L"}, "'S' or 'M'"),
        ({"hop": 0}, "greater than 0"),
        ({"hop": 1.5}, "less than or equal to 1"),
        ({"hop": float("nan")}, "less than or equal to 1"),
        ({"sampling_rate": 10}, "greater than or equal to 1000"),
        ({"class_names": ("a", "b"), "n_classes": 3}, "2 names for n_classes 3"),
        ({"class_names": ("a\nb",), "n_classes": 1}, "should match pattern"),
        ({"class_names": ("",), "n_classes": 1}, "should match pattern"),
    ],
)
def test_absurd_options_are_refused(values: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        EatOptions.model_validate(values)


def test_defaults_are_eat_s() -> None:
    assert EatOptions() == EatOptions.model_validate({"size": "S"}).model_copy(update={"size": ""})
    assert EatOptions().steps == 112


def test_a_size_leaves_what_stands_beside_it() -> None:
    options = EatOptions.model_validate({"size": "M", "n_layers": "2"})
    assert (options.nf, options.n_layers, options.n_head) == (32, 2, 16)


def test_a_size_counts_as_setting_the_widths() -> None:
    assert {"nf", "emb_dim"} <= EatOptions.model_validate({"size": "M"}).model_fields_set
    assert EatOptions().model_fields_set == set()


def test_lists_of_text_are_taken_as_a_command_line_gives_them() -> None:
    options = EatOptions.model_validate(
        {"ds_factors": ["4", "4", "4"], "seq_len": "16384", "class_names": ["a", "b"], "n_classes": "2"}
    )
    assert options.ds_factors == (4, 4, 4)
    assert options.class_names == ("a", "b")


def test_every_option_is_described() -> None:
    assert all(field.description for field in EatOptions.model_fields.values())
