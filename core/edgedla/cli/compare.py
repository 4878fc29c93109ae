"""`edgedla compare`: the ladder on the same inputs, and the first rung that parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgedla.cli.build import perform
from edgedla.cli.common import (
    Board,
    Calibration,
    Checkpoint,
    DockerImage,
    OpenDla,
    Precision,
    Settings,
    Target,
    Toolchain,
    wish,
    workspace,
)
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import GateError, UsageError

if TYPE_CHECKING:
    from edgedla.artifacts import Rung
    from edgedla.pipeline import Build
    from edgedla.runner import Feed

COLUMNS = ("rung", "against", "max abs", "cosine", "SNR dB", "same class", "from first", "")


@verb("compare")
def compare(
    talk: Talk,
    model: Annotated[str, typer.Argument(help="Which model; see list-models.")],
    target: Target = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input", "-i", help="File, folder or glob; repeatable. Default: the model's own samples."
        ),
    ] = None,
    layers: Annotated[
        bool, typer.Option("--layers", help="List what quantisation did to each layer, worst first.")
    ] = False,
    checkpoint: Checkpoint = None,
    calib: Calibration = None,
    precision: Precision = None,
    toolchain: Toolchain = None,
    opendla: OpenDla = None,
    docker_image: DockerImage = None,
    board: Board = None,
    settings: Settings = None,
) -> None:
    """Feed every rung from the trained network to the target the same inputs; say which parts first."""
    space = workspace(settings)
    target = space.target_name(target)
    wanted = wish(
        space,
        model,
        target,
        checkpoint=checkpoint,
        calibration=calib,
        precision=precision,
        toolchain=toolchain,
        opendla=opendla,
        docker_image=docker_image,
        board=board,
    )
    made = space.build(wanted, talk.detail)
    samples = read_inputs(made, inputs)  # before a build that takes its time
    build_all(talk, made)
    rungs = climb_all(made, samples)
    show(talk, rungs)
    first = next((rung for rung in rungs if not rung.ok), None)
    talk.data = {
        "model": model,
        "target": target,
        "toolchain": made.context.target.toolchain,
        "rungs": [rung.model_dump() for rung in rungs],
        "first_divergent": first.name if first else None,
    }
    if layers:
        show_layers(talk, made, samples)
    if first:
        raise GateError(
            f"rung '{first.name}' is the first that parts: {first.reason}",
            hint=f"what stands between '{first.against}' and '{first.name}' changed the network",
        )


def build_all(talk: Talk, made: Build) -> None:
    """Build what is not built; a gate that says no does not end the comparison, it is what it looks for."""
    try:
        perform(talk, made)
    except GateError as error:
        if not any(not rung.ok for record in made.records for rung in record.rungs):
            raise  # not a rung: a graph that is refused has nothing to compare
        talk.say(f"the build stopped: {error.message}")


def read_inputs(made: Build, inputs: list[str] | None) -> list[Feed]:
    """The user's files as model inputs, or the model's own samples."""
    from edgedla.predict import input_files

    context = made.context
    if not inputs:
        return context.samples()
    return [context.model.preprocess(path) for path in input_files(inputs, context.model)]


def climb_all(made: Build, samples: list[Feed]) -> list[Rung]:
    """Every rung whose artifact was made, each against the one before and the first."""
    from edgedla.ladder import built_steps, climb

    context = made.context
    steps = built_steps(context)
    return list(climb(context, steps, samples, {step.name for step in steps}).rungs)


def show(talk: Talk, rungs: list[Rung]) -> None:
    """The ladder as a table."""
    talk.table(COLUMNS, [_cells(rung) for rung in rungs])


def show_layers(talk: Talk, made: Build, samples: list[Feed]) -> None:
    """What quantisation did to each layer."""
    target = made.context.target
    found = target.layers(made.context, samples)
    if found is None:
        raise UsageError(
            f"'{target.name}' with toolchain '{target.toolchain}' cannot look inside its networks"
        )
    talk.data["layers"] = [layer.model_dump() for layer in found]
    talk.table(
        ("layer", "op", "SNR dB", "loses dB", "for 16 bits"),
        [
            (layer.name, layer.op, f"{layer.snr_db:.1f}", f"{layer.loss_db:.1f}", layer.hint)
            for layer in found
        ],
    )


def _cells(rung: Rung) -> tuple[str, ...]:
    return (
        rung.name,
        rung.against,
        _figure(rung.max_abs, ".2e"),
        _figure(rung.cosine, ".6f"),
        "exact" if rung.max_abs == 0 else _figure(rung.snr_db, ".1f"),
        _figure(rung.top1_agree, ".0%"),
        _figure(rung.total.max_abs if rung.total else None, ".2e"),
        "" if rung.ok else f"parts: {rung.reason}",
    )


def _figure(value: Any, form: str) -> str:
    return "-" if value is None else format(value, form)
