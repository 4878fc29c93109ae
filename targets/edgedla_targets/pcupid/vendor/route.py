"""What both routes share: steps built from a profile, results in the job's folder, identity, plan."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from edgedla.artifacts import digest, sha256
from edgedla.errors import UsageError
from edgedla_targets.pcupid.vendor import shell, step, tree
from edgedla_targets.pcupid.vendor.job import PLAIN, check_file, check_samples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from edgedla.toolchain import Toolchain
    from edgedla_targets.pcupid.vendor.job import Job
    from edgedla_targets.pcupid.vendor.place import Place
    from edgedla_targets.pcupid.vendor.profile import Profile, Tool
    from edgedla_targets.pcupid.vendor.step import Step

T = TypeVar("T")
SAMPLE_LIST = "samples.txt"
MOST_PROCESSES = 10  # the tools' own default
KINDS = {"_float.sim": "Float", "_fixed.sim": "Fixed", ".img": "Offline"}


@dataclass(frozen=True)
class ToolRoute(ABC):
    """A route whose results are made by running the tools of one toolchain."""

    tools: Toolchain
    profile: Profile
    place: Place
    root: Path  # of the toolchain
    limit: float  # seconds any program may take

    @abstractmethod
    def steps(self, job: Job) -> list[Step]:
        """All steps of a conversion."""

    @abstractmethod
    def simulation(self, job: Job, file: Path, samples: Sequence[Path]) -> Step:
        """The step that runs a result on samples; its results are in the order of the samples."""

    @abstractmethod
    def convert(self, job: Job, path: Path) -> Path:
        """Make one of the three results, and those before it."""

    def float_sim(self, job: Job) -> Path:
        """Convert the ONNX file."""
        return self.convert(job, job.float_path)

    def fixed_sim(self, job: Job) -> Path:
        """Quantise, after what comes before."""
        return self.convert(job, job.fixed_path)

    def image(self, job: Job) -> Path:
        """Compile, after what comes before."""
        return self.convert(job, job.image_path)

    def simulate(self, job: Job, file: Path, samples: Sequence[Path]) -> list[Path]:
        """A text file for each sample."""
        job.check_simulation()
        check_simulation(file, samples)
        return self.perform(self.simulation(job, file, samples), job)

    def perform(self, each: Step, job: Job) -> list[Path]:
        """Run one step, or find that it has been run."""
        return step.perform(each, job.folder, self._kit)

    def plan(self, job: Job) -> list[str]:
        """All command lines of a conversion, as one would type them into bash."""
        scratch = job.folder / step.SCRATCH
        return [
            line
            for each in self.steps(job)
            for line in shell.lines(each, scratch / each.name, job.folder, self.place)
        ]

    def identity(self) -> str:
        """Profile, version and place, without any path."""
        return self._identity

    @cached_property
    def _identity(self) -> str:
        parts = [self.profile.name, tree.version(self.root, self.profile), self.place.identity(self.tools)]
        return " ".join(part for part in parts if part)

    @cached_property
    def _kit(self) -> step.Kit:
        identity = "" if self.tools.dry_run else self.identity()
        return step.Kit(self.tools, self.place, identity, self.limit)


def check_simulation(file: Path, samples: Sequence[Path]) -> None:
    """Refuse what no simulator takes.

    Raises:
        UsageError: The file is none of the three, or there are no samples, or one is no `.npy`.
    """
    kind(file)
    check_file(file)
    check_samples(samples)
    if not samples:
        raise UsageError("there are no samples to simulate")


def kind(file: Path) -> str:
    """What the older simulators call a result: Float, Fixed or Offline."""
    for ending, found in KINDS.items():
        if file.name.endswith(ending) and PLAIN.fullmatch(file.name):
            return found
    raise UsageError(f"{file}: can only simulate {', '.join(f'*{ending}' for ending in KINDS)}")


def values(job: Job, place: Place) -> dict[str, str]:
    """What a profile's command lines and patterns may mention."""
    return {
        "toolchain": place.toolchain,
        "chip": job.chip,
        "shapes": job.shapes,
        "level": job.quant_level,
        "processes": str(min(MOST_PROCESSES, os.cpu_count() or 1)),
        "stem": job.stem,
        "algorithm": job.algorithm,
        "onnx": job.onnx.name,
        "ini": job.input_config.name,
        "cfg": job.model_config.name,
        "preprocess": ",./".join(path.name for path in job.preprocess),  # profiles write ./ before it
        "samples": SAMPLE_LIST,
        "float": job.float_path.name,
        "fixed": job.fixed_path.name,
        "image": job.image_name,
        "save": job.image_name.removesuffix(".img"),
    }


def command(tool: Tool, python: str, known: Mapping[str, str]) -> tuple[str, ...]:
    """The command line of one tool."""
    words = [word.format_map(known) for word in tool.argv]
    return (python, f"{known['toolchain']}/{tool.script}", *words)


def patterns(wanted: Sequence[str], known: Mapping[str, str]) -> tuple[str, ...]:
    """Patterns with their names filled in."""
    return tuple(pattern.format_map(known) for pattern in wanted)


def sample_names(samples: Sequence[Path]) -> list[str]:
    """Names that the tools can take: their own where all are plain and different, numbered ones otherwise.

    A name outside ASCII lets the calibrator hang, and two of the same name share one result.
    """
    names = [path.name for path in samples]
    if len({name.lower() for name in names}) == len(names) and all(map(PLAIN.fullmatch, names)):
        return names
    return [f"{index:04d}_{_plain(path.stem)}.npy" for index, path in enumerate(samples)]


def sample_rows(job: Job, samples: Sequence[T]) -> list[tuple[T, ...]]:
    """Samples, or their names, a row of one for each input."""
    count = len(job.input_shapes)
    return [tuple(samples[start : start + count]) for start in range(0, len(samples), count)]


def sample_list(rows: Sequence[tuple[str, ...]]) -> str:
    """The tools' list of samples; a last empty line would be one more."""
    return "\n".join(map(",".join, rows))


def simulation_name(file: Path, samples: Sequence[Path]) -> str:
    """The same for the same file and samples, and for no others."""
    parts = [sha256(path) for path in (file, *samples)]
    return f"simulate-{kind(file).lower()}-{digest(*parts, *sample_names(samples))[:12]}"


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:60]
