"""Parts of the board program as programs of their own: compiled, run, and what they say."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgedla_targets.pcupid.program.compilers import Compiler, emulated, native
from program_builds import FIXED, STRICT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

HERE = Path(__file__).parents[1] / "pcupid"
PARTS = ("samples", "wav", "kernel", "halve", "resample", "front_end", "error")
FRONT_END = tuple(FIXED / f"edla_{part}.c" for part in PARTS)
"""All sources of the front end."""


def compiler_for(board: str, folder: Path) -> Compiler:
    """The compiler of "native", "aarch64" or "armhf"; what zig keeps goes below `folder`."""
    return native(folder) if board == "native" else emulated(board, folder)


def compiled(sources: Sequence[Path], out: Path, compiler: Compiler, *flags: str) -> Path:
    """The program of these sources; whatever the compiler says fails the test."""
    argv = [*compiler.argv, *compiler.flags, *STRICT, *flags, f"-I{FIXED}", "-o", str(out)]
    done = subprocess.run(
        [*argv, *map(str, sources), "-lm"],
        env=os.environ | dict(compiler.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out


@dataclass(frozen=True)
class Heard:
    """What the front end made of a file: a tensor, or an error and its reason."""

    tensor: npt.NDArray[np.float32] | None = None
    error: str = ""
    reason: str = ""
    rate: int = 0
    channels: int = 0
    frames: int = 0
    announced: int = 0
    truncated: bool = False

    @property
    def sound(self) -> npt.NDArray[np.float32]:
        """The tensor, which there has to be."""
        assert self.tensor is not None, f"{self.error}: {self.reason}"
        return self.tensor


@dataclass(frozen=True)
class FrontEnd:
    """The front end of the board program, compiled by itself."""

    path: Path
    launcher: tuple[str, ...] = ()

    @classmethod
    def made(cls, folder: Path, compiler: Compiler, *flags: str) -> FrontEnd:
        """Compiled into `folder`."""
        sources = [HERE / "c/front_end_main.c", *FRONT_END]
        return cls(compiled(sources, folder / "front_end", compiler, *flags), compiler.launcher)

    def run(self, *words: str | Path | float) -> str:
        """What it prints; it has to end well, whatever it reads."""
        argv = [*self.launcher, str(self.path), *map(str, words)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=280, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    def hear(
        self, *paths: Path, rate: int, length: int, window: str = "start", peak: float = 0.95
    ) -> list[Heard]:
        """What it makes of each file, all of them in one run."""
        outs = [path.with_name(f"{path.name}.f32") for path in paths]
        pairs = [word for pair in zip(paths, outs, strict=True) for word in pair]
        lines = self.run(rate, length, peak, window, *pairs).splitlines()
        return [_heard(line, out) for line, out in zip(lines, outs, strict=True)]


def _heard(line: str, out: Path) -> Heard:
    kind, _, rest = line.partition(" ")
    if kind == "error":
        name, _, reason = rest.partition(" ")
        return Heard(error=name, reason=reason)
    rate, channels, frames, announced, truncated = map(int, rest.split())
    tensor = np.fromfile(out, np.float32)
    return Heard(tensor, "", "", rate, channels, frames, announced, bool(truncated))
