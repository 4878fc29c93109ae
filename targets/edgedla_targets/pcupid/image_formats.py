"""What the options of images are where the user leaves them out: what the model says of its image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.rules import RuleError, is_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedla.spec import ImageInput, ModelSpec
    from edgedla_targets.pcupid.options import BoardFormat, TrainingFormat

TRAINED_WITH: dict[str, TrainingFormat] = {
    "RGB": "RGB",
    "BGR": "BGR",
    "GRAY": "GRAY",
    "RGBA": "RGB",
    "BGRA": "BGR",
    "RAWDATA_S16_NHWC": "RAWDATA_S16_NHWC",
    "RAWDATA_F32_NHWC": "RAWDATA_F32_NHWC",
}
"""What a network was trained with where the board's format alone tells it."""
IMAGE_RANK = 4


def board_formats(spec: ModelSpec) -> tuple[BoardFormat, ...]:
    """The model's image as bytes in its own order, everything else as float32."""
    raw: BoardFormat = "RAWDATA_F32_NHWC"
    first = spec.image.format if spec.image else raw
    return (first, *(raw for _ in spec.inputs[1:]))


def training_formats(spec: ModelSpec, board: Sequence[str]) -> tuple[TrainingFormat, ...]:
    """The model's image format where the board feeds it pixels, else what goes with the board's format.

    Raises:
        RuleError: Neither tells it.
    """
    return tuple(
        spec.image.format if spec.image and index == 0 and not each.startswith("RAWDATA") else _told_by(each)
        for index, each in enumerate(board)
    )


def check_trained(spec: ModelSpec, training: Sequence[str]) -> None:
    """Refuse an order of channels that is not the model's.

    Raises:
        RuleError: It is another.
    """
    if spec.image and training and is_image(training[0]) and training[0] != spec.image.format:
        raise RuleError(
            "training_input_formats",
            f"training_input_formats is {training[0]}, but the model was trained with {spec.image.format}",
        )


def channel_values(image: ImageInput, values: Sequence[float]) -> tuple[tuple[float, ...]]:
    """Values of the model's channels as the ini has them: red, green, blue, whatever the channels' order."""
    return (tuple(values)[::-1] if image.format == "BGR" else tuple(values),)


def image_size(spec: ModelSpec) -> str:
    """Width and height of the model's image as INPUT_SIZE_LIST has them; "0" where it has none."""
    shape = spec.inputs[0].shape
    return f"{shape[3]}x{shape[2]}" if spec.image and len(shape) == IMAGE_RANK else "0"


def _told_by(board: str) -> TrainingFormat:
    if board not in TRAINED_WITH:
        raise RuleError(
            "training_input_formats", f"training_input_formats is missing, which {board} does not tell"
        )
    return TRAINED_WITH[board]
