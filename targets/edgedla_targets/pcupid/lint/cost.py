"""Multiply-adds of a node as the hardware runs it, from static shapes.

Only operators that multiply and add are counted: what moving data costs cannot be told from a graph.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.lint.convolution import convolution

if TYPE_CHECKING:
    from edgedla_targets.pcupid.lint.node import Node, Tensor


def multiply_adds(node: Node) -> int:
    """Multiply-adds of one node; 0 of an operator that has none, or where a shape is unknown."""
    count = _COUNTS.get(node.op)
    return count(node) if count and node.standard and not node.constant else 0


def _elements(tensor: Tensor | None) -> int:
    return (tensor.elements if tensor else None) or 0


def _size(tensor: Tensor | None, axis: int) -> int:
    shape = tensor.static if tensor else None
    return shape[axis] if shape and -len(shape) <= axis < len(shape) else 0


def _conv(node: Node) -> int:
    found = convolution(node)
    return _elements(node.output()) * found.channels_read * found.area if found else 0


def _conv_transpose(node: Node) -> int:
    found = convolution(node)
    return _elements(node.input(0)) * (found.channels_out // found.group) * found.area if found else 0


def _matmul(node: Node) -> int:
    return _elements(node.output()) * _size(node.input(0), -1)


def _gemm(node: Node) -> int:
    return _elements(node.output()) * _size(node.input(0), 0 if node.number("transA", 0) else 1)


def _recurrent(node: Node) -> int:
    """Steps x batch x weights, those of the input and the recurrent ones."""
    data = node.input(0)
    weights = _elements(node.input(1)) + _elements(node.input(2))
    return _size(data, 0) * _size(data, 1) * weights


def _einsum(node: Node) -> int:
    """The product of the sizes of all letters; 0 of an equation with an ellipsis."""
    terms = node.text("equation", "").replace(" ", "").split("->")[0].split(",")
    shapes = [tensor.static if tensor else None for tensor in node.inputs]
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=False):
        if shape is None or len(term) != len(shape) or not term.isalpha():
            return 0
        sizes.update(zip(term, shape, strict=True))
    return math.prod(sizes.values()) if sizes else 0


_COUNTS = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "MatMul": _matmul,
    "Gemm": _gemm,
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "RNN": _recurrent,
    "Einsum": _einsum,
}
