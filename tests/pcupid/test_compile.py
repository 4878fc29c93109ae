"""Compilers, what is compiled once and kept, and machines where something is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edgedla.errors import PrerequisiteError, ToolchainError, UsageError
from edgedla.toolchain import Toolchain
from edgedla_targets.pcupid.program import compilers
from edgedla_targets.pcupid.program.boards import board_compiler
from edgedla_targets.pcupid.program.cache import kept
from edgedla_targets.pcupid.program.compile import compile_program, kept_program
from edgedla_targets.pcupid.program.sdk import Sdk, emulated_sdk
from pcupid_builds import BUILT, NOTICE, WORDS, tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from throwaway import Result

    Command = Callable[..., Result]

MAIN = '#include "mi_sys.h"\nint main(void) { return MI_SUCCESS + VALUE; }\n'
HIDDEN = """
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "ziglang" else found(name, package)
"""
NOT_COMPILED = "the board program was not compiled, so nothing of it is proven: "


@pytest.fixture
def tools(tmp_path: Path) -> Toolchain:
    return Toolchain(tmp_path / "logs")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "main.c").write_text('#include "value.h"\n' + MAIN)
    (folder / "value.h").write_text("#define VALUE 7\n")
    return folder


def programs(folder: Path, *names: str) -> str:
    """A PATH of a few programs of this machine."""
    folder.mkdir()
    for name in names:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    return str(folder)


def test_a_program_is_compiled_once_and_again_when_anything_changes(
    tmp_path: Path, sources: Path, tools: Toolchain
) -> None:
    cache = tmp_path / "cache"
    compiler = compilers.native(cache)
    sdk = emulated_sdk(compiler, cache, tools)
    assert sdk == emulated_sdk(compiler, cache, tools)

    def made() -> Path:
        return kept_program("demo", sources, sdk, compiler, cache, tools)

    first = made()
    assert subprocess.run([first], check=False).returncode == 7
    inode = first.stat().st_ino
    assert made().stat().st_ino == inode
    (sources / "value.h").write_text("#define VALUE 8\n")
    second = made()
    assert subprocess.run([second], check=False).returncode == 8
    assert first != second
    (sources / "value.h").write_text("#define VALUE 7\n")
    assert made() == first
    old = emulated_sdk(compiler, cache, tools, "old")
    assert old.identity != sdk.identity
    assert kept_program("demo", sources, old, compiler, cache, tools) not in (first, second)


def test_a_program_does_not_tell_where_it_was_made(tmp_path: Path, sources: Path, tools: Toolchain) -> None:
    compiler = compilers.native(tmp_path)
    made = []
    for name in ("one", "two"):
        sdk = emulated_sdk(compiler, tmp_path / name, tools)
        copy = Path(shutil.copytree(sources, tmp_path / name / "deep/src"))
        compile_program(copy, sdk, compiler, tmp_path / name / "demo", tools)
        made.append((tmp_path / name / "demo").read_bytes())
    assert made[0] == made[1]
    assert str(tmp_path).encode() not in made[0]


def test_what_the_compiler_refuses_is_shown(tmp_path: Path, sources: Path, tools: Toolchain) -> None:
    compiler = compilers.native(tmp_path)
    sdk = emulated_sdk(compiler, tmp_path / "cache", tools)
    (sources / "main.c").write_text("int main(void) { return nothing; }\n")
    with pytest.raises(ToolchainError, match=r"cc exited with 1") as caught:
        kept_program("demo", sources, sdk, compiler, tmp_path / "cache", tools)
    assert any("nothing" in line for line in caught.value.tail)
    assert caught.value.log == tmp_path / "logs/pcupid-compile.log"
    assert list((tmp_path / "cache/programs").iterdir()) == []  # nothing half done stays
    with pytest.raises(UsageError, match="holds no C sources"):
        compile_program(tmp_path, sdk, compiler, tmp_path / "demo", tools)


def test_missing_headers_of_the_c_library_are_named(tmp_path: Path, tools: Toolchain) -> None:
    cc = tmp_path / "cc"
    cc.write_text("#!/bin/sh\necho 'main.c:1: fatal error: stdio.h: No such file or directory'\nexit 1\n")
    cc.chmod(0o755)
    (tmp_path / "main.c").touch()
    with pytest.raises(ToolchainError) as caught:
        compile_program(
            tmp_path, Sdk(tmp_path, tmp_path), compilers.Compiler((str(cc),), "cc"), tmp_path / "demo", tools
        )
    assert caught.value.hint is not None
    assert "apt install libc6-dev" in caught.value.hint


def test_two_at_once_make_one(tmp_path: Path) -> None:
    both, made = threading.Barrier(2), []

    def make(folder: Path) -> None:
        both.wait(10)
        (folder / "whole").write_text("yes")

    def work() -> None:
        made.append(kept(tmp_path, "things", "k" * 64, make))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made[0] == made[1]
    assert [path.name for path in (tmp_path / "things").iterdir()] == ["k" * 32]
    assert (made[0] / "whole").read_text() == "yes"


def test_what_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept(tmp_path, "things", "k", interrupted)
    assert list((tmp_path / "things").iterdir()) == []


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written") as caught:
        kept(tmp_path / "file", "things", "k", lambda _: None)
    assert "EDGEDLA_CACHE_DIR" in str(caught.value.hint)


def test_zig_where_there_is_no_other_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", "qemu-aarch64"))
    found = compilers.native(tmp_path / "cache")
    assert found.argv[:4] == (sys.executable, "-m", "ziglang", "cc")
    assert found.argv[-1].endswith("-linux-musl")
    assert found.environment["ZIG_GLOBAL_CACHE_DIR"] == str(tmp_path / "cache/zig")
    monkeypatch.setattr(compilers, "find_spec", lambda _: None)
    with pytest.raises(PrerequisiteError, match="no C compiler") as caught:
        compilers.native(tmp_path)
    assert caught.value.hint == "apt install gcc libc6-dev, or pip install 'edgedla[cross]'"


@pytest.mark.parametrize("board", ["emulated:aarch64", "emulated:armhf"])
def test_without_qemu_or_zig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, board: str) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", "cc"))
    with pytest.raises(PrerequisiteError, match="needs qemu-a") as caught:
        board_compiler(board, tmp_path)
    assert caught.value.hint == "apt install qemu-user"
    (tmp_path / "bin/qemu-aarch64").symlink_to("/bin/true")
    (tmp_path / "bin/qemu-arm-static").symlink_to("/bin/true")
    assert board_compiler(board, tmp_path).launcher[0].startswith(str(tmp_path / "bin/qemu-a"))

    def missing(_: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr(compilers, "version", missing)
    with pytest.raises(PrerequisiteError, match="needs the package 'ziglang'") as caught:
        board_compiler(board, tmp_path)
    assert caught.value.hint == "pip install 'edgedla[cross]'"


def test_an_arm_machine_runs_its_own_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", "cc"))
    assert board_compiler("emulated:aarch64", tmp_path).launcher == ()


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """Variables of a machine without any C compiler: an almost empty PATH, and no ziglang."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(HIDDEN)
    return {"PATH": programs(tmp_path / "bare", "bash", "env"), "PYTHONPATH": str(hidden)}


