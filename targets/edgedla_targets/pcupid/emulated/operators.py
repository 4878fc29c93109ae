"""Which operators the front end takes, and what it does wrong with those it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnx import TensorProto, helper

from edgedla_targets.pcupid.emulated.graph import constants, live, shape

if TYPE_CHECKING:
    import onnx

# The converters of the S1.0.9 front end.
_SUPPORTED = """
    Abs Add And ArgMax ArgMin Atan AveragePool BatchNormalization Cast Clip Concat Constant Conv
    ConvTranspose Cos DepthToSpace Div Dropout Einsum Elu Equal Erf Exp Expand Flatten GRU Gather Gemm
    GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual HardSigmoid Identity InstanceNormalization
    LSTM LeakyRelu Less Log LogSoftmax MatMul Max MaxPool Min Mul Neg Not PRelu Pad Pow Reciprocal
    ReduceL2 ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape Resize Round ScatterND Shape Sigmoid
    Sin Slice Softmax Softplus SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Tile Transpose Unsqueeze
    Upsample Where
"""
SUPPORTED = frozenset(_SUPPORTED.split())
CONV1D_RANK = 3  # of the weights


class UnsupportedError(Exception):
    """An operator, or a form of one, that the front end has no converter for."""


def check(model: onnx.ModelProto) -> None:
    """Refuse what the front end refuses; UnsupportedError, in the vendor's words."""
    for node in live(model):
        if node.op_type not in SUPPORTED or node.domain not in ("", "ai.onnx"):
            raise UnsupportedError(f"Mace does not support onnx op type {node.op_type} yet")
        if node.op_type == "Pad" and _text(node, "mode", "constant") not in ("constant", "reflect"):
            raise UnsupportedError("Pad only support `constant` and `reflect` mode!")
    for node in _conv1d(model):
        if 1 < _number(node, "group", 1) < _channels(model, node):
            raise UnsupportedError("not support group conv.")


def misread(model: onnx.ModelProto) -> None:
    """Do to the graph what the front end silently does: a dense 1-D convolution loses its dilation.

    Its output keeps the declared width, so that nothing but the numbers tells.
    """
    widths = {value.name: shape(value)[-1] for value in model.graph.value_info if shape(value)}
    for node in _conv1d(model):
        dilations = _ints(node, "dilations")
        if _number(node, "group", 1) == 1 and any(step != 1 for step in dilations):
            kept = [attribute for attribute in node.attribute if attribute.name != "dilations"]
            del node.attribute[:]
            node.attribute.extend(kept)
            _crop(model, node, widths)


def _crop(model: onnx.ModelProto, node: onnx.NodeProto, widths: dict[str, int]) -> None:
    name = node.output[0]
    width = widths.get(name) or next(shape(value)[-1] for value in model.graph.output if value.name == name)
    node.output[0] = f"{name}/uncropped"
    bounds = {"starts": [0], "ends": [width], "axes": [CONV1D_RANK - 1]}
    for key, value in bounds.items():
        model.graph.initializer.append(helper.make_tensor(f"{name}/{key}", TensorProto.INT64, [1], value))
    inputs = [node.output[0], *(f"{name}/{key}" for key in bounds)]
    place = list(model.graph.node).index(node) + 1
    model.graph.node.insert(place, helper.make_node("Slice", inputs, [name]))


def _conv1d(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    weights = {name: len(weight.dims) for name, weight in constants(model).items()}
    nodes = [node for node in live(model) if node.op_type == "Conv"]
    return [node for node in nodes if weights.get(node.input[1]) == CONV1D_RANK]


def _channels(model: onnx.ModelProto, node: onnx.NodeProto) -> int:
    values = [*model.graph.value_info, *model.graph.input]
    shapes = {value.name: shape(value) for value in values}
    return shapes.get(node.input[0], [1, 1])[1]


def _number(node: onnx.NodeProto, name: str, default: int) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == name), default)


def _ints(node: onnx.NodeProto, name: str) -> list[int]:
    return next((list(attribute.ints) for attribute in node.attribute if attribute.name == name), [])


def _text(node: onnx.NodeProto, name: str, default: str) -> str:
    return next((attribute.s.decode() for attribute in node.attribute if attribute.name == name), default)
