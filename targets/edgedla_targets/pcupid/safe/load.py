"""Reading an ONNX file of unknown origin into the form that the rules work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
import onnx.version_converter
import onnx_ir as ir
from onnx import external_data_helper
from onnx_ir.passes import common

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

OPSET = 13
"""The newest operator set that every release of the vendor's front end reads."""

STANDARD = ("", "ai.onnx")


def read_proto(path: Path) -> tuple[onnx.ModelProto, list[str]]:
    """The model in `path`, checked, with all weights in it; and what that changed.

    Raises:
        UsageError: The file cannot be read, is no ONNX model, or breaks the rules of ONNX.
    """
    try:
        proto = onnx.load(path, load_external_data=False)
        outside = sum(map(external_data_helper.uses_external_data, proto.graph.initializer))
        external_data_helper.load_external_data_for_model(proto, str(path.parent))
        onnx.checker.check_model(proto, full_check=True)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    # protobuf and the checker have no common base of their own errors.
    except Exception as error:
        raise UsageError(
            f"{path} is not a sound ONNX model: {first_line(error)}",
            hint=f"python -c 'import onnx; onnx.checker.check_model(\"{path}\", full_check=True)'",
        ) from error
    _refuse_free_inputs(proto, path)
    places = (
        ("weights taken into the file", outside),
        ("functions of the model written out", len(proto.functions)),
        ("old opset brought to 13", int(_opset(proto) < OPSET)),
    )
    return proto, [f"{name}: {count}" for name, count in places if count]


def _opset(proto: onnx.ModelProto) -> int:
    return next((opset.version for opset in proto.opset_import if opset.domain in STANDARD), OPSET)


def first_line(error: Exception) -> str:
    """The first line of what `error` says; those of ONNX can be long."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _refuse_free_inputs(proto: onnx.ModelProto, path: Path) -> None:
    constants = {tensor.name for tensor in proto.graph.initializer}
    for value in proto.graph.input:
        if value.name in constants:
            continue
        tensor = value.type.tensor_type
        sizes = [dim.dim_value or dim.dim_param or "?" for dim in tensor.shape.dim]
        if not tensor.HasField("shape") or any(not isinstance(size, int) for size in sizes):
            raise UsageError(
                f"input '{value.name}' of {path} has no fixed shape: {sizes}",
                hint="python -m onnxruntime.tools.make_dynamic_shape_fixed "
                f"--input_name {value.name} --input_shape 1,1,16000 {path} fixed.onnx  (with your shape)",
            )


def to_ir(proto: onnx.ModelProto) -> ir.Model:
    """The graph at opset 13 or newer, without functions of its own, shapes known as far as they follow."""
    model = ir.serde.deserialize_model(_upgrade(proto))
    if "ai.onnx" in model.opset_imports:
        model.opset_imports[""] = model.opset_imports.pop("ai.onnx")
    for step in (common.InlinePass(), common.ShapeInferencePass()):
        step(model)
    return model


def _upgrade(proto: onnx.ModelProto) -> onnx.ModelProto:
    if _opset(proto) >= OPSET:
        return proto
    try:
        return onnx.version_converter.convert_version(proto, OPSET)
    # The converter raises whatever its adapters raise.
    except Exception as error:
        raise UsageError(
            f"opset {_opset(proto)} cannot be brought to {OPSET}: {first_line(error)}",
            hint=f"export the model at opset {OPSET}",
        ) from error


def refuse_foreign(model: ir.Model) -> None:
    """Refuse what no rule here can express in standard operators of opset 13.

    Raises:
        UsageError: Names the first such node.
    """
    for node in model.graph:
        if node.domain not in STANDARD:
            raise UsageError(
                f"node '{node.name}' is {node.domain}::{node.op_type}, not a standard ONNX operator",
                hint="export without runtime-specific optimisation",
            )
        if any(
            attribute.type in (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS)
            for attribute in node.attributes.values()
        ):
            raise UsageError(
                f"node '{node.name}' ({node.op_type}) is control flow that depends on the input",
                hint="make the branch or loop a constant before exporting",
            )
