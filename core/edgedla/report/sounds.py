"""What a network hears, for eyes and ears: envelope, spectrogram, and the sound itself."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgedla.report.ogg import fix_serial
from edgedla.requirement import Requirement

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from edgedla.runner import Feed
    from edgedla.spec import ModelSpec

    Samples = npt.NDArray[np.float32]

PILLOW = Requirement(
    kind="package",
    name="PIL",
    purpose="drawing spectrograms",
    hint="pip install 'edgedla[report]', or --no-players for a page without sound",
)
COLUMNS = 240
"""Of the envelope: more cannot be told apart at the width that it is shown in."""
WIDTH, HEIGHT = 360, 96  # pixels of the spectrogram
FFT = 8 * HEIGHT  # samples: four lines of the spectrum to each row of the picture
RANGE_DB = 80.0
STEPS = 32  # of level: halves the file, and an eye sees no more
COMPRESSION = 0.7  # of 0 to 1: Vorbis at a quality of 0.3, some 50 kbit/s for a voice at 22 kHz
RATES = range(8000, 192001)
"""Hz that browsers play."""
COLOURS = ((0, 10, 8, 32), (64, 74, 24, 110), (128, 176, 54, 92), (192, 244, 140, 60), (255, 252, 246, 190))
"""Level, and its red, green and blue; what is between is interpolated. Lightness rises all the way."""


@dataclass(frozen=True)
class Player:
    """A sound that stands in the page; both addresses are `data:`."""

    seconds: float
    rate: int
    loudest: float  # of full scale
    envelope: tuple[tuple[float, float], ...]  # lowest and highest sample of each column
    ogg: str
    spectrogram: str

    @property
    def size(self) -> int:
        """Bytes of it in a page, nearly."""
        return len(self.ogg) + len(self.spectrogram) + 12 * len(self.envelope)


def sound_of(feed: Feed, spec: ModelSpec) -> Samples | None:
    """The model's first input as samples, `None` where it is no sound or none that browsers play."""
    import numpy as np

    if spec.audio is None or spec.audio.rate not in RATES:
        return None
    samples = feed[spec.inputs[0].name].astype(np.float32).ravel()
    return samples if len(samples) >= FFT and bool(np.isfinite(samples).all()) else None


def player(samples: Samples, rate: int) -> Player:
    """Everything that a page needs of one sound."""
    import numpy as np

    return Player(
        seconds=len(samples) / rate,
        rate=rate,
        loudest=float(np.abs(samples).max()),
        envelope=envelope(samples),
        ogg=_address("audio/ogg", encode(samples, rate)),
        spectrogram=_address("image/png", picture(spectrogram(samples))),
    )


def envelope(samples: Samples) -> tuple[tuple[float, float], ...]:
    """Lowest and highest sample of each of `COLUMNS` stretches."""
    import numpy as np

    stretches = np.array_split(samples, COLUMNS)
    return tuple((round(float(each.min()), 3), round(float(each.max()), 3)) for each in stretches)


def spectrogram(samples: Samples) -> npt.NDArray[np.uint8]:
    """Levels of (frequency from high to low, time): 255 is the loudest, 0 is `RANGE_DB` below and less."""
    import numpy as np

    starts = np.linspace(0, len(samples) - FFT, WIDTH).astype(int)
    frames = samples[starts[:, None] + np.arange(FFT)] * np.hanning(FFT)
    power = np.abs(np.fft.rfft(frames, axis=1)[:, 1:]) ** 2
    bands = power.reshape(WIDTH, HEIGHT, -1).max(axis=2).T[::-1]
    loudest = float(bands.max())
    if loudest == 0:
        return np.zeros(bands.shape, np.uint8)
    level = 10 * np.log10(np.maximum(bands / loudest, 1e-30)) / RANGE_DB + 1
    levels: npt.NDArray[np.uint8] = (np.rint(STEPS * np.clip(level, 0, 1)) * (255 / STEPS)).astype(np.uint8)
    return levels


def picture(levels: npt.NDArray[np.uint8]) -> bytes:
    """The levels as PNG.

    Raises:
        PrerequisiteError: Pillow is not here.
    """
    import numpy as np

    PILLOW.check()
    from PIL import Image

    at, *parts = zip(*COLOURS, strict=True)
    palette = np.stack([np.interp(np.arange(256), at, part) for part in parts], axis=1)
    image = Image.fromarray(levels)
    image.putpalette(np.rint(palette).astype(np.uint8).tobytes())
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def encode(samples: Samples, rate: int) -> bytes:
    """The sound as Ogg Vorbis, mono, the same bytes for the same sound."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="OGG", subtype="VORBIS", compression_level=COMPRESSION)
    return fix_serial(file.getvalue())


def _address(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
