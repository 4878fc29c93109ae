"""The ladder: the same inputs through every rung, from the trained network to what the target runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgedla.artifacts import Gate, Rung
from edgedla.compare import judge, measure
from edgedla.runner import OnnxRunner
from edgedla.spec import Tolerance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from edgedla.context import Context
    from edgedla.runner import Feed, Runner
    from edgedla.spec import Metrics, Verdict


@dataclass(frozen=True)
class Step:
    """A rung that can be climbed: its name, how to get something that runs it, and what it may differ."""

    name: str
    open: Callable[[], Runner | None]
    tolerance: Tolerance


@dataclass(frozen=True)
class Ladder:
    """What climbing found: one rung per comparison, and the figures that were held against a limit."""

    rungs: tuple[Rung, ...]
    gates: tuple[Gate, ...]


def onnx_steps(context: Context) -> list[Step]:
    """`torch` where there is a torch network, `onnx`, `simplified`."""
    folder, stem = context.dir("export"), context.spec.stem
    steps = [
        Step("torch", lambda: context.model.torch_runner(context.checkpoint), Tolerance()),
        Step("onnx", lambda: OnnxRunner(folder / f"{stem}.onnx"), Tolerance()),
        Step("simplified", lambda: OnnxRunner(folder / f"{stem}_sim.onnx"), Tolerance()),
    ]
    return steps if context.model.has_network() else steps[1:]


def route_steps(context: Context) -> list[Step]:
    """One step per converter of the route."""
    return [
        Step(
            kind.rung or kind.result,
            lambda kind=kind: kind().runner(context.artifact(kind.result), context),  # type: ignore[misc] # bound now
            kind.tolerance,
        )
        for kind in context.route
    ]


def built_steps(context: Context) -> list[Step]:
    """All steps whose artifact has been made, in order: also of a build that a gate has stopped."""
    kinds = {artifact.kind for artifact in context.store.artifacts}
    own = context.target.rungs(context) if "program" in kinds else []
    return [*network_steps(context), *own]


def network_steps(context: Context) -> list[Step]:
    """Those of them that run a network; the last one is what the target gets."""
    kinds = {artifact.kind for artifact in context.store.artifacts}
    route = zip(route_steps(context), context.route, strict=True)
    return [*onnx_steps(context), *(step for step, kind in route if kind.result in kinds)]


def climb(context: Context, steps: Iterable[Step], samples: Sequence[Feed], judged: set[str]) -> Ladder:
    """Feed every step in order and compare each of `judged` with the one before it and with the first.

    A step that nothing here can run is left out.
    """
    rungs: list[Rung] = []
    gates: list[Gate] = []
    before: list[Outputs] = []
    for step in steps:
        runner = step.open()
        if runner is None:
            continue
        now = feed_all(step.name, runner, samples)
        if before and step.name in judged:
            tolerance = context.spec.tolerances.get(step.name, step.tolerance)
            rung = _compare(context, before[0], before[-1], now, tolerance)
            context.report(describe(rung))
            rungs.append(rung)
            gates += _gates(rung, tolerance)
        before = [*before[:1], now]
    return Ladder(tuple(rungs), tuple(gates))


@dataclass(frozen=True)
class Outputs:
    """What one rung answered to the samples."""

    name: str
    feeds: list[Feed]


def feed_all(name: str, runner: Runner, samples: Sequence[Feed]) -> Outputs:
    """Run every sample through `runner` and close it."""
    try:
        return Outputs(name, runner.run_all(samples))
    finally:
        runner.close()


def describe(rung: Rung) -> str:
    """One line about a rung for a person."""
    if rung.max_abs is None:
        return f"{rung.name} against {rung.against}: {rung.reason}"
    line = f"{rung.name} against {rung.against}: max abs difference {rung.max_abs:.2e}"
    return line if rung.top1_agree is None else f"{line}, same class on {rung.top1_agree:.0%} of samples"


def _compare(
    context: Context, first: Outputs, reference: Outputs, candidate: Outputs, tolerance: Tolerance
) -> Rung:
    """The difference of two rungs, judged by a plugin's rule where there is one, else by the tolerance."""
    try:
        verdict = _verdict(context, reference, candidate, tolerance)
        total = _measure(context, first, candidate)
    except ValueError as error:  # other shapes, or values that are not finite
        return Rung(name=candidate.name, against=reference.name, ok=False, reason=str(error))
    return Rung(
        name=candidate.name,
        against=reference.name,
        **verdict.metrics.model_dump(),
        total=total,
        ok=verdict.ok,
        reason=verdict.reason,
    )


def _gates(rung: Rung, tolerance: Tolerance) -> list[Gate]:
    found = []
    if tolerance.max_abs is not None:
        ok = rung.max_abs is not None and rung.max_abs <= tolerance.max_abs
        found.append(Gate(name=f"{rung.name}.max_abs", ok=ok, value=rung.max_abs, limit=tolerance.max_abs))
    if rung.top1_agree is not None:
        ok = rung.top1_agree >= tolerance.top1
        found.append(Gate(name=f"{rung.name}.top1_agree", ok=ok, value=rung.top1_agree, limit=tolerance.top1))
    if tolerance.snr_db is not None and rung.snr_db is not None:
        ok = rung.snr_db >= tolerance.snr_db
        found.append(Gate(name=f"{rung.name}.snr_db", ok=ok, value=rung.snr_db, limit=tolerance.snr_db))
    return found


def _measure(context: Context, reference: Outputs, candidate: Outputs) -> Metrics:
    return measure(reference.feeds, candidate.feeds, classes=bool(context.spec.labels))


def _verdict(context: Context, reference: Outputs, candidate: Outputs, tolerance: Tolerance) -> Verdict:
    own = context.hooks.judge(context.model, reference.feeds, candidate.feeds)
    return own or judge(_measure(context, reference, candidate), tolerance)
