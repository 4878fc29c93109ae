"""What an audio file says of its own length, where libsndfile keeps quiet about it.

libsndfile takes the length of a WAV, AIFF or AU from what is there of the file when that is less than the
header says; of an Ogg stream from the last page it finds; of an MP3 without a Xing or Info tag from a guess
at its bit rate. These functions find out what was promised, so that a file cut short is refused, not taken
for a short recording. An untagged MP3 promises nothing, and of a cut Wave64 libsndfile does not tell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from re import Match

UNKNOWN = 2**63 - 1
"""libsndfile's SF_COUNT_MAX: a FLAC written to a pipe does not know its length."""
STREAMED = 0x7FFF_F000
"""Chunk sizes from here on are what sox, arecord and ffmpeg write to a pipe, where they cannot go back."""
OGG_PAGE = 65_307
"""The largest Ogg page in bytes (RFC 3533, section 6)."""
MPEG_FRAME = 1_441
"""The largest layer III frame in bytes: 320 kbit/s at 32 kHz, padded (ISO 11172-3)."""
MPEG_SAMPLES = 1_152
"""Samples in a layer III frame. Decoders differ by less than one in how they count the encoder's delay."""

# Lines of libsndfile's log. WAV, AU: claimed and found bytes of sound; RF64, AIFF: claimed number of frames.
_SHORT_CHUNK = re.compile(r"^\s*(?:data|Data Size)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)
_OTHER_COUNT = re.compile(r"from 'ds64' chunk of (\d+)|from 'COMM' chunk \((\d+)\) not equal")


def frames(decoder: Any, raw: BinaryIO) -> int | None:
    """Frames that an open `soundfile.SoundFile` over `raw` ought to give; `None` where nothing says so."""
    if decoder.format == "MP3":
        return int(decoder.frames) if _has_xing_tag(raw) else None
    if short := _SHORT_CHUNK.search(decoder.extra_info):
        return _from_chunk(decoder.frames, short)
    if count := _OTHER_COUNT.search(decoder.extra_info):
        return int(count[1] or count[2])
    return None if decoder.frames == UNKNOWN else int(decoder.frames)


def _from_chunk(found: int, short: Match[str]) -> int | None:
    claimed, present = int(short[1]), int(short[2])
    if claimed >= STREAMED:
        return None
    if found == 0:  # no frame size to convert with, yet something was promised
        return 1
    # Frames below one byte, of compressed sound, give about the number; others exactly.
    return claimed // (present // found) if present >= found else claimed * found // present


def _has_xing_tag(raw: BinaryIO) -> bool:
    """Whether the first frame of an MP3 is the one that counts the rest (`Xing` or `Info`)."""
    head = _read_at(raw, 0, 10)
    start = 0
    if head[:3] == b"ID3":  # ten bytes of header, then a size in four times seven bits (ID3v2.4, section 3.1)
        start = 10 + sum(
            (byte & 127) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True)
        )
    frame = _read_at(raw, start, MPEG_FRAME)
    return b"Xing" in frame or b"Info" in frame


def ogg_ended(raw: BinaryIO, size: int) -> bool:
    """Whether an Ogg stream's last page is marked as its end (header type bit 4, RFC 3533, section 6)."""
    # Twice the largest page, as up to a page of something else, a tag of a tagger, may follow.
    tail = _read_at(raw, max(0, size - 2 * OGG_PAGE), 2 * OGG_PAGE)
    last = tail.rfind(b"OggS\0")
    return 0 <= last < len(tail) - 5 and bool(tail[last + 5] & 4)


def _read_at(raw: BinaryIO, offset: int, count: int) -> bytes:
    """`count` bytes, with the file position afterwards where it was: the decoder shares it."""
    before = raw.tell()
    raw.seek(offset)
    data = raw.read(count)
    raw.seek(before)
    return data
