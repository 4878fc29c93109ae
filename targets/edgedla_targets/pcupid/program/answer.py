"""What a board program prints with `--json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, NonNegativeInt, ValidationError

from edgedla.spec import Score, Spec

if TYPE_CHECKING:
    from pathlib import Path


class Parts(Spec):
    """Milliseconds of one run."""

    pre: float
    net: float
    post: float


class Output(Spec):
    """An output of a network without classes: its shape on the board, and the first of its `count` values."""

    name: str
    shape: tuple[int, ...]
    count: int
    first: tuple[float | None, ...]  # `None`: no finite number


class Result(Spec):
    """What the program says of one input; `ms` is the median of `runs`."""

    index: NonNegativeInt
    input: str
    class_id: int | None
    label: str | None
    score: float | None
    top: tuple[Score, ...]
    ms: Parts
    runs: tuple[Parts, ...]
    warnings: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()  # only where there are no classes


class Failed(Spec):
    """An input that could not be read."""

    index: NonNegativeInt
    input: str
    reason: str


class Complaint(Spec):
    """Why the program stopped."""

    code: str
    message: str


class ProgramAnswer(Spec):
    """`edgedla.board/1`."""

    format: Literal["edgedla.board/1"] = Field(alias="schema")
    ok: bool
    exit_code: int
    program: str
    model: str
    image_sha256: str | None  # `None` where the image could not be read
    results: tuple[Result, ...]
    failed: tuple[Failed, ...]
    peak_memory_bytes: NonNegativeInt | None  # `None` where the kernel does not say
    error: Complaint | None


def read_answer(path: Path) -> ProgramAnswer | None:
    """The answer in a file; `None` where it is none."""
    try:
        return ProgramAnswer.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
