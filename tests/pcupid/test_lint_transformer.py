"""A transformer as exporters write it at opset 13 gives no false alarm; in bad form it is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.lint import lint_graph
from edgedla_targets.pcupid.lint.prepare import prepare
from lint_graphs import full, graph, ints, node

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

STEPS, WIDTH, HEADS = 112, 128, 4


def heads(name: str) -> list[NodeProto]:
    """Linear, then (1, T, E) to (1, H, T, E / H)."""
    return [
        node("MatMul", "stream weights", f"{name}_flat"),
        node("Reshape", f"{name}_flat split", f"{name}_split"),
        node("Transpose", f"{name}_split", name, perm=[0, 2, 1, 3]),
    ]


def attention() -> list[NodeProto]:
    return [
        *(item for name in ("query", "key", "value") for item in heads(name)),
        node("Transpose", "key", "turned", perm=[0, 1, 3, 2]),
        node("MatMul", "query turned", "scores"),
        node("Softmax", "scores", "shares", axis=3),
        node("MatMul", "shares value", "mixed"),
        node("Transpose", "mixed", "sorted", perm=[0, 2, 1, 3]),
        node("Reshape", "sorted joined", "attended"),
        node("Add", "stream attended", "sum"),
    ]


def norm(source: str, axis: int) -> list[NodeProto]:
    return [
        node("ReduceMean", source, "mean", axes=[axis]),
        node("Sub", f"{source} mean", "centred"),
        node("Mul", "centred centred", "squares"),
        node("ReduceMean", "squares", "variance", axes=[axis]),
        node("Add", "variance epsilon", "guarded"),
        node("Sqrt", "guarded", "deviation"),
        node("Div", "centred deviation", "normal"),
        node("Mul", "normal row", "scaled"),
        node("Add", "scaled row", "normed"),
    ]


def gelu(source: str) -> list[NodeProto]:
    return [
        node("Div", f"{source} root", "halved"),
        node("Erf", "halved", "erf"),
        node("Add", "erf one", "lifted"),
        node("Mul", f"{source} lifted", "doubled"),
        node("Mul", "doubled half", "y"),
    ]


def block(nodes: list[NodeProto], shape: tuple[int, ...]) -> ModelProto:
    constants = {
        "weights": full(1, WIDTH, WIDTH),
        "row": full(1, WIDTH),
        "split": ints(1, STEPS, HEADS, WIDTH // HEADS),
        "joined": ints(1, STEPS, WIDTH),
        "epsilon": full(1e-5),
        "root": full(2**0.5),
        "one": full(1),
        "half": full(0.5),
    }
    return graph(nodes, {"stream": shape}, constants)


def test_a_block_of_three_dimensions_has_no_findings_but_alignment() -> None:
    model = block([*attention(), *norm("sum", 2), *gelu("normed")], (1, STEPS, WIDTH))
    found = lint_graph(prepare(model))
    assert [(item.rule, item.node) for item in found] == [("IPU070", "make_scores"), ("IPU070", "make_mixed")]


def test_a_stream_of_four_dimensions_is_named() -> None:
    """Its norm is left alone, since the tools know the pattern; what wraps it in transposes is not."""
    linear = node("MatMul", "normed weights", "z")
    found = lint_graph(prepare(block([*norm("stream", 3), linear], (1, 1, STEPS, WIDTH))))
    streams = [(item.rule, item.node) for item in found if item.rule == "IPU072"]
    assert streams == [("IPU072", "make_mean"), ("IPU072", "make_variance"), ("IPU072", "make_z")]
    assert {item.rule for item in found if item.level != "note"} == {"IPU052"}
