"""Rules of operators: which are accepted, which must be written otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnx import TensorProto

from edgedla_targets.pcupid.lint.rule import Hit, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgedla_targets.pcupid.lint.graph import Graph
    from edgedla_targets.pcupid.lint.node import Node

ACCEPTED = frozenset(
    [
        "Abs",
        "Add",
        "And",
        "ArgMax",
        "ArgMin",
        "Atan",
        "AveragePool",
        "BatchNormalization",
        "Cast",
        "Clip",
        "Concat",
        "Constant",
        "Conv",
        "ConvTranspose",
        "Cos",
        "DepthToSpace",
        "Div",
        "Dropout",
        "Einsum",
        "Elu",
        "Equal",
        "Erf",
        "Exp",
        "Expand",
        "Flatten",
        "GRU",
        "Gather",
        "Gemm",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "Greater",
        "GreaterOrEqual",
        "HardSigmoid",
        "Identity",
        "InstanceNormalization",
        "LSTM",
        "LeakyRelu",
        "Less",
        "Log",
        "LogSoftmax",
        "MatMul",
        "Max",
        "MaxPool",
        "Min",
        "Mul",
        "Neg",
        "Not",
        "PRelu",
        "Pad",
        "Pow",
        "Reciprocal",
        "ReduceL2",
        "ReduceMax",
        "ReduceMean",
        "ReduceMin",
        "ReduceSum",
        "Relu",
        "Reshape",
        "Resize",
        "Round",
        "ScatterND",
        "Shape",
        "Sigmoid",
        "Sin",
        "Slice",
        "Softmax",
        "Softplus",
        "SpaceToDepth",
        "Split",
        "Sqrt",
        "Squeeze",
        "Sub",
        "Sum",
        "Tanh",
        "Tile",
        "Transpose",
        "Unsqueeze",
        "Upsample",
        "Where",
    ]
)
"""Operators the S1.0.9 front end takes."""

COMPOSITE = {
    "LayerNormalization": "write ReduceMean, Sub, Mul, ReduceMean, Add, Sqrt, Div, Mul, Add; "
    "an export at opset 13 does so",
    "Gelu": "write Div by sqrt 2, Erf, Add 1, Mul, Mul 0.5; an export at opset 13 does so",
    "HardSwish": "write HardSigmoid (alpha 1/6, beta 0.5) and Mul; an export at opset 13 does so",
    "Mish": "write Softplus, Tanh and Mul; an export at opset 13 does so",
}
"""Operators refused by name, with the accepted ones they are made of."""

QUANTISED = frozenset(
    (
        "ConvInteger",
        "DequantizeLinear",
        "DynamicQuantizeLinear",
        "MatMulInteger",
        "MatMulNBits",
        "QAttention",
        "QGemm",
        "QuantizeLinear",
    )
)
"""Operators of models that are quantised already; those named QLinear… come on top."""

WITH_SUBGRAPHS = ("If", "Loop", "Scan", "SequenceMap")


def accepted(node: Node) -> bool:
    """Whether the tools have a converter for the node's operator."""
    return node.standard and node.op in ACCEPTED


def _quantised(node: Node) -> bool:
    return node.op in QUANTISED or node.op.startswith("QLinear")


def _refused_operator(node: Node) -> bool:
    return not accepted(node) and node.op not in COMPOSITE and not _quantised(node)


def _refused(graph: Graph) -> Iterator[Hit]:
    for node in filter(_refused_operator, graph.live):
        name = node.op if node.standard else f"{node.domain}.{node.op}"
        if node.op in WITH_SUBGRAPHS:
            yield Hit(f"{name}, which holds graphs of its own, is refused", node)
        else:
            yield Hit(f"operator {name} is refused", node)


def _composite(graph: Graph) -> Iterator[Hit]:
    for node in graph.live:
        if node.op in COMPOSITE:
            yield Hit(f"operator {node.op} is refused; its parts are accepted", node, hint=COMPOSITE[node.op])


def _quantising(graph: Graph) -> Iterator[Hit]:
    for node in filter(_quantised, graph.nodes):
        yield Hit(f"{node.op}: the model is quantised already", node)


def _left_over(graph: Graph) -> Iterator[Hit]:
    for node in graph.nodes:
        if node.constant and _refused_operator(node):
            yield Hit(f"{node.op} only computes a constant, but would be refused if it stayed", node)


def _boolean(graph: Graph) -> Iterator[Hit]:
    for tensor in graph.weights:
        if tensor.dtype == TensorProto.BOOL:
            yield Hit("the constant is boolean", tensor=tensor)
    for node in graph.nodes:
        for tensor in filter(None, node.outputs):
            if tensor.dtype == TensorProto.BOOL:
                yield Hit(f"{node.op} makes a boolean tensor", node, tensor)


def _einsum(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("Einsum"):
        yield Hit(f"Einsum '{node.text('equation', '')}'", node)


RULES = (
    Rule(
        "IPU010",
        "error",
        "Operators",
        "one of the operators accepted by the S1.0.9 front end",
        "S1.0.9 front end: 'Mace does not support onnx op type … yet'; list of later tools not published",
        "measured",
        "write it with accepted operators, or take it out of the graph and compute it on the CPU",
        _refused,
    ),
    Rule(
        "IPU011",
        "error",
        "Composite operators",
        "layer norm, GELU, hard swish and mish as their parts",
        "S1.0.9 front end: LayerNormalization is refused; the optimiser recognises the parts",
        "measured",
        "export at opset 13",
        _composite,
    ),
    Rule(
        "IPU012",
        "error",
        "Quantised models",
        "a float model: the tools quantise it themselves",
        "S1.0.9 manual, FAQ",
        "documented",
        "give the float model from before quantisation",
        _quantising,
    ),
    Rule(
        "IPU013",
        "warning",
        "Left-over calculations",
        "constants are stored, not computed by refused operators",
        "the tools' own simplifier removes them, unless it is switched off or fails",
        "likely",
        "simplify with onnxsim before converting",
        _left_over,
    ),
    Rule(
        "IPU014",
        "warning",
        "Boolean tensors",
        "no boolean tensors",
        "SDK 1.1.5: 'Not supported tensor type: bool'; the S1.0.9 front end takes them",
        "measured",
        "simplify with onnxsim; store the result of Equal, Where and Expand as a constant",
        _boolean,
    ),
    Rule(
        "IPU015",
        "warning",
        "Einsum",
        "only some equations of Einsum are accepted; which is not published",
        "S1.0.9 front end",
        "documented",
        "write Transpose, Reshape and MatMul",
        _einsum,
    ),
)
