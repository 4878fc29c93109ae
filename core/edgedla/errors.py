"""Every failure edgedla can report: one class per cause, exit status, message and a hint to be typed.

Caught once, in `edgedla.cli.main`. A traceback on the screen means a bug in edgedla.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

INTERRUPTED = 130
BUG = 101


class EdgedlaError(Exception):
    """A failure with a reason for people: `message` says what, where and why; `hint` what to type next."""

    exit_code: ClassVar[int] = BUG
    code: ClassVar[str] = "bug"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class GateError(EdgedlaError):
    """A check said no: numbers disagree, a rule is broken, a figure is under its limit."""

    exit_code = 1
    code = "gate"


class UsageError(EdgedlaError):
    """Wrong option, unknown name, bad configuration, unreadable input."""

    exit_code = 2
    code = "usage"


class ToolchainError(EdgedlaError):
    """Another program ran and failed, or left no result."""

    exit_code = 3
    code = "toolchain"

    def __init__(
        self,
        message: str,
        *,
        argv: Sequence[str] = (),
        log: Path | None = None,
        tail: Sequence[str] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.argv = tuple(argv)
        self.log = log
        self.tail = tuple(tail)


class DeviceError(EdgedlaError):
    """The place to run on failed: board not reachable, versions differ, out of memory."""

    exit_code = 4
    code = "device"


class PrerequisiteError(EdgedlaError):
    """A program, package or plugin is missing; the hint is the command that brings it."""

    exit_code = 5
    code = "prerequisite"
