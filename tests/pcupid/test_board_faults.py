"""What the emulated board objects to: each misuse is reported as what it is, with the error of MI."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from board_images import plain
from board_misuse import CHANNELS, DATA, ORDER, TENSORS
from board_misuse_memory import LEAKS, MEMORY, OWN_MEMORY
from board_programs import BANNER, SHAPES, compiled, run
from edgedla_targets.pcupid.emulated.board import Board

if TYPE_CHECKING:
    from pathlib import Path


CASES = ORDER | CHANNELS | TENSORS | DATA | MEMORY | OWN_MEMORY | LEAKS


@pytest.fixture(scope="module", params=SHAPES)
def shape(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def program(shape: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    bodies = {name: case.body for name, case in CASES.items()}
    return compiled(tmp_path_factory.mktemp("faults"), bodies, shape)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("images")
    kinds = {"f32": "FP32", "s16": "INT16", "u8": "U8"}
    return {name: plain(folder / f"{name}.img", kind) for name, kind in kinds.items()}  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CASES)
def test_each_misuse_is_reported_as_what_it_is(
    name: str, shape: str, program: Path, images: dict[str, Path]
) -> None:
    case = CASES[name]
    with Board() as board:
        done = run(board, program, name, images[case.image])
        faults = board.faults
    assert done.code == (-6 if name == "leak_when_killed" else 0), done.err
    assert tuple(done.numbers) == ((case.old or case.results) if shape == "old" else case.results)
    assert len(faults) == len(case.faults), faults
    for fault, wanted in zip(faults, case.faults, strict=True):
        assert re.match(wanted, fault), fault
    said = done.err.replace(BANNER, "").replace("emulated board: ", "").splitlines()
    assert said == [fault for fault in faults if not fault.startswith("exit: ")]
