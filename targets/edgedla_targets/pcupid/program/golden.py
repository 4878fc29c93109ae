"""Golden clips: inputs of the build as files, and what its network made of them, for the self-test."""

from __future__ import annotations

import io
import itertools
import math
import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edgedla.artifacts import write_atomic
from edgedla.errors import UsageError
from edgedla_targets.pcupid import configs
from edgedla_targets.pcupid.program.values import board_tensors, class_count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from edgedla.model import Model
    from edgedla.runner import Feed, Runner
    from edgedla.spec import AudioInput
    from edgedla_targets.pcupid.program.values import BoardTensor, Made

FOLDER: Final = "golden"
CLIPS: Final = 3
MOST_VALUES = 4096  # of one output that are kept; of longer ones every n-th
LEAST_SECONDS = 10.0  # of a recording that are kept, or twice the window


@dataclass(frozen=True)
class Clip:
    """Files of one input, and the outputs the build had for it, flat and in the board's order of axes."""

    name: str
    files: tuple[Path, ...]
    outputs: tuple[npt.NDArray[Any], ...]
    class_id: int

    def values(self) -> dict[str, Any]:
        """For the templates: every `step`-th value of each output."""
        return {
            "name": self.name,
            "class_id": self.class_id,
            "outputs": [
                {"step": step, "numbers": output[::step].tolist()}
                for output in self.outputs
                for step in [-(-len(output) // MOST_VALUES)]
            ],
        }


def write_clips(model: Model[Any], made: Made, runner: Runner, folder: Path) -> list[Clip]:
    """Up to three inputs of the model, below `folder`, and what `runner` makes of them.

    With a front end they are the model's recordings, written as 16-bit WAV at their own rate, and the tensors
    made of those; else the model's samples. There are none where the board wants pixels in another form than
    the samples have.

    Raises:
        UsageError: A recording of the model cannot be read.
    """
    inputs, _ = board_tensors(made)
    if any(tensor.format in ("RGBA", "BGRA", "NV12") for tensor in inputs):
        return []
    if made.spec.audio is None:
        sounds: list[Path] = []
        feeds = list(itertools.islice(model.samples(CLIPS), CLIPS))
    else:
        sounds = [
            _write_sound(path, made.spec.audio, math.prod(inputs[0].shape), folder / f"clip_{index}.wav")
            for index, path in enumerate(_spread(model.sample_files()))
        ]
        feeds = [model.preprocess(path) for path in sounds]
    answers = runner.run_all(feeds)
    return [
        Clip(
            name,
            (*sounds[index : index + 1], *_write_tensors(feed, made, inputs, folder / name)),
            tuple(outputs),
            int(outputs[0].argmax()) if class_count(made.spec) else -1,
        )
        for index, (feed, answer) in enumerate(zip(feeds, answers, strict=True))
        for name in [f"clip_{index}"]
        for outputs in [_flat_outputs(answer, made)]
    ]


def _spread(files: Sequence[Path]) -> list[Path]:
    """First, middle and last: neighbours are often of one class."""
    picked = sorted({0, len(files) // 2, len(files) - 1}) if files else []
    return [files[index] for index in picked]


def _write_sound(path: Path, audio: AudioInput, length: int, out: Path) -> Path:
    """The beginning of a recording as 16-bit WAV at its own rate, which every program reads."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            rate = int(file.samplerate)
            seconds = max(LEAST_SECONDS, 2 * length / audio.rate)
            samples = file.read(math.ceil(seconds * rate), dtype="int16", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise UsageError(f"{path}: a recording of the model cannot be read: {error}") from error
    data = io.BytesIO()
    with wave.open(data, "wb") as result:
        result.setparams((samples.shape[1], 2, rate, len(samples), "NONE", ""))
        result.writeframes(samples.astype("<i2").tobytes())
    write_atomic(out, data.getvalue())
    return out


def _write_tensors(feed: Feed, made: Made, tensors: Sequence[BoardTensor], stem: Path) -> list[Path]:
    """Each input as the program reads it, in the order of the board: float32, or the bytes of an image."""
    from edgedla_targets.pcupid.samples import for_tools

    config = configs.input_config(made.spec, made.options)
    specs = {tensor.name: tensor for tensor in made.spec.inputs}
    paths = []
    for tensor in tensors:
        array = for_tools(feed[tensor.name], specs[tensor.name], config, stem.name)
        suffix = "bin" if array.dtype == "uint8" else "f32"
        paths.append(stem.with_name(f"{stem.name}.{tensor.name}.{suffix}"))
        write_atomic(paths[-1], array.tobytes())
    return paths


def _flat_outputs(answer: Feed, made: Made) -> list[npt.NDArray[Any]]:
    config = configs.input_config(made.spec, made.options)
    return [
        answer[tensor.name].transpose(config.output_axes(tensor)).astype("float32").reshape(-1)
        for tensor in made.spec.outputs
    ]
