"""The rules in the order in which they are applied, each with the reason for it.

Order matters: constants are folded before anything reads them, newer operators are opened before the opset
goes down, axes are counted from the front before anything moves them, and regions change rank before pads are
spelt out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.safe import (
    axes,
    concat,
    conv1d,
    elementwise,
    folding,
    functions,
    gelu,
    inputs,
    names,
    norms,
    opset,
    pads,
    pools,
    reshapes,
    selects,
    stream,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx_ir as ir


@dataclass(frozen=True)
class Rule:
    """One rewrite of the whole graph; `apply` changes the model and returns how many places it changed."""

    number: int
    name: str
    reason: str
    apply: Callable[[ir.Model], int]


RULES = tuple(
    Rule(number, name, reason, apply)
    for number, (name, reason, apply) in enumerate(
        (
            (
                "unused parts dropped",
                "unused initialisers are taken for inputs",
                folding.drop_unused,
            ),
            (
                "constants folded",
                "constant subgraphs leave bool and shape operators that the front end refuses",
                folding.fold_constants,
            ),
            (
                "layer norm as primitives",
                "LayerNormalization is no operator of opset 13; the vendor recognises its primitives",
                norms.split_layer_norm,
            ),
            (
                "gelu as primitives",
                "Gelu is no operator of opset 13; the vendor recognises its primitives",
                gelu.split_gelu,
            ),
            (
                "newer operators by definition",
                "the front end knows no operator newer than opset 13",
                functions.expand_functions,
            ),
            (
                "opset 13",
                "above opset 13 the front end ends with status 0 and no file",
                opset.lower_opset,
            ),
            (
                "axes from the front",
                "a negative Concat axis is taken in the wrong layout, silently",
                axes.count_axes_from_front,
            ),
            (
                "batch norm folded",
                "the vendor's own simplifier leaves batch norm as a node of its own",
                norms.fold_batch_norm,
            ),
            (
                "squeeze, unsqueeze, flatten as reshape",
                "Squeeze of opset 13 breaks the shape inference of old front ends",
                selects.reshape_ranks,
            ),
            (
                "select as slice",
                "Gather of one index is missing in old front ends",
                selects.slice_selects,
            ),
            (
                "backward slice as gather",
                "negative steps are computed wrongly, silently",
                selects.gather_backward_slices,
            ),
            (
                "conv1d as conv2d of height 1",
                "the front end drops the dilation of a dense Conv1d and refuses a grouped one",
                conv1d.raise_conv1d,
            ),
            (
                "borders of pads spelt out",
                "only constant padding is documented, and edge is refused",
                pads.spell_out_pads,
            ),
            (
                "large means in two steps",
                "GlobalAveragePool stops at an area of 12288",
                pools.split_large_means,
            ),
            (
                "powers multiplied out",
                "Pow costs a custom operator or is refused",
                elementwise.multiply_out_powers,
            ),
            (
                "neutral operations dropped",
                "definitions of newer operators leave additions of nothing, and Where takes a bool constant",
                elementwise.drop_neutral,
            ),
            (
                "gelu in the known order",
                "the optimiser recognises one order of the primitives",
                gelu.order_gelu,
            ),
            (
                "transposes of unit axes",
                "a Transpose that moves no data is a Reshape, and most operators stop at rank 4",
                reshapes.simplify_transposes,
            ),
            (
                "reshapes merged",
                "each Reshape of rank 4 is wrapped in transposes",
                reshapes.merge_reshapes,
            ),
            (
                "stream of rank 4 in rank 3",
                "the front end wraps each operation on rank 4 in transposes",
                stream.lower_stream,
            ),
            (
                "stream of (T, 1, E) in rank 3",
                "with the batch behind the tokens neither form of the stream is recognised",
                stream.flatten_stream,
            ),
            (
                "stream of rank 2 in rank 3",
                "Reshapes round each Gemm break up the token stream",
                stream.raise_stream,
            ),
            (
                "constants in full shape",
                "a constant that varies along another axis than the channels aborts the simulator",
                elementwise.broadcast_constants,
            ),
            (
                "constants second",
                "the manual asks for the constant as second operand",
                elementwise.put_constants_second,
            ),
            (
                "wide concats in groups",
                "more than 64 inputs convert, and the simulator then fails",
                concat.split_wide_concats,
            ),
            (
                "raw input shielded",
                "a one-channel input read by a convolution is widened to three channels",
                inputs.shield_raw_inputs,
            ),
            (
                "plain names",
                "the tools' parser cuts slashes, dots and colons off the names in its configuration",
                names.plain_names,
            ),
        ),
        start=1,
    )
)
