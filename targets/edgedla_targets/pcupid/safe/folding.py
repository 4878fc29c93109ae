"""Constants: whatever does not depend on an input is computed once and kept as an initialiser."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import TYPE_CHECKING

from onnx_ir.passes import common
from onnxscript import optimizer

from edgedla_targets.pcupid.safe.graph import dims, is_op
from edgedla_targets.pcupid.safe.load import refuse_foreign

if TYPE_CHECKING:
    import onnx_ir as ir

LARGEST = 1 << 26  # elements; a graph of unknown origin may ask for terabytes
QUANTISED = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear")


def fold_constants(model: ir.Model) -> int:
    """Compute constant subgraphs, drop Identity and Dropout, keep constants as initialisers only."""
    before = _census(model)
    common.RemoveInitializersFromInputsPass()(model)
    optimizer.fold_constants(
        model,
        onnx_shape_inference=True,
        input_size_limit=LARGEST,
        output_size_limit=LARGEST,
        should_fold=_is_foldable,
    )
    common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    common.IdentityEliminationPass()(model)
    common.RemoveUnusedNodesPass()(model)
    refuse_foreign(model)
    after = _census(model)
    return sum(((before - after) + (after - before)).values())


def _is_foldable(node: ir.Node) -> bool:
    shape = node.outputs[0].shape
    size = prod(dims(node.outputs[0])) if shape is not None and shape.is_static() else 0
    return not is_op(node, *QUANTISED) and size <= LARGEST


def _census(model: ir.Model) -> Counter[str]:
    return Counter(node.op_type for node in model.graph) + Counter({"input": len(model.graph.inputs)})


def drop_unused(model: ir.Model) -> int:
    """Remove nodes whose results nobody reads and initialisers nobody uses."""
    before = len(model.graph) + len(model.graph.initializers)
    common.RemoveUnusedNodesPass()(model)
    return before - len(model.graph) - len(model.graph.initializers)
