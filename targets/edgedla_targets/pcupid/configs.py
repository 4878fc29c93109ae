"""The files the vendor's tools are driven by: `input_config.ini`, the OpenDLA `.cfg`, `preprocess.py`.

They are rendered from templates that a user may replace, and read back: whoever wrote them, a broken rule
is refused here, in words, and not by an assertion of the tools an hour later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgedla.artifacts import write_atomic
from edgedla.errors import UsageError
from edgedla.render import render
from edgedla_targets.pcupid.image_formats import (
    board_formats,
    channel_values,
    check_trained,
    training_formats,
)
from edgedla_targets.pcupid.input_ini import InputConfig
from edgedla_targets.pcupid.opendla import (
    INPUT_CONFIG,
    QUANT_DATA,
    ModelConfig,
    algorithm,
    config_name,
    model_config,
)
from edgedla_targets.pcupid.parse import check_preprocess
from edgedla_targets.pcupid.rules import check_model, is_image, refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from jinja2 import Environment

    from edgedla.spec import ModelSpec, TensorSpec
    from edgedla_targets.pcupid.options import PcupidOptions

__all__ = [
    "INPUT_CONFIG",
    "QUANT_DATA",
    "TEMPLATES",
    "InputConfig",
    "ModelConfig",
    "algorithm",
    "config_name",
    "input_config",
    "model_config",
    "preprocess_names",
    "render_files",
]

TEMPLATES = "edgedla_templates.pcupid"
# Options that have another name than the key they stand for, or none.
OPTIONS = {
    "CHIP_LIST": "chip",
    "Model_LIST": "model_name",
    "INPUT_SIZE_LIST": "input_size",
    "INPUT_INI_LIST": "",
    "CLASS_NUM_LIST": "class_num",
    "SAVE_NAME_LIST": "save_name",
    "QUANT_DATA_PATH": "",
}


def input_config(spec: ModelSpec, options: PcupidOptions) -> InputConfig:
    """The `input_config.ini` of a model.

    Raises:
        UsageError: The options break a rule of the vendor's tools; the hint names the option.
    """
    with refusals("pcupid", options=True):
        config = InputConfig.model_validate(_from_options(spec, options))
        check_model(config, spec)
    return config


def preprocess_names(spec: ModelSpec) -> tuple[str, ...]:
    """Names of the preprocess modules, one for each input; the tools tell them apart by their stems."""
    if len(spec.inputs) == 1:
        return ("preprocess.py",)
    return tuple(f"preprocess_{tensor.name}.py" for tensor in spec.inputs)


def render_files(  # noqa: PLR0913 - the last three are what `Context` holds
    spec: ModelSpec,
    options: PcupidOptions,
    folder: Path,
    *,
    model: str,
    override: Path | None = None,
    configure: Callable[[Environment], None] | None = None,
) -> dict[str, Path]:
    """Render all files into `folder`; by name, in the order of: the ini, the `.cfg`, the preprocess modules.

    Args:
        spec: The network's inputs and outputs.
        options: What the user says of them.
        folder: Where the files go.
        model: The model's name, from which OpenDLA's names are made.
        override: The user's folder, whose templates are taken before the packaged ones.
        configure: Adds filters to the template environment.

    Raises:
        UsageError: The options or a rendered file break a rule of the vendor's tools.
    """
    config, names = input_config(spec, options), model_config(spec, options)
    templates, cfg = _Templates(override, configure), config_name(spec, options, model)
    texts = {INPUT_CONFIG: templates.text("input_config.ini", {"sections": config.sections()})}
    place = templates.place("input_config.ini")
    _check_same(InputConfig.parse(texts[INPUT_CONFIG], place, spec).texts(), config.texts(), place)
    texts[cfg] = templates.text("model.cfg", {"config": names.lists()})
    place = templates.place("model.cfg")
    _check_same(ModelConfig.parse(texts[cfg], place).lists(), names.lists(), place)
    for name, tensor in zip(preprocess_names(spec), spec.inputs, strict=True):
        texts[name] = templates.text("preprocess.py", _preprocess_values(config, tensor))
        check_preprocess(texts[name], templates.place("preprocess.py"))
    for name, text in texts.items():
        write_atomic(folder / name, text.encode())
    return {name: folder / name for name in texts}


@dataclass(frozen=True)
class _Templates:
    """Where templates come from."""

    override: Path | None
    configure: Callable[[Environment], None] | None

    def text(self, name: str, values: Mapping[str, object]) -> str:
        return render(
            f"{name}.j2", values, package=TEMPLATES, override=self.override, configure=self.configure
        )

    def place(self, name: str) -> str:
        own = self.override / f"{name}.j2" if self.override else None
        return f"{name} made from {own}" if own and own.is_file() else name


def _check_same(found: Mapping[str, str], expected: Mapping[str, str], place: str) -> None:
    """A template may add what edgedla does not know; what it knows decides samples and programs as well."""
    for key in {**expected, **found}:
        if found.get(key) != expected.get(key):
            option = OPTIONS.get(key, key)
            raise UsageError(
                f"{place}: {key} is {found.get(key, 'missing')}, "
                f"the options say {expected.get(key, 'nothing')}",
                hint=f"--set pcupid.{option}={found.get(key, '')}" if option else None,
            )


def _preprocess_values(config: InputConfig, tensor: TensorSpec) -> dict[str, object]:
    """What `preprocess.py` is made of; shapes and axes are those of the tools, not of ONNX."""
    axes = config.input_axes(tensor)
    normalising = config.normalising(tensor)
    mean, deviation = normalising or ((), ())
    return {
        "input": tensor.name,
        "shape": [tensor.shape[axis] for axis in axes],
        "onnx_axes": [axes.index(axis) for axis in range(len(axes))],
        "nhwc": axes != tuple(range(len(axes))),
        "image": normalising is not None,
        "mean": list(mean),
        "std_value": list(deviation),
    }


def _from_options(spec: ModelSpec, options: PcupidOptions) -> dict[str, Any]:
    names = tuple(tensor.name for tensor in spec.inputs)
    board = _each(options.input_formats, len(names)) or board_formats(spec)
    training = _each(options.training_input_formats, len(names)) or training_formats(spec, board)
    check_trained(spec, training)
    images = sum(map(is_image, training))
    known = spec.image if images else None
    outputs = len(spec.outputs)
    return {
        "inputs": names,
        "training_input_formats": training,
        "input_formats": board,
        "quantizations": _each(options.quantizations, len(names)),
        "mean": _each(options.mean, images) or (channel_values(known, known.mean) if known else ()),
        "std_value": _each(options.std_value, images) or (channel_values(known, known.std) if known else ()),
        "input_width_alignment": _each(options.input_width_alignment, len(names)),
        "input_height_alignment": _each(options.input_height_alignment, len(names)),
        "input_layouts": _each(options.input_layouts, len(names)),
        "outputs": tuple(tensor.name for tensor in spec.outputs),
        "dequantizations": _each(options.dequantizations, outputs),
        "output_layouts": _each(options.output_layouts, outputs),
        "conv_format": options.conv_format,
        "tensor_arrays": options.tensor_arrays,
    }


def _each(values: Sequence[Any], count: int) -> tuple[Any, ...]:
    """A single value stands for all."""
    return tuple(values) * max(count, 1) if len(values) == 1 else tuple(values)
