"""The route of whoever has only the toolchain: ConvertTool, calibrator, compiler, simulator, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.vendor import route
from edgedla_targets.pcupid.vendor.step import Step

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgedla_targets.pcupid.vendor.job import Job


class Direct(route.ToolRoute):
    """Runs the scripts of a toolchain."""

    def steps(self, job: Job) -> list[Step]:
        """Float, fixed, image."""
        return [self._float(job), self._fixed(job), self._image(job)]

    def convert(self, job: Job, path: Path) -> Path:
        """Every step up to the one that leaves `path`; those already done are not done again."""
        job.check()
        for each in self.steps(job):
            self.perform(each, job)
            if path.name in each.results:
                break
        return path

    def simulation(self, job: Job, file: Path, samples: Sequence[Path]) -> Step:
        """The simulator on a list of samples."""
        names = route.sample_names(samples)
        rows = route.sample_rows(job, names)
        known = route.values(job, self.place) | {"file": file.name, "kind": route.kind(file)}
        tool, name = self.profile.simulate, route.simulation_name(file, samples)
        return Step(
            name=name,
            stage="simulate",
            argv=route.command(tool, self.profile.python, known),
            inputs={file.name: file, **_common(job), **dict(zip(names, samples, strict=True))},
            texts={route.SAMPLE_LIST: route.sample_list(rows)},
            results={
                # Of several inputs, the result is named after the first.
                f"simulated/{name}/{row[0]}.txt": route.patterns(tool.results, known | {"sample": row[0]})
                for row in rows
            },
            seconds=tool.seconds,
        )

    def _float(self, job: Job) -> Step:
        tool, known = self.profile.float_sim, route.values(job, self.place)
        return Step(
            name="float_sim",
            stage="float_sim",
            argv=route.command(tool, self.profile.python, known),
            inputs={job.onnx.name: job.onnx, job.input_config.name: job.input_config},
            results={job.float_path.name: route.patterns(tool.results, known)},
            seconds=tool.seconds,
        )

    def _fixed(self, job: Job) -> Step:
        tool, known = self.profile.fixed_sim, route.values(job, self.place)
        names = route.sample_names(job.samples)
        samples = dict(zip(names, job.samples, strict=True))
        return Step(
            name="fixed_sim",
            stage="fixed_sim",
            argv=route.command(tool, self.profile.python, known),
            inputs={job.float_path.name: job.float_path, **_common(job), **samples},
            texts={route.SAMPLE_LIST: route.sample_list(route.sample_rows(job, names))},
            results={job.fixed_path.name: route.patterns(tool.results, known)},
            seconds=tool.seconds,
        )

    def _image(self, job: Job) -> Step:
        tool, known = self.profile.image, route.values(job, self.place)
        return Step(
            name="image",
            stage="image",
            argv=route.command(tool, self.profile.python, known),
            inputs={job.fixed_path.name: job.fixed_path},
            results={job.image_name: route.patterns(tool.results, known)},
            seconds=tool.seconds,
        )


def _common(job: Job) -> dict[str, Path]:
    return {path.name: path for path in (job.input_config, *job.preprocess)}
