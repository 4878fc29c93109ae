"""The networks' graphs take pictures of any size; a board wants one size, and names that are plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    import onnx
    from edgedla import ModelSpec, TensorSpec


def write_fixed(source: Path, spec: ModelSpec, path: Path) -> None:
    """Write the graph of `source` to `path`, its one input and one output named and sized as in `spec`.

    Raises:
        UsageError: It is no ONNX file of one input and one output, or cannot have these sizes.
    """
    import onnx

    from edgedla_ppocr.weights import load

    model = load(source)
    (image,), (result,) = _inputs(model, source), _outputs(model, source)
    _rename(model, {image.name: spec.inputs[0].name, result.name: spec.outputs[0].name})
    _resize(image, spec.inputs[0])
    _resize(result, spec.outputs[0])
    del model.graph.value_info[:], model.metadata_props[:]
    try:
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        shapes = f"{spec.inputs[0].shape} to {spec.outputs[0].shape}"
        raise UsageError(f"'{source}' does not take {shapes}: {error}") from error
    onnx.save(model, path)


def _inputs(model: onnx.ModelProto, source: Path) -> list[onnx.ValueInfoProto]:
    stored = {tensor.name for tensor in model.graph.initializer}
    return _one([value for value in model.graph.input if value.name not in stored], "input", source)


def _outputs(model: onnx.ModelProto, source: Path) -> list[onnx.ValueInfoProto]:
    return _one(list(model.graph.output), "output", source)


def _one(values: list[onnx.ValueInfoProto], side: str, source: Path) -> list[onnx.ValueInfoProto]:
    if len(values) != 1:
        raise UsageError(f"'{source}' has {len(values)} {side}s; a network of PP-OCR has one")
    return values


def _rename(model: onnx.ModelProto, names: dict[str, str]) -> None:
    for value in (*model.graph.input, *model.graph.output):
        value.name = names.get(value.name, value.name)
    for node in model.graph.node:
        for side in (node.input, node.output):
            side[:] = [names.get(name, name) for name in side]


def _resize(value: onnx.ValueInfoProto, tensor: TensorSpec) -> None:
    dims = value.type.tensor_type.shape.dim
    del dims[:]
    for size in tensor.shape:
        dims.add().dim_value = size
