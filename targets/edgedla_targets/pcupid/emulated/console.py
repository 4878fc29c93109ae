"""What the emulated scripts say, and the chips they know."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser

BANNER = "edgedla emulated toolchain: not SigmaStar's; what it makes runs on no board"
CHIP = "pcupid"
# Names that `--soc_version` was seen with in public sources; which of them a release knows differs.
CHIPS = (
    *("fackel", "fliegen", "ibopper", "ifackel", "ifado", "ifliegen", "iford", "jaguar1"),
    *("maruko", "mochi", "muffin", "opera", "pcupid", "souffle"),
)


class ConverterError(Exception):
    """The native part gave up; as with the vendor's, the text does not say which key or node is to blame."""


def say(line: str) -> None:
    """A line on stdout, at once, so that it keeps its place among the lines of other programs."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def red(text: str) -> str:
    """Text as the vendor's scripts colour their milestones, terminal or not."""
    return f"\033[31m{text}\033[0m"


def add_chip(parser: ArgumentParser) -> None:
    """The option `--soc_version` of the modern scripts."""
    parser.add_argument("--soc_version", choices=CHIPS, default=CHIP, help="chip to work for")


def native_refusal(place: str) -> ConverterError:
    """The end of a native program by SIGABRT: a place in its source, and no reason."""
    return ConverterError(
        f"Convert failed. See console for info.\n{place}: Assertion `0' failed.\nAborted (core dumped)"
    )
