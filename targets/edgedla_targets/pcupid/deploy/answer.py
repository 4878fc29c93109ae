"""What our scripts say on a board: lines of `NAME VALUE`, read as one reads what strangers write."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from edgedla.log import plain
from edgedla_targets.pcupid.program.answer import ProgramAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT = 4 * 1024 * 1024  # bytes of an answer that are read
_FIRST, _LAST = "edgedla 1", "end 1"
_MESSAGE = "  message: "
_DIGITS = 9  # of a number of checks
_TOLD = {"input", "class_id", "label", "score", "top", "ms"}  # of a result, as `edgedla run --json` has it


class Answer:
    """The lines of a whole answer, by their names."""

    def __init__(self, lines: list[str]) -> None:
        self._values: dict[str, list[str]] = {}
        for line in lines:
            name, _, value = line.partition(" ")
            self._values.setdefault(name, []).append(value)

    def all(self, name: str) -> list[str]:
        """Every value of this name, in order."""
        return self._values.get(name, [])

    def get(self, name: str) -> str:
        """The first value of this name as plain text; empty where there is none."""
        return plain(next(iter(self.all(name)), ""))


def read(path: Path) -> Answer | None:
    """The answer in a file, `None` where it is not whole. What a login shell prints first is left out."""
    with path.open("rb") as file:
        lines = file.read(LIMIT).decode("utf-8", "replace").split("\n")
    if _FIRST not in lines or _LAST not in lines:
        return None
    return Answer(lines[lines.index(_FIRST) + 1 : lines.index(_LAST)])


@dataclass(frozen=True)
class Tap:
    """What a self-test says: how many checks passed, and the lines of those that failed."""

    planned: int | None
    passed: int
    failed: tuple[str, ...]

    @classmethod
    def parse(cls, lines: list[str]) -> Tap:
        """From the lines of its output; what is no TAP is passed over."""
        text = [plain(line) for line in lines]
        plans = [line[3:].split(" ")[0] for line in text if line.startswith("1..")]
        planned = int(plans[0]) if plans and plans[0].isdecimal() and len(plans[0]) < _DIGITS else None
        return cls(planned, sum(line.startswith("ok ") for line in text), tuple(_failed(text)))

    @property
    def whole(self) -> bool:
        """Whether all that was planned was done."""
        return self.planned is not None and self.planned == self.passed + len(self.failed) > 0


def _failed(lines: list[str]) -> Iterator[str]:
    """Lines of checks that failed, each with the message in the YAML block below it."""
    for line, *block in (lines[index : index + 3] for index in range(len(lines))):
        if line.startswith(("not ok ", "Bail out!")):
            message = next((each for each in block if each.startswith(_MESSAGE)), "")
            yield line + message.replace(_MESSAGE, ": ", 1)


def results(lines: list[str]) -> tuple[dict[str, Any], ...] | None:
    """The results in the program's `--json`; `None` where that, or a number in it, is something else."""
    try:
        found = ProgramAnswer.model_validate_json("\n".join(lines)).results
        told = [result.model_dump(mode="json", include=_TOLD) for result in found]
        json.dumps(told, allow_nan=False)
    except (ValidationError, ValueError):
        return None
    return tuple(told)
