"""A network as edgedla takes it: plain words for its inputs and outputs, a size for each axis."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

from edgedla.errors import UsageError
from edgedla.scaffold.onnx_file import all_nodes, inner_graphs
from edgedla.spec import DType, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from onnx import GraphProto, ModelProto, ValueInfoProto

Sizes = tuple[int | None, ...]
"""Of a tensor's axes; `None`: only known when it runs."""

LARGEST = 2**28
"""Elements of a tensor: 1 GB of float32."""
LONGEST_NAME = 50  # characters, so that a spec has room in a line
OLDEST = 9  # opset that `ModelSpec` takes


@dataclass(frozen=True)
class Tensor:
    """An input or output as the file has it."""

    name: str
    sizes: Sizes
    dtype: str
    ranked: bool = True  # whether it is known how many axes there are; of inputs it is

    @property
    def complete(self) -> bool:
        """Whether every size is known."""
        return self.ranked and None not in self.sizes

    @property
    def shown(self) -> str:
        """Name and sizes for people."""
        sizes = ", ".join("?" if size is None else str(size) for size in self.sizes)
        return f"{self.name!r} ({sizes})"

    def spec(self) -> TensorSpec:
        """The same for edgedla, once all is known."""
        return TensorSpec.model_validate({"name": self.name, "shape": self.sizes, "dtype": self.dtype})


def inputs_of(model: ModelProto) -> list[Tensor]:
    """What the network has to be fed with.

    Raises:
        UsageError: It has none, or one of a kind that edgedla does not know.
    """
    stored = {tensor.name for tensor in model.graph.initializer}
    found = [_read(value) for value in model.graph.input if value.name not in stored]
    if not found:
        raise UsageError("the network has no inputs")
    return found


def opset_of(model: ModelProto) -> int:
    """Version of the standard operators.

    Raises:
        UsageError: It is too old, or there is none.
    """
    found = max((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), default=0)
    if found < OLDEST:
        raise UsageError(
            f"the network is of opset {found}, and edgedla takes {OLDEST} and later",
            hint="onnx.version_converter.convert_version(model, 13) makes a newer one of it",
        )
    return found


def with_shapes(found: Sequence[Tensor], shapes: Mapping[str, tuple[int, ...]]) -> list[Tensor]:
    """Inputs with the sizes that the user gave by name.

    Raises:
        UsageError: There is no such input, or it has other sizes.
    """
    for name in shapes:
        if name not in {tensor.name for tensor in found}:
            known = ", ".join(tensor.shown for tensor in found)
            raise UsageError(f"--shape: there is no input {name!r}", hint=f"inputs: {known}")
    return [_fitted(tensor, shapes.get(tensor.name)) for tensor in found]


def _fitted(tensor: Tensor, shape: tuple[int, ...] | None) -> Tensor:
    if shape is None:
        return tensor
    if len(shape) != len(tensor.sizes) or any(
        known not in (None, given) for known, given in zip(tensor.sizes, shape, strict=False)
    ):
        raise UsageError(f"--shape: {','.join(map(str, shape))} does not fit the input {tensor.shown}")
    return replace(tensor, sizes=shape)


def fix(model: ModelProto, inputs: Sequence[Tensor]) -> list[Tensor]:
    """Write these sizes into the network; its outputs with theirs, as far as they follow.

    Raises:
        UsageError: The sizes contradict the network, or are too large.
    """
    import onnx

    by_name = {value.name: value for value in model.graph.input}
    for tensor in inputs:
        _write(by_name[tensor.name], tensor)
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    del model.graph.value_info[:]
    try:
        inferred = onnx.shape_inference.infer_shapes(
            model, check_type=True, strict_mode=False, data_prop=True
        )
    except (onnx.shape_inference.InferenceError, ValueError) as error:
        raise UsageError(f"these sizes do not go through the network: {error}") from None
    return [_read(value) for value in inferred.graph.output]


def write_outputs(model: ModelProto, outputs: Sequence[Tensor]) -> None:
    """Write these sizes to the network's outputs."""
    for value, tensor in zip(model.graph.output, outputs, strict=True):
        _write(value, tensor)


def rename(model: ModelProto, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> dict[str, str]:
    """Give inputs and outputs plain words for names where theirs are none; new names by old."""
    used = set(_names(model.graph))
    changed: dict[str, str] = {}
    for side, found in (("input", inputs), ("output", outputs)):
        for tensor in found:
            if not _is_plain(tensor.name) and tensor.name not in changed:
                changed[tensor.name] = _free(_plain(tensor.name, side), used)
                used.add(changed[tensor.name])
    _rename(model.graph, changed)
    return changed


def _is_plain(name: str) -> bool:
    return bool(re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name)) and len(name) <= LONGEST_NAME


def _plain(name: str, side: str) -> str:
    word = re.sub("[^A-Za-z0-9]+", "_", name).strip("_")[: LONGEST_NAME - 10]
    return word if word[:1].isalpha() else f"{side}_{word}".strip("_")


def _free(word: str, used: set[str]) -> str:
    number = 2
    found = word
    while found in used:
        found, number = f"{word}_{number}", number + 1
    return found


def _names(graph: GraphProto) -> Iterable[str]:
    for value in (*graph.input, *graph.output, *graph.initializer):
        yield value.name
    for node in all_nodes(graph.node):
        yield from (*node.input, *node.output)
        for inner in inner_graphs(node):
            yield from (value.name for value in (*inner.input, *inner.output, *inner.initializer))


def _rename(graph: GraphProto, changed: Mapping[str, str]) -> None:
    """In a graph and those within it: a name is that of one tensor in all of them."""
    for value in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        value.name = changed.get(value.name, value.name)
    for node in graph.node:
        node.input[:] = [changed.get(name, name) for name in node.input]
        node.output[:] = [changed.get(name, name) for name in node.output]
        for inner in inner_graphs(node):
            _rename(inner, changed)


def _read(value: ValueInfoProto) -> Tensor:
    import onnx

    if not value.type.HasField("tensor_type"):
        raise UsageError(f"{value.name!r} is no tensor but a {value.type.WhichOneof('value') or 'nothing'}")
    tensor = value.type.tensor_type
    number = tensor.elem_type
    known = number in onnx.TensorProto.DataType.values() and number != onnx.TensorProto.UNDEFINED
    dtype = onnx.helper.tensor_dtype_to_np_dtype(number).name if known else "unknown"
    if dtype not in get_args(DType):
        kind = onnx.TensorProto.DataType.Name(number).lower() if known else dtype
        raise UsageError(
            f"{value.name!r} is of type {kind}, and edgedla knows {', '.join(get_args(DType))}",
            hint="put a Cast into the network",
        )
    sizes = (each.dim_value if each.dim_value > 0 else None for each in tensor.shape.dim)
    return Tensor(value.name, tuple(sizes), dtype, tensor.HasField("shape"))


def _write(value: ValueInfoProto, tensor: Tensor) -> None:
    import onnx

    if math.prod(size or 1 for size in tensor.sizes) > LARGEST:
        raise UsageError(f"{tensor.shown} has more than {LARGEST} elements")
    number = value.type.tensor_type.elem_type
    value.CopyFrom(onnx.helper.make_tensor_value_info(tensor.name, number, tensor.sizes))
