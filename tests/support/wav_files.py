"""WAV files byte by byte, honest and not: written with struct, not by what reads them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

RATE = 22_050
TAIL = bytes.fromhex("000000001000800000aa00389b71")
"""What follows the format in the GUID of an extensible file (Microsoft, ksmedia.h)."""
PCM, FLOAT, ALAW, MULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
SOUND = 8_000 * np.sin(np.arange(900) * 0.1) + 90 * np.arange(900) % 7
TONE = SOUND.astype("<i2").tobytes()
TONE24 = b"".join((int(level) * 200).to_bytes(3, "little", signed=True) for level in SOUND)
TONE32 = (SOUND * 200_000).astype("<i4").tobytes()
WAVE = (SOUND / 9_000).astype("<f4").tobytes()


def chunk(name: bytes, contents: bytes, size: int | None = None, *, pad: bool = True) -> bytes:
    """A chunk; `size` is what its header says, if that is not the truth."""
    padding = b"\0" if pad and len(contents) % 2 else b""
    return name + struct.pack("<I", len(contents) if size is None else size) + contents + padding


def form(  # noqa: PLR0913 - the members of the chunk
    kind: int = PCM,
    *,
    channels: int = 1,
    rate: int = RATE,
    bits: int = 16,
    align: int | None = None,
    speed: int | None = None,
    extra: bytes = b"",
) -> bytes:
    """The chunk `fmt `: block align and bytes per second are the truth unless given."""
    frame = channels * ((bits + 7) // 8)
    align = frame % 2**16 if align is None else align
    speed = frame * rate % 2**32 if speed is None else speed
    return chunk(b"fmt ", struct.pack("<HHIIHH", kind, channels, rate, speed, align, bits) + extra)


def extended(kind: int, *, valid: int = 16, tail: bytes = TAIL, **members: int) -> bytes:
    """The chunk `fmt ` of an extensible file."""
    return form(EXTENSIBLE, extra=struct.pack("<HHIH", 22, valid, 0, kind) + tail, **members)


def riff(*chunks: bytes, name: bytes = b"RIFF", size: int | None = None) -> bytes:
    """A file of these chunks."""
    contents = b"WAVE" + b"".join(chunks)
    return name + struct.pack("<I", len(contents) if size is None else size) + contents


def wide(data: bytes, claimed: int | None = None, name: bytes = b"RF64") -> bytes:
    """An RF64 file, whose size of the sound is in a chunk of its own."""
    claimed = len(data) if claimed is None else claimed
    sizes = chunk(b"ds64", struct.pack("<QQQI", claimed + 80, claimed, claimed // 2, 0))
    return riff(sizes, form(), chunk(b"data", data, 2**32 - 1), name=name, size=2**32 - 1)


def plain(data: bytes = TONE, **members: Any) -> bytes:
    """A file of one chunk `fmt ` and one of `data`."""
    return riff(form(**members), chunk(b"data", data))


def levels(samples: npt.ArrayLike) -> bytes:
    """A file of float samples as they are."""
    return plain(np.asarray(samples, "<f4").tobytes(), kind=FLOAT, bits=32)


# What libsndfile takes as well: numbers are Python's.
TAKEN = {
    "plain": plain(),
    "size of the file 0": riff(form(), chunk(b"data", TONE), size=0),
    "data to the end": riff(form(), chunk(b"data", TONE, 2**32 - 1)),
    "data to the end, as sox says it": riff(form(), chunk(b"data", TONE, 0x7FFFF000)),
    "block align 0": plain(align=0),
    "block align 1": plain(align=1),
    "block align 7": plain(align=7),
    "bytes per second 0": plain(speed=0),
    "bytes per second 1": plain(speed=1),
    "8 bits": plain(bits=8),
    "8 bits in blocks of 2": plain(bits=8, align=2),
    "12 bits": plain(bits=12),
    "20 bits": plain(TONE24, bits=20),
    "24 bits": plain(TONE24, bits=24),
    "24 bits in blocks of 4": plain(TONE24, bits=24, align=4),
    "32 bits": plain(TONE32, bits=32),
    "float": plain(WAVE, kind=FLOAT, bits=32),
    "double": plain((SOUND / 9_000).astype("<f8").tobytes(), kind=FLOAT, bits=64),
    "a-law": plain(bytes(range(256)) * 3, kind=ALAW, bits=8),
    "mu-law": plain(bytes(range(256)) * 3, kind=MULAW, bits=8),
    "a-law that says 16 bits": plain(kind=ALAW, bits=16),
    "extensible": riff(extended(PCM), chunk(b"data", TONE)),
    "extensible, 24 of 32 bits": riff(extended(PCM, valid=24, bits=32), chunk(b"data", TONE32)),
    "extensible, 0 valid bits": riff(extended(PCM, valid=0), chunk(b"data", TONE)),
    "extensible, 99 valid bits": riff(extended(PCM, valid=99), chunk(b"data", TONE)),
    "extensible float": riff(extended(FLOAT, valid=32, bits=32), chunk(b"data", WAVE)),
    "chunks of odd size": riff(
        chunk(b"junk", b"abc"), form(), chunk(b"odd ", b"x"), chunk(b"data", TONE), chunk(b"LIST", b"INFO")
    ),
    "a frame in part": plain(TONE[:-1]),
    "a frame in part, two channels": plain(TONE[:-2], channels=2),
    "six channels": plain(TONE, channels=6),
    "eight channels": plain(TONE[:1792], channels=8),
    "nine channels": plain(TONE, channels=9),
    "one frame": plain(TONE[2:4]),
    "RF64": wide(TONE),
    "zeros of silence": plain(bytes(500)),
}

# What only the board program takes: as if the file were the second one.
MENDED = {
    "data of size 0 to the end": (riff(form(), chunk(b"data", TONE, 0)), plain()),
    "cut short": (riff(form(), chunk(b"data", TONE, 2**20)), plain()),
    "cut short within a frame": (riff(form(), chunk(b"data", TONE[:-1], 2**20, pad=False)), plain(TONE[:-2])),
    "RF64 cut short": (wide(TONE, 2**33), plain()),
    "RF64 that promises more than any disk holds": (wide(TONE, 2**62), plain()),
    "RF64 without its sizes": (riff(form(), chunk(b"data", TONE, 2**32 - 1), name=b"RF64"), plain()),
    "BW64": (wide(TONE, name=b"BW64"), plain()),
    "format behind the sound": (riff(chunk(b"data", TONE), form()), plain()),
    "two chunks of sound": (riff(form(), chunk(b"data", TONE), chunk(b"data", b"more")), plain()),
    "two formats": (riff(form(), form(bits=8), chunk(b"data", TONE)), plain()),
}

# What nobody takes: error and what the reason has to say.
REFUSED = {
    "nothing in it": (b"RIFF", "FORMAT", "too short"),
    "text": (b"Lorem ipsum dolor sit amet", "FORMAT", "not a WAV file"),
    "big-endian": (b"RIFX" + plain()[4:], "FORMAT", "big-endian"),
    "an AVI": (b"RIFF\0\0\0\0AVI " + plain()[12:], "FORMAT", "not a WAV file"),
    "something before": (bytes(16) + plain(), "FORMAT", "not a WAV file"),
    "no format": (riff(chunk(b"data", TONE)), "FORMAT", "without the chunk 'fmt '"),
    "no sound": (riff(form()), "FORMAT", "without the chunk 'data'"),
    "empty": (plain(b""), "FORMAT", "holds no sound"),
    "empty, and more chunks": (
        riff(form(), chunk(b"data", b""), chunk(b"LIST", b"INFO")),
        "FORMAT",
        "no sound",
    ),
    "less than a frame": (plain(b"a"), "FORMAT", "holds no sound"),
    "format of 14 bytes": (riff(chunk(b"fmt ", form()[8:22]), chunk(b"data", TONE)), "FORMAT", "14 bytes"),
    "no channels": (plain(channels=0), "FORMAT", "0 channels"),
    "too many channels": (plain(channels=65), "FORMAT", "65 channels"),
    "all channels": (plain(channels=65535), "FORMAT", "65535 channels"),
    "rate 0": (plain(rate=0), "FORMAT", "0 Hz"),
    "rate 999": (plain(rate=999), "FORMAT", "999 Hz"),
    "rate 1000001": (plain(rate=1_000_001), "FORMAT", "1000001 Hz"),
    "0 bits": (plain(bits=0), "FORMAT", "0 bits"),
    "64 bits": (plain(bits=64), "FORMAT", "64 bits"),
    "float of 16 bits": (plain(kind=FLOAT), "FORMAT", "float samples of 16 bits"),
    "ADPCM": (plain(kind=0x11, bits=4), "FORMAT", "IMA ADPCM"),
    "MP3": (plain(kind=0x55), "FORMAT", "MPEG"),
    "format unknown": (plain(kind=0x1234), "FORMAT", "0x1234"),
    "extensible, too short": (plain(kind=EXTENSIBLE), "FORMAT", "16 of 40 bytes"),
    "extensible, another GUID": (
        riff(extended(PCM, tail=bytes(14)), chunk(b"data", TONE)),
        "FORMAT",
        "sub-format",
    ),
    "a chunk that swallows all": (
        riff(form(), chunk(b"LIST", b"ab", 2**32 - 16), chunk(b"data", TONE)),
        "FORMAT",
        "without the chunk 'data'",
    ),
    "NaN": (levels([0, 0.5, np.nan]), "SOUND", "frame 2"),
    "infinite": (levels([0, -np.inf, 0]), "SOUND", "frame 1"),
    "louder than sound": (levels([2e30]), "SOUND", "frame 0"),
    "a double that no float holds": (
        plain(np.array([0, 1e300], "<f8").tobytes(), kind=FLOAT, bits=64),
        "SOUND",
        "frame 1",
    ),
    "NaN in the second channel": (
        plain(np.array([0, 0, 0, np.nan], "<f4").tobytes(), kind=FLOAT, bits=32, channels=2),
        "SOUND",
        "frame 1",
    ),
}
