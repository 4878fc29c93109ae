"""What plugins may rely on, a line each: hooks, base classes, and the specs that pass between them.

python tests/support/contract.py            write the record of this version
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import edgedla
from edgedla import hookspecs

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[1] / "conformance/contracts"


def surface() -> list[str]:
    """Sorted lines; those of a version stand in `contracts/<version>.txt`."""
    lines = {f"hook {name}{inspect.signature(hook)}" for name, hook in hooks().items()}
    for name in edgedla.__all__:
        value = getattr(edgedla, name)
        lines.add(f"name {name}")
        if inspect.isclass(value):
            lines |= {f"{name}.{line}" for line in members(value)}
    return sorted(lines)


def hooks() -> dict[str, Any]:
    return {name: value for name, value in vars(hookspecs).items() if name.startswith("edgedla_")}


def members(kind: type) -> Iterator[str]:
    """Fields of a spec, else what the class itself defines for those who derive from it or call it."""
    if fields := getattr(kind, "model_fields", None):
        yield from (f"{key}{'' if field.is_required() else ' (optional)'}" for key, field in fields.items())
        return
    for key, value in vars(kind).items():
        if key.startswith("_"):
            continue
        function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        yield f"{key}{parameters(function)}" if inspect.isfunction(function) else key


def parameters(function: Any) -> str:
    """Names, and which may be left out; annotations may be written in other words without harm."""
    found = inspect.signature(function).parameters.values()
    return f"({', '.join(each.name + ('' if each.default is each.empty else '=') for each in found)})"


def record(version: tuple[int, int]) -> Path:
    return FOLDER / f"{version[0]}.{version[1]}.txt"


if __name__ == "__main__":
    record(edgedla.CONTRACT).write_text("\n".join(surface()) + "\n")
    sys.stdout.write(f"{record(edgedla.CONTRACT).name} written\n")
