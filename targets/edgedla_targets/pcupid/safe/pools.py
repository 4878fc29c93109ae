"""The mean of a large picture as a mean of means."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.safe.graph import Editor, dims, rewrite, source

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnx_ir as ir

LARGEST_AREA = 12288  # of a GlobalAveragePool
LARGEST_WINDOW, LARGEST_SIDE = 6144, 255  # of an AveragePool, in the older tools
PLANE = 4  # axes of a batch of pictures


def split_large_means(model: ir.Model) -> int:
    """GlobalAveragePool over too large an area, after an AveragePool of equal windows.

    Where none divide height and width, it stays as it is.
    """
    return rewrite(model, {"GlobalAveragePool"}, _split)


def _split(editor: Editor, node: ir.Node) -> ir.Value | None:
    value = source(node)
    shape = dims(value)
    if len(shape) != PLANE or prod(shape[2:]) <= LARGEST_AREA:
        return None
    windows = list(_windows(*shape[2:]))
    if not windows:
        return None
    # The smallest leaves most to the operator that means it; of equals, the squarest.
    window = min(windows, key=lambda sides: (prod(sides), abs(sides[0] - sides[1])))
    rest = (*shape[:2], shape[2] // window[0], shape[3] // window[1])
    means = editor.op(node, "AveragePool", [value], rest, kernel_shape=window, strides=window)
    return editor.op(node, "GlobalAveragePool", [means], dims(node.outputs[0]))


def _windows(height: int, width: int) -> Iterator[tuple[int, int]]:
    for window in product(_divisors(height), _divisors(width)):
        if prod(window) <= LARGEST_WINDOW and height * width // prod(window) <= LARGEST_AREA:
            yield window


def _divisors(size: int) -> list[int]:
    return [side for side in range(1, min(size, LARGEST_SIDE) + 1) if size % side == 0]
