"""Calibration sets: every class, every level, never the test data, always the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgedla.calibration import pick
from edgedla.dataset import Clip
from edgedla.errors import UsageError
from edgedla.model import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Levels:
    """A model whose files hold a level; those that begin with `test` are its test data."""

    def held_out(self, path: Path) -> bool:
        return path.name.startswith("test")

    def measures(self) -> Sequence[Measure]:
        return (Measure("level", "dB", (-20, 0, 20)),)

    def measure(self, path: Path) -> tuple[float, ...]:
        try:
            return (float(path.read_text().split()[0]),)
        except (OSError, ValueError):
            raise UsageError(f"{path}: no level") from None


MODEL: Any = Levels()


def clips(folder: Path, **levels: str) -> list[Clip]:
    """Clips by name, of the class that the first letter names."""
    for name, text in levels.items():
        (folder / name).write_text(text)
    return [Clip(folder / name, name, name[0]) for name in levels]


def test_classes_and_levels_are_spread(tmp_path: Path) -> None:
    offered = clips(
        tmp_path,
        **{f"a{index}": f"5 {index}" for index in range(9)},
        a_low="-30",
        a_high="25",
        b0="5 x",
        b1="-3",
    )
    found = pick(MODEL, offered, 5, 2)
    # Alternating classes; of `a` first the levels that the set does not have.
    assert [each.clip for each in found.picked] == ["a0", "a_high", "a_low", "b0", "b1"]
    assert [(each.label, each.offered, each.picked) for each in found.classes] == [("a", 11, 3), ("b", 2, 2)]
    steps = found.covers[0].steps
    assert [(step.low, step.high, step.offered, step.picked) for step in steps] == [
        (None, -20, 1, 1),
        (-20, 0, 1, 1),
        (0, 20, 10, 2),
        (20, None, 1, 1),
    ]
    assert found.lacks == ()
    assert found.picked[0].measures == {"level": 5.0}


def test_what_is_lacking_is_said(tmp_path: Path) -> None:
    found = pick(MODEL, clips(tmp_path, a0="5", a1="6", a2="30", b0="7"), 2, 1)
    assert found.lacks == (
        "level below -20 dB: none was offered",
        "level -20 to 0 dB: none was offered",
        "level from 20 on dB: not picked",
    )
    assert pick(MODEL, clips(tmp_path, a0="5"), 3, 1).lacks[0] == "2 of 3 clips: there are no more"


def test_test_data_repeats_and_damage_are_left_out(tmp_path: Path) -> None:
    offered = clips(tmp_path, a0="5", a1="5", test="7", b0="no level")
    found = pick(MODEL, offered, 9, 2)
    assert [each.clip for each in found.picked] == ["a0"]
    assert (found.held_out, found.repeated) == (1, 1)
    assert [each.clip for each in found.failed] == ["b0"]
    with pytest.raises(UsageError, match="test data"):
        pick(MODEL, clips(tmp_path, test1="7"), 1, 1)
    with pytest.raises(UsageError, match="no level"):
        pick(MODEL, clips(tmp_path, a0="x"), 1, 1)


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(-40, 40)), min_size=1, max_size=30),
    st.integers(1, 12),
    st.randoms(use_true_random=False),
)
def test_a_set_is_even_and_does_not_depend_on_the_order(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int]], count: int, random: Any
) -> None:
    folder = tmp_path_factory.mktemp("set")
    offered = clips(
        folder, **{f"{label}{index}": f"{level} {index}" for index, (label, level) in enumerate(rows)}
    )
    found = pick(MODEL, offered, count, 2)
    random.shuffle(offered)
    assert pick(MODEL, offered, count, 1) == found
    assert len(found.picked) == min(count, len(rows))
    assert len({each.clip for each in found.picked}) == len(found.picked)
    most = max(each.picked for each in found.classes)
    assert all(each.picked >= min(each.offered, most - 1) for each in found.classes)
