"""The rules of `input_config.ini`, each with a sentence for who breaks it.

The vendor's own tools stop at most of these with an assertion that names no key, at some not at all.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from pydantic import ValidationError

from edgedla.errors import UsageError
from edgedla_targets.pcupid.options import PcupidOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pydantic_core import ErrorDetails

    from edgedla.spec import ModelSpec, TensorSpec
    from edgedla_targets.pcupid.input_ini import InputConfig

BOARD_FORMATS = {
    "RGB": ("RGB", "RGBA", "YUV_NV12"),
    "BGR": ("BGR", "BGRA", "YUV_NV12"),
    "GRAY": ("GRAY", "YUV_NV12"),
    "RAWDATA_S16_NHWC": ("RAWDATA_S16_NHWC",),
    "RAWDATA_F32_NHWC": ("RAWDATA_F32_NHWC",),
}
"""What the board may feed a network with, by what that was trained with."""

CHANNELS = {"RGB": 3, "BGR": 3, "GRAY": 1}
WIDTH_ALIGNED = ("RGBA", "BGRA", "YUV_NV12", "GRAY")
HEIGHT_ALIGNED = ("YUV_NV12", "GRAY")
MAX_NAMES = 1024  # characters of all input names, or all output names; the vendor's manual


class RuleError(ValueError):
    """What is wrong, and the option that decides it."""

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


def is_image(training: str) -> bool:
    """Whether a training format is one of images, whose mean and deviation the ini states."""
    return training in CHANNELS


def check_names(config: InputConfig) -> None:
    """Names of tensors are unique and together no longer than the tools' buffer."""
    for kind, names in (("inputs", config.inputs), ("outputs", config.outputs)):
        if len(set(names)) < len(names):
            _refuse(kind, f"{kind} name a tensor twice: {', '.join(names)}")
        if (length := len(",".join(names))) > MAX_NAMES:
            _refuse(kind, f"all {kind} together have {length} characters, the tools take {MAX_NAMES}")


def check_counts(config: InputConfig) -> None:
    """One value per input or output; of `mean` and `std_value` one per image input."""
    inputs, images = len(config.inputs), sum(map(is_image, config.training_input_formats))
    for key in ("training_input_formats", "input_formats", "quantizations"):
        _count(key, len(getattr(config, key)), inputs, "inputs")
    for key in ("input_width_alignment", "input_height_alignment", "input_layouts"):
        _count(key, len(getattr(config, key)) or inputs, inputs, "inputs")
    for key in ("mean", "std_value") if images else ():
        _count(key, len(getattr(config, key)) or images, images, "image inputs")
    _count("dequantizations", len(config.dequantizations), len(config.outputs), "outputs")
    _count(
        "output_layouts", len(config.output_layouts) or len(config.outputs), len(config.outputs), "outputs"
    )


def check_formats(config: InputConfig) -> None:
    """Each board format goes with its training format; images come before raw inputs."""
    pairs = zip(config.inputs, config.training_input_formats, config.input_formats, strict=True)
    for name, training, board in pairs:
        if board not in BOARD_FORMATS[training]:
            _refuse(
                "input_formats",
                f"input '{name}' was trained with {training}, so the board may feed "
                f"{' or '.join(BOARD_FORMATS[training])}, not {board}",
            )
    images = [is_image(training) for training in config.training_input_formats]
    if images != sorted(images, reverse=True):
        _refuse("training_input_formats", "image inputs come before raw ones in the vendor's tools")


def check_quantizations(config: InputConfig) -> None:
    """Raw inputs are always quantised."""
    rows = zip(config.inputs, config.training_input_formats, config.quantizations, strict=True)
    for name, training, quantized in rows:
        if not quantized and not is_image(training):
            _refuse("quantizations", f"input '{name}' is {training}, which needs quantizations TRUE")


def check_normalising(config: InputConfig) -> None:
    """Images have mean and deviation, one value or one per channel; raw inputs have none."""
    images = [training for training in config.training_input_formats if is_image(training)]
    for key in ("mean", "std_value"):
        values = getattr(config, key)
        if values and not images:
            _refuse(key, f"{key} is for image inputs; with RAWDATA the tools refuse it")
        if images and not values:
            _refuse(key, f"{key} is missing, which image inputs need: {', '.join(images)}")
        for training, channels in zip(images, values, strict=True):
            if len(channels) not in (1, CHANNELS[training]):
                _refuse(key, f"{key} has {len(channels)} values for {training}, expected 1")


