"""An audio file as a stream of mono blocks at its own rate, checked on the way.

Files are untrusted: headers that promise more than there is, samples that are no numbers and files that end
early are refused with the reason, and memory is bounded by the block, whatever the header says. Heavy: import
where it is used.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext
from shlex import quote
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import numpy as np
import soundfile

from edgedla.errors import UsageError
from edgedla_eat_sed import announced
from edgedla_eat_sed.files import open_regular
from edgedla_eat_sed.hush import hushed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy.typing as npt

    Samples: TypeAlias = npt.NDArray[np.float32]

BLOCK = 65_536
"""Samples read at once, over all channels."""
LOWEST_RATE, HIGHEST_RATE = 1_000, 1_000_000
"""Hz. No sound is recorded outside (768 kHz is the highest rate sold); a header that says so is wrong."""
LOUDEST = 1e30
"""Full scale is 1. Float files may exceed it, but beyond this the resampler's sums leave float32."""
UNDECODED = 4_096
"""Bytes that may be left of an MP3 when its decoder stops: the tags at its end, and read-ahead."""


class _Decoder(soundfile.SoundFile):  # type: ignore[misc] # soundfile has no types
    """A file that is only read forwards.

    soundfile seeks to where it is after each read of a seekable file. An MP3 decoder then forgets what it
    holds of the frame before, and the sound breaks at each block; and a FLAC of unknown length cannot be read
    to its end.
    """

    def seekable(self) -> bool:
        return False


class Recording:
    """An open audio file: its `rate` in Hz, and its sound by `blocks`."""

    def __init__(self, path: Path, raw: BinaryIO) -> None:
        self._path, self._raw = path, raw
        self._noisy = raw.read(3).startswith((b"ID3", b"\xff"))  # the two beginnings of an MP3
        raw.seek(0)
        self._decoder = self._open()
        self.rate = int(self._decoder.samplerate)
        self._check_header()
        self._expected = announced.frames(self._decoder, raw)
        self._slack = announced.MPEG_SAMPLES if self._decoder.format == "MP3" else 0
        self._check_found(int(self._decoder.frames))

    def _open(self) -> _Decoder:
        try:
            with self._quiet():
                # By descriptor, as by name soundfile takes `.raw` for a format that it cannot read.
                return _Decoder(self._raw.fileno(), closefd=False)
        except soundfile.LibsndfileError as error:
            raise self._refusal(_reason(error)) from error

    def close(self) -> None:
        """Free the decoder; the file stays with its owner."""
        with self._quiet():
            self._decoder.close()

    def blocks(self) -> Iterator[Samples]:
        """The whole recording, mean over channels, as float32 `(samples,)` blocks; full scale is 1.

        Raises:
            UsageError: The sound ends too early, cannot be decoded, or is none.
        """
        found = 0
        while len(block := self._next(found)):
            self._check_levels(block, found)
            found += len(block)
            # In float64 the mean of equal channels is exactly the channel.
            yield block.mean(axis=1, dtype=np.float64).astype(np.float32)
        self._check_found(found)
        self._check_end(found)

    def _next(self, found: int) -> Samples:
        try:
            with self._quiet():
                count = max(1, BLOCK // self._decoder.channels)
                block: Samples = self._decoder.read(count, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            expected = "" if self._expected is None else f" of {self._expected}"
            raise self._refusal(
                f"cut short or damaged after frame {found}{expected} ({_reason(error)})"
            ) from error
        return block

    def _check_header(self) -> None:
        if not LOWEST_RATE <= self.rate <= HIGHEST_RATE:
            raise self._refusal(
                f"a sample rate of {self.rate} Hz is not in {LOWEST_RATE} to {HIGHEST_RATE} Hz"
            )
        size = os.fstat(self._raw.fileno()).st_size
        if self._decoder.format == "OGG" and not announced.ogg_ended(self._raw, size):
            frames = self._decoder.frames
            raise self._refusal(
                f"cut short or damaged: the Ogg stream stops after {frames} frames without its end mark"
            )

    def _check_levels(self, block: Samples, found: int) -> None:
        sound = (np.abs(block) <= LOUDEST).all(axis=1)  # NaN compares false
        if not sound.all():
            frame = found + int(np.argmin(sound))
            raise self._refusal(f"frame {frame} holds no level of sound (NaN, infinite or above {LOUDEST:g})")

    def _check_found(self, found: int) -> None:
        if self._expected is not None and found < self._expected - self._slack:
            raise self._refusal(f"cut short or damaged: {self._expected} frames announced, {found} found")

    def _check_end(self, found: int) -> None:
        if found == 0:
            raise self._refusal("it holds no sound (0 frames)")
        left = os.fstat(self._raw.fileno()).st_size - self._raw.tell()
        if self._decoder.format == "MP3" and self._expected is None and left > UNDECODED:
            raise UsageError(
                f"cannot read '{self._path}': an MP3 of varying bit rate that does not say how long it is "
                f"(no Xing tag): {left} bytes are left after the {found} frames guessed from its beginning",
                hint=f"ffmpeg -i {quote(str(self._path))} {quote(self._path.stem + '_decoded.wav')}",
            )

    def _quiet(self) -> AbstractContextManager[None]:
        return hushed() if self._noisy else nullcontext()

    def _refusal(self, reason: str) -> UsageError:
        return UsageError(f"cannot read '{self._path}': {reason}")


def _reason(error: soundfile.LibsndfileError) -> str:
    return str(error.error_string).removeprefix("Error : ").rstrip(".")


@contextmanager
def recording(path: Path) -> Iterator[Recording]:
    """The audio file at `path`, in any format libsndfile reads, closed when done with.

    Raises:
        UsageError: The file cannot be opened, is no audio, or its header is absurd.
    """
    with open_regular(path) as raw:
        source = Recording(path, raw)
        try:
            yield source
        finally:
            source.close()
