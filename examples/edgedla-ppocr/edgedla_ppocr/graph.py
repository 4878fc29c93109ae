"""The networks' graphs take pictures of any size; a board wants one size, and names that are plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla import OnnxRunner, UsageError

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
    onnx.save(onnx.shape_inference.infer_shapes(model, data_prop=True), path)
    _check(path, spec, source)


def _check(path: Path, spec: ModelSpec, source: Path) -> None:
    """Run the graph once: shape inference does not see through every graph."""
    import numpy as np

    image, result = spec.inputs[0], spec.outputs[0]
    shapes = f"{image.shape} to {result.shape}"
    try:
        with OnnxRunner(path) as runner:
            found = runner.run({image.name: np.zeros(image.shape, np.float32)})[result.name].shape
    except Exception as error:  # onnxruntime's errors have no common base of their own
        reason = str(error).strip().splitlines()[0]
        raise UsageError(f"'{source}' is no network that takes {shapes}: {reason}") from error
    if found != result.shape:
        raise UsageError(f"'{source}' is no network that takes {shapes}: it answers with {found}")


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
