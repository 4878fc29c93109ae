"""The form of a recording: `recording.json`, and the files it names by their sha256 in `files/`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import ConfigDict, Field

from edgedla.artifacts import read_json, sha256, to_json, write_atomic
from edgedla.errors import UsageError
from edgedla.spec import Spec
from edgedla_targets.pcupid.vendor import route

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from edgedla_targets.pcupid.vendor.job import Job

INDEX = "recording.json"
FILES = "files"
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# What a refusal may show of a recording that somebody else has made.
Text = Annotated[str, Field(pattern=r"^[ -~]{0,999}$")]
Kind = Literal["float_sim", "fixed_sim", "image"]


class Run(Spec):
    """One command, with paths below the job's folder, and what it said."""

    argv: tuple[str, ...]
    log: Sha256


class Entry(Spec):
    """One file that the tools made, and everything it was made of."""

    settings: dict[Text, Text]
    inputs: dict[Text, Sha256]
    result: Sha256
    runs: tuple[Run, ...]


class Conversion(Entry):
    """One of the three results."""

    kind: Kind


class Simulation(Entry):
    """What one file answered to one sample."""


class Recorded(Spec):
    """All that was recorded of one toolchain."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    format: Literal["edgedla.pcupid.recording/1"] = Field(
        default="edgedla.pcupid.recording/1", alias="schema"
    )
    identity: Annotated[str, Field(pattern=r"^[!-~][ -~]{0,299}$")]
    conversions: tuple[Conversion, ...] = ()
    simulations: tuple[Simulation, ...] = ()

    def files(self) -> set[str]:
        """All files that it names."""
        entries: tuple[Entry, ...] = (*self.conversions, *self.simulations)
        return {each.result for each in entries} | {run.log for each in entries for run in each.runs}


def read(folder: Path) -> Recorded:
    """A recording, each of its files checked.

    Raises:
        UsageError: There is none, or it is damaged.
    """
    found = read_json(folder / INDEX, Recorded, hint="record a run again: --set pcupid.record=FOLDER")
    for name in sorted(found.files()):
        path = stored(folder, name)
        if not path.is_file() or path.is_symlink():
            raise UsageError(f"{folder}: the recording is damaged: {FILES}/{name} is missing", hint=_AGAIN)
        if (actual := sha256(path)) != name:
            raise UsageError(
                f"{folder}: the recording is damaged: {FILES}/{name} has the sha256 {actual}", hint=_AGAIN
            )
    return found


_AGAIN = "copy it again, or record the run again"


def write(folder: Path, recorded: Recorded) -> None:
    """Write the index; the files it names are there already."""
    write_atomic(folder / INDEX, to_json(recorded))


def stored(folder: Path, name: str) -> Path:
    """Where a file of a recording stands."""
    return folder / FILES / name


def conversion_settings(job: Job) -> dict[str, str]:
    """What decides a conversion beside files."""
    return {"chip": job.chip, "input_shapes": job.shapes, "quant_level": job.quant_level}


def conversion_inputs(job: Job) -> dict[str, Path]:
    """All files of a job under names that say what they are."""
    samples = {f"sample {index}": path for index, path in enumerate(job.samples)}
    return {
        "onnx": job.onnx,
        "input_config": job.input_config,
        "model_config": job.model_config,
        **_numbered("preprocess", job.preprocess),
        **samples,
    }


def simulation_settings(job: Job, file: Path) -> dict[str, str]:
    """What decides a simulation beside files."""
    return {"chip": job.chip, "kind": route.kind(file)}


def simulation_inputs(job: Job, file: Path, sample: Sequence[Path]) -> dict[str, Path]:
    """All files of a simulation under names that say what they are; `sample` has one for each input."""
    return {"file": file, **_numbered("preprocess", job.preprocess), **_numbered("sample", sample)}


def _numbered(name: str, paths: Sequence[Path]) -> dict[str, Path]:
    """Names for the files of the inputs; that of the first has no number, as there is often no other."""
    return {f"{name} {index}" if index else name: path for index, path in enumerate(paths)}


def sha256_of(data: bytes) -> str:
    """Hex digest of bytes."""
    return hashlib.sha256(data).hexdigest()


def hashes(paths: Mapping[str, Path]) -> dict[str, str]:
    """sha256 of each file."""
    return {name: sha256(path) for name, path in paths.items()}
