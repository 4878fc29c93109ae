"""An ONNX file from anywhere, read with its size bounded and without running anything of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edgedla.bounded import read_bounded
from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

LARGEST = 1_000_000_000
"""Bytes of a network with the weights beside it; more than any board that edgedla knows holds."""


def read_onnx(path: Path) -> ModelProto:
    """The network in a file, checked by onnx, with its weights in it wherever they were.

    Raises:
        UsageError: It cannot be read, is too large, is no network, or its weights are not beside it.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped] # ships no types

    try:
        model = onnx.load_model_from_string(read_bounded(path, LARGEST))
    except DecodeError:
        raise UsageError(f"{path}: not an ONNX file") from None
    if not model.HasField("graph"):
        raise UsageError(f"{path}: not an ONNX file, as it holds no graph")
    _fetch_weights(model, path)
    model = _with_shapes(model)
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid ONNX: {_first_line(error)}") from None
    return model


def _with_shapes(model: ModelProto) -> ModelProto:
    """The network with shapes of outputs that its exporter left out, as far as its nodes tell them."""
    from onnx.shape_inference import InferenceError, infer_shapes

    if all(output.type.tensor_type.HasField("shape") for output in model.graph.output):
        return model
    try:
        return infer_shapes(model)
    except (InferenceError, ValueError):  # the checker says what is wrong
        return model


def all_nodes(nodes: Iterable[NodeProto]) -> Iterator[NodeProto]:
    """Nodes, and those of the graphs within them."""
    for node in nodes:
        yield node
        for graph in inner_graphs(node):
            yield from all_nodes(graph.node)


def inner_graphs(node: NodeProto) -> Iterator[GraphProto]:
    """The branches and bodies that a node holds."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _tensors(model: ModelProto) -> Iterator[TensorProto]:
    """All stored tensors of a network."""
    yield from model.graph.initializer
    for nodes in (model.graph.node, *(function.node for function in model.functions)):
        for node in all_nodes(nodes):
            for graph in inner_graphs(node):
                yield from graph.initializer
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    yield attribute.t
                yield from attribute.tensors


def _fetch_weights(model: ModelProto, path: Path) -> None:
    """Read weights from the files beside the network that it names."""
    from onnx.checker import ValidationError
    from onnx.external_data_helper import ExternalDataInfo, load_external_data_for_model, uses_external_data

    names = {ExternalDataInfo(each).location for each in _tensors(model) if uses_external_data(each)}
    total = 0
    for name in sorted(names):
        total += _size_beside(path, name)
    if total > LARGEST:
        raise UsageError(f"{path}: its weights are larger than {LARGEST} bytes")
    try:
        if names:
            load_external_data_for_model(model, str(path.absolute().parent))
    except (OSError, ValueError, ValidationError) as error:
        raise UsageError(f"{path}: its weights cannot be read: {_first_line(error)}") from None


def _size_beside(path: Path, name: str) -> int:
    """Size of a file that the network names; nothing but a file in the network's own folder is looked at."""
    beside = path.absolute().parent / name
    if os.path.basename(name) != name or name in ("", ".", ".."):  # noqa: PTH119 - the text, not what it leads to
        raise UsageError(f"{path}: says that its weights are in {name!r}, which is not beside it")
    if not beside.is_file() or beside.is_symlink():
        raise UsageError(
            f"{path}: says that its weights are in {name!r}, and there is no such file beside it"
        )
    return beside.stat().st_size


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
