"""The contract of a converter: one artifact format into another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from edgedla.spec import Tolerance

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.context import Context
    from edgedla.runner import Runner


class Converter(ABC):
    """A step of a route; core chains converters from `onnx` to what a target accepts.

    Name the class `<Result>From<Source>`.
    """

    name: ClassVar[str]
    source: ClassVar[str]
    result: ClassVar[str]
    rung: ClassVar[str] = ""  # name of the result on the ladder; that of its format unless given
    tolerance: ClassVar[Tolerance] = (
        Tolerance()
    )  # the result against the rung before; a model's spec may override

    @abstractmethod
    def convert(self, path: Path, context: Context) -> Path:
        """Convert the file at `path`; write below `context.dir("convert")` and return the new file."""

    def runner(self, path: Path, context: Context) -> Runner | None:
        """Something that runs the result, so that it can be verified; `None` where nothing can."""
        return None
