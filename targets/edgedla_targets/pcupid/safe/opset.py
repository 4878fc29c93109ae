"""Down to opset 13 and an IR version that old readers know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnx_ir as ir

from edgedla.errors import UsageError
from edgedla_targets.pcupid.safe.graph import (
    Editor,
    constant_input,
    dims,
    integers,
    is_op,
    optional,
    set_ints,
    source,
)
from edgedla_targets.pcupid.safe.load import OPSET

if TYPE_CHECKING:
    from collections.abc import Callable

IR_VERSIONS = range(4, 9)
IR_OF_OPSET_13 = 7

REDUCTIONS = (
    *("ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1"),
    *("ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"),
)


def lower_opset(model: ir.Model) -> int:
    """Every node in its form of opset 13; the IR version between 4 and 8.

    Raises:
        UsageError: A node has no form in opset 13.
    """
    version, editor = model.opset_imports[""], Editor(model.graph)
    count = int(version != OPSET) + int(model.ir_version not in IR_VERSIONS)
    if version != OPSET:
        for node in tuple(model.graph):
            _lower(editor, node, version)
        model.opset_imports[""] = OPSET
    if model.ir_version not in IR_VERSIONS:
        model.ir_version = IR_OF_OPSET_13
    return count


def _lower(editor: Editor, node: ir.Node, version: int) -> None:
    if not onnx.defs.has(node.op_type, OPSET):
        raise UsageError(
            f"node '{node.name}': {node.op_type} has no form in opset {OPSET}",
            hint=f"replace {node.op_type} in the network before exporting",
        )
    for op_types, lower in LOWERINGS:
        if is_op(node, *op_types):
            lower(editor, node)
    _drop_defaults(node, version)
    inputs = onnx.defs.get_schema(node.op_type, OPSET).max_input
    if any(value is not None for value in node.inputs[inputs:]):
        raise _refusal(node, f"input {inputs + 1}")
    node.resize_inputs(min(len(node.inputs), inputs))


def _drop_defaults(node: ir.Node, version: int) -> None:
    known = onnx.defs.get_schema(node.op_type, OPSET).attributes
    defaults = onnx.defs.get_schema(node.op_type, version).attributes
    for name in [name for name in node.attributes if name not in known]:
        default = ir.serde.deserialize_attribute(defaults[name].default_value)
        if default.value != node.attributes[name].value:
            raise _refusal(node, f"{name}={node.attributes[name].value}")
        del node.attributes[name]


def _refusal(node: ir.Node, what: str) -> UsageError:
    return UsageError(
        f"node '{node.name}' ({node.op_type}): {what} has no meaning in opset {OPSET}",
        hint="export without it, or at a lower opset",
    )


def _reduction(editor: Editor, node: ir.Node) -> None:
    """Axes are an input since opset 18."""
    axes = integers(node, 1)
    if axes is None and optional(node, 1) is not None:
        raise _refusal(node, "axes that are not constant")
    if node.attributes.pop("noop_with_empty_axes", None) is not None and not axes:
        editor.replace(node, source(node))
        return
    if axes:
        set_ints(node, "axes", axes)
    node.resize_inputs(1)


def _split(editor: Editor, node: ir.Node) -> None:
    """The number of parts is an attribute since opset 18; before, their sizes are an input."""
    if node.attributes.pop("num_outputs", None) is None:
        return
    axis = node.attributes.get_int("axis", 0)
    sizes = [dims(output)[axis] for output in node.outputs]
    node.resize_inputs(2)
    node.replace_input_with(1, editor.integers("split", sizes))


def _pad(editor: Editor, node: ir.Node) -> None:
    """Axes are an input since opset 18."""
    axes, pads = integers(node, 3), integers(node, 1)
    if optional(node, 3) is None:
        return
    if axes is None or pads is None:
        raise _refusal(node, "padding that is not constant")
    full = np.zeros((2, len(dims(source(node)))), dtype=np.int64)
    full[:, axes] = np.reshape(pads, (2, len(axes)))
    node.replace_input_with(1, editor.integers("pads", full.reshape(-1).tolist()))
    node.resize_inputs(3)


def _resize(editor: Editor, node: ir.Node) -> None:
    """Axes are an attribute since opset 18."""
    axes, rank = node.attributes.get_ints("axes"), len(dims(source(node)))
    node.attributes.pop("axes", None)
    scales, sizes = constant_input(node, 2), constant_input(node, 3)
    if axes is not None and scales is not None and scales.size:
        full = np.ones(rank, dtype=scales.dtype)
        full[list(axes)] = scales
        node.replace_input_with(2, editor.constant("scales", full))
    if axes is not None and sizes is not None:
        node.replace_input_with(3, editor.integers("sizes", dims(node.outputs[0])))


def _reshape(editor: Editor, node: ir.Node) -> None:
    """A zero may mean a size of zero since opset 14; explicit sizes mean the same in all."""
    if node.attributes.get_int("allowzero", 0):
        del node.attributes["allowzero"]
        node.replace_input_with(1, editor.integers("shape", dims(node.outputs[0])))


def _window(_editor: Editor, node: ir.Node) -> None:
    """Average pooling has dilations since opset 19."""
    if set(node.attributes.get_ints("dilations", ())) == {1}:
        del node.attributes["dilations"]


LOWERINGS: tuple[tuple[tuple[str, ...], Callable[[Editor, ir.Node], None]], ...] = (
    (REDUCTIONS, _reduction),
    (("Split",), _split),
    (("Pad",), _pad),
    (("Resize",), _resize),
    (("Reshape",), _reshape),
    (("AveragePool",), _window),
)
