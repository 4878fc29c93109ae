"""Fixtures for all tests: throw-away plugin distributions and the command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hums import Hum, hum_build
from throwaway import Result, Site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Several tests at once, each with torch on all cores: threads that wait must not keep the others' cores busy.
# libgomp reads it when torch is imported, here and in the commands that tests start.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.fixture
def site(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Site:
    """An empty plugin folder that this process and commands it starts can see."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    former = str(tmp_path_factory.getbasetemp())
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(former):
            monkeypatch.delitem(sys.modules, name)  # of an earlier test's folder
    return Site(folder)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, away from any configuration of whoever runs the tests."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("EDGEDLA_CACHE_DIR", str(tmp_path / "cache"))
    for name in [name for name in os.environ if name.startswith("EDGEDLA_") and name != "EDGEDLA_CACHE_DIR"]:
        monkeypatch.delenv(name)
    return folder


@pytest.fixture
def edgedla(work: Path, tmp_path: Path) -> Callable[..., Result]:
    """The installed command in a process of its own, in an empty folder."""

    def run(*words: str | Path, code: int | None = 0, env: dict[str, str] | None = None) -> Result:
        path = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        done = subprocess.run(
            [sys.executable, "-m", "edgedla", *map(str, words)],
            cwd=work,
            env=os.environ | {"PYTHONPATH": path} | (env or {}),
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        result = Result(done.returncode, done.stdout, done.stderr)
        assert code is None or result.code == code, f"{words}: {result}"
        return result

    return run


@pytest.fixture(scope="session")
def hum(tmp_path_factory: pytest.TempPathFactory) -> Hum:
    """A model of sounds with hostile names, built, evaluated, disturbed and timed; not to be changed."""
    return hum_build(tmp_path_factory.mktemp("hum"))
