"""The program of a bundle as what answers for files: `edgedla run` and `edgedla bench` show its words."""

from __future__ import annotations

import contextlib
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedla.errors import DeviceError, UsageError
from edgedla.model import Model
from edgedla.predict import Answer, Measured, Milliseconds, answered
from edgedla.spec import Prediction
from edgedla_targets.pcupid import configs
from edgedla_targets.pcupid.program.rung import read_outputs, write_tensors
from edgedla_targets.pcupid.program.values import class_count
from edgedla_targets.pcupid.program.wave import is_wav, write_wav

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edgedla_targets.pcupid.options import PcupidOptions
    from edgedla_targets.pcupid.program.answer import Failed, ProgramAnswer, Result
    from edgedla_targets.pcupid.program.boards import BoardProgram, Session

BATCH = 32
"""Files of one call of the program: answers come while others are at work, a command line does not get too
long, and what was decoded for it does not fill the disk."""

LOWEST = "-1e38"  # threshold that no output is below


class BoardPredictor:
    """Recordings by the program's own front end; what it cannot read goes in decoded, or as tensors.

    Where its outputs are no classes, the model says what they mean.
    """

    def __init__(
        self, name: str, model: Model[Any], options: PcupidOptions, program: Callable[[], BoardProgram]
    ) -> None:
        self.name = name
        self._model = model
        self._spec = model.spec()
        self._config = configs.input_config(self._spec, options)
        self._program = program
        self._classes = class_count(self._spec)
        self._hears = self._spec.audio is not None and type(model).sound is not Model.sound

    def predict(self, files: Sequence[Path]) -> Iterator[Answer]:
        """One answer per file, in order."""
        with self._session() as (session, place):
            for start in range(0, len(files), BATCH):
                yield from self._batch(session, files[start : start + BATCH], place)

    def measure(self, files: Sequence[Path], repeats: int) -> Measured:
        """Each file `repeats` times in one call of the program."""
        from edgedla_targets.pcupid.emulated import container

        with self._session() as (session, place):
            inputs = [self._input(path, place, index) for index, path in enumerate(files)]
            answer = self._ask(session, inputs, place, ("-n", str(repeats)))
        if answer.failed:
            raise UsageError(f"{answer.failed[0].input}: {answer.failed[0].reason}")
        header, _ = container.read(self._program().image)
        runs = [Milliseconds(run.pre, run.net, run.post) for result in answer.results for run in result.runs]
        buffers = sum(tensor.aligned_size for tensor in (*header.inputs, *header.outputs))
        return Measured(tuple(runs), answer.peak_memory_bytes, buffers)

    @contextlib.contextmanager
    def _session(self) -> Iterator[tuple[Session, Path]]:
        program = self._program()
        with (
            tempfile.TemporaryDirectory(prefix="edgedla-board-") as folder,
            program.at_work() as session,
        ):
            yield session, Path(folder)

    def _batch(self, session: Session, files: Sequence[Path], place: Path) -> list[Answer]:
        answers: dict[int, Answer] = {}
        inputs: dict[int, str] = {}
        for index, path in enumerate(files):
            try:
                inputs[index] = self._input(path, place, index)
            except UsageError as error:
                answers[index] = Answer(path, None, None, error.message)
        if inputs:
            found = self._ask(session, list(inputs.values()), place)
            numbers = list(inputs)
            for result in found.results:
                answers[numbers[result.index]] = self._answer(files[numbers[result.index]], result, place)
            for failed in found.failed:
                answers[numbers[failed.index]] = _failure(files[numbers[failed.index]], failed)
        if len(answers) != len(files):
            raise DeviceError(f"{self.name}: the program answered for {len(answers)} of {len(files)} inputs")
        return [answers[index] for index in range(len(files))]

    def _ask(
        self, session: Session, inputs: Sequence[str], place: Path, more: Sequence[str] = ()
    ) -> ProgramAnswer:
        words = [word for path in inputs for word in ("-i", path)]
        words += [
            "-t",
            "0" if self._spec.scores != "none" else LOWEST,
            "-k",
            str(max(self._classes, 1)),
            *more,
        ]
        if not self._classes:
            words += ["--dump", str(place)]
        if not self._hears:
            words.append("--tensor")
        elif self._spec.audio:
            words += ["--window", self._spec.audio.window]
        return session.answer(words, place)

    def _input(self, path: Path, place: Path, index: int) -> str:
        """What `-i` is given for a file: itself where it is a WAV file; the program runs in `place`."""
        if not self._hears:
            folder = place / str(index)
            folder.mkdir(exist_ok=True)
            write_tensors([self._model.preprocess(path)], self._spec, self._config, folder)
            return ",".join(f"{index}/in_0.{tensor.name}.raw" for tensor in self._spec.inputs)
        if is_wav(path):
            return str(path.absolute())
        decoded = place / f"{index}.wav"
        with self._model.sound(path) as sound:
            write_wav(decoded, sound)
        return str(decoded)

    def _answer(self, path: Path, result: Result, place: Path) -> Answer:
        started = time.perf_counter()
        try:
            prediction = self._prediction(path, result, place)
        except UsageError as error:
            return Answer(path, None, None, error.message)
        post = result.ms.post + 1e3 * (time.perf_counter() - started)
        warnings = tuple(f"{path}: {text}" for text in result.warnings)
        return Answer(path, prediction, Milliseconds(result.ms.pre, result.ms.net, post), warnings=warnings)

    def _prediction(self, path: Path, result: Result, place: Path) -> Prediction:
        if not self._classes:
            outputs = read_outputs(self._spec, self._config, place, result.index)
            return answered(self._model, outputs, path)
        if not result.top:
            raise UsageError(f"{path}: the network answers with scores that are no numbers")
        return Prediction(top=result.top)


def _failure(path: Path, failed: Failed) -> Answer:
    return Answer(path, None, None, f"cannot read '{path}': {failed.reason}")
