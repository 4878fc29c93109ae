"""`edgedla bench`: where the time goes, and what edgedla is worth against plain onnxruntime."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgedla.artifacts import MANIFEST, sha256
from edgedla.bench import Latencies, Ratio, Subject, peak_memory
from edgedla.cli.common import Board, Checkpoint, Precision, Settings, Target, size, wish, workspace
from edgedla.cli.run import bundle_root, jobs_of
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedla.predict import Predictor
    from edgedla.runner import OnnxRunner
    from edgedla.workspace import Bundle


@verb("bench")
def bench(
    talk: Talk,
    model: Annotated[
        str | None, typer.Argument(help="Which model; may be left out where there is one.")
    ] = None,
    target: Target = None,
    repeats: Annotated[int, typer.Option("--repeats", min=5, help="Predictions to time.")] = 60,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Times to go over all samples.")] = 5,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Files at work at once (0: choose).")] = 0,
    checkpoint: Checkpoint = None,
    precision: Precision = None,
    board: Board = None,
    settings: Settings = None,
) -> None:
    """Time a bundle on the model's own samples, alternating with plain onnxruntime on the plain export."""
    space = workspace(settings)
    target = space.target_name(target)
    model = space.model_name(model, target)
    wanted = wish(space, model, target, checkpoint=checkpoint, precision=precision, board=board)
    root = bundle_root(talk, space, wanted, rebuild=True)
    hint = f"edgedla build {model} --target {target}"
    opened = space.open(root, hint, here={} if board is None else {"board": board})
    runner = opened.target.runner(opened.network)
    files = list(opened.model.sample_files())
    if runner is None or not files:
        raise UsageError(f"nothing to time: '{target}' has no runner here, or '{model}' no sample files")
    predictor = opened.target.predictor(opened, talk.warn)
    with talk.busy(f"timing {model} on {target}"), tempfile.TemporaryDirectory() as folder:
        plain = _plain(talk, opened, checkpoint, Path(folder) / "plain.onnx")
        subject = Subject(opened, runner, files, plain)
        talk.data = _measure(subject, repeats, rounds, jobs_of(jobs, space))
        talk.data["board"] = predictor and _on_board(predictor, files, repeats)
    _show(talk)


def _plain(talk: Talk, bundle: Bundle, checkpoint: Path | None, path: Path) -> OnnxRunner | None:
    from edgedla.runner import OnnxRunner

    try:
        bundle.model.export_plain(checkpoint, path)
    except PrerequisiteError as error:
        talk.warn(f"no ratio, because the plain export cannot be made: {error.message} ({error.hint})")
        return None
    return OnnxRunner(path, spinning=True)  # as onnxruntime is by default


def _measure(subject: Subject, repeats: int, rounds: int, jobs: int) -> dict[str, Any]:
    manifest = subject.bundle.manifest
    own, other = subject.latency(repeats)
    data: dict[str, Any] = {
        "model": manifest.model.name,
        "target": manifest.target.name,
        "toolchain": manifest.toolchain,
        "manifest": sha256(subject.bundle.root / MANIFEST),
        "options": manifest.target.options,
        "repeats": repeats,
        "ms": own.percentiles(),
        "peak_memory_bytes": peak_memory(subject.bundle.root, subject.files[0]),
    }
    if subject.plain is not None:
        data["plain"] = _against_plain(own, other)
        data["agreement"] = subject.agreement(subject.plain).model_dump()
        data["throughput"] = _throughput(subject, rounds, jobs, subject.plain)
    return data


def _on_board(predictor: Predictor, files: Sequence[Path], repeats: int) -> dict[str, Any]:
    """The target's own program on one file, read again for each repeat."""
    measured, parts = predictor.measure(files[:1], repeats), Latencies()
    for each in measured.ms:
        parts.add(**vars(each))
    peak, tensors = measured.peak_memory_bytes, measured.tensor_bytes
    return {
        "name": predictor.name,
        "ms": parts.percentiles(),
        "peak_memory_bytes": peak,
        "tensor_bytes": tensors,
        "memory_outside_tensors_bytes": None if peak is None else peak - tensors,
    }


def _against_plain(own: Latencies, other: Latencies) -> dict[str, Any]:
    ratio = Ratio.between("net", own, other)
    return {
        "ms": other.percentiles(),
        "ratio": round(ratio.of_pairs, 3),
        "ratio_of_medians": round(ratio.of_medians, 3),
    }


def _throughput(subject: Subject, rounds: int, jobs: int, plain: OnnxRunner) -> dict[str, Any]:
    own, other = subject.throughput(rounds, jobs, plain)
    fast, slow = (1e3 * len(subject.files) / part.median("folder") for part in (own, other))
    ratio = Ratio.between("folder", other, own)
    return {
        "jobs": jobs,
        "rounds": rounds,
        "clips_per_second": round(fast, 2),
        "plain_clips_per_second": round(slow, 2),
        "ratio": round(ratio.of_pairs, 3),
        "ratio_of_medians": round(ratio.of_medians, 3),
    }


def _show(talk: Talk) -> None:
    data = talk.data
    board = data["board"] or {"ms": {}}
    series = [*data["ms"].items(), *((f"plain {part}", figures) for part, figures in _plain_ms(data).items())]
    series += [(f"{board['name']} {part}", figures) for part, figures in board["ms"].items()]
    rows = [(part, *(f"{figures[name]:.2f}" for name in ("p50", "p95", "p99"))) for part, figures in series]
    talk.table(("ms", "p50", "p95", "p99"), rows)
    talk.print(f"peak memory\t{size(data['peak_memory_bytes'])}")
    if board.get("peak_memory_bytes"):
        talk.print(
            f"{board['name']} peak memory\t{size(board['peak_memory_bytes'])}, "
            f"{size(board['memory_outside_tensors_bytes'])} outside the network's tensors"
        )
    if "plain" in data:
        through = data["throughput"]
        talk.print(f"net, ratio to plain onnxruntime\t{data['plain']['ratio']:.2f}")
        talk.print(
            f"clips per second\t{through['clips_per_second']:.1f}, plain loop "
            f"{through['plain_clips_per_second']:.1f}, ratio {through['ratio']:.2f}"
        )
        talk.print(f"max abs difference to plain\t{data['agreement']['max_abs']:.1e}")


def _plain_ms(data: dict[str, Any]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = data.get("plain", {}).get("ms", {})
    return found
