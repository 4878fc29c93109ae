"""What the vendor's messages mean: data in `failures.toml`, each entry with a stable code."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from edgedla.spec import Spec

TABLE = Path(__file__).with_name("failures.toml")
LOG_END = 256 * 1024  # bytes of a log that are searched
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Steps in which several tools run one after the other.
_PARTS = {"convert": ("float_sim", "fixed_sim", "image")}

Stage = Literal["float_sim", "fixed_sim", "image", "simulate", "docker"]


class Failure(Spec):
    """One known way to fail. `cause` may quote the pattern's named groups; `{` stands for nothing else."""

    code: Annotated[str, Field(pattern=r"^E-PCU-\d{3}$")]
    stages: tuple[Stage, ...] = ()  # empty: any but docker
    pattern: str
    cause: str
    remedy: str
    source: str  # where the message was seen
    certainty: Literal["certain", "likely", "inferred"]  # of the message's text
    fallback: bool = False  # says less than any other that fits
    halves: bool = False  # ends a program while it writes: what it leaves may be half a file

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        re.compile(pattern)
        return pattern

    def applies(self, stage: str) -> bool:
        """Whether it can happen there."""
        if not self.stages:
            return stage != "docker"
        return bool({stage, *_PARTS.get(stage, ())} & set(self.stages))

    def found(self, text: str) -> Failure | None:
        """This failure with its cause completed from the text, `None` where it does not fit."""
        match = re.search(self.pattern, text, re.MULTILINE)
        if match is None:
            return None
        groups = {key: (value or "")[:200] for key, value in match.groupdict().items()}
        return self.model_copy(update={"cause": self.cause.format_map(groups)})


@cache
def table() -> tuple[Failure, ...]:
    """All known failures, the telling ones first."""
    entries = tomllib.loads(TABLE.read_text(encoding="utf-8"))["failure"]
    known = [Failure.model_validate(entry) for entry in entries]
    return tuple(sorted(known, key=lambda each: each.fallback))


def find(stage: str, text: str) -> Failure | None:
    """The first known failure that fits what a stage said; its last line says how it ended."""
    plain = _CONTROL.sub("", text)
    candidates = (each.found(plain) for each in table() if each.applies(stage))
    return next((each for each in candidates if each), None)


def halving(stage: str, text: str) -> bool:
    """Whether a log tells of something that leaves half files."""
    plain = _CONTROL.sub("", text)
    return any(each.halves and each.applies(stage) and each.found(plain) for each in table())


def log_text(path: Path) -> str:
    """The end of a log; empty where there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - LOG_END))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
