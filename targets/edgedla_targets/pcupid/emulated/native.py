"""What the native part of the vendor's tools accepts in the ini; all else ends in an abort without a reason.

The rules: the refusals measured on SDK 1.1.5, and the pairs of formats in the S1.0.9 manual (`BEHAVIOUR.md`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.emulated.console import native_refusal
from edgedla_targets.pcupid.emulated.ini import CONV, INPUT, OUTPUT, native_value

if TYPE_CHECKING:
    from edgedla_targets.pcupid.emulated.ini import Config

NAMES_LIMIT = 1024  # characters of all names of one list together
NAME_LIMIT = 255  # characters of one name; the board's descriptor has 256 with the final zero
RAW = ("RAWDATA_F32_NHWC", "RAWDATA_S16_NHWC")
CHANNELS = {"RGB": 3, "BGR": 3, "GRAY": 1}
# Training format → what the board may deliver. Colours are neither swapped nor made from raw data.
PAIRS = {
    "RGB": ("RGB", "RGBA", "YUV_NV12"),
    "BGR": ("BGR", "BGRA", "YUV_NV12"),
    "GRAY": ("GRAY", "YUV_NV12"),
    **{raw: (raw,) for raw in RAW},
}
CONV_FORMATS = ("ALL_UINT8", "ALL_INT16", "CONV2D_INT16", "DEPTHWISE_INT16")
LAYOUTS = ("NHWC", "NCHW")
SWITCHES = ("TRUE", "FALSE")


def check(config: Config) -> None:
    """Abort, as the native parser does, where it would not take the file.

    Raises:
        ConverterError: Without a reason; that is the point.
    """
    accepted = (
        _names(config, INPUT, "inputs", config.inputs)
        and _names(config, OUTPUT, "outputs", config.outputs)
        and _switches(config.get(INPUT, "quantizations"), len(config.inputs))
        and _switches(config.get(OUTPUT, "dequantizations"), len(config.outputs))
        and _formats(config)
        and _normalisation(config)
        and _layouts(config)
        and _convolutions(config)
    )
    if not accepted:
        raise native_refusal("sgs_ParserInOutConfigFile")


def channel_values(config: Config, key: str, index: int) -> tuple[float, ...]:
    """`mean` or `std_value` of one image input, one number per channel, in the order of R, G, B."""
    values = config.get(INPUT, key)
    if values is None:
        old = {"mean": ("mean_red", "mean_green", "mean_blue"), "std_value": ("std_value",) * 3}[key]
        return tuple(float(config.get(INPUT, name) or "nan") for name in old)
    parts = [float(part) for part in values.split(",")[index].split(":")]
    return tuple(parts * (3 // len(parts)))


def image_indices(config: Config) -> list[int]:
    """Which inputs are images; `mean` and `std_value` have one entry for each of them."""
    return [index for index, name in enumerate(config.training_formats) if native_value(name) in CHANNELS]


def _names(config: Config, section: str, key: str, found: tuple[str, ...]) -> bool:
    value = config.get(section, key) or ""
    plain = all(part == part.strip() for part in value.split(","))
    return plain and len("".join(found)) <= NAMES_LIMIT and max(map(len, found)) <= NAME_LIMIT


def _switches(value: str | None, count: int) -> bool:
    parts = (value or "").split(",")
    return len(parts) == count and all(part in SWITCHES for part in parts)


def _formats(config: Config) -> bool:
    if config.get(INPUT, "input_formats") is None:
        return False
    pairs = zip(map(_plain, config.training_formats), map(_plain, config.input_formats), strict=True)
    return all(given in PAIRS.get(training, ()) for training, given in pairs)


def _plain(value: str) -> str:
    return value.partition("#")[0].rstrip()  # a blank in front stays, and is refused


def _normalisation(config: Config) -> bool:
    images = image_indices(config)
    keys = ("mean", "std_value", "mean_red", "mean_green", "mean_blue")
    if not images:
        return all(config.get(INPUT, key) is None for key in keys)
    return all(_channels(config, key, len(images)) for key in ("mean", "std_value"))


def _channels(config: Config, key: str, images: int) -> bool:
    value = config.get(INPUT, key)
    try:
        found = [channel_values(config, key, index) for index in range(images)]
    except (ValueError, IndexError, ZeroDivisionError):
        return False
    counted = value is None or len(value.split(",")) == images
    divisible = key == "mean" or all(number > 0 for numbers in found for number in numbers)
    return counted and divisible and all(number == number for numbers in found for number in numbers)  # noqa: PLR0124 - NaN: an old key is missing


def _layouts(config: Config) -> bool:
    wanted = {
        (INPUT, "input_layouts"): len(config.inputs),
        (OUTPUT, "output_layouts"): len(config.outputs),
        (OUTPUT, "output_formats"): len(config.outputs),
    }
    found = {key: (config.get(*key) or "").split(",") for key in wanted if config.get(*key) is not None}
    return all(len(parts) == wanted[key] and set(parts) <= {*LAYOUTS} for key, parts in found.items())


def _convolutions(config: Config) -> bool:
    value = config.get(CONV, "input_format")
    return value is None or value in CONV_FORMATS
