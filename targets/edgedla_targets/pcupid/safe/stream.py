"""The token stream of a transformer in rank 3, (1, T, E): neither (1, 1, T, E) nor (T, E).

The vendor's front end takes any tensor of rank 4 as NCHW and wraps each operation in transposes; a LayerNorm
and a Linear cost 18 of them in (1, 1, T, E) and none in (1, T, E).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.safe.graph import (
    Editor,
    constant,
    constant_input,
    dims,
    is_op,
    node_of,
    optional,
    source,
)
from edgedla_targets.pcupid.safe.moves import Move, apply, plan
from edgedla_targets.pcupid.safe.parts import border, connected, feeds_output
from edgedla_targets.pcupid.safe.rank import RankChange
from edgedla_targets.pcupid.safe.reshapes import merge_reshapes

if TYPE_CHECKING:
    import onnx_ir as ir

    from edgedla_targets.pcupid.safe.graph import Dims

FROM_FOUR = RankChange(rank=4, position=1, insert=False)
"""(1, 1, T, E) to (1, T, E)."""

FROM_MIDDLE = RankChange(rank=3, position=1, insert=False)
"""(T, 1, E) to (T, E), on the way to (1, T, E)."""

FROM_TWO = RankChange(rank=2, position=0, insert=True)
"""(T, E) to (1, T, E)."""


def lower_stream(model: ir.Model) -> int:
    """Parts of (1, 1, T, E) that hold a Linear or a mean over the last axis, in (1, T, E)."""
    moves = {
        node: move for node in model.graph if (move := plan(node, FROM_FOUR)) is not None and _is_single(node)
    }
    chosen = {node for part in connected(moves) if any(map(_is_linear_or_mean, part)) for node in part}
    return _move(model, FROM_FOUR, {node: moves[node] for node in moves if node in chosen})


def _is_single(node: ir.Node) -> bool:
    return all(dims(output)[0] == 1 for output in node.outputs)


def _is_linear_or_mean(node: ir.Node) -> bool:
    if is_op(node, "MatMul"):
        return constant_input(node, 1) is not None
    return is_op(node, "ReduceMean") and node.attributes.get_ints("axes") == (3,)


def flatten_stream(model: ir.Model) -> int:
    """Parts in (T, 1, E) between Reshapes, in (T, E)."""
    moves = {node: move for node in model.graph if (move := plan(node, FROM_MIDDLE)) is not None}
    chosen = [part for part in connected(moves) if _is_framed(part)]
    _move(
        model,
        FROM_MIDDLE,
        {node: move for node, move in moves.items() if any(node in part for part in chosen)},
    )
    return len(chosen)


def raise_stream(model: ir.Model) -> int:
    """Parts in (T, E) between Reshapes, in (1, T, E), with each Gemm as MatMul and Add."""
    parts = connected(node for node in model.graph if _is_gemm(node) or plan(node, FROM_TWO) is not None)
    chosen = [part for part in parts if _is_framed(part)]
    if not chosen:
        return 0
    editor = Editor(model.graph)
    members = {node for part in chosen for node in part}
    # In the order of the graph, so that names come out the same each time.
    nodes = {new for node in tuple(model.graph) if node in members for new in _without_gemm(editor, node)}
    moves = {
        node: move for node in model.graph if node in nodes and (move := plan(node, FROM_TWO)) is not None
    }
    assert len(moves) == len(nodes)
    _move(model, FROM_TWO, moves)
    return len(chosen)


def _is_framed(part: set[ir.Node]) -> bool:
    """Whether a part holds a Linear and all round it are Reshapes, one of them from or to (1, T, E)."""
    before, after = border(part)
    frames = [
        (source(node), node.outputs[0]) for node in before if node is not None and is_op(node, "Reshape")
    ]
    frames += [(node.outputs[0], source(node)) for node in after if is_op(node, "Reshape")]
    return (
        len(frames) == len(before) + len(after)
        and not any(map(feeds_output, part))
        and any(is_op(node, "Gemm", "MatMul") for node in part)
        and any(_is_stream(dims(outer), dims(inner)) for outer, inner in frames)
    )


def _is_stream(outer: Dims, inner: Dims) -> bool:
    return outer == (1, inner[0], inner[-1])


def _is_gemm(node: ir.Node) -> bool:
    bias = optional(node, 2)
    return (
        is_op(node, "Gemm")
        and not node.attributes.get_int("transA", 0)
        and constant_input(node, 1) is not None
        and (bias is None or constant(bias) is not None)
    )


def _without_gemm(editor: Editor, node: ir.Node) -> list[ir.Node]:
    """MatMul and Add with the weights as they are multiplied, in place of a Gemm."""
    if not is_op(node, "Gemm"):
        return [node]
    shape, alpha, beta = (
        dims(node.outputs[0]),
        *(node.attributes.get_float(key, 1.0) for key in ("alpha", "beta")),
    )
    weights = _scaled(editor, source(node, 1), alpha, turned=bool(node.attributes.get_int("transB", 0)))
    result = editor.op(node, "MatMul", [source(node), weights], shape)
    made = [node_of(result)]
    bias = optional(node, 2)
    if bias is not None:
        result = editor.op(node, "Add", [result, _scaled(editor, bias, beta)], shape)
        made.append(node_of(result))
    editor.replace(node, result)
    return made


def _scaled(editor: Editor, value: ir.Value, factor: float, *, turned: bool = False) -> ir.Value:
    array = constant(value)
    assert array is not None
    if factor == 1 and not turned:
        return value
    return editor.constant(f"{value.name}_scaled", (array.T if turned else array) * array.dtype.type(factor))


def _move(model: ir.Model, change: RankChange, moves: dict[ir.Node, Move]) -> int:
    editor = Editor(model.graph)
    for node, move in moves.items():
        apply(editor, node, change, move)
    if moves:
        merge_reshapes(model)
    return len(moves)
