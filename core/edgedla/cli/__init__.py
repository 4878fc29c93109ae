"""The command line: parse, call, print. Nothing heavy is imported before a verb needs it."""

from __future__ import annotations

import os
import sys


def main(argv: list[str] | None = None) -> int:
    """Run one command line; the exit status. `--version` alone answers without importing anything else."""
    words = sys.argv[1:] if argv is None else argv
    if words == ["--version"]:
        from edgedla import __version__

        sys.stdout.write(f"edgedla {__version__}\n")
        return 0
    try:
        if argv is None:
            _prepare_process()
        from edgedla.cli.app import run_command

        return run_command(words)
    except KeyboardInterrupt:  # before a verb was there to answer it
        from edgedla.cli.talk import StoppedError, refuse

        return refuse(words, "", StoppedError())


def _prepare_process() -> None:
    """Give a process that was started without stdout or stderr both, and end it in order when told to."""
    import signal

    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - until the process ends
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:  # nohup has it ignored
            signal.signal(number, signal.default_int_handler)
