"""Collecting the facts: the bundle looked into, files of other verbs read, sounds made ready."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edgedla.artifacts import MANIFEST, sha256
from edgedla.licences import ATTRIBUTION, licence_of, read_credits
from edgedla.report import disturbed, evaluated, inspected, recordings
from edgedla.report.answers import read_answer
from edgedla.report.facts import Facts
from edgedla.report.schemas import BenchData, EvalData, RobustnessData
from edgedla.rungs import rung_names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edgedla.artifacts import Manifest
    from edgedla.context import Context
    from edgedla.dataset import Dataset
    from edgedla.report.evaluated import Evaluated
    from edgedla.report.recordings import Recording


class Opened(Protocol):
    """A finished bundle: its manifest, and the network that the target runs."""

    @property
    def context(self) -> Context:
        """Of the build, to look into it again."""
        ...

    @property
    def manifest(self) -> Manifest | None:
        """What was built."""
        ...

    @property
    def network(self) -> Path | None:
        """What the target runs."""
        ...


@dataclass(frozen=True)
class Inputs:
    """What the user gave beside the bundle."""

    evaluation: Path | None = None
    robustness: Path | None = None
    bench: Path | None = None
    dataset: Dataset | None = None
    players: bool = True


def gather(bundle: Opened, inputs: Inputs, now: Evaluated | None, progress: Callable[[str], None]) -> Facts:
    """All facts; `now` is what was evaluated just now, in place of a file.

    Raises:
        UsageError: A file is damaged, or of another bundle.
        PrerequisiteError: Pillow is missing.
    """
    context, manifest = bundle.context, bundle.manifest
    assert manifest is not None
    root = context.store.root
    build = sha256(root / MANIFEST)
    rungs = rung_names(context)
    measured, curves, times = now, None, None
    if inputs.evaluation:
        found = read_answer(inputs.evaluation, EvalData, manifest, build)
        measured = evaluated.from_file(inputs.evaluation, found, manifest.spec.labels, rungs)
    if inputs.robustness:
        series = read_answer(inputs.robustness, RobustnessData, manifest, build)
        curves = disturbed.from_file(inputs.robustness, series, rungs)
    if inputs.bench:
        times = read_answer(inputs.bench, BenchData, manifest, build)
    progress("looking at layers and rules")
    layers, findings = inspected.layers(context, manifest), inspected.findings(context)
    progress("drawing sounds")
    sounds, silent = _sounds(bundle, inputs, measured)
    return Facts(
        manifest=manifest,
        network=bundle.network.absolute().relative_to(root).as_posix() if bundle.network else "",
        notice=context.target.notice(manifest.toolchain),
        damaged=inspected.damaged(manifest, context),
        layers=layers,
        findings=findings,
        evaluated=measured,
        robustness=curves,
        bench=times,
        recordings=sounds,
        silent=silent,
        data_licence=licence_of(inputs.dataset.root) if inputs.dataset else ("", ""),
    )


def _sounds(bundle: Opened, inputs: Inputs, measured: Evaluated | None) -> tuple[tuple[Recording, ...], str]:
    if not inputs.players:
        return (), ""
    context, flips = bundle.context, []
    if measured and measured.paired:
        dataset = inputs.dataset
        owed = read_credits(dataset.root / ATTRIBUTION) if dataset else {}
        flips = recordings.flipped(context, measured.paired, dataset, owed)
    samples, silent = recordings.samples(context, bundle.network)
    return recordings.within([*flips, *samples]), silent
