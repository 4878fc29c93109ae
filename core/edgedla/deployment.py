"""What a target is told of the place where a bundle shall work, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgedla.spec import Spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edgedla.errors import EdgedlaError
    from edgedla.toolchain import Toolchain


@dataclass(frozen=True)
class Place:
    """A folder on another machine, and how it is reached."""

    host: str  # as ssh takes it: user@address
    folder: str  # relative to the login folder, or absolute
    ssh_config: Path | None  # `None`: the user's own
    keep: int  # releases that stay there, the new one among them
    tools: Toolchain  # on a dry run it only says what would be run
    report: Callable[[str], None]  # takes a line for each step that is done


class SelfTest(Spec):
    """How many checks the program made of itself there, and the lines of those that failed."""

    passed: int
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deployment:
    """What is there now. A deployment that did not succeed says why in `failure`, and what it left."""

    folder: str
    release: str  # digest of the contents
    previous: str | None  # release that was at work before
    copied: bool  # False: it had been there already
    rolled_back: bool
    self_test: SelfTest
    results: tuple[dict[str, Any], ...] = ()  # as those of `edgedla run --json`
    warnings: tuple[str, ...] = ()
    failure: EdgedlaError | None = None
