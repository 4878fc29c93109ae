"""What a rule sees of a graph: tensors and nodes, already resolved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from onnx import AttributeProto, TensorProto

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

Shape: TypeAlias = tuple[int | None, ...]
"""Sizes; `None` where one is not known before the graph runs."""

STANDARD = ("", "ai.onnx")
"""The two spellings of the domain of ONNX's own operators."""

WIDTHS: Mapping[int, int] = {
    TensorProto.FLOAT: 4,
    TensorProto.UINT8: 1,
    TensorProto.INT8: 1,
    TensorProto.UINT16: 2,
    TensorProto.INT16: 2,
    TensorProto.INT32: 4,
    TensorProto.INT64: 8,
    TensorProto.BOOL: 1,
    TensorProto.FLOAT16: 2,
    TensorProto.DOUBLE: 8,
    TensorProto.UINT32: 4,
    TensorProto.UINT64: 8,
    TensorProto.BFLOAT16: 2,
}
"""Bytes of an element; the types that are not here cannot be told from their size."""


@dataclass(frozen=True, eq=False)
class Tensor:
    """A named value. `dtype`: of `onnx.TensorProto`, 0 where unknown; `value`: of small constants."""

    name: str
    dtype: int = 0
    shape: Shape | None = None
    constant: bool = False
    value: npt.NDArray[Any] | None = None

    @property
    def rank(self) -> int | None:
        return None if self.shape is None else len(self.shape)

    @property
    def static(self) -> tuple[int, ...] | None:
        """The shape, where every size is known."""
        if self.shape is None:
            return None
        known = tuple(size for size in self.shape if size is not None)
        return known if len(known) == len(self.shape) else None

    @property
    def elements(self) -> int | None:
        return None if self.static is None else math.prod(self.static)

    @property
    def bytes(self) -> int | None:
        width = WIDTHS.get(self.dtype)
        return None if self.elements is None or width is None else self.elements * width

    def __str__(self) -> str:
        if self.shape is None:
            return "unknown"
        return "x".join("?" if size is None else str(size) for size in self.shape) or "scalar"


@dataclass(frozen=True, eq=False)
class Node:
    """An operator. Inputs and outputs left out are `None`; `constant`: it reads nothing but constants."""

    index: int
    name: str
    op: str
    domain: str
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor | None, ...]
    attributes: Mapping[str, AttributeProto]
    constant: bool

    @property
    def label(self) -> str:
        """How people find it: its name, else the name of its first output."""
        return self.name or next((tensor.name for tensor in self.outputs if tensor), self.op)

    @property
    def standard(self) -> bool:
        return self.domain in STANDARD

    def input(self, index: int) -> Tensor | None:
        return self.inputs[index] if index < len(self.inputs) else None

    def output(self, index: int = 0) -> Tensor | None:
        return self.outputs[index] if index < len(self.outputs) else None

    def number(self, name: str, default: int) -> int:
        """An integer attribute; the default where it is missing or of another type."""
        found = self.attributes.get(name)
        return found.i if found is not None and found.type == AttributeProto.INT else default

    def numbers(self, name: str) -> tuple[int, ...] | None:
        """An attribute that is a list of integers."""
        found = self.attributes.get(name)
        return tuple(found.ints) if found is not None and found.type == AttributeProto.INTS else None

    def text(self, name: str, default: str) -> str:
        """An attribute that is a word."""
        found = self.attributes.get(name)
        if found is None or found.type != AttributeProto.STRING:
            return default
        return found.s.decode("utf-8", "replace")

    def constants(self, index: int) -> tuple[int, ...] | None:
        """The integers of a constant input; `None` where it is missing, computed or not of integers."""
        tensor = self.input(index)
        if tensor is None or tensor.value is None or tensor.value.dtype.kind not in "iu":
            return None
        return tuple(int(number) for number in tensor.value.ravel())
