"""The `.cfg` that OpenDLAModel's scripts read, and the names its examples have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import NonNegativeInt  # noqa: TC002 - pydantic reads annotations at run time

from edgedla.errors import UsageError
from edgedla.spec import Spec
from edgedla_targets.pcupid.image_formats import image_size
from edgedla_targets.pcupid.options import Word  # noqa: TC001 - the same
from edgedla_targets.pcupid.parse import read_cfg
from edgedla_targets.pcupid.rules import refusals

if TYPE_CHECKING:
    from edgedla.spec import ModelSpec
    from edgedla_targets.pcupid.options import PcupidOptions

INPUT_CONFIG = "input_config.ini"
QUANT_DATA = "quant_data"
KEYS = {
    "CHIP_LIST": "chip",
    "Model_LIST": "model",
    "INPUT_SIZE_LIST": "input_size",
    "INPUT_INI_LIST": "input_ini",
    "CLASS_NUM_LIST": "class_num",
    "SAVE_NAME_LIST": "save_name",
    "QUANT_DATA_PATH": "quant_data",
}
"""The vendor's keys; it may know more than these, which are all that is public."""


class ModelConfig(Spec):
    """The `.cfg` of an OpenDLA model: what its scripts loop over; edgedla builds one model for one chip."""

    chip: Word
    model: Word  # of onnx/<model>.onnx
    input_size: Word = "0"
    input_ini: Word = INPUT_CONFIG
    class_num: NonNegativeInt = 0
    save_name: Word  # of the image
    quant_data: Word = QUANT_DATA

    @classmethod
    def parse(cls, text: str, place: str) -> ModelConfig:
        """The config in a rendered file.

        Raises:
            UsageError: A list is missing, or has not exactly one entry.
        """
        lists = read_cfg(text, place)
        for key in KEYS:
            if (count := len(lists.get(key, ()))) != 1:
                raise UsageError(f"{place}: {key} must have one entry, found {count}")
        with refusals(place):
            return cls.model_validate({name: lists[key][0] for key, name in KEYS.items()})

    def lists(self) -> dict[str, str]:
        """Values by the vendor's keys."""
        return {key: str(getattr(self, name)) for key, name in KEYS.items()}


def model_config(spec: ModelSpec, options: PcupidOptions) -> ModelConfig:
    """The `.cfg` of a model: names of files as the vendor's examples have them."""
    return ModelConfig(
        chip=options.chip,
        model=options.model_name or f"{spec.stem}_sim",
        input_size=options.input_size or image_size(spec),
        class_num=options.class_num,
        save_name=options.save_name or f"{spec.stem}.img",
    )


def algorithm(spec: ModelSpec, options: PcupidOptions, model: str) -> str:
    """Task and network, the model's folder in OpenDLAModel: a model `eat_sed` of stem `eat` is `sed/eat`."""
    task = "_".join(word for word in model.replace("-", "_").split("_") if word not in ("", spec.stem))
    return options.algorithm or f"{task or 'custom'}/{spec.stem}"


def config_name(spec: ModelSpec, options: PcupidOptions, model: str) -> str:
    """Name of the `.cfg`, as `sed_eat.cfg`."""
    return options.config_name or f"{algorithm(spec, options, model).replace('/', '_')}.cfg"
