"""Padding that repeats the signal, as Slice, constant Gather and Concat of the borders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.errors import UsageError
from edgedla_targets.pcupid.safe.graph import Editor, dims, integers, optional, rewrite, source

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx_ir as ir

    Border = tuple[
        int, int, list[int]
    ]  # start and stop of the samples to slice, and their order in the border


def spell_out_pads(model: ir.Model) -> int:
    """Pad in mode reflect, edge or wrap; one axis after the other."""
    return rewrite(model, {"Pad"}, _pad)


def _pad(editor: Editor, node: ir.Node) -> ir.Value | None:
    mode = node.attributes.get_string("mode", "constant")
    if mode == "constant":
        return None
    value, pads = source(node), _pads(node)
    rank = len(dims(value))
    for axis in range(rank):
        borders = _borders(node, dims(value)[axis], (pads[axis], pads[axis + rank]), mode)
        value = _pad_axis(editor, node, value, axis, borders)
    return value


def _pads(node: ir.Node) -> list[int]:
    pads, rank = integers(node, 1), len(dims(source(node)))
    if pads is None or optional(node, 3) is not None or min(pads) < 0 or len(pads) != 2 * rank:
        raise UsageError(
            f"node '{node.name}': padding must be constant and not negative to be spelt out, found {pads}",
            hint="pad by constant amounts, and crop by a slice",
        )
    return pads


def _borders(node: ir.Node, size: int, pads: tuple[int, int], mode: str) -> tuple[Border, Border]:
    if max(pads) > size - (mode == "reflect"):
        raise UsageError(
            f"node '{node.name}': cannot pad {size} samples by {pads} in mode {mode}",
            hint="pad by less than the length of the axis",
        )
    return BORDERS[mode](size, *pads)


def _pad_axis(
    editor: Editor, node: ir.Node, value: ir.Value, axis: int, borders: tuple[Border, Border]
) -> ir.Value:
    left, right = (_border(editor, node, value, axis, border) for border in borders)
    parts = [part for part in (left, value, right) if part is not None]
    if len(parts) == 1:
        return value
    shape = _with_size(value, axis, sum(dims(part)[axis] for part in parts))
    return editor.op(node, "Concat", parts, shape, axis=axis)


def _border(editor: Editor, node: ir.Node, value: ir.Value, axis: int, border: Border) -> ir.Value | None:
    start, stop, order = border
    if not order:
        return None
    samples = editor.slice(node, value, axis, start, stop)
    if order == list(range(stop - start)):
        return samples
    indices = editor.integers("indices", order)
    return editor.op(node, "Gather", [samples, indices], _with_size(value, axis, len(order)), axis=axis)


def _with_size(value: ir.Value, axis: int, size: int) -> list[int]:
    shape = list(dims(value))
    shape[axis] = size
    return shape


def _reflect(size: int, before: int, after: int) -> tuple[Border, Border]:
    left = (1, before + 1, [*reversed(range(before))])
    return left, (size - 1 - after, size - 1, [*reversed(range(after))])


def _edge(size: int, before: int, after: int) -> tuple[Border, Border]:
    return (0, 1, [0] * before), (size - 1, size, [0] * after)


def _wrap(size: int, before: int, after: int) -> tuple[Border, Border]:
    return (size - before, size, [*range(before)]), (0, after, [*range(after)])


BORDERS: dict[str, Callable[[int, int, int], tuple[Border, Border]]] = {
    "reflect": _reflect,
    "edge": _edge,
    "wrap": _wrap,
}
