"""Emulated `.img` files: what the emulated board runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.errors import DeviceError, UsageError
from edgedla_targets.pcupid.emulated.console import CHIP
from edgedla_targets.pcupid.emulated.network import Network

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self


class Image(Network):
    """An offline network; `run` takes and gives exactly the bytes of the board's input and output buffers."""

    @classmethod
    def load(cls, path: Path, chip: str | None = CHIP) -> Self:
        """The image at `path`, for `chip` (`None`: for whichever chip it is).

        Raises:
            UsageError: It cannot be read, is damaged, or is no emulated image.
            DeviceError: It was made for another chip.
        """
        return cls.read(path).checked(path, chip)

    def checked(self, name: object, chip: str | None = CHIP) -> Self:
        """This image, if it is one for `chip`; messages call it `name`."""
        if self.header.kind != "offline":
            raise UsageError(f"{name}: a .sim file, not an image for a board", hint="compile it first")
        if chip is not None and self.header.chip != chip:
            raise DeviceError(
                f"{name}: made for the chip '{self.header.chip}', this is '{chip}'",
                hint=f"build it with --soc_version {chip}",
            )
        return self
