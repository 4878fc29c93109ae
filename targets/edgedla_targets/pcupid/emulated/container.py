"""The container of emulated `.sim` and `.img` files: magic, sha256, JSON header, ONNX payload.

All integers little-endian: 8 bytes magic, 32 bytes sha256 over everything behind it, 4 bytes length of the
header, the header as UTF-8 JSON with sorted keys, the payload. Nothing in it can run code.
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
_LENGTH = struct.Struct("<I")


def write(path: Path, header: Header, payload: bytes) -> None:
    """Write the container; the same header and payload always make the same bytes."""
    text = json.dumps(header.model_dump(), sort_keys=True, separators=(",", ":")).encode()
    body = _LENGTH.pack(len(text)) + text + payload
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
    if data[:8] not in (SIM, IMAGE):
        raise UsageError(
            f"{path}: not a file of the emulated toolchain (it begins with {data[:8]!r})",
            hint="files of the vendor's own toolchain run in its simulator and on a board",
        )
    body = data[_PREFIX.size :]
    if hashlib.sha256(body).digest() != data[8 : _PREFIX.size]:
        raise UsageError(
            f"{path}: damaged: its contents do not have the sha256 it names", hint="build it again"
        )
    return _parse(path, body, image=data[:8] == IMAGE)


def _parse(path: Path, body: bytes, *, image: bool) -> tuple[Header, bytes]:
    try:
        end = _LENGTH.size + _LENGTH.unpack_from(body)[0]
        header = Header.model_validate_json(body[_LENGTH.size : end])
    except (struct.error, ValidationError) as error:
        raise UsageError(f"{path}: its header cannot be understood: {error}") from None
    if (header.kind == "offline") != image:
        raise UsageError(f"{path}: its header says '{header.kind}', its first bytes say otherwise")
    return header, body[end:]
