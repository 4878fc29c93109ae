"""Files for a new plugin to be tried with: tones, colours and numbers, made here and so anybody's to use."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from edgedla.scaffold.plan import Kind
    from edgedla.spec import TensorSpec

    Numbers = npt.NDArray[np.generic]

LEVEL = 0.5  # of a tone; full scale is 1
TONES = (220, 3520)  # Hz
MOST_PIXELS = 1024  # on a side
COLOURS = {"red": (224, 48, 64), "green": (32, 176, 48), "blue": (40, 72, 208)}


def placeholders(kind: Kind, inputs: Sequence[TensorSpec], rate: int) -> dict[str, bytes]:
    """Files by name that fit these inputs, and say nothing of what the network will meet; `rate` in Hz."""
    shape = inputs[0].shape
    if kind == "audio":
        return {f"tone_{hertz}_hz.wav": tone(hertz, rate, shape[-1]) for hertz in TONES}
    if kind == "image":
        height, width = (min(side, MOST_PIXELS) for side in shape[2:])
        return {f"{name}.png": shade(colour, width, height) for name, colour in COLOURS.items()}
    suffix = "npy" if len(inputs) == 1 else "npz"
    return {f"random_{seed}.{suffix}": numbers(inputs, seed) for seed in (1, 2)}


def tone(hertz: float, rate: int, length: int) -> bytes:
    """A WAV file of 16 bits: `length` samples of a tone."""
    import wave

    import numpy as np

    sound = np.sin(2 * np.pi * hertz * np.arange(length) / rate)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(np.rint(32767 * LEVEL * sound).astype("<i2").tobytes())
    return file.getvalue()


def shade(colour: tuple[int, int, int], width: int, height: int) -> bytes:
    """A PNG file of a colour that fades from its left upper corner on."""
    import numpy as np

    across, down = np.linspace(1, 0.5, width), np.linspace(1, 0.5, height)
    levels = np.rint(down[:, None, None] * across[:, None] * np.array(colour)).astype(np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in levels)  # 0: the row as it is, without a filter
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, RGB
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def numbers(tensors: Sequence[TensorSpec], seed: int) -> bytes:
    """Random numbers for these inputs: a .npy file for a single one, else a .npz file."""
    import numpy as np

    rng = np.random.default_rng(seed)
    arrays = {tensor.name: _random(rng, tensor) for tensor in tensors}
    if len(tensors) == 1:
        return array_file(arrays[tensors[0].name])
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def array_file(array: Numbers) -> bytes:
    """A .npy file."""
    import numpy as np

    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def _random(rng: np.random.Generator, tensor: TensorSpec) -> Numbers:
    import numpy as np

    if tensor.dtype.startswith("float"):
        return rng.standard_normal(tensor.shape).astype(tensor.dtype)
    return rng.integers(0, 2, tensor.shape).astype(
        np.dtype(tensor.dtype)
    )  # 0 and 1 can be looked up in any table


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
