"""Bundles that are built once for all tests of the command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from once import once
from throwaway import Site

if TYPE_CHECKING:
    from pathlib import Path


SIMPLIFIER = "def simplify(graph):\n    return graph, True\n"
"""For `beep`, which has nothing to simplify, instead of onnxsim, which takes two seconds to import."""


def search_path(folder: Path) -> str:
    """`PYTHONPATH` with `folder` before what is there."""
    return os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)


@pytest.fixture
def site(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """An empty plugin folder, seen by whatever a test starts, and a simplifier that is there at once."""
    (site.folder / "onnxsim.py").write_text(SIMPLIFIER)
    monkeypatch.setenv("PYTHONPATH", search_path(site.folder))
    return site


def build(folder: Path, *words: str) -> None:
    """One `edgedla build` in `folder`, with the plugins in `folder/site`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EDGEDLA_")}
    own = {
        "PYTHONPATH": search_path(folder / "site"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "EDGEDLA_CACHE_DIR": str(folder / "cache"),
        "EDGEDLA_TARGET": "onnxruntime",
    }
    subprocess.run(
        [sys.executable, "-m", "edgedla", "build", *words],
        cwd=folder,
        env=kept | own,
        check=True,
        capture_output=True,
        timeout=280,
    )


@pytest.fixture(autouse=True)
def target(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The target of commands that name none, as there are several."""
    assert work.is_dir()  # that fixture clears the environment first
    monkeypatch.setenv("EDGEDLA_TARGET", "onnxruntime")


@pytest.fixture(scope="session")
def beep_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of `beep`; not to be changed."""
    folder = tmp_path_factory.mktemp("beep")
    (folder / "site").mkdir()
    (folder / "site/onnxsim.py").write_text(SIMPLIFIER)
    Site(folder / "site").beep()
    build(folder, "beep")
    return folder / "build/beep/onnxruntime"


@pytest.fixture(scope="session")
def eat_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of `eat_sed` with the weights that come with it; not to be changed."""
    folder = once(tmp_path_factory, "eat", lambda folder: build(folder, "eat_sed"))
    return folder / "build/eat_sed/onnxruntime"


@pytest.fixture
def beep(site: Site, work: Path, beep_bundle: Path) -> Path:
    """`beep` installed, built in the current folder, and the bundle's folder."""
    site.beep()
    target = work / "build/beep/onnxruntime"
    shutil.copytree(beep_bundle, target)
    return target


@pytest.fixture
def sounds(work: Path) -> Path:
    """Three inputs for `beep`, one of them a level deeper, beside a hidden one and one of another kind."""
    folder = work / "sounds"
    (folder / "deep").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    for name, text in (
        ("a.txt", "1 2 3"),
        ("b.txt", "-4 5"),
        ("deep/c.txt", "0.5"),
        (".d.txt", "1"),
        (".hidden/e.txt", "1"),
        ("notes.md", "1"),
    ):
        (folder / name).write_text(text)
    return folder
