"""Runs a program on an emulated board: `python -m edgedla_targets.pcupid.emulated.board -- PROGRAM ARGS…`.

Exit status of the program; 4 where the board objected to anything, which is listed on stderr; 130 after
Ctrl-C.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from argparse import ArgumentParser
from typing import TYPE_CHECKING

from edgedla.errors import INTERRUPTED, DeviceError, PrerequisiteError
from edgedla_targets.pcupid.emulated.board import Board
from edgedla_targets.pcupid.emulated.console import CHIP, CHIPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; its exit status."""
    parser = ArgumentParser(prog="python -m edgedla_targets.pcupid.emulated.board", description=__doc__)
    parser.add_argument("--chip", choices=CHIPS, default=CHIP, help="the chip to be (default: %(default)s)")
    parser.add_argument("program", nargs="+", metavar="PROGRAM ARGS", help="what to run, behind --")
    options = parser.parse_args(arguments)
    found = shutil.which(options.program[0])
    if found is None:
        sys.stderr.write(f"error: there is no program '{options.program[0]}'\n")
        return PrerequisiteError.exit_code
    with _terminable(), Board(options.chip) as board:
        status = _run(found, options.program, os.environ | board.environment)
        faults = board.faults
    for fault in faults:
        sys.stderr.write(f"fault: {fault}\n")
    return DeviceError.exit_code if faults and status != INTERRUPTED else status


def _run(path: str, argv: list[str], environment: Mapping[str, str]) -> int:
    """Run a program to its end, on the terminal of this one."""
    # Not by `edgedla.toolchain`, which keeps what a program prints in a log: here the terminal is its own.
    child = os.posix_spawn(path, argv, environment, setsigdef=[signal.SIGINT, signal.SIGTERM])
    try:
        return _status(child)
    except KeyboardInterrupt:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
        _status(child)
        return INTERRUPTED


def _status(child: int) -> int:
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Being told to end is like Ctrl-C: the program is ended too, and the socket taken away."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
