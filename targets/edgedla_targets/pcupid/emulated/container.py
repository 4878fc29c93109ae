"""The container of emulated `.sim` and `.img` files: magic, sha256, JSON header, ONNX payload.

All integers little-endian: 8 bytes magic, 32 bytes sha256 over everything behind it, 4 bytes length of the
header, 4 bytes length of the payload, the header as UTF-8 JSON with sorted keys, the payload. Nothing in it
can run code. The lengths are for a board, which may be given an image without the size of its file.
"""

from __future__ import annotations

import hashlib
import json
import struct
from typing import TYPE_CHECKING

from pydantic import ValidationError

from edgedla.errors import UsageError
from edgedla_targets.pcupid.emulated.header import Header

if TYPE_CHECKING:
    from pathlib import Path

SIM = b"EDLASIM1"
IMAGE = b"EDLAIMG1"
_PREFIX = struct.Struct("<8s32s")
_LENGTHS = struct.Struct("<II")
START = _PREFIX.size + _LENGTHS.size  # bytes from which `sizes` tells how many there are


def write(path: Path, header: Header, payload: bytes) -> None:
    """Write the container; the same header and payload always make the same bytes."""
    text = json.dumps(header.model_dump(), sort_keys=True, separators=(",", ":")).encode()
    body = _LENGTHS.pack(len(text), len(payload)) + text + payload
    magic = IMAGE if header.kind == "offline" else SIM
    path.write_bytes(_PREFIX.pack(magic, hashlib.sha256(body).digest()) + body)


def read(path: Path) -> tuple[Header, bytes]:
    """Header and payload of a container.

    Raises:
        UsageError: It cannot be read, is something else, or was damaged.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    return unpack(path, data)


def unpack(name: object, data: bytes) -> tuple[Header, bytes]:
    """Header and payload of a container whose bytes are `data`; messages call it `name`.

    Raises:
        UsageError: It is something else, or was damaged.
    """
    check_kind(name, data)
    if hashlib.sha256(data[_PREFIX.size :]).digest() != data[8 : _PREFIX.size]:
        raise UsageError(
            f"{name}: damaged: its contents do not have the sha256 it names", hint="build it again"
        )
    header = unpack_header(name, data)
    start, size = sizes(data)
    if len(data) != start + size:
        raise UsageError(f"{name}: its header cannot be understood: {len(data)} bytes, not {start + size}")
    return header, data[start:]


def check_kind(name: object, data: bytes) -> None:
    """UsageError unless `data` begins as a container does."""
    if data[:8] not in (SIM, IMAGE):
        raise UsageError(
            f"{name}: not a file of the emulated toolchain (it begins with {data[:8]!r})",
            hint="files of the vendor's own toolchain run in its simulator and on a board",
        )


def sizes(data: bytes) -> tuple[int, int]:
    """Bytes before the payload, and bytes of the payload, as the first `START` bytes say."""
    header, payload = _LENGTHS.unpack_from(data, _PREFIX.size)
    return START + header, payload


def unpack_header(name: object, data: bytes) -> Header:
    """The header of a container of which `data` are the first bytes; damage is not seen here."""
    try:
        header = Header.model_validate_json(data[START : sizes(data)[0]])
    except (struct.error, ValidationError) as error:
        raise UsageError(f"{name}: its header cannot be understood: {error}") from None
    if (header.kind == "offline") != (data[:8] == IMAGE):
        raise UsageError(f"{name}: its header says '{header.kind}', its first bytes say otherwise")
    return header
