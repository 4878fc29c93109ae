"""Lookups over an ONNX graph, and the means to put other nodes in place of some of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Array: TypeAlias = npt.NDArray[Any]
Shape: TypeAlias = tuple[int, ...]
Node: TypeAlias = onnx.NodeProto
Model: TypeAlias = onnx.ModelProto

STANDARD = ("", "ai.onnx")
"""Names of the domain of ONNX's own operators."""


def kind(node: Node) -> str:
    """The operator, if it is one of ONNX itself; others may mean anything by the same name."""
    return node.op_type if node.domain in STANDARD else ""


def attribute(node: Node, name: str, default: Any) -> Any:
    """An attribute's value, lists as lists; the default where it is absent."""
    found = [helper.get_attribute_value(item) for item in node.attribute if item.name == name]
    value = found[0] if found else default
    return value if isinstance(value, bytes | int | float) else list(value)


def opset(model: Model) -> int:
    """Version of ONNX's own operators."""
    return next((item.version for item in model.opset_import if item.domain in STANDARD), 1)


def is_plain(model: Model) -> bool:
    """Whether all a graph computes can be seen in its nodes and dense constants.

    A subgraph (If, Loop) or a function may read any tensor without naming it among a node's inputs, so such
    models are not rewritten at all.
    """
    inner = (
        item for node in model.graph.node for item in node.attribute if item.HasField("g") or item.graphs
    )
    return not model.functions and not model.graph.sparse_initializer and not any(inner)


@dataclass
class Graph:
    """Lookups over one graph; build a new one after each change.

    `shapes` knows tensors whose sizes are all fixed; `consts` the constants that no input can override.
    """

    model: Model
    consts: dict[str, Array] = field(init=False)
    shapes: dict[str, Shape] = field(init=False)
    floats: set[str] = field(init=False)
    maker: dict[str, Node] = field(init=False)
    readers: dict[str, list[Node]] = field(init=False)

    def __post_init__(self) -> None:
        inputs = {item.name for item in self.model.graph.input}
        stored = [item for item in self.model.graph.initializer if item.name not in inputs]
        self.consts = {item.name: numpy_helper.to_array(item) for item in stored}
        self._infer()
        self.maker = {name: node for node in self.nodes for name in node.output}
        self.readers = {}
        for node in self.nodes:
            for name in set(node.input):
                self.readers.setdefault(name, []).append(node)

    def _infer(self) -> None:
        inferred = onnx.shape_inference.infer_shapes(self.model).graph
        tensors = {
            i.name: i.type.tensor_type for i in (*inferred.value_info, *inferred.input, *inferred.output)
        }
        sizes = {
            name: tuple(d.dim_value for d in t.shape.dim)
            for name, t in tensors.items()
            if t.HasField("shape")
        }
        self.shapes = {name: shape for name, shape in sizes.items() if all(size > 0 for size in shape)}
        self.shapes |= {name: value.shape for name, value in self.consts.items()}
        self.floats = {name for name, t in tensors.items() if t.elem_type == onnx.TensorProto.FLOAT}
        self.floats |= {name for name, value in self.consts.items() if value.dtype == np.float32}

    @property
    def nodes(self) -> list[Node]:
        """The nodes in their order."""
        return list(self.model.graph.node)

    @property
    def outputs(self) -> set[str]:
        """Names of the graph's outputs."""
        return {item.name for item in self.model.graph.output}

    def only_reader(self, name: str) -> Node | None:
        """The single node that reads a tensor, if it is single and the tensor is no graph output."""
        found = self.readers.get(name, [])
        return found[0] if len(found) == 1 and name not in self.outputs else None

    def variable_inputs(self, node: Node) -> list[str]:
        """Inputs that are not constants."""
        return [name for name in node.input if name and name not in self.consts]

    def unused(self, word: str) -> str:
        """`word`, lengthened until no name of the graph begins with it."""
        graph = self.model.graph
        names = {name for node in graph.node for name in (*node.input, *node.output, node.name)}
        names |= {item.name for item in (*graph.initializer, *graph.input)}
        while any(name.startswith(word) for name in names):
            word += "_"
        return word


@dataclass
class Emitter:
    """Collects new nodes and constants under names that start with `prefix`."""

    prefix: str
    nodes: list[Node] = field(default_factory=list)
    consts: list[onnx.TensorProto] = field(default_factory=list)

    def fresh(self) -> str:
        """A new name."""
        return f"{self.prefix}_{len(self.nodes) + len(self.consts)}"

    def twin(self, name: str) -> str:
        """The name here of what stands for a tensor of the graph."""
        return f"{self.prefix}.{name}"  # no name of `fresh` has a dot there

    def const(self, value: object, dtype: type[np.generic] = np.float32) -> str:
        """Name of a new constant."""
        name = self.fresh() + "_const"
        self.consts.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def ints(self, *values: int) -> str:
        """Name of a new constant vector of integers."""
        return self.const(list(values), np.int64)

    def node(self, operator: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        """Name of the only output of a new node."""
        name = self.fresh()
        output = output or name
        self.nodes.append(helper.make_node(operator, list(inputs), [output], name=name, **attributes))
        return output

    def cut(self, x: str, start: int, stop: int, axis: int, output: str = "") -> str:
        """`x[start:stop]` along an axis."""
        return self.node("Slice", [x, self.ints(start), self.ints(stop), self.ints(axis)], output)

    def copy(self, node: Node, renamed: dict[str, str]) -> Node:
        """A copy of a single-output node whose inputs are renamed and whose output is its twin."""
        clone = onnx.NodeProto()
        clone.CopyFrom(node)
        clone.name, clone.output[0] = self.fresh(), self.twin(node.output[0])
        clone.input[:] = [renamed.get(name, name) for name in node.input]
        self.nodes.append(clone)
        return clone


def rebuilt(model: Model, nodes: Iterable[Node], consts: Iterable[onnx.TensorProto]) -> Model:
    """The model with other nodes, more constants, and nothing that no output needs."""
    need, keep = {item.name for item in model.graph.output}, []
    for node in reversed(list(nodes)):
        if need & set(node.output):
            keep.append(node)
            need |= set(node.input)
    need |= {item.name for item in model.graph.input}  # a constant may be an input's default value
    made = {name for node in keep for name in node.output}
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    for part in (graph.node, graph.initializer, graph.value_info):
        del part[:]
    graph.node.extend(keep[::-1])
    graph.initializer.extend(item for item in (*model.graph.initializer, *consts) if item.name in need)
    graph.value_info.extend(item for item in model.graph.value_info if item.name in made)
    return result


def replaced(model: Model, new: dict[str, Emitter], gone: Iterable[str] = ()) -> Model:
    """Put emitted nodes where the maker of a tensor was; drop the makers of the tensors in `gone`."""
    if not new:
        return model
    drop = set(gone)
    nodes: list[Node] = []
    for node in model.graph.node:
        name = node.output[0]
        nodes += new[name].nodes if name in new else [] if name in drop else [node]
    return rebuilt(model, nodes, [item for emitter in new.values() for item in emitter.consts])
