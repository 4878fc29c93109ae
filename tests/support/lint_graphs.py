"""Small ONNX graphs for the tests of lint, in one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

Array: TypeAlias = "npt.NDArray[Any]"
Operand: TypeAlias = "tuple[int | str, ...] | Array | None"
"""Shape of a graph input, a constant, or an input left out."""

FLOAT = TensorProto.FLOAT


def zeros(*shape: int) -> Array:
    return np.zeros(shape, np.float32)


def full(value: float, *shape: int) -> Array:
    return np.full(shape, value, np.float32)


def ints(*numbers: int) -> Array:
    return np.array(numbers, np.int64)


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> NodeProto:
    """A node named after its first output; names are separated by blanks, `_` stands for one left out."""
    names = ["" if name == "_" else name for name in inputs.split()]
    return helper.make_node(
        op, names, outputs.split(), name=f"make_{outputs.split(maxsplit=1)[0]}", **attributes
    )


def graph(
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, tuple[int | str, ...]],
    constants: Mapping[str, Array] | None = None,
    outputs: str | None = None,
    opset: int = 13,
) -> ModelProto:
    """A model; its outputs, of unknown shape, are those of the last node where none are named."""
    results = list(nodes[-1].output) if outputs is None else outputs.split()
    stored = [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()]
    return helper.make_model(
        helper.make_graph(
            nodes,
            "graph",
            [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, FLOAT, None) for name in results],
            stored,
        ),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=8,
    )


def one(op: str, *operands: Operand, opset: int = 13, domain: str = "", **attributes: Any) -> ModelProto:
    """A model of one node `make_y`, its inputs called a, b, c … and its output y."""
    names = [
        letter if operand is not None else "_" for letter, operand in zip("abcdefgh", operands, strict=False)
    ]
    named = list(zip(names, operands, strict=True))
    return graph(
        [node(op, " ".join(names), "y", domain=domain, **attributes)],
        {name: operand for name, operand in named if isinstance(operand, tuple)},
        {name: operand for name, operand in named if isinstance(operand, np.ndarray)},
        opset=opset,
    )
