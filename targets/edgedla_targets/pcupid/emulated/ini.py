"""`input_config.ini` as the vendor's Python front end reads it: its rules, its gaps, its exceptions.

Exceptions are the builtin and configparser ones that the vendor's scripts end with.
"""

from __future__ import annotations

import string
from configparser import ConfigParser
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla_targets.pcupid.emulated.header import Layout

INPUT = "INPUT_CONFIG"
OUTPUT = "OUTPUT_CONFIG"
CONV = "CONV_CONFIG"


@dataclass(frozen=True)
class Config:
    """What both the front end and the later stages take from the file, in its order."""

    parser: ConfigParser
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    training_formats: tuple[str, ...]
    input_formats: tuple[str, ...]

    def get(self, section: str, key: str) -> str | None:
        """The value of a key as the native part sees it, without comments; `None` where it is missing."""
        value = self.parser.get(section, key, fallback=None)
        return None if value is None else native_value(value)

    def input_layout(self, index: int) -> Layout:
        """The layout of one 4-D input; NHWC unless the file says otherwise."""
        return _layout(self.get(INPUT, "input_layouts"), index)

    def output_layout(self, index: int) -> Layout:
        """The layout of one 4-D output; the key has two spellings."""
        value = self.get(OUTPUT, "output_layouts") or self.get(OUTPUT, "output_formats")
        return _layout(value, index)

    def dequantized(self, index: int) -> bool:
        """Whether an output leaves the network as float32 instead of int16."""
        return (self.get(OUTPUT, "dequantizations") or "").split(",")[index] == "TRUE"


def native_value(value: str) -> str:
    """A value without what follows `;` or `#`, and without blanks around it."""
    return value.partition(";")[0].partition("#")[0].strip()


def names(value: str) -> tuple[str, ...]:
    """Tensor names: no blanks anywhere, and no punctuation at the two ends of the whole list."""
    return tuple("".join(value.split()).strip(string.punctuation).split(","))


def read(path: Path) -> Config:
    """The config at `path`; written back, without its comments, where default keys were missing.

    Raises:
        OSError: There is no such file.
        KeyError: A section or key without default is missing.
        configparser.Error: The file is no ini, or lacks the input section or any format.
        IndexError: There are fewer formats than inputs.
    """
    if not path.is_file():
        raise OSError(f"can not find ini file {path}")
    parser = ConfigParser(allow_no_value=True)
    parser.read(path, encoding="utf-8")
    training = parser.get(INPUT, _first_key(parser, "training_input_formats", "input_formats"))
    given = parser.get(INPUT, "input_formats", fallback=training)
    inputs = names(parser[INPUT]["inputs"])
    outputs = names(parser[OUTPUT]["outputs"])
    _fill(parser, path, len(inputs), len(outputs))
    return Config(parser, inputs, outputs, _formats(training, len(inputs)), _formats(given, len(inputs)))


def write_layouts(config: Config, path: Path, layout: str) -> None:
    """What the pack option of the command line does: the layout of every output, in the file."""
    config.parser[OUTPUT]["output_layouts"] = ",".join([layout] * len(config.outputs))
    _write(config.parser, path)


def _layout(value: str | None, index: int) -> Layout:
    return "NCHW" if value and value.split(",")[index] == "NCHW" else "NHWC"


def _first_key(parser: ConfigParser, wanted: str, other: str) -> str:
    return other if not parser.has_option(INPUT, wanted) and parser.has_option(INPUT, other) else wanted


def _formats(value: str, count: int) -> tuple[str, ...]:
    parts = value.replace(";", "").split(",")  # a blank after the comma stays
    return tuple(parts[index] for index in range(count))


def _fill(parser: ConfigParser, path: Path, inputs: int, outputs: int) -> None:
    wanted = ((INPUT, "quantizations", inputs), (OUTPUT, "dequantizations", outputs))
    missing = [entry for entry in wanted if not parser.has_option(entry[0], entry[1])]
    for section, key, count in missing:
        parser[section][key] = ",".join(["TRUE"] * count)
    if missing:
        _write(parser, path)


def _write(parser: ConfigParser, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        parser.write(file)
