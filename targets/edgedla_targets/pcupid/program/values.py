"""What the templates of the board program are filled with: plain data, all of it decided here."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edgedla.artifacts import sha256
from edgedla.errors import UsageError
from edgedla_targets.pcupid import configs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgedla.spec import ModelSpec, TensorSpec
    from edgedla_targets.pcupid.configs import InputConfig
    from edgedla_targets.pcupid.emulated.header import Header, Tensor
    from edgedla_targets.pcupid.options import PcupidOptions
    from edgedla_targets.pcupid.program.golden import Clip

ABI: Final = 1
"""Of `edla_model.h`; generated sources refuse to be compiled with another."""
MOST_TENSORS, MOST_AXES = 60, 10
"""What the arrays of `edla_model.h` hold, as those of the board's headers do."""
FORMATS = {
    "RAWDATA_F32_NHWC": "F32",
    "RAWDATA_S16_NHWC": "S16",
    "RGB": "U8",
    "BGR": "U8",
    "GRAY": "U8",
    "RGBA": "RGBA",
    "BGRA": "BGRA",
    "YUV_NV12": "NV12",
}
"""`input_formats` by the names of `edla_format`."""
EMULATED_FORMATS = {"FP32": "F32", "INT16": "S16", "U8": "U8", "GRAY": "U8"}
IMAGE_RANK = 4
NV12_ALIGNMENT = 2  # of width and height, where the ini does not say


@dataclass(frozen=True)
class BoardTensor:
    """One tensor in the board's buffers; the axes are in the board's order."""

    name: str
    shape: tuple[int, ...]
    format: str  # of `edla_format`, without its prefix
    planes: int = 0
    width_alignment: int = 1
    height_alignment: int = 1


@dataclass(frozen=True)
class Made:
    """What the program is made for: the image a build has left, and what may be said of it."""

    model: str
    spec: ModelSpec
    options: PcupidOptions
    image: Path
    notice: str  # to be said with every result; empty: nothing

    @property
    def header(self) -> Header | None:
        """What an emulated image says of itself; `None` for one of the vendor's."""
        from edgedla_targets.pcupid.emulated import container

        if not self.notice:
            return None
        return container.read(self.image)[0]


def program_name(spec: ModelSpec, options: PcupidOptions, model: str) -> str:
    """As the SDK's tree names what it makes of a folder: `sed/eat` gives `prog_sed_eat`."""
    return "prog_" + _place(spec, options, model).replace("/", "_")


def folder_name(spec: ModelSpec, options: PcupidOptions, model: str) -> str:
    """The last folder of the algorithm, after which the SDK wants its fragment of make to be named."""
    return _place(spec, options, model).rsplit("/", 1)[-1]


def source_stem(spec: ModelSpec) -> str:
    """The model's stem, unless a fixed file has that name."""
    taken = spec.stem.lower() in ("main", "golden") or spec.stem.lower().startswith("edla_")
    return f"{spec.stem}_model" if taken else spec.stem


def class_count(spec: ModelSpec) -> int:
    """Elements of the first output that are classes; 0 where it is something else."""
    return len(spec.labels) if math.prod(spec.outputs[0].shape) == len(spec.labels) else 0


def board_tensors(made: Made) -> tuple[list[BoardTensor], list[BoardTensor]]:
    """Inputs and outputs as the image has them.

    Raises:
        UsageError: There are more, or they have more axes, than the board's headers have room for.
    """
    header = made.header
    if header is not None:
        inputs, outputs = (
            [_emulated(tensor) for tensor in tensors] for tensors in (header.inputs, header.outputs)
        )
    else:
        config = configs.input_config(made.spec, made.options)
        inputs = [_vendor_input(config, tensor) for tensor in made.spec.inputs]
        outputs = [_vendor_output(config, tensor) for tensor in made.spec.outputs]
    for kind, tensors in (("inputs", inputs), ("outputs", outputs)):
        _check_room(kind, tensors)
    return inputs, outputs


def program_values(made: Made, clips: Sequence[Clip]) -> dict[str, Any]:
    """All values of the templates."""
    spec, stem = made.spec, source_stem(made.spec)
    inputs, outputs = board_tensors(made)
    audio = spec.audio
    classes = class_count(spec)
    header = made.header
    return {
        "abi": ABI,
        "model": made.model,
        "title": _word(made.model),  # for comments
        "program": program_name(spec, made.options, made.model),
        "algorithm": _place(spec, made.options, made.model),
        "folder": folder_name(spec, made.options, made.model),
        "stem": stem,
        "guard": f"EDLA_MADE_FOR_{stem.upper()}_H",
        "instance": f"edla_made_for_{spec.stem}",
        "notice": made.notice,
        "inputs": [vars(tensor) for tensor in inputs],
        "outputs": [vars(tensor) for tensor in outputs],
        "class_count": classes,
        # C would take a zero for the end of the name.
        "labels": [label.replace("\0", "\ufffd") for label in spec.labels] if classes else [],
        "scores": spec.scores if classes else "none",
        "audio": audio and {**audio.model_dump(), "length": math.prod(spec.inputs[0].shape)},
        "image": made.image.name,
        "image_sha256": sha256(made.image),
        "image_size": made.image.stat().st_size,
        "variable_buffer_size": header.variable_buffer_size if header else 0,
        # The vendor's simulator prints six decimals; the emulated board runs what was run here.
        "tolerance": 0.0 if header else 1e-6,
        "clips": [clip.values() for clip in clips],
    }


def _place(spec: ModelSpec, options: PcupidOptions, model: str) -> str:
    """The algorithm as a path that make and shells take as it is, whatever the model is called."""
    return "/".join(map(_word, configs.algorithm(spec, options, model).split("/")))


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text)


def _emulated(tensor: Tensor) -> BoardTensor:
    return BoardTensor(
        tensor.name,
        tensor.shape,
        EMULATED_FORMATS[tensor.format],
        int(tensor.layout == "NCHW" and len(tensor.shape) == IMAGE_RANK),
        tensor.width_alignment,
        tensor.height_alignment,
    )


def _vendor_input(config: InputConfig, tensor: TensorSpec) -> BoardTensor:
    index = config.inputs.index(tensor.name)
    board = config.input_formats[index]
    alignment = NV12_ALIGNMENT if board == "YUV_NV12" else 1
    axes = config.input_axes(tensor)
    return BoardTensor(
        tensor.name,
        tuple(tensor.shape[axis] for axis in axes),
        FORMATS[board],
        int(len(axes) == IMAGE_RANK and axes == (0, 1, 2, 3)),
        config.input_width_alignment[index] if config.input_width_alignment else alignment,
        config.input_height_alignment[index] if config.input_height_alignment else alignment,
    )


def _vendor_output(config: InputConfig, tensor: TensorSpec) -> BoardTensor:
    dequantised = config.dequantizations[config.outputs.index(tensor.name)]
    shape = tuple(tensor.shape[axis] for axis in config.output_axes(tensor))
    return BoardTensor(tensor.name, shape, "F32" if dequantised else "S16")


def _check_room(kind: str, tensors: Sequence[BoardTensor]) -> None:
    if len(tensors) > MOST_TENSORS:
        raise UsageError(f"pcupid: the board takes {MOST_TENSORS} {kind}, the model has {len(tensors)}")
    for tensor in tensors:
        if len(tensor.shape) > MOST_AXES:
            raise UsageError(
                f"pcupid: '{tensor.name}' has {len(tensor.shape)} axes, the board takes {MOST_AXES}"
            )
