"""Images as the board opens them: read piece by piece, checked, and kept by their SHA-256."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING

from edgedla.errors import DeviceError, UsageError
from edgedla_targets.pcupid.emulated import container
from edgedla_targets.pcupid.emulated.board.refusals import Code, Refused
from edgedla_targets.pcupid.emulated.board.wire import PIECE
from edgedla_targets.pcupid.emulated.image import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgedla_targets.pcupid.emulated.header import Header

    Reader = Callable[[int, int], bytes | bytearray]  # offset, size; empty where it cannot be read

LIMIT = 1 << 30  # bytes of an image; offsets of a reader are `int`
NAME = "the image"


class Images:
    """The images that a board has opened, for all programs."""

    def __init__(self, chip: str) -> None:
        self._chip = chip
        self._known: dict[str, Image] = {}
        self._lock = threading.Lock()

    def look(self, read: Reader) -> tuple[Header, int]:
        """What an image says of itself, and its bytes; Refused where it is not for this board."""
        header, before, payload = self._start(read)
        return header, before + payload

    def open(self, read: Reader) -> Image:
        """An image that is ready to run; Refused where there is none."""
        _, before, payload = self._start(read)
        data = _read(read, 0, before + payload)
        digest = hashlib.sha256(data).hexdigest()
        with self._lock:
            if digest not in self._known:
                self._known[digest] = self._opened(data)
            return self._known[digest]

    def _start(self, read: Reader) -> tuple[Header, int, int]:
        magic = read(0, 8)
        if not magic:
            raise Refused(Code.FILE_OPERATION, f"{NAME} cannot be read")
        try:
            container.check_kind(NAME, bytes(magic))
            before, payload = container.sizes(_read(read, 0, container.START))
            if before + payload > LIMIT:
                raise Refused(Code.INVALID_MODEL_BUFFER, f"{NAME} is damaged: {before + payload} bytes")
            header = container.unpack_header(NAME, _read(read, 0, before))
        except UsageError as error:
            raise Refused(Code.INVALID_MODEL_BUFFER, error.message) from None
        self._check(Image(header, b""))
        return header, before, payload

    def _opened(self, data: bytes) -> Image:
        try:
            image = Image(*container.unpack(NAME, data))
            self._check(image)
            image.open()
        except Refused:
            raise
        except UsageError as error:
            raise Refused(Code.INVALID_MODEL_BUFFER, error.message) from None
        except Exception as error:  # noqa: BLE001 - whatever onnxruntime raises for a network that it cannot run
            raise Refused(Code.INVALID_MODEL_BUFFER, f"{NAME} cannot be run: {error}") from None
        return image

    def _check(self, image: Image) -> None:
        try:
            image.checked(NAME, self._chip)
        except UsageError as error:
            raise Refused(Code.INVALID_MODEL_BUFFER, error.message) from None
        except DeviceError as error:
            raise Refused(Code.MISMATCH_MODEL, error.message) from None


def _read(read: Reader, start: int, size: int) -> bytes:
    pieces = []
    for offset in range(start, start + size, PIECE):
        wanted = min(PIECE, start + size - offset)
        piece = read(offset, wanted)
        if len(piece) != wanted:
            raise Refused(Code.INVALID_MODEL_BUFFER, f"{NAME} is cut off: fewer than {size} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def in_memory(data: bytes | bytearray) -> Reader:
    """Reads an image that lies in memory."""
    return lambda offset, size: data[offset : offset + size]
