"""Class names of the data sets the network is trained on, and of a user's own list."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from edgedla.errors import UsageError
from edgedla_eat_sed.files import open_regular

if TYPE_CHECKING:
    from pathlib import Path

ESC50 = (
    *("dog", "rooster", "pig", "cow", "frog", "cat", "hen", "insects", "sheep", "crow"),
    *("rain", "sea_waves", "crackling_fire", "crickets", "chirping_birds"),
    *("water_drops", "wind", "pouring_water", "toilet_flush", "thunderstorm"),
    *("crying_baby", "sneezing", "clapping", "breathing", "coughing"),
    *("footsteps", "laughing", "brushing_teeth", "snoring", "drinking_sipping"),
    *("door_wood_knock", "mouse_click", "keyboard_typing", "door_wood_creaks", "can_opening"),
    *("washing_machine", "vacuum_cleaner", "clock_alarm", "clock_tick", "glass_breaking"),
    *("helicopter", "chainsaw", "siren", "car_horn", "engine"),
    *("train", "church_bells", "airplane", "fireworks", "hand_saw"),
)
"""The classes of ESC-50 (Piczak 2015, doi 10.1145/2733373.2806390) in its own numbering, 0 to 49."""

ESC50_LICENCE = "CC BY-NC 3.0 (classes are those of ESC-50, whose recordings are CC BY-NC 3.0)"
"""Of weights that nobody gave a licence and that were trained on ESC-50, as their classes tell."""

ESC10 = tuple(ESC50[target] for target in (0, 1, 10, 11, 12, 20, 21, 38, 40, 41))
"""The ten classes of its subset ESC-10 in the same order: the outputs of the bundled weights."""

LARGEST = 1_000_000
"""Bytes of a list of names; the largest data sets have some thousand classes."""


def read_labels(path: Path) -> tuple[str, ...]:
    """Class names from a UTF-8 text file, one a line, the first line class 0.

    A byte order mark, CRLF, blanks around a name and blank lines after the last one are tolerated.

    Raises:
        UsageError: The file cannot be read, is too large, is no text, or has an empty, odd or repeated name.
    """
    lines = [line.removesuffix("\r").strip(" ") for line in _text(path).split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise UsageError(f"'{path}' holds no class names", hint="write one name a line")
    _check_names(path, lines)
    return tuple(lines)


def _text(path: Path) -> str:
    with open_regular(path) as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise UsageError(f"'{path}' is too large for a list of class names: more than {LARGEST} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"'{path}' is not text: no UTF-8 at byte {error.start}") from error


def _check_names(path: Path, lines: list[str]) -> None:
    seen: dict[str, int] = {}
    for number, name in enumerate(lines, start=1):
        if not name:
            raise UsageError(f"'{path}', line {number}: empty; a class needs a name")
        for character in name:
            if unicodedata.category(character) in {"Cc", "Zl", "Zp"}:
                raise UsageError(
                    f"'{path}', line {number}: control character U+{ord(character):04X} in a name"
                )
        if name in seen:
            raise UsageError(f"'{path}', line {number}: '{name}' is the name of line {seen[name]} already")
        seen[name] = number
