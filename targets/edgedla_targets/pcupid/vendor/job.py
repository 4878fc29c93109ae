"""One conversion to be made by the vendor's tools, and what can make it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# The tools take lists apart at ',' and ':', and shells of the model zoo at blanks.
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
FOLDER = re.compile(rf"{PLAIN.pattern}(/{PLAIN.pattern})*")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Job:
    """What is to be converted, and where.

    `folder` is absolute and belongs to this job alone: results appear there, and a failed or interrupted
    job continues from what stands there. `samples` are `.npy` files with the exact shapes of the inputs: of
    each sample one for every input, sample by sample. `preprocess` has a module for every input.
    """

    folder: Path
    stem: str
    onnx: Path
    input_config: Path
    model_config: Path
    algorithm: str
    preprocess: tuple[Path, ...]
    samples: tuple[Path, ...]
    input_shapes: tuple[tuple[int, ...], ...]
    chip: str
    image_name: str
    quant_level: str = "L5"

    @property
    def float_path(self) -> Path:
        """Where the unquantised network will stand."""
        return self.folder / f"{self.stem}_float.sim"

    @property
    def fixed_path(self) -> Path:
        """Where the quantised network will stand."""
        return self.folder / f"{self.stem}_fixed.sim"

    @property
    def image_path(self) -> Path:
        """Where the board's image will stand."""
        return self.folder / self.image_name

    @property
    def shapes(self) -> str:
        """Input shapes as the tools want them, `1,1,1,114688:1,16`."""
        return ":".join(",".join(map(str, shape)) for shape in self.input_shapes)

    def check(self) -> None:
        """Refuse what the tools would choke on.

        Raises:
            UsageError: A file is missing or empty, or a name cannot be given to the tools.
        """
        self.check_simulation()
        if not self.samples:
            raise UsageError("there are no calibration samples", hint="give some with --calib DIR")
        check_file(self.onnx)
        check_samples(self.samples)

    def check_simulation(self) -> None:
        """Refuse what the simulator would choke on; it reads neither the ONNX file nor calibration samples.

        Raises:
            UsageError: A file is missing or empty, or a name cannot be given to the tools.
        """
        _check_names(self)
        if not self.folder.is_absolute():
            raise UsageError(f"the job folder {self.folder} is not absolute")
        check_path(self.folder, "the job folder")
        for path in (self.input_config, self.model_config, *self.preprocess):
            check_file(path)


class Route(Protocol):
    """A way through the vendor's tools. Each result stands in the job's folder, complete or not at all."""

    def float_sim(self, job: Job) -> Path:
        """Convert the ONNX file: the network in the vendor's format, not yet quantised."""
        ...

    def fixed_sim(self, job: Job) -> Path:
        """Quantise it with the job's samples."""
        ...

    def image(self, job: Job) -> Path:
        """Compile it into what the board loads."""
        ...

    def simulate(self, job: Job, file: Path, samples: Sequence[Path]) -> list[Path]:
        """Run any of the three on this machine: a text file with all outputs for each sample, in order.

        `samples` are as those of a job.
        """
        ...

    def identity(self) -> str:
        """Profile and version of the tools: what decides their results. The same on every machine."""
        ...

    def plan(self, job: Job) -> list[str]:
        """All command lines of a conversion, as one would type them into bash."""
        ...


def check_path(path: Path, what: str) -> None:
    """Refuse paths that neither the tools' environment variables nor docker's mounts can hold.

    Raises:
        UsageError: It has a colon or a control character.
    """
    if ":" in str(path):
        raise UsageError(
            f"{what} {path} has a ':' in its path, where PYTHONPATH, LD_LIBRARY_PATH and the tools' "
            "sample lists end one entry and begin the next",
            hint="choose a path without ':', or move it there",
        )
    if CONTROL.search(str(path)):
        raise UsageError(f"{what} {str(path)!r} has a control character in its path", hint="rename it")


def check_file(path: Path) -> None:
    """Refuse a file that is missing, unreadable or empty.

    Raises:
        UsageError: It is one of these.
    """
    if not path.is_file():
        raise UsageError(f"{path}: {'is no file' if path.exists() else 'no such file'}")
    if not path.stat().st_size:
        raise UsageError(f"{path}: the file is empty")
    if not os.access(path, os.R_OK):
        raise UsageError(f"{path}: permission denied")


def check_samples(samples: Sequence[Path]) -> None:
    """Refuse samples that the tools would pass over or read as a list of files.

    Raises:
        UsageError: A file is missing, empty or no `.npy`.
    """
    for path in samples:
        check_file(path)
        if path.suffix != ".npy":
            raise UsageError(
                f"{path}: samples must be .npy files; the tools ignore other suffixes or read them as a list"
            )


def _check_names(job: Job) -> None:
    names = {"stem": job.stem, "image_name": job.image_name, "chip": job.chip, "quant_level": job.quant_level}
    names |= {
        "name of the ONNX file": job.onnx.name,
        "name of the ini": job.input_config.name,
        "name of the cfg": job.model_config.name,
    }
    for key, name in names.items():
        if not PLAIN.fullmatch(name):
            raise UsageError(f"{key} {name!r}: only letters, digits, '_', '-' and '.' can be used")
    if not FOLDER.fullmatch(job.algorithm):
        raise UsageError(f"algorithm {job.algorithm!r} is no folder of a model zoo", hint="such as sed/eat")
    # The tools import it by what stands before the first dot.
    for path in job.preprocess:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*\.py", path.name):
            raise UsageError(f"{path}: its name cannot be imported", hint="name it preprocess.py")
