"""The sample is a .npy file with exactly the input's shape; called by name, `-n raw_npy`."""
# ruff: noqa: INP001 - found by path, as the vendor's own

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def image_preprocess(path: str, norm: bool = True) -> npt.NDArray[np.float32]:  # noqa: ARG001, FBT001, FBT002 - the signature that the scripts call
    """The array in the file as float32; raw data is never normalised here."""
    array: npt.NDArray[np.float32] = np.load(path).astype(np.float32)
    return array
