"""Write the trained network as ONNX and hold it against the model's spec."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from edgedla.clips import TRAINING, read_clips
from edgedla.context import Context, Outcome
from edgedla.errors import GateError

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto, ValueInfoProto

    from edgedla.spec import ModelSpec, TensorSpec


def export(context: Context) -> Outcome:
    """`<stem>.onnx`, checked by onnx and against names, shapes and dtypes of the spec.

    Raises:
        GateError: The graph is not valid ONNX, or the spec says something else.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped] # ships no types

    path = context.dir("export") / f"{context.spec.stem}.onnx"
    context.model.export(context.checkpoint, path)
    try:
        graph = onnx.load(path)
        onnx.checker.check_model(graph, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise GateError(f"model '{context.model.name}' exported an invalid graph: {error}") from None
    except (DecodeError, FileNotFoundError):
        source = f" from the checkpoint {context.checkpoint}" if context.checkpoint else ""
        raise GateError(f"model '{context.model.name}' exported no ONNX file{source}") from None
    check_interface(graph, context.spec, context.model.name)
    return Outcome(files=(*_training(context), ("onnx", path)))


def _training(context: Context) -> list[tuple[str, Path]]:
    """The trainer's list of recordings, for whoever evaluates the bundle without the checkpoint."""
    listed = context.checkpoint and context.checkpoint / TRAINING
    if not listed or not listed.is_file():
        return []
    read_clips(listed)  # refused now where it is damaged
    return [("training_clips", shutil.copyfile(listed, context.dir("export") / TRAINING))]


def check_interface(graph: ModelProto, spec: ModelSpec, name: str) -> None:
    """Raise GateError where inputs, outputs or opset of the graph are not those of the spec."""
    stored = {tensor.name for tensor in graph.graph.initializer}
    inputs = [value for value in graph.graph.input if value.name not in stored]
    for side, found, expected in (
        ("input", inputs, spec.inputs),
        ("output", graph.graph.output, spec.outputs),
    ):
        have, want = [_describe(value) for value in found], [_written(tensor) for tensor in expected]
        if have != want:
            raise GateError(
                f"model '{name}': the graph's {side}s are {', '.join(have)}; its spec says {', '.join(want)}",
                hint="correct spec() or export() of the model plugin",
            )
    opset = next(entry.version for entry in graph.opset_import if entry.domain in ("", "ai.onnx"))
    if opset > spec.opset:
        raise GateError(f"model '{name}': the graph needs opset {opset}; its spec says {spec.opset}")


def _describe(value: ValueInfoProto) -> str:
    import onnx

    tensor = value.type.tensor_type
    shape = tuple(dim.dim_value or dim.dim_param or "?" for dim in tensor.shape.dim)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type).name
    return f"{value.name} {dtype} ({', '.join(map(str, shape))})"


def _written(tensor: TensorSpec) -> str:
    return f"{tensor.name} {tensor.dtype} ({', '.join(map(str, tensor.shape))})"
