"""A bundle for pcupid that is built once for all tests of the target, and a host to deploy it to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from edgedla_targets.pcupid.emulated.board import Board
from once import once
from pcupid_builds import BUILT, WORDS, started
from program_builds import SANITIZE, Objects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy_bench import Bench


@pytest.fixture(scope="session")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The bundle of the tiny network, not to be changed, and what `edgedla build --json` answered."""
    folder = once(tmp_path_factory, "pcupid", build)
    return folder / BUILT, json.loads((folder / "answer.json").read_text())


def build(folder: Path) -> None:
    own = {"XDG_CONFIG_HOME": str(folder / "config"), "EDGEDLA_CACHE_DIR": str(folder / "cache")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EDGEDLA_", "SGS_"))}
    done = subprocess.run(
        [sys.executable, "-m", "edgedla", "build", *WORDS, "--json"],
        cwd=folder,
        env=kept | own,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder / "answer.json").write_text(done.stdout)


@pytest.fixture(scope="session")
def tiny_bundle(first_build: tuple[Path, dict[str, Any]]) -> Path:
    """The bundle of the tiny network, not to be changed."""
    return first_build[0]


@pytest.fixture
def bundle(work: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the tiny network's bundle in the current folder; to be changed at will."""
    monkeypatch.delenv("SGS_IPU_DIR", raising=False)
    return started(work, tiny_bundle)


@pytest.fixture(scope="session")
def deploy_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A host with the emulated board and the programs of a board; nothing to deploy yet."""
    from deploy_bench import Bench
    from edgedla_targets.pcupid.emulated.board import Board
    from sshd import applets, sshd

    folder = tmp_path_factory.mktemp("host")
    programs = applets(folder / "bin")
    with (
        Board() as board,
        sshd(folder / "sshd", {**board.environment, "PATH": str(programs)}) as host,
    ):
        yield Bench(folder, host, board, programs, folder)


@pytest.fixture
def bench(deploy_host: Bench, bundle: Path, tmp_path: Path) -> Bench:
    """That host, and a bundle to be changed at will."""
    return replace(deploy_host, bundle=bundle, folder=tmp_path)


@pytest.fixture(scope="session")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    """The board program's fixed files with the sanitizers for addresses and undefined behaviour."""
    return Objects.make(tmp_path_factory.mktemp("sanitized"), "new", *SANITIZE)


@pytest.fixture(scope="session")
def zig_cache(pytestconfig: pytest.Config) -> Path:
    """A cache that outlives the test run: zig makes a C library for each processor, which takes a minute."""
    return pytestconfig.cache.mkdir("edgedla")


@pytest.fixture(scope="session")
def program_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for all tests that only run what the first of them compiles."""
    return tmp_path_factory.mktemp("programs")


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    """An emulated board that has nothing to object to."""
    with Board() as board:
        yield board
        assert board.faults == []
