"""Keeps what a toolchain did, so that it can be played back where there is none."""

from __future__ import annotations

import os
import pwd
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from edgedla.artifacts import write_atomic
from edgedla.errors import UsageError
from edgedla_targets.pcupid.vendor import recorded, route
from edgedla_targets.pcupid.vendor.opendla import OpenDla
from edgedla_targets.pcupid.vendor.recorded import Conversion, Recorded, Run, Simulation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgedla_targets.pcupid.vendor.job import Job
    from edgedla_targets.pcupid.vendor.recorded import Entry, Kind
    from edgedla_targets.pcupid.vendor.route import ToolRoute
    from edgedla_targets.pcupid.vendor.step import Step


EntryT = TypeVar("EntryT", bound="Entry")


@dataclass(frozen=True)
class Recording:
    """A route that also writes down each conversion and simulation, beside those already in `folder`."""

    inner: ToolRoute
    folder: Path

    def float_sim(self, job: Job) -> Path:
        """Convert, and keep it."""
        return self._convert("float_sim", job, self.inner.float_sim(job))

    def fixed_sim(self, job: Job) -> Path:
        """Quantise, and keep it."""
        return self._convert("fixed_sim", job, self.inner.fixed_sim(job))

    def image(self, job: Job) -> Path:
        """Compile, and keep it."""
        return self._convert("image", job, self.inner.image(job))

    def simulate(self, job: Job, file: Path, samples: Sequence[Path]) -> list[Path]:
        """Simulate, and keep each sample with its answer."""
        texts = self.inner.simulate(job, file, samples)
        if self.inner.tools.dry_run:
            return texts
        runs = self._runs([self.inner.simulation(job, file, samples)], job)
        new = [
            Simulation(
                settings=recorded.simulation_settings(job, file),
                inputs=recorded.hashes(recorded.simulation_inputs(job, file, sample)),
                result=self._keep(text.read_bytes(), job),
                runs=runs,
            )
            for sample, text in zip(route.sample_rows(job, samples), texts, strict=True)
        ]
        before = self._before()
        simulations = _merged(before.simulations, new)
        recorded.write(self.folder, before.model_copy(update={"simulations": simulations}))
        return texts

    def identity(self) -> str:
        """That of the tools."""
        return self.inner.identity()

    def plan(self, job: Job) -> list[str]:
        """That of the tools."""
        return self.inner.plan(job)

    def _convert(self, kind: Kind, job: Job, path: Path) -> Path:
        if self.inner.tools.dry_run:
            return path
        new = Conversion(
            kind=kind,
            settings=recorded.conversion_settings(job),
            inputs=recorded.hashes(self._inputs(kind, job)),
            result=self._keep(path.read_bytes(), job),
            runs=self._runs(self.inner.steps(job), job, until=path.name),
        )
        before = self._before()
        conversions = _merged(before.conversions, [new])
        recorded.write(self.folder, before.model_copy(update={"conversions": conversions}))
        return path

    def _inputs(self, kind: Kind, job: Job) -> dict[str, Path]:
        """Those files of a job that this result depends on."""
        known = recorded.conversion_inputs(job)
        if isinstance(self.inner, OpenDla):
            return known
        known.pop("model_config")
        names = ("onnx", "input_config")
        return {name: known[name] for name in names} if kind == "float_sim" else known

    def _before(self) -> Recorded:
        """What the folder holds.

        Raises:
            UsageError: It is of another toolchain, or something else.
        """
        if not (self.folder / recorded.INDEX).exists():
            return Recorded(identity=self.identity())
        before = recorded.read(self.folder)
        if before.identity != self.identity():
            raise UsageError(
                f"{self.folder} is a recording of '{before.identity}', not of '{self.identity()}'",
                hint="name another folder to record in",
            )
        return before

    def _runs(self, steps: Sequence[Step], job: Job, until: str = "") -> tuple[Run, ...]:
        runs = []
        for each in steps:
            log = self.inner.tools.log_dir / f"pcupid-{each.name}.log"
            text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
            argv = tuple(self._scrub(word, job) for word in each.argv)
            runs.append(Run(argv=argv, log=self._keep(self._scrub(text, job).encode(), job)))
            if until in each.results:
                break
        return tuple(runs)

    def _keep(self, data: bytes, job: Job) -> str:
        """Store a file under its sha256; warn where the tools have written a path of this machine into it."""
        name = recorded.sha256_of(data)
        if any(os.fsencode(path) in data for path in (job.folder, Path.home()) if path != Path("/")):
            self.inner.tools.echo(f"warning: a recorded file holds a path of this machine: {name}")
        if not recorded.stored(self.folder, name).exists():
            write_atomic(recorded.stored(self.folder, name), data)
        return name

    def _scrub(self, text: str, job: Job) -> str:
        """Text without the folders, users and names of this machine."""
        place = self.inner.place
        known = {
            str(job.folder): "JOB",
            place.toolchain: "TOOLCHAIN",
            str(self.inner.root): "TOOLCHAIN",
            str(Path.home()): "HOME",
        }
        if isinstance(self.inner, OpenDla):
            known[str(self.inner.tree)] = "OPENDLA"
        return scrub(text, known)


def scrub(text: str, known: Mapping[str, str]) -> str:
    """Text with known folders named, other absolute paths cut to their last part, and no user or host."""
    for path in sorted(known, key=len, reverse=True):
        if len(path) > 1:
            text = text.replace(path, known[path])
    text = _absolute().sub(lambda match: f"PATH/{match[1]}", text)
    for name, word in _private().items():
        text = re.sub(rf"\b{re.escape(name)}\b", word, text)
    return text


def _absolute() -> re.Pattern[str]:
    # Names in a graph look like paths too, so only what begins like one of this machine is taken for one.
    tops = "|".join(sorted(re.escape(path.name) for path in Path("/").iterdir()))
    return re.compile(rf"(?<![\w./])/(?:{tops})/(?:[^\s'\":,;()]*/)?([^\s'\":,;()/]*)")


def _private() -> dict[str, str]:
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = ""
    return {
        name: word
        for name, word in ((user, "USER"), (socket.gethostname(), "HOST"))
        if name not in ("", "root")
    }


def _merged(before: Sequence[EntryT], new: Sequence[EntryT]) -> tuple[EntryT, ...]:
    """Old and new ones; what was made of the same things again replaces the old."""
    kept = [each for each in before if not any(_made_of(each) == _made_of(other) for other in new)]
    return (*kept, *new)


def _made_of(entry: Entry) -> dict[str, object]:
    return entry.model_dump(exclude={"result", "runs"})
