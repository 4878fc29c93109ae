"""The compiled program as a rung of the ladder, and the checks that go with it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgedla.artifacts import Gate
from edgedla.errors import DeviceError, GateError
from edgedla.runner import RunnerBase
from edgedla_targets.pcupid import configs
from edgedla_targets.pcupid.samples import for_tools

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedla.context import Context
    from edgedla.runner import Feed
    from edgedla.spec import ModelSpec
    from edgedla_targets.pcupid.options import PcupidOptions
    from edgedla_targets.pcupid.program.answer import ProgramAnswer
    from edgedla_targets.pcupid.program.boards import BoardProgram, Session


class BoardNetwork(RunnerBase):
    """A program fed with tensors; arrays go in and out with the names and axes of ONNX."""

    def __init__(self, program: BoardProgram, spec: ModelSpec, options: PcupidOptions) -> None:
        self._program = program
        self._spec = spec
        self._config = configs.input_config(spec, options)

    def run(self, feed: Feed) -> Feed:
        """All outputs for one set of inputs."""
        return self.run_all([feed])[0]

    def run_all(self, feeds: Sequence[Feed]) -> list[Feed]:
        """All outputs for several sets of inputs, by one call of the program."""
        with (
            tempfile.TemporaryDirectory(prefix="edgedla-board-") as folder,
            self._program.at_work() as session,
        ):
            place = Path(folder)
            write_tensors(feeds, self._spec, self._config, place)
            answer = session.answer(tensor_words(self._spec, len(feeds), place), place)
            if answer.failed:
                first = answer.failed[0]
                raise DeviceError(f"{self._program.program.name}: {first.input}: {first.reason}")
            return [read_outputs(self._spec, self._config, place, index) for index in range(len(feeds))]


def read_outputs(spec: ModelSpec, config: configs.InputConfig, folder: Path, index: int) -> Feed:
    """What the program's `--dump` left of one input, with the names and axes of ONNX."""
    return {
        tensor.name: np.fromfile(folder / f"{index}.{tensor.name}.f32", "<f4")
        .reshape([tensor.shape[axis] for axis in axes])
        .transpose(np.argsort(axes))
        for tensor in spec.outputs
        for axes in [config.output_axes(tensor)]
    }


def write_tensors(feeds: Sequence[Feed], spec: ModelSpec, config: configs.InputConfig, folder: Path) -> None:
    """Each input of each feed as the program reads it: `in_<number>.<name>.raw`, in the board's axes.

    Float32, little endian; of images the bytes.

    Raises:
        UsageError: An image, without its mean and deviation, is not in 0 to 255.
    """
    for index, feed in enumerate(feeds):
        for tensor in spec.inputs:
            values = for_tools(feed[tensor.name], tensor, config, f"input {index}")
            (folder / f"in_{index}.{tensor.name}.raw").write_bytes(values.tobytes())


def tensor_words(spec: ModelSpec, count: int, folder: Path) -> list[str]:
    """The program's options for the files of `write_tensors`; outputs go to the same folder."""
    words = ["--tensor", "--dump", str(folder)]
    for index in range(count):
        names = [f"in_{index}.{tensor.name}.raw" for tensor in spec.inputs]
        words += ["-i", ",".join(names)]
    return words


def self_test(session: Session, golden: Path) -> Gate:
    """The program's test of itself over the golden clips of the build.

    Raises:
        GateError: A check said no, or not all were made; names the first.
    """
    from edgedla_targets.pcupid.deploy.answer import Tap

    with tempfile.TemporaryDirectory(prefix="edgedla-board-") as folder:
        tap = Tap.parse(session.self_test(golden, Path(folder)))
    if tap.failed or not tap.whole:
        what = (
            f"{len(tap.failed)} of {tap.planned} checks failed, first: {tap.failed[0]}" if tap.failed else ""
        )
        raise GateError(
            f"gate 'board.self_test': {what or f'{tap.passed} of {tap.planned} checks were made'}",
            hint="the program's network agrees, so look at how it reads recordings and names classes",
        )
    return Gate(name="board.self_test", ok=True, value=0, limit=0)


def same_classes(context: Context, session: Session, golden: Sequence[Path]) -> Gate:
    """The golden recordings through the program alone, and through Python: the same class and name.

    Raises:
        GateError: One differs; says which.
    """
    with tempfile.TemporaryDirectory(prefix="edgedla-board-") as folder:
        words = [word for path in golden for word in ("-i", str(path))]
        answer = session.answer([*words, "-t", "0"], Path(folder))
    expected = _expected(context, golden)
    found = _found(answer)
    wrong = [path for path in golden if found.get(str(path)) != expected[str(path)]]
    if wrong:
        first = str(wrong[0])
        raise GateError(
            f"gate 'board.classes': {wrong[0].name} is {found.get(first)} by the program, "
            f"{expected[first]} by Python; {len(wrong)} of {len(golden)} golden clips differ",
            hint="compare edla_front_end.c and the labels with what Python does",
        )
    return Gate(name="board.classes", ok=True, value=1.0, limit=1.0)


def _expected(context: Context, golden: Sequence[Path]) -> dict[str, tuple[int, str]]:
    from edgedla_targets.pcupid.simulate import simulator

    runner = simulator(
        context.artifact(context.target.accepts),
        context.model.name,
        context.spec,
        context.target.options,
        context.tools,
    )
    with runner:
        best = {
            str(path): context.model.postprocess(runner.run(context.model.preprocess(path))).best
            for path in golden
        }
    return {path: (score.class_id, score.label) for path, score in best.items()}


def _found(answer: ProgramAnswer) -> dict[str, tuple[int | None, str | None]]:
    return {result.input: (result.class_id, result.label) for result in answer.results}