def test_without_a_compiler_a_build_still_leaves_the_sources(
    edgedla: Command, bundle: Path, bare: dict[str, str]
) -> None:
    answer = edgedla("build", *WORDS, "--json", env=bare).json
    stages = {stage["name"]: stage["status"] for stage in answer["data"]["stages"]}
    assert stages == stages | {"convert": "reused", "compile": "skipped", "prove": "skipped"}
    assert answer["warnings"][0] == NOTICE
    assert answer["warnings"][1].startswith(f"{NOT_COMPILED}there is no C compiler")
    assert "its sources are in src (apt install gcc libc6-dev, or pip" in answer["warnings"][1]
    assert (bundle / "src/main.c").is_file()
    assert not (bundle / "bin/prog_sed_eat").exists()
    run = edgedla("run", "eat_sed", "--target", "pcupid", "--json", env=bare).json
    assert run["data"]["board"] is None
    assert run["data"]["results"][0]["label"]
    assert "the board program is not run, the image's simulator answers: there is no C" in run["warnings"][1]
    asked = edgedla("run", "eat_sed", "--target", "pcupid", "--board", "emulated:native", env=bare, code=5)
    assert "hint: apt install gcc libc6-dev" in asked.err
    assert "hint: apt install qemu-user" in (
        edgedla("run", "eat_sed", "--target", "pcupid", "--board", "emulated:armhf", env=bare, code=5).err
    )
    rows = edgedla("doctor", "--json", env=bare).json["data"]["checks"]
    status = {row["what"]: (row["status"], row["hint"]) for row in rows if row["for"] == "pcupid"}
    assert status["emulated:native"] == ("missing", compilers.NO_COMPILER)
    assert status["emulated:armhf"] == ("missing", compilers.NO_QEMU)


def test_a_build_leaves_the_program_it_has_proven(tiny_bundle: Path, edgedla: Command, work: Path) -> None:
    program = tiny_bundle / "bin/prog_sed_eat"
    assert os.access(program, os.X_OK)
    edgedla("build", *WORDS, env={"EDGEDLA_CACHE_DIR": str(work / "another cache")})
    assert tree(work / BUILT) == tree(tiny_bundle)
