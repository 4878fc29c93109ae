"""The libraries compiled for 64-bit and 32-bit ARM, run under qemu: the same bits, the same objections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from board_images import plain, two
from board_misuse import ORDER
from board_misuse_memory import MEMORY, OWN_MEMORY
from board_programs import BANNER, SHAPES, compiled, run
from board_rounds import CASES, feeds, raw, spoken
from edgedla_targets.pcupid.emulated.board import Board
from edgedla_targets.pcupid.emulated.image import Image
from edgedla_targets.pcupid.program.compilers import Compiler, emulated

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # zig compiles its libc first
MISUSE = ORDER | MEMORY | OWN_MEMORY


@pytest.fixture(scope="module", params=["aarch64", "armhf"])
def compiler(request: pytest.FixtureRequest, zig_cache: Path) -> Compiler:
    return emulated(request.param, zig_cache)


@pytest.fixture(scope="module", params=SHAPES)
def shape(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def program(shape: str, compiler: Compiler, tmp_path_factory: pytest.TempPathFactory) -> Path:
    bodies = CASES | {name: case.body for name, case in MISUSE.items()}
    words = [*compiler.argv, *compiler.flags]
    folder = tmp_path_factory.mktemp("arm")
    return compiled(folder, bodies, shape, words, "-O1", environment=compiler.environment)


def test_the_same_bits(program: Path, compiler: Compiler, tmp_path: Path) -> None:
    images = [plain(tmp_path / f"{kind}.img", kind) for kind in ("FP32", "INT16", "U8")]
    with Board() as board:
        for path in (*images, two(tmp_path / "two.img")):
            image = Image.load(path)
            given = feeds(image, 2)
            for case in ("own", "deep", "users") if len(image.inputs) == 1 else ("own", "deep"):
                words = (*spoken(image, case, path, 2), "cached")
                done = run(board, program, *words, stdin=raw(given), launcher=compiler.launcher)
                assert (done.code, done.err) == (0, BANNER)
                assert done.out == raw([image.run(feed) for feed in given])
        assert board.faults == []


def test_the_same_objections(program: Path, shape: str, compiler: Compiler, tmp_path: Path) -> None:
    image = plain(tmp_path / "plain.img")
    for name, case in MISUSE.items():
        with Board() as board:
            done = run(board, program, name, image, launcher=compiler.launcher)
            faults = board.faults
        assert done.code == 0, (name, done.err)
        assert tuple(done.numbers) == (case.old if case.old and shape == "old" else case.results), name
        assert len(faults) == len(case.faults), (name, faults)
        for fault, wanted in zip(faults, case.faults, strict=True):
            assert re.match(wanted, fault), (name, fault)
