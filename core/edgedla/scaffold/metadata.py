"""What exporters write beside a network: names of classes, a licence, a description; all only text."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import ModelProto

NAMES = ("names", "labels", "classes", "class_names")
LICENCES = ("license", "licence")
DESCRIPTIONS = ("description", "title", "model_name")
LONGEST_NAME, LONGEST_LINE, LONGEST_NUMBER = 200, 80, 9  # characters


def labels(model: ModelProto, count: int) -> tuple[str, ...]:
    """Names of this many classes; empty where the file holds none that could be so many."""
    for key in NAMES:
        found = _listed(_value(model, key))
        if len(found) == count and all(
            0 < len(name) <= LONGEST_NAME and name.isprintable() for name in found
        ):
            return found
    return ()


def licence(model: ModelProto) -> str:
    """The licence that the file names, in one line."""
    return _first(model, LICENCES)


def summary(model: ModelProto) -> str:
    """What the file says it is, in one line."""
    text = _first(model, DESCRIPTIONS) or _line(model.doc_string)
    return text.rstrip(".")


def _first(model: ModelProto, keys: tuple[str, ...]) -> str:
    return next((text for key in keys if (text := _line(_value(model, key)))), "")


def _value(model: ModelProto, key: str) -> str:
    return next((each.value for each in model.metadata_props if each.key.lower() == key), "")


def _line(text: str) -> str:
    """The first line, if it can be shown and is none of those that fill pages."""
    line = next(iter(text.strip().splitlines()), "").strip()
    return line if len(line) <= LONGEST_LINE and line.isprintable() else ""


def _listed(text: str) -> tuple[str, ...]:
    """A list or a dictionary by number, as JSON or as Python writes it; else a name a line."""
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(found, dict):
            found = [name for _, name in sorted(found.items(), key=lambda item: _number(item[0]))]
        if isinstance(found, list | tuple) and all(isinstance(name, str) for name in found):
            return tuple(found)
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _number(key: object) -> int:
    if isinstance(key, str) and key.isdecimal() and len(key) <= LONGEST_NUMBER:
        return int(key)
    return key if isinstance(key, int) else 0
