"""`input_config.ini` as a model that cannot be made with a broken rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BeforeValidator, Field, FiniteFloat, PositiveInt, model_validator

from edgedla.errors import UsageError
from edgedla.spec import PlainWord, Spec
from edgedla_targets.pcupid.options import (  # noqa: TC001 - pydantic reads annotations at run time
    BoardFormat,
    ConvFormat,
    Layout,
    TensorName,
    TrainingFormat,
)
from edgedla_targets.pcupid.parse import read_ini
from edgedla_targets.pcupid.rules import RULES, check_model, is_image, refusals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedla.spec import ModelSpec, TensorSpec

KEYS = {
    "INPUT_CONFIG": (
        *("inputs", "training_input_formats", "input_formats", "quantizations", "mean", "std_value"),
        *("input_width_alignment", "input_height_alignment", "input_layouts"),
    ),
    "OUTPUT_CONFIG": ("outputs", "dequantizations", "output_layouts"),
    "CONV_CONFIG": ("input_format", "tensor_arrays"),
}
FIELDS = {"input_format": "conv_format"}  # of [CONV_CONFIG]; too like `input_formats`


def _flag(value: Any) -> Any:
    """TRUE or FALSE; in lower case the native tools stop."""
    if isinstance(value, str):
        if value not in ("TRUE", "FALSE"):
            raise ValueError("Input should be TRUE or FALSE")
        return value == "TRUE"
    return value


def _channels(value: Any) -> Any:
    return tuple(value.split(":")) if isinstance(value, str) else value


Flag = Annotated[bool, BeforeValidator(_flag)]
Mean = Annotated[tuple[FiniteFloat, ...], BeforeValidator(_channels), Field(min_length=1, max_length=3)]
Deviation = Annotated[
    tuple[Annotated[FiniteFloat, Field(gt=0)], ...],
    BeforeValidator(_channels),
    Field(min_length=1, max_length=3),
]


class InputConfig(Spec):
    """`input_config.ini`: the fields are its keys; `conv_format` is `input_format` of [CONV_CONFIG]."""

    inputs: tuple[PlainWord, ...] = Field(min_length=1)
    training_input_formats: tuple[TrainingFormat, ...]
    input_formats: tuple[BoardFormat, ...]
    quantizations: tuple[Flag, ...]
    mean: tuple[Mean, ...] = ()  # of image inputs only; one value, or red, green, blue
    std_value: tuple[Deviation, ...] = ()
    input_width_alignment: tuple[PositiveInt, ...] = ()
    input_height_alignment: tuple[PositiveInt, ...] = ()
    input_layouts: tuple[Layout, ...] = ()
    outputs: tuple[PlainWord, ...] = Field(min_length=1)
    dequantizations: tuple[Flag, ...]
    output_layouts: tuple[Layout, ...] = ()
    conv_format: ConvFormat = ""
    tensor_arrays: tuple[TensorName, ...] = ()

    @model_validator(mode="after")
    def _obey(self) -> Self:
        for rule in RULES:
            rule(self)
        return self

    @classmethod
    def parse(cls, text: str, place: str, spec: ModelSpec) -> InputConfig:
        """The config in a rendered file; keys that edgedla does not know are the tools' business.

        Raises:
            UsageError: The file breaks a rule; names it in words.
        """
        with refusals(place):
            config = cls.model_validate(_fields(read_ini(text, place), place))
            check_model(config, spec)
        return config

    def texts(self) -> dict[str, str]:
        """Fields that have a value, as text."""
        values = {**self.__dict__, "conv_format": (self.conv_format,) if self.conv_format else ()}
        return {name: ",".join(map(_text, value)) for name, value in values.items() if value}

    def sections(self) -> dict[str, dict[str, str]]:
        """Sections, keys and values as text; what has no value is left out."""
        texts = self.texts()
        sections = {
            name: {key: texts[field] for key in keys if (field := FIELDS.get(key, key)) in texts}
            for name, keys in KEYS.items()
        }
        return {name: keys for name, keys in sections.items() if keys}

    def input_axes(self, tensor: TensorSpec) -> tuple[int, ...]:
        """The order in which the tools hold the axes of an ONNX input."""
        return _axes(tensor, self.inputs, self.input_layouts)

    def output_axes(self, tensor: TensorSpec) -> tuple[int, ...]:
        """The order in which the tools hold the axes of an ONNX output."""
        return _axes(tensor, self.outputs, self.output_layouts)

    def normalising(self, tensor: TensorSpec) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """Mean and deviation of each channel of an image input, in the channels' own order; `None` if raw."""
        index = self.inputs.index(tensor.name)
        training = self.training_input_formats[index]
        if not is_image(training):
            return None
        # Images come first, so that their places among the inputs and among themselves are the same.
        channels = tensor.shape[1]
        mean, deviation = self.mean[index], self.std_value[index]
        return _per_channel(mean, channels, training), _per_channel(deviation, channels, training)


def _fields(sections: dict[str, dict[str, tuple[str, ...]]], place: str) -> dict[str, Any]:
    known = {
        key: value
        for name, values in sections.items()
        for key, value in values.items()
        if key in KEYS[name] and key != "input_format"
    }
    conv = sections.get("CONV_CONFIG", {}).get("input_format", ())
    if len(conv) > 1:
        raise UsageError(f"{place}: [CONV_CONFIG] input_format must have one entry, found {len(conv)}")
    return {**known, "conv_format": "".join(conv)}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return ":".join(f"{number:.9g}" for number in value) if isinstance(value, tuple) else str(value)


def _axes(tensor: TensorSpec, names: Sequence[str], layouts: Sequence[str]) -> tuple[int, ...]:
    layout = layouts[names.index(tensor.name)] if layouts else "NHWC"
    planes = len(tensor.shape) == 4 and layout == "NHWC"  # noqa: PLR2004 - ONNX has NCHW
    return (0, 2, 3, 1) if planes else tuple(range(len(tensor.shape)))


def _per_channel(values: Sequence[float], channels: int, training: str) -> tuple[float, ...]:
    """The ini states red, green, blue, whatever the order of the channels is."""
    each = tuple(values) if len(values) > 1 else tuple(values) * channels
    return each[::-1] if training == "BGR" else each
