"""Pictures as the networks want them: blue, green, red; each channel's level as (level - 127.5) / 127.5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgedla import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
MIDDLE = 127.5  # grey level that becomes 0, and the levels from there to 1
GREY = (127, 127, 127)  # of what a picture does not fill; the level nearest to 0


def read_image(path: Path) -> Image:
    """The picture in a file, upright, in RGB; what is transparent is white.

    Raises:
        UsageError: It cannot be read; names the file and the reason.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file)
            if "A" not in picture.getbands() and "transparency" not in picture.info:
                return picture.convert("RGB")
            white = Image.new("RGBA", picture.size, "white")
            return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
    except FileNotFoundError as error:
        raise UsageError(f"cannot read '{path}': {error.strerror}") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or "it is no picture, or a damaged one"
        raise UsageError(f"cannot read '{path}': {reason}") from error


def letterbox(picture: Image, width: int, height: int) -> Image:
    """The picture as large as it fits, in the upper left corner of a grey one of `width` x `height`."""
    from PIL import Image

    scale = letterbox_scale(picture.size, width, height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    result = Image.new("RGB", (width, height), GREY)
    result.paste(picture.resize(size, Image.Resampling.BILINEAR))
    return result


def letterbox_scale(size: tuple[int, int], width: int, height: int) -> float:
    """Pixels of the letterbox for one of a picture of `size` (width, height)."""
    return min(width / size[0], height / size[1])


def line(picture: Image, width: int, height: int) -> Image:
    """The picture at `height`, its ratio kept, then grey; one that is too long is squeezed to `width`."""
    from math import ceil

    from PIL import Image

    wanted = min(width, max(1, ceil(picture.width * height / picture.height)))
    result = Image.new("RGB", (width, height), GREY)
    result.paste(picture.resize((wanted, height), Image.Resampling.BILINEAR))
    return result


def tensor(picture: Image) -> npt.NDArray[np.float32]:
    """Float32 (1, 3, height, width): blue, green, red, from -1 to 1."""
    import numpy as np

    levels: npt.NDArray[Any] = np.asarray(picture, np.float32)[:, :, ::-1].transpose(2, 0, 1)[None]
    return np.ascontiguousarray((levels - np.float32(MIDDLE)) / np.float32(MIDDLE))
