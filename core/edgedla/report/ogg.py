"""Ogg files that are the same whenever they are written.

libsndfile draws the number of each stream by chance; here it is set to a fixed one, and the checksum of every
page (RFC 3533, section 6) to what it is then.
"""

from __future__ import annotations

import zlib

from edgedla.errors import UsageError

HEAD = 27  # bytes of a page before its table of segments
SERIAL, CHECKSUM, SEGMENTS = slice(14, 18), slice(22, 26), 26
MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def fix_serial(ogg: bytes, serial: int = 1) -> bytes:
    """The file with this stream number.

    Raises:
        UsageError: It is no Ogg file.
    """
    data, start = bytearray(ogg), 0
    while start < len(data):
        end = _page_end(ogg, start)
        page = bytearray(data[start:end])
        page[SERIAL] = serial.to_bytes(4, "little")
        page[CHECKSUM] = bytes(4)
        page[CHECKSUM] = checksum(bytes(page)).to_bytes(4, "little")
        data[start:end] = page
        start = end
    return bytes(data)


def checksum(page: bytes) -> int:
    """CRC of the polynomial 0x04c11db7, most significant bit first, from zero.

    zlib has the same polynomial with all bits in the other direction, and inverts before and after.
    """
    mirrored = zlib.crc32(page.translate(MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def _page_end(ogg: bytes, start: int) -> int:
    table = start + HEAD
    if ogg[start : start + 4] != b"OggS" or table > len(ogg):
        raise UsageError(f"no Ogg page at byte {start}")
    segments = ogg[start + SEGMENTS]
    end = table + segments + sum(ogg[table : table + segments])
    if end > len(ogg):
        raise UsageError(f"the Ogg page at byte {start} is cut short")
    return end
