"""Builds for pcupid of a network so small that they take seconds, and toolchains that spoil results."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from edgedla.config import Config
from edgedla.workspace import Wish, Workspace
from edgedla_targets.pcupid.emulated import SDK

if TYPE_CHECKING:
    from edgedla.pipeline import Build

TINY = Path(__file__).parents[1] / "data/eat/tiny"
WORDS = ("eat_sed", "--target", "pcupid", "--checkpoint", str(TINY))
BUILT = Path("build/eat_sed/pcupid")
NOTICE = "emulated toolchain: files and figures are edgedla's own, not the vendor's; no board runs them"
BOARD_NOTICE = (
    "emulated board: the program runs on this machine, its network in edgedla; no figure is a board's"
)
# Appended to a script of the emulated toolchain: opens what it has made, lets `spoil` change it, closes it.
SPOILER = """
import sys
from pathlib import Path
import numpy as np
import onnx
from onnx import numpy_helper
from edgedla_targets.pcupid.emulated import container

def output():
    words = sys.argv
    return Path(words[words.index("--output_file" if "--output_file" in words else "-o") + 1])

header, payload = container.read(output())
model = onnx.load_from_string(payload)
tensors = {tensor.name: tensor for tensor in model.graph.initializer}
def change(tensor, value):
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value), tensor.name))
def value(tensor):
    return numpy_helper.to_array(tensor)
"""
CLOSE = "\ncontainer.write(output(), header, model.SerializeToString(deterministic=True))\n"


def started(folder: Path, bundle: Path) -> Path:
    """A copy of a bundle where the commands in `folder` look for it, so that only what changes is made."""
    shutil.copytree(bundle, folder / BUILT)
    return folder / BUILT


def prepare(folder: Path, *, checkpoint: Path | None = TINY, model: str = "eat_sed", **wish: Any) -> Build:
    """A build in this process that is ready to run."""
    space = Workspace(Config.load(cwd=folder, environ=os.environ))
    return space.build(Wish(model, "pcupid", checkpoint, **wish), lambda _: None)


def spoiling(folder: Path, script: str, program: str) -> Path:
    """A copy of the emulated toolchain, one script of which changes what it has made; its folder."""
    shutil.copytree(SDK, folder / "sdk")
    path = folder / "sdk/Scripts" / script
    path.write_text(path.read_text() + SPOILER + dedent(program) + CLOSE)
    return folder / "sdk"


def tree(root: Path) -> dict[str, bytes]:
    """Every file of a bundle that is for users, logs left out: they name the folder of the build."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.relative_to(root).parts[0] not in (".stages", ".lock", ".work", "logs")
    }
