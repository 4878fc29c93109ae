"""Emulated `.sim` files: float and fixed networks for the PC simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.errors import UsageError
from edgedla_targets.pcupid.emulated.network import Network

if TYPE_CHECKING:
    from pathlib import Path


def load(path: Path) -> Network:
    """The float or fixed network at `path`.

    Raises:
        UsageError: It cannot be read, is damaged, or is no emulated `.sim`.
    """
    network = Network.read(path)
    if network.header.kind == "offline":
        raise UsageError(f"{path}: an image for a board, not a .sim file", hint="load it with image.Image")
    return network
