"""The route of whoever has the vendor's model zoo: its convert.sh, run in a private copy of what it needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from edgedla.errors import UsageError
from edgedla_targets.pcupid.vendor import route, step
from edgedla_targets.pcupid.vendor.direct import Direct
from edgedla_targets.pcupid.vendor.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from edgedla_targets.pcupid.vendor.job import Job


@dataclass(frozen=True)
class OpenDla(Direct):
    """Runs convert.sh. The user's tree is only read.

    The script simulates float networks alone, so that the other two go to the toolchain's simulator.
    """

    tree: Path

    def convert(self, job: Job, path: Path) -> Path:
        """Every step up to the one that leaves `path`."""
        _check_one_input(job)
        return super().convert(job, path)

    def plan(self, job: Job) -> list[str]:
        """The command line of a conversion."""
        _check_one_input(job)
        return super().plan(job)

    def steps(self, job: Job) -> list[Step]:
        """One run of convert.sh makes all three."""
        zoo, known = self.profile.opendla, route.values(job, self.place)
        return [
            Step(
                name="convert",
                stage="convert",
                argv=tuple(word.format_map(known) for word in zoo.convert),
                inputs={
                    **self._inputs(job, known, job.samples),
                    f"{zoo.onnx.format_map(known)}/{job.onnx.name}": job.onnx,
                },
                results={
                    job.float_path.name: route.patterns(zoo.float_sim, known),
                    job.fixed_path.name: route.patterns(zoo.fixed_sim, known),
                    job.image_name: route.patterns(zoo.image, known),
                },
                seconds=zoo.seconds,
            )
        ]

    def simulation(self, job: Job, file: Path, samples: Sequence[Path]) -> Step:
        """convert.sh -s true for a float network: it looks for it in the folder of the same day."""
        if route.kind(file) != "Float":
            return super().simulation(job, file, samples)
        zoo, known = self.profile.opendla, route.values(job, self.place)
        inputs = self._inputs(job, known, samples)
        name = route.simulation_name(file, samples)
        days = _days(_forms(zoo.dates, self._place_of_float(job)))
        places = {zoo.simulated.format_map(known | {"date": day}): file for day in days}
        return Step(
            name=name,
            stage="simulate",
            argv=tuple(word.format_map(known) for word in zoo.simulate),
            inputs=inputs | places,
            results={
                f"simulated/{name}/{each}.txt": route.patterns(zoo.texts, known | {"sample": each})
                for each in route.sample_names(samples)
            },
            seconds=self.profile.simulate.seconds,
        )

    def _inputs(self, job: Job, known: Mapping[str, str], samples: Sequence[Path]) -> dict[str, Path]:
        """The needed part of the tree, and our files in it, where they win."""
        zoo = self.profile.opendla
        places = (
            (zoo.ini, job.input_config),
            (zoo.preprocess, job.preprocess[0]),
            (zoo.cfg, job.model_config),
        )
        ours = {f"{folder}/{path.name}": path for folder, path in places}
        named = zip(route.sample_names(samples), samples, strict=True)
        ours |= {f"{zoo.samples}/{name}": path for name, path in named}
        return self._kept(known) | {name.format_map(known): path for name, path in ours.items()}

    def _kept(self, known: Mapping[str, str]) -> dict[str, Path]:
        algorithm = self.tree / known["algorithm"]
        if not algorithm.is_dir():
            raise UsageError(
                f"{self.tree} has no folder {known['algorithm']}, where the model zoo keeps this algorithm",
                hint="take an OpenDLAModel release that has it, or leave opendla empty",
            )
        found = (path for pattern in self.profile.opendla.keep for path in self._files(pattern, known))
        return {path.relative_to(self.tree).as_posix(): path for path in sorted(set(found))}

    def _files(self, pattern: str, known: Mapping[str, str]) -> Iterator[Path]:
        pattern = pattern.format_map(known)
        # `**` alone would only find folders.
        for path in self.tree.glob(f"{pattern}/*" if pattern.endswith("**") else pattern):
            parts = path.relative_to(self.tree).parts[:-1]
            if path.is_file() and not set(parts) & set(self.profile.opendla.leave):
                yield path

    def _place_of_float(self, job: Job) -> str:
        return step.places(job.folder, "convert").get(job.float_path.name, "")


def _check_one_input(job: Job) -> None:
    """Refuse what convert.sh, which gives the tools a folder of samples, has no words for."""
    if len(job.input_shapes) > 1:
        raise UsageError(
            f"the model zoo's scripts take networks of one input, this one has {len(job.input_shapes)}",
            hint="--set pcupid.opendla= runs the toolchain without them",
        )


def _days(forms: Sequence[str]) -> list[str]:
    """Today and tomorrow, for it may be midnight before the script asks; containers keep universal time."""
    now = datetime.now().astimezone()
    later = now + timedelta(days=1)
    days = {day.date() for time in (now, later) for day in (time, time.astimezone(UTC))}
    return [day.strftime(form) for day in sorted(days) for form in forms]


def _forms(forms: Sequence[str], place: str) -> Sequence[str]:
    """Those in which the script has written a date before; all of them where it has not run yet."""
    digits = re.sub(r"\d", "0", place)
    now = datetime.now().astimezone()
    return [form for form in forms if f"_{re.sub(r'[0-9]', '0', now.strftime(form))}/" in digits] or forms
