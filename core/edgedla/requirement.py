"""What a plugin needs that pip does not bring with it."""

from __future__ import annotations

from importlib.util import find_spec
from shutil import which
from typing import Literal

from edgedla.errors import PrerequisiteError
from edgedla.spec import Spec


class Requirement(Spec):
    """A Python package or a program on PATH, why it is needed, and the command that brings it."""

    kind: Literal["package", "program"]
    name: str
    purpose: str
    hint: str

    def met(self) -> bool:
        """Whether it is there, without importing or running it."""
        if self.kind == "program":
            return which(self.name) is not None
        return find_spec(self.name) is not None

    def check(self) -> None:
        """Raise PrerequisiteError where it is missing."""
        if not self.met():
            raise PrerequisiteError(f"{self.purpose} needs the {self.kind} '{self.name}'", hint=self.hint)


TORCH = Requirement(
    kind="package",
    name="torch",
    purpose="exporting a trained network",
    hint="pip install 'edgedla[torch]'",
)
