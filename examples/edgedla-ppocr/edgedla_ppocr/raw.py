"""A picture as the bytes that a program on a board takes: python -m edgedla_ppocr.raw PICTURE FILE.

Blue, green, red of each pixel, row by row, in the detector's size, or with `--line` in the recogniser's.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla import EdgedlaError

if TYPE_CHECKING:
    from PIL.Image import Image


def board_bytes(picture: Image) -> bytes:
    """Bytes of a picture that has the network's size already."""
    import numpy as np

    return np.asarray(picture.convert("RGB"))[:, :, ::-1].tobytes()


def main(arguments: list[str] | None = None) -> int:
    """Write the bytes; exit status as of the edgedla command."""
    from edgedla_ppocr.detector import DetectorOptions
    from edgedla_ppocr.images import letterbox, line, read_image
    from edgedla_ppocr.recogniser import HEIGHT, RecogniserOptions

    parser = ArgumentParser(prog="python -m edgedla_ppocr.raw", description=__doc__)
    parser.add_argument("picture", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--line", action="store_true", help="for ppocr_rec")
    options = parser.parse_args(arguments)
    try:
        picture = read_image(options.picture)
    except EdgedlaError as error:
        sys.stderr.write(f"error: {error.message}\n")
        return error.exit_code
    page = DetectorOptions()
    fitted = (
        line(picture, RecogniserOptions().width, HEIGHT)
        if options.line
        else letterbox(picture, page.width, page.height)
    )
    options.file.write_bytes(board_bytes(fitted))
    return 0


if __name__ == "__main__":
    sys.exit(main())
