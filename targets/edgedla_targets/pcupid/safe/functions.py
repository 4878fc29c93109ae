"""Operators newer than opset 13 that ONNX itself defines by older ones."""

from __future__ import annotations

import onnx
import onnx.inliner
import onnx_ir as ir

from edgedla_targets.pcupid.safe.folding import fold_constants
from edgedla_targets.pcupid.safe.load import OPSET, to_ir

EXPANDED = {"MeanVarianceNormalization"}
"""In opset 13 but not among the operators of the vendor's front end."""


def expand_functions(model: ir.Model) -> int:
    """HardSwish, Mish, GroupNormalization, Attention and others by their definition in the ONNX standard."""
    types = [node.op_type for node in model.graph if _is_foreign(node)]
    if not types:
        return 0
    selected = sorted({("", op_type) for op_type in types})
    proto = onnx.inliner.inline_selected_functions(
        ir.serde.serialize_model(model), selected, inline_schema_functions=True
    )
    model.graph = to_ir(proto).graph
    fold_constants(model)  # the definitions are full of computations on shapes
    return len(types) - sum(map(_is_foreign, model.graph))


def _is_foreign(node: ir.Node) -> bool:
    """Whether the vendor's front end cannot know the operator; not all of these are defined by others."""
    return node.domain == "" and (not onnx.defs.has(node.op_type, OPSET) or node.op_type in EXPANDED)
