"""From a file nobody vouches for to an ONNX model whose names and sizes hold together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError  # type: ignore[import-untyped] # ships no types
from onnx import ModelProto, TensorProto

from edgedla.errors import UsageError
from edgedla_targets.pcupid.lint.node import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST_FILE = 2**31 - 1
"""Bytes; what a protobuf message can hold."""


def read_model(path: Path) -> ModelProto:
    """The model of an ONNX file. Data kept in other files are neither looked for nor read.

    Raises:
        UsageError: No such file, not ONNX, cut off, without nodes, with a node that reads what nobody made
            before it, or with a constant that holds other than its shape says.
    """
    model = ModelProto()
    try:
        model.ParseFromString(_bytes(path))
        reason = _flaw(model)
    except (DecodeError, UnicodeDecodeError) as error:
        raise _refuse(path, f"is not an ONNX model, or cut off ({error})") from None
    if reason:
        raise _refuse(path, reason)
    return model


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise _refuse(path, "is not a file" if path.exists() else "does not exist")
        if path.stat().st_size > LARGEST_FILE:
            raise _refuse(path, f"has {path.stat().st_size} bytes; an ONNX file ends at {LARGEST_FILE}")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise _refuse(path, f"cannot be read ({error})") from None


def _refuse(path: Path, reason: str) -> UsageError:
    return UsageError(f"{path} {reason}", hint="give the .onnx file an export or a build wrote")


def _flaw(model: ModelProto) -> str:
    """What makes the model unusable; empty where nothing does."""
    if not model.graph.node:
        return "is no ONNX model, or one without nodes"
    return next(_flaws(model), "")


def _flaws(model: ModelProto) -> Iterator[str]:
    yield from (f"is broken: {word!r} is no text" for word in _words(model) if isinstance(word, bytes))
    yield from (flaw for tensor in model.graph.initializer if (flaw := tensor_flaw(tensor)))
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t") and (flaw := tensor_flaw(attribute.t)):
                yield f"{flaw}, in node '{node.name or node.op_type}'"
    yield from _unmade(model)


def _words(model: ModelProto) -> Iterator[str | bytes]:
    """All names; protobuf hands over as bytes what is not UTF-8."""
    graph = model.graph
    yield from (opset.domain for opset in model.opset_import)
    yield from (value.name for value in (*graph.input, *graph.output, *graph.value_info))
    yield from (tensor.name for tensor in graph.initializer)
    yield from (sparse.values.name for sparse in graph.sparse_initializer)
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)


def _unmade(model: ModelProto) -> Iterator[str]:
    graph = model.graph
    made = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
    made |= {tensor.values.name for tensor in graph.sparse_initializer} | {""}  # "": an input left out
    for node in graph.node:
        for name in node.input:
            if name not in made:
                label = node.name or node.op_type
                yield f"is broken: node '{label}' reads '{name}', which nothing before it makes"
        made.update(node.output)
    for value in graph.output:
        if value.name not in made:
            yield f"is broken: nothing makes its output '{value.name}'"


def tensor_flaw(tensor: TensorProto) -> str:
    """What is wrong with the sizes of a stored tensor; empty where nothing is."""
    if any(size < 0 for size in tensor.dims):
        return f"is broken: constant '{tensor.name}' has a negative size"
    width = WIDTHS.get(tensor.data_type)
    if width is None or tensor.data_location == TensorProto.EXTERNAL:
        return ""
    claimed, held = math.prod(tensor.dims), _held(tensor, width)
    if claimed == held:
        return ""
    return f"is broken: constant '{tensor.name}' should hold {claimed} numbers and holds {held}"


def _held(tensor: TensorProto, width: int) -> int:
    if tensor.HasField("raw_data"):
        return len(tensor.raw_data) // width
    fields = (
        tensor.float_data,
        tensor.int32_data,
        tensor.int64_data,
        tensor.double_data,
        tensor.uint64_data,
    )
    return max(len(field) for field in fields)
