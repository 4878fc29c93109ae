"""Reading and editing one onnx_ir graph: static shapes, constants, new nodes beside old ones."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx_ir as ir

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    Array = np.ndarray[Any, np.dtype[Any]]
    Dims = tuple[int, ...]
    Lower = Callable[["Editor", ir.Node], ir.Value | None]

SHARED_BYTES = 512  # constants up to this size are shared between the nodes that a rule makes


def dims(value: ir.Value | None) -> Dims:
    """The static shape of `value`.

    Raises:
        UsageError: The shape is unknown or has a free dimension.
    """
    shape = value.shape if value is not None else None
    if value is None or shape is None or not shape.is_static():
        name = value.name if value is not None else "an omitted input"
        raise UsageError(
            f"tensor '{name}' has no static shape ({shape})",
            hint="export with fixed input shapes, or simplify the graph first",
        )
    return tuple(int(size) for size in shape.numpy())


def source(node: ir.Node, index: int = 0) -> ir.Value:
    """Input `index` of `node`, which must be there."""
    value = node.inputs[index]
    assert value is not None
    return value


def optional(node: ir.Node, index: int) -> ir.Value | None:
    """Input `index` of `node`, or `None` where it is left out."""
    return node.inputs[index] if index < len(node.inputs) else None


def constant(value: ir.Value | None) -> Array | None:
    """The content of an initialiser that cannot be overridden from outside; `None` for anything else."""
    if value is None or value.const_value is None or not value.is_initializer() or value.is_graph_input():
        return None
    return value.const_value.numpy()


def constant_input(node: ir.Node, index: int) -> Array | None:
    """The constant at input `index` of `node`, if it is one."""
    return constant(optional(node, index))


def integers(node: ir.Node, index: int) -> list[int] | None:
    """The constant at input `index` of `node` as a flat list."""
    found = constant_input(node, index)
    return None if found is None else [int(number) for number in found.reshape(-1)]


def is_op(node: ir.Node | None, *op_types: str) -> bool:
    """Whether `node` is a standard operator of one of these types."""
    return node is not None and node.domain == "" and node.op_type in op_types


def set_ints(node: ir.Node, name: str, values: Sequence[int]) -> None:
    """Give `node` a list attribute."""
    node.attributes[name] = ir.AttrInt64s(name, list(values))


class Editor:
    """Adds nodes and constants to a graph under names that are not taken."""

    def __init__(self, graph: ir.Graph) -> None:
        self.graph = graph
        values = (*graph.inputs, *graph.initializers.values(), *(o for node in graph for o in node.outputs))
        self._taken = {value.name for value in values} | {node.name for node in graph}
        self._counts: Counter[str] = Counter()
        self._constants: dict[tuple[str, Dims, bytes], ir.Value] = {}
        self._views: dict[tuple[ir.Value, Dims], ir.Value] = {}
        self._made: set[ir.Value] = set()

    def fresh(self, stem: str) -> str:
        """A name that begins with `stem` and is not yet taken."""
        name = stem
        while name in self._taken:
            self._counts[stem] += 1
            name = f"{stem}_{self._counts[stem]}"
        self._taken.add(name)
        return name

    def make(
        self,
        stem: str | None,
        op_type: str,
        inputs: Sequence[ir.Value | None],
        shape: Sequence[int],
        attributes: dict[str, Any] | None = None,
    ) -> ir.Value:
        """The output of a new node that is not yet in the graph; its type is that of the first input."""
        assert inputs[0] is not None
        name = self.fresh(f"{stem or op_type}_{op_type}")
        output = ir.Value(name=f"{name}_out", shape=ir.Shape(shape), type=inputs[0].type)
        self._taken.add(output.name)
        self._made.add(output)
        ir.node(op_type, inputs, attributes, outputs=[output], name=name)
        return output

    def op(
        self,
        anchor: ir.Node,
        op_type: str,
        inputs: Sequence[ir.Value | None],
        shape: Sequence[int],
        **attributes: Any,
    ) -> ir.Value:
        """The output of a new node right before `anchor`."""
        output = self.make(anchor.name, op_type, inputs, shape, attributes)
        self.graph.insert_before(anchor, node_of(output))
        return output

    def constant(self, stem: str, array: Array) -> ir.Value:
        """An initialiser; small ones are shared."""
        key = (array.dtype.str, array.shape, array.tobytes() if array.nbytes <= SHARED_BYTES else b"")
        if array.nbytes <= SHARED_BYTES and key in self._constants:
            return self._constants[key]
        tensor = ir.tensor(np.ascontiguousarray(array).reshape(array.shape), name=self.fresh(stem))
        shape = ir.Shape(array.shape)
        value = ir.Value(name=tensor.name, shape=shape, type=ir.TensorType(tensor.dtype), const_value=tensor)
        self.graph.register_initializer(value)
        self._constants[key] = value
        return value

    def scalar(self, like: ir.Value, number: float) -> ir.Value:
        """A constant of rank 0 with the element type of `like`."""
        assert like.dtype is not None
        return self.constant("scalar", np.asarray(number, dtype=like.dtype.numpy()))

    def integers(self, stem: str, numbers: Sequence[int]) -> ir.Value:
        """A constant list of int64."""
        return self.constant(stem, np.asarray(numbers, dtype=np.int64))

    def reshape(self, anchor: ir.Node, value: ir.Value, shape: Sequence[int]) -> ir.Value:
        """`value` in another shape, by a Reshape right before `anchor`."""
        return self.op(anchor, "Reshape", [value, self.integers("shape", shape)], shape)

    def slice(self, anchor: ir.Node, value: ir.Value, axis: int, start: int, stop: int) -> ir.Value:
        """Elements `start` to `stop` of one axis, by a Slice right before `anchor`."""
        limits = [self.integers("limit", [number]) for number in (start, stop, axis)]
        shape = dims(value)
        return self.op(anchor, "Slice", [value, *limits], (*shape[:axis], stop - start, *shape[axis + 1 :]))

    def view(self, value: ir.Value, shape: Dims) -> ir.Value:
        """`value` in another shape, made once right after `value` and shared."""
        if shape == dims(value):
            return value
        if (value, shape) not in self._views:
            self._views[value, shape] = self._new_view(value, shape)
        return self._views[value, shape]

    def _new_view(self, value: ir.Value, shape: Dims) -> ir.Value:
        array = constant(value)
        if array is not None:
            return self.constant(f"{value.name}_reshaped", array.reshape(shape))
        output = self.make(value.name, "Reshape", [value, self.integers("shape", shape)], shape)
        producer = value.producer()
        if producer is None:
            self.graph.insert_before(self.graph[0], node_of(output))
        else:
            self.graph.insert_after(producer, node_of(output))
        return output

    def restore(self, value: ir.Value, shape: Dims) -> None:
        """`value` now has `shape`: everything that used it gets it back in its former one."""
        former, uses = dims(value), tuple(value.uses())
        value.shape = ir.Shape(shape)
        back = self._new_view(value, former)
        for use in uses:
            use.node.replace_input_with(use.idx, back)
        for index, output in enumerate(self.graph.outputs):
            if output is value:
                value.name, back.name = self.fresh(f"{value.name}_inner"), value.name
                self.graph.outputs[index] = back

    def replace(self, node: ir.Node, value: ir.Value) -> None:
        """Remove `node`, which has one output, in favour of `value`; a new value takes over its name."""
        old, new = node.outputs[0], value
        assert dims(old) == dims(value), f"{node.name}: {dims(old)} became {dims(value)}"
        is_output = old.is_graph_output()
        if is_output and (value.producer() is None or value.is_graph_output()):
            new = self.op(node, "Identity", [value], dims(value))
        old.name, name = self.fresh(f"{old.name}_old"), old.name
        old.replace_all_uses_with(new, replace_graph_outputs=True)
        self.graph.remove(node, safe=True)
        if is_output or new in self._made:
            new.name = name


def node_of(value: ir.Value) -> ir.Node:
    """The node that makes `value`."""
    node = value.producer()
    assert node is not None
    return node


def rewrite(model: ir.Model, op_types: Collection[str], lower: Lower) -> int:
    """Offer each node of these types to `lower`, which returns the value to put in its place, or `None`."""
    editor, count = Editor(model.graph), 0
    for node in tuple(model.graph):
        if is_op(node, *op_types):
            value = lower(editor, node)
            if value is not None:
                editor.replace(node, value)
                count += 1
    return count
