"""What `-i` and `-n` of calibrator and simulator mean: sample files, and the user's function that reads them.

Exceptions are those that the vendor's scripts end with; whatever the user's function raises goes through.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgedla.runner import Feed
    from edgedla_targets.pcupid.emulated.header import Tensor
    from edgedla_targets.pcupid.emulated.network import Network

    Preprocess = Callable[..., Any]
    Reader = Callable[[str], Any]

# Only these are samples when a folder is scanned or `-i` names one file; any other file is read as a list.
_SUFFIXES = "bmp dib jpeg jpg jpe jp2 png pbm pgm ppm pxm pnm sr ras tiff tif hdr pic raw npy bin mp4"
SUFFIXES = frozenset(_SUFFIXES.split())


def find(argument: str) -> list[tuple[str, ...]]:
    """The samples of `-i`, one path per input each: one file, a folder, a list file, or `folder:listfile`.

    Raises:
        FileNotFoundError: A folder without samples, or nothing of this name.
        UnicodeDecodeError: The list file is no text.
    """
    if not os.path.exists(argument) and ":" in argument:  # noqa: PTH110 - the vendor's rules are those of strings
        folder, _, listing = argument.partition(":")
        return _listed(Path(folder, listing), folder)
    path = Path(argument)
    if path.is_dir():
        return _scanned(path)
    if _is_sample(path):
        return [(argument,)]
    return _listed(path, "")


def _is_sample(path: Path) -> bool:
    return path.name.rpartition(".")[2].lower() in SUFFIXES


def _scanned(folder: Path) -> list[tuple[str, ...]]:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and _is_sample(path))
    if not found:
        raise FileNotFoundError(f"No images found in {folder}")
    return [(str(path),) for path in found]


def _listed(listing: Path, folder: str) -> list[tuple[str, ...]]:
    with listing.open(encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    # An empty line is a sample too: the folder itself.
    return [tuple(os.path.join(folder, entry.strip()) for entry in line.split(",")) for line in lines]  # noqa: PTH118 - an empty entry must stay one


def load_preprocess(argument: str | None) -> list[Preprocess]:
    """The functions `image_preprocess` of `-n`: paths of .py files or bare module names, one per input.

    Raises:
        AttributeError: No `-n`, or a module without the function.
        ModuleNotFoundError: No such module; also for a file name with a second dot.
    """
    if argument is None:
        raise AttributeError("'list' object has no attribute 'strip'")
    return [_load(name.strip()) for name in argument.split(",")]


def _load(name: str) -> Preprocess:
    path = Path(name)
    if path.is_file() and path.suffix == ".py":
        sys.path.append(str(path.parent))
        name = path.name.partition(".")[0]
    else:
        sys.path.append(str(Path(os.environ.get("SGS_IPU_DIR", ""), "Scripts/calibrator/preprocess_method")))
    module = importlib.import_module(name)
    function: Preprocess = module.image_preprocess
    return function


def feed(network: Network, files: Sequence[str], readers: Sequence[Reader]) -> Feed:
    """One sample as the network takes it: float32, or bytes for the images of fixed and offline networks.

    Raises:
        ValueError: Not as many files as readers, or an array of the wrong shape or type.
        FileNotFoundError: A file is missing.
    """
    if len(files) != len(readers):
        raise ValueError("Got different num of preprocess_methods and images!")
    if len(readers) != len(network.inputs):
        raise ValueError(f"The model has {len(network.inputs)} inputs, got {len(readers)} preprocess_methods")
    return {
        tensor.name: _array(tensor, file, reader)
        for tensor, file, reader in zip(network.inputs, files, readers, strict=True)
    }


def _array(tensor: Tensor, file: str, reader: Reader) -> Any:
    path = os.path.abspath(file)  # noqa: PTH100 - an empty entry becomes the working folder
    if not os.path.exists(path):  # noqa: PTH110 - a string, as above
        raise FileNotFoundError(f"No such file or directory: '{file}'")
    array = reader(path)
    wanted = "uint8" if tensor.dtype == "uint8" else "float32"
    if array.shape != tensor.shape or array.dtype != np.dtype(wanted):
        raise ValueError(
            f"Input '{tensor.name}' needs {wanted} {tensor.shape}, got {array.dtype} {array.shape}: {file}"
        )
    return np.ascontiguousarray(array)
