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


def _interrupt(number: int, note: Path) -> None:
    note.touch()
    os.kill(os.getpid(), signal.Signals(number))
