"""Rules of the file as a whole: opset, shapes, names."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.lint.node import Tensor
from edgedla_targets.pcupid.lint.rule import Hit, Rule
from edgedla_targets.pcupid.lint.rules.operators import accepted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgedla_targets.pcupid.lint.graph import Graph
    from edgedla_targets.pcupid.lint.node import Node

LARGEST_OPSET = 13
LONGEST_NAMES = 1024
LARGEST_TENSOR = 2**31
SAFE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.:/]*[A-Za-z0-9])?")


def _opset(graph: Graph) -> Iterator[Hit]:
    if graph.opset > LARGEST_OPSET:
        yield Hit(f"the model is of opset {graph.opset}")


def _shapes(graph: Graph) -> Iterator[Hit]:
    """Open inputs; where there are none, the tensors behind which shapes get lost; and zero sizes."""
    open_inputs = [tensor for tensor in graph.inputs if tensor.static is None]
    for tensor in open_inputs:
        yield Hit("the input's shape is not fixed", tensor=tensor)
    for tensor in graph.inputs:
        if 0 in (tensor.shape or ()):
            yield Hit("the input has a size of zero", tensor=tensor)
    for node in graph.live:
        if not open_inputs and accepted(node):
            yield from _lost(node)


def _lost(node: Node) -> Iterator[Hit]:
    if any(tensor and (tensor.static is None or 0 in tensor.static) for tensor in node.inputs):
        return
    for tensor in filter(None, node.outputs):
        if tensor.static is None:
            yield Hit(f"the shape of '{tensor.name}' cannot be told before the graph runs", node, tensor)
        elif 0 in tensor.static:
            yield Hit(f"'{tensor.name}' has a size of zero", node, tensor)


def _batch(graph: Graph) -> Iterator[Hit]:
    for tensor in graph.inputs:
        if tensor.static and len(tensor.static) == 4 and tensor.static[0] > 1:  # noqa: PLR2004 # batch, 3 sizes
            yield Hit(f"the input has a batch of {tensor.static[0]}", tensor=tensor)


def _edge_names(graph: Graph) -> Iterator[Hit]:
    for tensor in (*graph.inputs, *graph.outputs):
        if tensor.name and not SAFE_NAME.fullmatch(tensor.name):
            yield Hit(f"the name '{tensor.name}' is damaged by the tools' config parser", tensor=tensor)


def _name_length(graph: Graph) -> Iterator[Hit]:
    for kind, tensors in (("input", graph.inputs), ("output", graph.outputs)):
        length = len(",".join(tensor.name for tensor in tensors))
        if length > LONGEST_NAMES:
            yield Hit(f"the {kind} names together have {length} characters")


def _made(graph: Graph) -> Iterator[tuple[Tensor, Node | None]]:
    """Every tensor with what makes it."""
    yield from ((tensor, None) for tensor in (*graph.inputs, *graph.weights))
    yield from ((tensor, node) for node in graph.nodes for tensor in node.outputs if tensor)


def _tensor_names(graph: Graph) -> Iterator[Hit]:
    counts = Counter(tensor.name for tensor, _ in _made(graph))
    seen = set()
    for tensor, node in _made(graph):
        if counts[tensor.name] > 1 and tensor.name not in seen:
            yield Hit(f"{counts[tensor.name]} tensors are called '{tensor.name}'", node, tensor)
        seen.add(tensor.name)
    for tensor in (*graph.inputs, *graph.outputs):
        if not tensor.name:
            yield Hit("an input or output has no name", tensor=tensor)


def _node_names(graph: Graph) -> Iterator[Hit]:
    counts = Counter(node.name for node in graph.nodes if node.name)
    seen = set()
    for node in graph.nodes:
        if counts[node.name] > 1 and node.name not in seen:
            yield Hit(f"{counts[node.name]} nodes are called '{node.name}'", node)
        seen.add(node.name)


def _external(graph: Graph) -> Iterator[Hit]:
    known = {tensor.name: tensor for tensor, _ in _made(graph)}
    for name in graph.external:
        yield Hit(f"the numbers of '{name}' lie in another file", tensor=known.get(name, Tensor(name)))


def _large(graph: Graph) -> Iterator[Hit]:
    for tensor, node in _made(graph):
        if (tensor.bytes or 0) >= LARGEST_TENSOR and not (node and node.constant):
            yield Hit(f"'{tensor.name}' has {tensor.bytes} bytes", node, tensor)


RULES = (
    Rule(
        "IPU001",
        "error",
        "Opset",
        "opset at most 13",
        "S1.0.9 front end: reports a newer model, leaves no file, and exits with 0; the limit of later tools "
        "is not published",
        "measured",
        "export at opset 13",
        _opset,
    ),
    Rule(
        "IPU002",
        "error",
        "Static shapes",
        "every tensor has a shape that is known before the graph runs and has no size of zero",
        "S1.0.9 front end",
        "documented",
        "export with fixed input sizes, then simplify with onnxsim",
        _shapes,
    ),
    Rule(
        "IPU003",
        "error",
        "Batch",
        "inputs of four dimensions have batch 1",
        "S1.0.9 front end: 'SGS only support N = 1 for 4 dims inputs'",
        "measured",
        "export with batch 1; batches are an option of the vendor's compiler",
        _batch,
    ),
    Rule(
        "IPU004",
        "error",
        "Input and output names",
        "input and output names begin and end with a letter or digit and hold neither blanks nor commas",
        "S1.0.9: punctuation at the ends of lists in the config file is stripped; `/images` was not found",
        "measured",
        "give input_names and output_names of plain words when exporting",
        _edge_names,
    ),
    Rule(
        "IPU005",
        "error",
        "Length of names",
        "all input names together and all output names together have at most 1024 characters",
        "S1.0.9 manual, Convert",
        "documented",
        "give shorter names when exporting",
        _name_length,
    ),
    Rule(
        "IPU006",
        "error",
        "Tensor names",
        "every tensor has a name of its own",
        "ONNX format; SDK 1.1.5 aborted on two tensors of one name",
        "measured",
        "export again; a graph edited by hand needs a new name for one of them",
        _tensor_names,
    ),
    Rule(
        "IPU007",
        "warning",
        "Node names",
        "no two nodes have the same name",
        "the tools' messages name nodes, and two of one name cannot be told apart",
        "judged",
        "rename one of the nodes",
        _node_names,
    ),
    Rule(
        "IPU008",
        "error",
        "One file",
        "all weights are in the .onnx file",
        "conversion jobs get a private copy of this one file",
        "judged",
        "save again without external data: onnx.save(model, path, save_as_external_data=False)",
        _external,
    ),
    Rule(
        "IPU009",
        "error",
        "Tensor size",
        "every tensor has less than 2^31 bytes",
        "S1.0.9 manual, DLA SDK Support",
        "documented",
        "shorten the input, or divide the tensor",
        _large,
    ),
)
