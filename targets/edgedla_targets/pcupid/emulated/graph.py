"""The ONNX graph on its way into a float network: what the front end checks, drops and refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from onnx import TensorProto

from edgedla_targets.pcupid.emulated.console import native_refusal, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MAX_OPSET = 13
IMAGE_RANK = 4


class LeaveQuietlyError(Exception):
    """The tool gives up with a message and exit status 0: no file, and no other sign of the failure."""


def load(path: Path) -> onnx.ModelProto:
    """The model at `path`, its inputs freed of weights that old files list there.

    Raises:
        NameError: There is no such file.
        onnx.checker.ValidationError: It uses an operator that the ONNX package of the tool does not know.
        LeaveQuietlyError: Its opset is too new.
    """
    if not path.is_file():
        raise NameError(f"Input graph file {path} does not exist!")
    model = onnx.load(path)
    _check_registered(model)
    _check_opset(model)
    weights = {weight.name for weight in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    return model


def _opset(model: onnx.ModelProto) -> int:
    return max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=1)


def _check_registered(model: onnx.ModelProto) -> None:
    for node in model.graph.node:
        try:
            onnx.defs.get_schema(node.op_type, min(_opset(model), MAX_OPSET), node.domain)
        except onnx.defs.SchemaError:
            version = _opset(model)
            raise onnx.checker.ValidationError(
                f"No Op registered for {node.op_type} with domain_version of {version}"
            ) from None


def _check_opset(model: onnx.ModelProto) -> None:
    if (version := _opset(model)) > MAX_OPSET:
        raise LeaveQuietlyError(
            f"Unsupported ONNX opset version: {version}. The maximum supported opset version of ONNX model "
            f"conversion is {MAX_OPSET}."
        )


def set_inputs(model: onnx.ModelProto, names: Sequence[str], shapes: str) -> None:
    """Give the inputs the shapes of the command line, `1,1,64:1,16` in the order of the ini.

    Raises:
        RuntimeError: The ini names an input that the model does not have.
        AssertionError: The ini leaves an input out.
        ValueError: A size is no number, or the batch of a 4-D input is not 1.
        IndexError: There are fewer or more sizes than dimensions, or fewer shapes than inputs.
    """
    values = {value.name: value for value in model.graph.input}
    for name in names:
        if name not in values:
            raise RuntimeError(f'The model doesn\'t have input named "{name}"')
    assert set(names) == set(values)
    for name, text in zip(names, _shape_texts(shapes, len(names)), strict=True):
        _set_shape(values[name], [int(size) for size in text.split(",")])


def _shape_texts(shapes: str, count: int) -> list[str]:
    texts = shapes.split(":")
    return [texts[index] for index in range(count)]


def _set_shape(value: onnx.ValueInfoProto, sizes: list[int]) -> None:
    tensor = value.type.tensor_type
    for index, size in enumerate(sizes):
        tensor.shape.dim[index].dim_value = size
    if len(sizes) != len(tensor.shape.dim):
        raise IndexError("list index out of range")
    if len(sizes) == IMAGE_RANK and sizes[0] != 1:
        raise ValueError(f"SGS only support N = 1 for 4 dims inputs, but input '{value.name}' doesn't")
    if tensor.elem_type != TensorProto.FLOAT:
        raise native_refusal("sgs_BuildInputTensor")


def infer(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with the shape of every tensor; LeaveQuietlyError where one cannot be told."""
    del model.graph.value_info[:]
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    try:
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        raise LeaveQuietlyError(f"Shape inference failed: {error}") from None
    if any(not _is_static(value) for value in model.graph.output):
        _infer_by_folding(model)
    return model


def _is_static(value: onnx.ValueInfoProto) -> bool:
    return value.type.tensor_type.HasField("shape") and 0 not in shape(value)


def _infer_by_folding(model: onnx.ModelProto) -> None:
    """Shapes of the outputs where sizes are computed in the graph: the engine folds those computations."""
    from edgedla_targets.pcupid.emulated.network import session

    found = {entry.name: entry.shape for entry in session(model.SerializeToString()).get_outputs()}
    for value in model.graph.output:
        if not all(isinstance(size, int) and size > 0 for size in found[value.name]):
            raise LeaveQuietlyError(f"The shape of '{value.name}' cannot be inferred: {found[value.name]}")
        kind = value.type.tensor_type.elem_type
        value.CopyFrom(onnx.helper.make_tensor_value_info(value.name, kind, found[value.name]))


def shape(value: onnx.ValueInfoProto) -> list[int]:
    """The sizes of a tensor; 0 where one is not known."""
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]


def select_outputs(model: onnx.ModelProto, names: Sequence[str]) -> None:
    """Keep the outputs of the ini, in its order, and the nodes they need; KeyError for an unknown one."""
    values = {value.name: value for value in model.graph.output}
    kept = [values[name] for name in names]
    del model.graph.output[:]
    model.graph.output.extend(kept)
    needed, nodes = set(names), []
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            nodes.append(node)
            needed.update(node.input)
    del model.graph.node[:]
    model.graph.node.extend(reversed(nodes))


def live(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """The nodes that depend on an input's values; the simplifier folds all others into constants."""
    fed = {value.name for value in model.graph.input}
    nodes = []
    for node in model.graph.node:
        if node.op_type != "Shape" and fed.intersection(node.input):
            fed.update(node.output)
            nodes.append(node)
    return nodes


def constants(model: onnx.ModelProto) -> dict[str, onnx.TensorProto]:
    """Weights by name, wherever the file keeps them: initializers and Constant nodes."""
    found = {weight.name: weight for weight in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant":
            values = [attribute.t for attribute in node.attribute if attribute.name == "value"]
            found.update(zip(node.output, values, strict=False))  # other forms hold no tensor
    return found


def try_native(payload: bytes) -> None:
    """Run the finished graph once, on zeros; ConverterError where the engine cannot."""
    import numpy as np

    from edgedla_targets.pcupid.emulated.network import session

    try:
        engine = session(payload)
        engine.run(None, {entry.name: np.zeros(entry.shape, np.float32) for entry in engine.get_inputs()})
    except Exception as error:  # noqa: BLE001 - onnxruntime's errors share no other base
        say(str(error).splitlines()[0][:300])
        raise native_refusal("sgs_AllocateTensors") from None
