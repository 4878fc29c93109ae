"""Plays a recording back: the results of tools that are not here, for the inputs they were seen with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.artifacts import sha256, write_atomic
from edgedla.errors import UsageError
from edgedla_targets.pcupid.vendor import recorded, route
from edgedla_targets.pcupid.vendor.job import check_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from edgedla_targets.pcupid.vendor.job import Job
    from edgedla_targets.pcupid.vendor.recorded import Conversion, Kind, Simulation


class Replay:
    """A route that runs nothing."""

    def __init__(self, folder: Path) -> None:
        """Read and check the recording in `folder`; UsageError where there is none or it is damaged."""
        check_path(folder, "the recording")
        self._folder = folder
        self._recorded = recorded.read(folder)

    def float_sim(self, job: Job) -> Path:
        """The recorded network in the vendor's format."""
        return self._convert("float_sim", job, job.float_path)

    def fixed_sim(self, job: Job) -> Path:
        """The recorded quantised network."""
        return self._convert("fixed_sim", job, job.fixed_path)

    def image(self, job: Job) -> Path:
        """The recorded image."""
        return self._convert("image", job, job.image_path)

    def simulate(self, job: Job, file: Path, samples: Sequence[Path]) -> list[Path]:
        """The recorded answers; of any of the recorded samples, in any order."""
        job.check_simulation()
        route.check_simulation(file, samples)
        folder = job.folder / "simulated" / route.simulation_name(file, samples)
        texts = []
        names = route.sample_rows(job, route.sample_names(samples))
        for (name, *_), sample in zip(names, route.sample_rows(job, samples), strict=True):
            inputs = recorded.simulation_inputs(job, file, sample)
            settings = recorded.simulation_settings(job, file)
            found = self._match(self._recorded.simulations, settings, inputs)
            texts.append(self._copy(found.result, folder / f"{name}.txt"))
        return texts

    def identity(self) -> str:
        """The recorded tools and the recording itself."""
        return f"replay of {self._recorded.identity} {sha256(self._folder / recorded.INDEX)[:12]}"

    def plan(self, job: Job) -> list[str]:
        """No program is run."""
        return [f"# results are copied from a recording of {self._recorded.identity}"]

    def _convert(self, kind: Kind, job: Job, path: Path) -> Path:
        job.check()
        candidates = [each for each in self._recorded.conversions if each.kind == kind]
        settings, inputs = recorded.conversion_settings(job), recorded.conversion_inputs(job)
        return self._copy(self._match(candidates, settings, inputs).result, path)

    def _match(
        self,
        candidates: Sequence[Conversion | Simulation],
        settings: Mapping[str, str],
        inputs: Mapping[str, Path],
    ) -> Conversion | Simulation:
        """The entry made of the same; UsageError with what differs in the one that comes closest."""
        if not candidates:
            raise UsageError(f"{self._folder}: nothing of the kind was recorded", hint=_HINT)
        given = recorded.hashes(inputs)
        differences = [_differences(each, settings, inputs, given) for each in candidates]
        closest = min(range(len(candidates)), key=lambda index: len(differences[index]))
        if differences[closest]:
            raise UsageError(f"{self._folder}: not what was recorded: {differences[closest][0]}", hint=_HINT)
        return candidates[closest]

    def _copy(self, name: str, target: Path) -> Path:
        data = recorded.stored(self._folder, name).read_bytes()
        if recorded.sha256_of(data) != name:
            raise UsageError(f"{self._folder}: the recording was changed while it was played", hint=_HINT)
        write_atomic(target, data)
        return target


_HINT = "replay with the inputs of the recording, or record a run with these"


def _differences(
    entry: Conversion | Simulation,
    settings: Mapping[str, str],
    inputs: Mapping[str, Path],
    given: Mapping[str, str],
) -> list[str]:
    found = [
        f"{name} is {settings.get(name)}, recorded was {value}"
        for name, value in entry.settings.items()
        if settings.get(name) != value
    ]
    for name, value in entry.inputs.items():
        if name not in given:
            found.append(f"there is no {name}, recorded was one with sha256 {value}")
        elif given[name] != value:
            found.append(f"{inputs[name]} ({name}) has sha256 {given[name]}, recorded was {value}")
    # A sample more than recorded changes the result; files that a route never used do not.
    more = [name for name in given if name.startswith("sample ") and name not in entry.inputs]
    if more and any(name.startswith("sample ") for name in entry.inputs):
        found.append(
            f"{inputs[more[0]]} ({more[0]}) has sha256 {given[more[0]]}, recorded was no such sample"
        )
    return found
