"""Bundles of both models for both targets, built once by the command line, and pictures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass(frozen=True)
class Place:
    """A folder in which commands are run, away from any configuration of the user."""

    folder: Path

    def python(self, *words: str | Path) -> Ran:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("EDGEDLA_", "XDG_"))}
        home = {key: str(self.folder / ".home") for key in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=kept | home,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def edgedla(self, *words: str | Path, code: int = 0) -> Ran:
        ran = self.python("-m", "edgedla", *words)
        assert ran.code == code, f"edgedla {' '.join(map(str, words))}: {ran.code}\n{ran.out}\n{ran.err}"
        return ran


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A folder with `build/` for onnxruntime."""
    return _build(tmp_path_factory.mktemp("built"), "onnxruntime")


@pytest.fixture(scope="session")
def built_for_board(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A folder with `build/` for pcupid, by the emulated toolchain; calibrated on half as much as usual."""
    return _build(tmp_path_factory.mktemp("board"), "pcupid", "--set", "pcupid.calibration_samples=25")


def _build(folder: Path, target: str, *more: str) -> Place:
    place = Place(folder)
    for model in ("ppocr_det", "ppocr_rec"):
        place.edgedla("build", model, "--target", target, *more)
    return place
