"""From an ONNX model to the `Graph` the rules see: one walk in the order of the file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from onnx import NodeProto, TensorProto, TypeProto, helper

from edgedla_targets.pcupid.lint.fold import IMPURE, SMALL, array_of, evaluate, infer, opset_of, sizes_of
from edgedla_targets.pcupid.lint.graph import Graph
from edgedla_targets.pcupid.lint.node import STANDARD, Node, Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnx import ModelProto


def prepare(model: ModelProto) -> Graph:
    """Fold what is constant, infer every shape, and link nodes with tensors. The model is not changed."""
    walk = _Walk(model)
    graph = model.graph
    stored = {tensor.name for tensor in graph.initializer}
    nodes = tuple(walk.node(index, proto) for index, proto in enumerate(graph.node))
    return Graph(
        opset=opset_of(model),
        inputs=tuple(walk.tensors[value.name] for value in graph.input if value.name not in stored),
        outputs=tuple(walk.tensors[value.name] for value in graph.output),
        weights=tuple(walk.tensors[tensor.name] for tensor in graph.initializer),
        nodes=nodes,
        external=tuple(dict.fromkeys(_external(model))),
    )


class _Walk:
    """What is known so far: types and small values in ONNX's own form, and tensors in ours."""

    def __init__(self, model: ModelProto) -> None:
        self.model = model
        graph = model.graph
        self.declared = {value.name: value.type for value in (*graph.value_info, *graph.output)}
        self.types: dict[str, TypeProto] = {}
        self.values: dict[str, TensorProto] = {}
        self.tensors: dict[str, Tensor] = {"": Tensor("")}
        for value in graph.input:
            self._add(value.name, value.type, constant=False)
        for tensor in graph.initializer:
            self._store(tensor)
        for sparse in graph.sparse_initializer:
            kind = helper.make_tensor_type_proto(sparse.values.data_type, list(sparse.dims))
            self._add(sparse.values.name, kind, constant=True)

    def node(self, index: int, proto: NodeProto) -> Node:
        """Learn what the node makes, then describe it."""
        constant = self._is_constant(proto)
        standard = proto.domain in STANDARD
        inferred = infer(proto, self.types, self.values, self.model) if standard else {}
        for name in filter(None, proto.output):
            self.types[name] = _merge(inferred.get(name), self.declared.get(name))
            self.values.pop(name, None)  # of a constant of the same name, in a broken file
        if constant:
            self.values.update(evaluate(proto, self.types, self.values, self.model))
        for name in filter(None, proto.output):
            value = self.values.get(name)
            self._add(name, self.types[name] if value is None else _type_of(value), constant=constant)
        return Node(
            index=index,
            name=proto.name,
            op=proto.op_type,
            domain=proto.domain,
            inputs=tuple(self.tensors[name] if name else None for name in proto.input),
            outputs=tuple(self.tensors[name] if name else None for name in proto.output),
            attributes={attribute.name: attribute for attribute in proto.attribute},
            constant=constant,
        )

    def _is_constant(self, proto: NodeProto) -> bool:
        """Reads only constants, or only asks for a shape that is known."""
        if proto.domain not in STANDARD or proto.op_type in IMPURE:
            return False
        read = [self.tensors[name] for name in proto.input if name]
        if proto.op_type in ("Shape", "Size") and read and read[0].static is not None:
            return True
        return all(tensor.constant for tensor in read)

    def _store(self, tensor: TensorProto) -> None:
        if tensor.data_location != TensorProto.EXTERNAL and math.prod(tensor.dims) <= SMALL:
            self.values[tensor.name] = tensor
        self._add(tensor.name, _type_of(tensor), constant=True)

    def _add(self, name: str, kind: TypeProto, *, constant: bool) -> None:
        value = self.values.get(name)
        self.types[name] = kind
        self.tensors[name] = Tensor(
            name=name,
            dtype=kind.tensor_type.elem_type,
            shape=sizes_of(kind),
            constant=constant,
            value=None if value is None else array_of(value),
        )


def _type_of(tensor: TensorProto) -> TypeProto:
    return helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims))


def _merge(inferred: TypeProto | None, declared: TypeProto | None) -> TypeProto:
    """What follows from the inputs; sizes that do not follow are taken from what the file declares."""
    if inferred is None or declared is None:
        return inferred or declared or TypeProto()
    computed, stated = sizes_of(inferred), sizes_of(declared)
    if computed is None:
        return declared
    if stated is None or len(stated) != len(computed):
        return inferred
    sizes = [known if known is not None else said for known, said in zip(computed, stated, strict=True)]
    return helper.make_tensor_type_proto(inferred.tensor_type.elem_type, sizes)


def _external(model: ModelProto) -> Iterator[str]:
    tensors = [*model.graph.initializer]
    tensors += [item.t for node in model.graph.node for item in node.attribute if item.HasField("t")]
    return (tensor.name for tensor in tensors if tensor.data_location == TensorProto.EXTERNAL)
