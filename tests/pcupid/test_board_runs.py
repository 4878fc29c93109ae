"""Programs that do all in the right order get from the board what `Image.run` gives, bit for bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from board_images import chained, plain, two
from board_programs import BANNER, SANITIZERS, SHAPES, compiled, run
from board_rounds import CASES, feeds, raw, spoken
from edgedla_targets.pcupid.emulated.board import Board
from edgedla_targets.pcupid.emulated.image import Image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("images")
    for name in ("f32", "s16"):
        (folder / name).mkdir()
    return {
        "f32": chained(folder / "f32", "FP32"),
        "s16": chained(folder / "s16", "INT16"),
        "u8": plain(folder / "u8.img", "U8", (1, 5, 7, 3)),
        "gray": plain(folder / "gray.img", "GRAY", (1, 5, 7, 1)),
        "scalar": plain(folder / "scalar.img", "FP32", (1,)),
        "two": two(folder / "two.img"),
    }


@pytest.fixture(scope="module", params=SHAPES)
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With sanitizers in it, so that each of these runs is one of the libraries under them too."""
    return compiled(tmp_path_factory.mktemp("runs"), CASES, request.param, ("gcc",), *SANITIZERS)


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    with Board() as board:
        yield board


@pytest.mark.parametrize("case", ["own", "deep"])
@pytest.mark.parametrize("name", ["f32", "s16", "u8", "gray", "scalar", "two"])
def test_outputs_are_those_of_the_image_bit_for_bit(
    case: str, name: str, images: dict[str, Path], program: Path, board: Board
) -> None:
    image = Image.load(images[name])
    given = feeds(image, 3)
    done = run(board, program, *spoken(image, case, images[name], 3), stdin=raw(given))
    assert (done.code, done.err) == (0, BANNER)
    assert done.out == raw([image.run(feed) for feed in given])
    assert len(set(np.frombuffer(done.out, np.uint8))) > 1
    assert board.faults == []


@pytest.mark.parametrize("cache", ["cached", "uncached"])
@pytest.mark.parametrize("name", ["f32", "s16", "u8"])
def test_buffers_of_the_programs_own(
    cache: str, name: str, images: dict[str, Path], program: Path, board: Board
) -> None:
    image = Image.load(images[name])
    given = feeds(image, 3)
    done = run(board, program, *spoken(image, "users", images[name], 3), cache, stdin=raw(given))
    assert (done.code, done.err) == (0, BANNER)
    assert done.out == raw([image.run(feed) for feed in given])
    assert board.faults == []
