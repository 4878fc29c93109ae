"""Calibration and simulation samples as the vendor's tools read them: one `.npy` per input."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

    from edgedla.runner import Feed
    from edgedla.spec import ModelSpec, TensorSpec
    from edgedla_targets.pcupid.configs import InputConfig

    Array = npt.NDArray[Any]

WHITE = 255
ROUNDING = 0.5  # of a grey level, by which an image that was resized may go beyond black and white


def write_samples(
    feeds: Iterable[Feed], spec: ModelSpec, config: InputConfig, folder: Path, limit: int
) -> list[Path]:
    """Write up to `limit` samples to `folder`, which then holds nothing else; all files, sample by sample.

    Raw inputs become float32, images uint8 with mean and deviation undone. The axes are in the tools' order.
    Names are short and ASCII: the calibrator hangs at others. A network of one input is given the folder; one
    of several inputs needs `list_file(folder)` too, which is written then.

    Raises:
        UsageError: There is no sample, or one does not fit the spec or is not finite; names it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("sample_*.npy"):
        stale.unlink()
    rows = [
        _write(feed, spec, config, folder, f"sample_{index:03}")
        for index, feed in enumerate(islice(feeds, limit))
    ]
    if not rows:
        raise UsageError("there are no samples to calibrate with", hint="give recordings with --calib FOLDER")
    if len(spec.inputs) > 1:
        # No line end after the last one: the tools take an empty line for a sample.
        lines = (",".join(path.name for path in row) for row in rows)
        list_file(folder).write_text("\n".join(lines), encoding="ascii")
    return [path for row in rows for path in row]


def sample_paths(spec: ModelSpec, folder: Path, count: int) -> list[Path]:
    """Where `write_samples` puts `count` samples."""
    return [path for index in range(count) for path in _row(spec, folder, f"sample_{index:03}")]


def list_file(folder: Path) -> Path:
    """The list of a folder's samples, one per line, which stands beside it; the tools take FOLDER:LIST."""
    return folder.with_name(f"{folder.name}.txt")


def _write(feed: Feed, spec: ModelSpec, config: InputConfig, folder: Path, stem: str) -> list[Path]:
    names = {tensor.name for tensor in spec.inputs}
    if feed.keys() != names:
        raise UsageError(f"{stem}: inputs are {', '.join(sorted(feed))}, expected {', '.join(sorted(names))}")
    paths = _row(spec, folder, stem)
    for tensor, path in zip(spec.inputs, paths, strict=True):
        array = for_tools(_checked(feed[tensor.name], tensor, stem), tensor, config, stem)
        np.save(path, array, allow_pickle=False)
    return paths


def _row(spec: ModelSpec, folder: Path, stem: str) -> list[Path]:
    if len(spec.inputs) == 1:
        return [folder / f"{stem}.npy"]
    return [folder / f"{stem}_{tensor.name}.npy" for tensor in spec.inputs]


def _checked(array: Array, tensor: TensorSpec, stem: str) -> Array:
    if array.shape != tensor.shape or array.dtype != np.dtype(tensor.dtype):
        raise UsageError(
            f"{stem}: input '{tensor.name}' is {array.dtype} {array.shape}, "
            f"expected {tensor.dtype} {tensor.shape}"
        )
    if not np.isfinite(array).all():
        raise UsageError(f"{stem}: input '{tensor.name}' has values that are no finite numbers")
    return array


def for_tools(array: Array, tensor: TensorSpec, config: InputConfig, stem: str) -> Array:
    """A model input as tools and board have it: their axes; float32, or uint8 an image. `stem` names it."""
    normalising = config.normalising(tensor)
    if normalising is not None:
        array = _image(array, *normalising, place=f"{stem}: input '{tensor.name}'")
    ordered = np.ascontiguousarray(array.transpose(config.input_axes(tensor)))
    return ordered if ordered.dtype == np.uint8 else ordered.astype("<f4", copy=False)


def _image(array: Array, mean: tuple[float, ...], deviation: tuple[float, ...], *, place: str) -> Array:
    """Grey levels of a normalised image of axes 1, channel, height, width."""
    levels = array * np.reshape(deviation, (1, -1, 1, 1)) + np.reshape(mean, (1, -1, 1, 1))
    low, high = float(levels.min()), float(levels.max())
    if low < -ROUNDING or high > WHITE + ROUNDING:
        raise UsageError(
            f"{place}: without mean and std_value it is {low:.4g} to {high:.4g}, not 0 to {WHITE}",
            hint="--set pcupid.mean=... and pcupid.std_value=... as the model was trained with",
        )
    rounded: Array = np.clip(np.rint(levels), 0, WHITE).astype(np.uint8)
    return rounded