def check_alignments(config: InputConfig) -> None:
    """Alignments stand only where they act."""
    aligned = {"input_width_alignment": WIDTH_ALIGNED, "input_height_alignment": HEIGHT_ALIGNED}
    for key, formats in aligned.items():
        for name, board, value in zip(
            config.inputs, config.input_formats, getattr(config, key), strict=False
        ):
            if board not in formats and value != 1:
                _refuse(
                    key, f"{key} of input '{name}' has no effect with {board}, only with {', '.join(formats)}"
                )


def check_layouts(config: InputConfig) -> None:
    """Planes of channels cannot be fed as pixels of four bytes."""
    for name, board, layout in zip(config.inputs, config.input_formats, config.input_layouts, strict=False):
        if layout == "NCHW" and board in ("RGBA", "BGRA"):
            _refuse("input_layouts", f"input '{name}' is {board}, which has no layout NCHW")


def check_convolutions(config: InputConfig) -> None:
    """The first convolution's width is not for the user to choose."""
    for name in config.tensor_arrays:
        if name in config.inputs:
            _refuse(
                "tensor_arrays",
                f"tensor_arrays names the input '{name}'; it does not act on the network's first convolution",
            )


RULES: tuple[Callable[[InputConfig], None], ...] = (
    check_names,
    check_counts,
    check_formats,
    check_quantizations,
    check_normalising,
    check_alignments,
    check_layouts,
    check_convolutions,
)


def check_model(config: InputConfig, spec: ModelSpec) -> None:
    """What the ini says is so in the network.

    Raises:
        RuleError: Names, order, types or shapes do not go together.
    """
    _same_names("inputs", config.inputs, spec.inputs)
    _same_names("outputs", config.outputs, spec.outputs)
    for tensor, training in zip(spec.inputs, config.training_input_formats, strict=True):
        _check_input(tensor, training)
    _check_layouts_act("input_layouts", config.input_layouts, spec.inputs)
    _check_layouts_act("output_layouts", config.output_layouts, spec.outputs)


def _check_input(tensor: TensorSpec, training: str) -> None:
    shape = " x ".join(map(str, tensor.shape))
    if tensor.dtype != "float32":
        _refuse(
            "inputs", f"input '{tensor.name}' is {tensor.dtype}; the IPU takes float32 tensors and images"
        )
    if len(tensor.shape) == 4 and tensor.shape[0] != 1:  # noqa: PLR2004 - batch, channels, height, width
        _refuse("inputs", f"input '{tensor.name}' is {shape}; the tools take 4-D inputs of batch 1 only")
    if is_image(training) and (len(tensor.shape) != 4 or tensor.shape[1] != CHANNELS[training]):  # noqa: PLR2004
        _refuse(
            "training_input_formats",
            f"input '{tensor.name}' is {shape}, but {training} needs 1 x {CHANNELS[training]} x H x W",
        )


def _check_layouts_act(key: str, layouts: Sequence[str], tensors: Sequence[TensorSpec]) -> None:
    for layout, tensor in zip(layouts, tensors, strict=False):
        if layout == "NCHW" and len(tensor.shape) != 4:  # noqa: PLR2004 - as above
            _refuse(
                key,
                f"{key} has no effect on '{tensor.name}', which has {len(tensor.shape)} dimensions, not 4",
            )


def _same_names(kind: str, names: Sequence[str], tensors: Sequence[TensorSpec]) -> None:
    expected = [tensor.name for tensor in tensors]
    if list(names) != expected:
        _refuse(kind, f"{kind} are {', '.join(names)}; the network's are, in order, {', '.join(expected)}")


def _count(key: str, found: int, expected: int, what: str) -> None:
    if found != expected:
        _refuse(key, f"{key} has {found} values for {expected} {what}")


def _refuse(option: str, message: str) -> NoReturn:
    raise RuleError(option, message)


@contextmanager
def refusals(place: str, *, options: bool = False) -> Iterator[None]:
    """Broken rules and wrong values as `UsageError`; what comes from `options` gets a hint."""
    try:
        yield
    except RuleError as rule:
        raise UsageError(f"{place}: {rule}", hint=_hint(rule.option) if options else None) from rule
    except ValidationError as error:
        option, message = _first(error.errors()[0])
        raise UsageError(f"{place}: {message}", hint=_hint(option) if options else None) from error


def _first(error: ErrorDetails) -> tuple[str, str]:
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, RuleError):
        return cause.option, str(cause)
    key, reason = str(error["loc"][0]), error["msg"].removeprefix("Value error, ")
    if error["type"] == "string_pattern_mismatch":
        reason = "expected a plain word that begins with a letter; others are damaged by the tools' parsers"
    return key, f"{key}: {reason.replace('Input should be', 'expected', 1)}, found {error['input']!r:.80}"


def _hint(option: str) -> str:
    own = option in PcupidOptions.model_fields
    return f"--set pcupid.{option}=..." if own else "this is the model's to change"
