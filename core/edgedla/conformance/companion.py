"""The kit's own plugin, seen by the builds it starts: models for targets, and Ctrl-C at the right moment."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedla.hookspecs import hookimpl

if TYPE_CHECKING:
    from edgedla.model import Model

EDGEDLA_CONTRACT = (1, 1)
VARIABLE = "_EDGEDLA_CHECK_INTERRUPT"  # stage, number of the signal, file that says that it was sent
DELAY = 0.05  # seconds from the beginning of the stage, which is then in the plugin's hands
PENDING: dict[str, threading.Timer] = {}
"""By stage, in which it will ring."""


@hookimpl
def edgedla_models() -> list[type[Model[Any]]]:
    """Small networks: with class names and with none, of a recording and of an image."""
    from edgedla.conformance.tiny import Named, Picture, Plain, Sound

    return [Named, Plain, Sound, Picture]


@hookimpl
def edgedla_before_stage(stage: str) -> None:
    """Send this process the signal that `VARIABLE` names, soon after its stage began."""
    wanted, number, note = (os.environ.get(VARIABLE) or "::").split(":", 2)
    if stage != wanted:
        return
    import onnx  # noqa: F401 - what the stage itself imports first, so that the signal meets the plugin

    timer = threading.Timer(DELAY, _interrupt, (int(number), Path(note)))
    timer.daemon = True
    timer.start()
    PENDING[stage] = timer


@hookimpl
def edgedla_after_stage(stage: str) -> None:
    """Send it now where the stage took no longer than that."""
    timer = PENDING.pop(stage, None)
    if timer and timer.is_alive():
        timer.cancel()
        timer.function(*timer.args)


def _interrupt(number: int, note: Path) -> None:
    if note.exists():  # the stage ended in the same moment
        return
    note.touch()
    os.kill(os.getpid(), signal.Signals(number))
