"""For every rule of lint a graph that keeps it and one that breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper

from lint_graphs import full, graph, ints, node, one, zeros

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto

    from lint_graphs import Array


@dataclass(frozen=True)
class Case:
    """`where`: the node or tensor to blame. `also`: other errors and warnings that the broken graph has."""

    rule: str
    good: Callable[[], ModelProto]
    bad: Callable[[], ModelProto]
    where: str = "make_y"
    also: frozenset[str] = frozenset()


def conv(*weights: int, **attributes: Any) -> ModelProto:
    """A Conv whose input has the channels of its weights and 40 of each size."""
    shape = (1, weights[1] * attributes.get("group", 1), *(40 for _ in weights[2:]))
    return one("Conv", shape, zeros(*weights), **attributes)


def named(source: str, result: str) -> ModelProto:
    return graph([node("Relu", source, result)], {source: (1, 8)})


def chain(*names: str) -> ModelProto:
    """Relus in a row, whose nodes have these names."""
    nodes = [helper.make_node("Relu", [f"t{i}"], [f"t{i + 1}"], name=name) for i, name in enumerate(names)]
    return graph(nodes, {"t0": (1, 8)})


def repeated_tensor() -> ModelProto:
    return graph([node("Relu", "x", "y"), node("Abs", "x", "y")], {"x": (1, 8)}, outputs="y")


def long_mean(length: int) -> ModelProto:
    return one("ReduceMean", (1, length), axes=[1])


def external() -> ModelProto:
    model = one("Add", (1, 8), zeros(8))
    stored = model.graph.initializer[0]
    stored.ClearField("raw_data")
    stored.data_location = TensorProto.EXTERNAL
    stored.external_data.add(key="location", value="weights.bin")
    return model


def computed_pads(op: str) -> ModelProto:
    """A Pad whose pads `op` computes from a constant."""
    if op == "Constant":
        nodes = [node("Constant", "", "pads", value_ints=[0, 0, 0, 0])]
    else:
        nodes = [node(op, "size", "pads", value=helper.make_tensor("zero", TensorProto.INT64, [1], [0]))]
    return graph([*nodes, node("Pad", "x pads", "y")], {"x": (1, 8)}, {"size": ints(4)})


def expanded(condition: Array) -> ModelProto:
    """A Where whose condition is a constant."""
    return one("Where", condition, (1, 8), (1, 8))


def concat(count: int) -> ModelProto:
    return graph([node("Concat", " ".join(["x"] * count), "y", axis=1)], {"x": (1, 1)})


def slices(*cuts: tuple[int, int]) -> ModelProto:
    """Slices of (1, 8) along the second axis, joined again."""
    numbers = {f"c{number}": ints(number) for number in {1, *sum(cuts, ())}}
    nodes = [node("Slice", f"x c{start} c{end} c1", f"p{start}") for start, end in cuts]
    whole = node("Concat", " ".join(f"p{start}" for start, _ in cuts), "y", axis=1)
    return graph([*nodes, whole], {"x": (1, 8)}, numbers)


def normed(shape: tuple[int, ...], axis: int) -> ModelProto:
    """A value less its mean."""
    nodes = [node("ReduceMean", "x", "mean", axes=[axis]), node("Sub", "x mean", "y")]
    return graph(nodes, {"x": shape})


def reshaped_conv() -> ModelProto:
    nodes = [node("Reshape", "x shape", "r"), node("Conv", "r w", "y")]
    return graph(nodes, {"x": (1, 1, 40)}, {"shape": ints(1, 1, 1, 40), "w": zeros(32, 1, 1, 3)})


CASES = (
    Case("IPU001", lambda: one("Relu", (1, 8)), lambda: one("Relu", (1, 8), opset=14), ""),
    Case("IPU002", lambda: one("Relu", (1, 8)), lambda: one("Relu", ("batch", 8)), "a"),
    Case("IPU003", lambda: one("Relu", (1, 3, 8, 8)), lambda: one("Relu", (2, 3, 8, 8)), "a"),
    Case("IPU004", lambda: named("x.1", "7"), lambda: named("x", "/fc/y"), "/fc/y"),
    Case("IPU005", lambda: named("x" * 1024, "y"), lambda: named("x", "y" * 1025), ""),
    Case("IPU006", lambda: one("Relu", (1, 8)), repeated_tensor, "make_y", frozenset({"IPU007"})),
    Case("IPU007", lambda: chain("one", "two", "", ""), lambda: chain("same", "same"), "same"),
    Case("IPU008", lambda: one("Add", (1, 8), zeros(8)), external, "b"),
    Case("IPU009", lambda: long_mean(2**29 - 1), lambda: long_mean(2**29), "a"),
    Case("IPU010", lambda: one("Erf", (1, 8)), lambda: one("Floor", (1, 8))),
    Case(
        "IPU011",
        lambda: one("HardSigmoid", (1, 8)),
        lambda: one("Mish", (1, 8), opset=18),
        also=frozenset({"IPU001"}),
    ),
    Case("IPU012", lambda: one("Relu", (1, 8)), lambda: one("QuantizeLinear", (1, 8), zeros())),
    Case("IPU013", lambda: computed_pads("Constant"), lambda: computed_pads("ConstantOfShape"), "make_pads"),
    Case("IPU014", lambda: one("Max", (1, 8), zeros(8)), lambda: expanded(np.ones(8, bool)), "a"),
    Case(
        "IPU015",
        lambda: one("MatMul", (8, 8), (8, 8)),
        lambda: one("Einsum", (8, 8), (8, 8), equation="ij,jk->ik"),
    ),
    Case(
        "IPU020",
        lambda: one("MatMul", (1, 2, 8, 8), (1, 2, 8, 8)),
        lambda: one("MatMul", (1, 1, 2, 8, 8), zeros(8, 8)),
    ),
    Case("IPU021", lambda: one("Relu", (1, 2, 3, 4)), lambda: one("LeakyRelu", (1, 1, 2, 3, 4))),
    Case(
        "IPU022",
        lambda: one("ReduceMean", (1, 2, 3, 4), axes=[3]),
        lambda: one("ReduceMean", (1, 1, 2, 3, 4), axes=[4]),
    ),
    Case(
        "IPU023",
        lambda: one("Add", (1, 1, 1, 2, 2), zeros(1)),
        lambda: one("Add", (1, 1, 1, 1, 2, 2), zeros(1)),
    ),
    Case("IPU024", lambda: conv(32, 32, 3, 3), lambda: conv(32, 32, 3, 3, 3)),
    Case("IPU030", lambda: conv(32, 32, 7, 9), lambda: conv(32, 32, 8, 8)),
    Case(
        "IPU031",
        lambda: one("MatMul", (1, 16384), (16384, 8176)),
        lambda: one("MatMul", (1, 16384), (16384, 8192)),
    ),
    Case(
        "IPU032",
        lambda: conv(32, 32, 1, 15, pads=[0, 7, 0, 7]),
        lambda: conv(32, 32, 1, 15, pads=[0, 8, 0, 0]),
    ),
    Case(
        "IPU033",
        lambda: conv(32, 32, 3, 3, auto_pad="SAME_UPPER"),
        lambda: conv(32, 32, 3, 3, auto_pad="SAME_LOWER"),
    ),
    Case("IPU034", lambda: conv(32, 1, 9, 9, group=32, pads=[1] * 4), lambda: conv(32, 1, 1, 15, group=32)),
    Case("IPU035", lambda: conv(32, 1, 3, 3, group=32), lambda: conv(32, 16, 3, 3, group=2)),
    Case("IPU036", lambda: conv(32, 32, 1, 3), lambda: conv(32, 32, 3)),
    Case("IPU037", lambda: conv(32, 32, 1, 3, dilations=[1, 3]), lambda: conv(32, 32, 3, dilations=[3])),
    Case("IPU038", lambda: conv(32, 16, 1, 3, group=2), lambda: conv(32, 16, 3, group=2)),
    Case("IPU039", reshaped_conv, lambda: conv(32, 1, 1, 3)),
    Case(
        "IPU040",
        lambda: one("Pad", (1, 8), ints(0, 1, 0, 1)),
        lambda: one("Pad", (1, 8), ints(0, 1, 0, 1), mode="reflect"),
    ),
    Case(
        "IPU041",
        lambda: one("Pad", (1, 8), ints(0, 1, 0, 1)),
        lambda: one("Pad", (1, 8), ints(0, 1, 0, 1), mode="edge"),
    ),
    Case(
        "IPU042",
        lambda: one("Pad", (1, 8), ints(0, 1, 0, 1), zeros()),
        lambda: one("Pad", (1, 8), ints(0, 1, 0, 1), full(-1)),
    ),
    Case(
        "IPU043",
        lambda: one("Gather", (1, 8), ints(3, 2, 1), axis=1),
        lambda: one("Gather", (1, 8), ints(2**31), axis=1),
    ),
    Case(
        "IPU044",
        lambda: one("Slice", (1, 8), ints(0), ints(8), ints(1), ints(2)),
        lambda: one("Slice", (1, 8), ints(8), ints(0), ints(1), ints(-1)),
    ),
    Case("IPU045", lambda: concat(64), lambda: concat(65)),
    Case("IPU046", lambda: concat(2), lambda: concat(1025)),
    Case("IPU047", lambda: concat(2), lambda: one("Concat", (1, 8), (1, 8), axis=-1)),
    Case("IPU048", lambda: one("Softmax", (1, 8), axis=1), lambda: one("Softmax", (1, 8), axis=-1)),
    Case("IPU050", lambda: normed((1, 2, 8, 8), 3), lambda: one("Add", (1, 2, 8, 8), (1, 1, 8, 8))),
    Case(
        "IPU051", lambda: one("Mul", (1, 1, 2, 8, 8), zeros()), lambda: one("Mul", (1, 1, 2, 8, 8), zeros(8))
    ),
    Case(
        "IPU052",
        lambda: one("Add", (1, 8, 4, 4), zeros(1, 8, 1, 1)),
        lambda: one("Add", (1, 8, 4, 4), zeros(1, 1, 1, 4)),
    ),
    Case("IPU053", lambda: one("Sub", zeros(8), (1, 8)), lambda: one("Add", zeros(8), (1, 8))),
    Case("IPU054", lambda: one("Pow", (1, 8), full(3)), lambda: one("Pow", (1, 8), full(1.5))),
    Case(
        "IPU055",
        lambda: one("MatMul", (1, 2, 8, 8), zeros(8, 8)),
        lambda: one("MatMul", (1, 2, 8, 8), (1, 1, 8, 8)),
    ),
    Case(
        "IPU056", lambda: one("Softmax", (1, 8, 4, 4), axis=1), lambda: one("Softmax", (1, 8, 4, 4), axis=2)
    ),
    Case("IPU057", lambda: one("Softmax", (1, 16384), axis=1), lambda: one("Softmax", (1, 16385), axis=1)),
    Case(
        "IPU060",
        lambda: one("ReduceMax", (1, 8, 8), axes=[1]),
        lambda: one("ReduceMax", (1, 8, 8), axes=[1, 2]),
    ),
    Case(
        "IPU061",
        lambda: one("ReduceMean", (2, 8, 8), axes=[1, 2]),
        lambda: one("ReduceMean", (2, 8, 8), axes=[0, 2]),
    ),
    Case(
        "IPU062",
        lambda: one("MaxPool", (1, 3, 300, 300), kernel_shape=[255, 255]),
        lambda: one("MaxPool", (1, 3, 300, 300), kernel_shape=[1, 256]),
    ),
    Case(
        "IPU063",
        lambda: one("AveragePool", (1, 3, 300, 300), kernel_shape=[64, 96]),
        lambda: one("AveragePool", (1, 3, 300, 300), kernel_shape=[111, 111]),
    ),
    Case(
        "IPU064",
        lambda: one("AveragePool", (1, 3, 300, 300), kernel_shape=[64, 96]),
        lambda: one("AveragePool", (1, 3, 300, 300), kernel_shape=[64, 97]),
    ),
    Case(
        "IPU065",
        lambda: one("GlobalAveragePool", (1, 3, 96, 128)),
        lambda: one("GlobalAveragePool", (1, 3, 97, 128)),
    ),
    Case(
        "IPU066",
        lambda: one("Resize", (1, 3, 8, 8), None, full(2, 4), mode="linear"),
        lambda: one("Resize", (1, 3, 8, 8), None, full(2, 4), mode="cubic"),
    ),
    Case(
        "IPU067",
        lambda: one("Resize", (1, 3, 8, 8), None, full(2, 4), coordinate_transformation_mode="asymmetric"),
        lambda: one(
            "Resize", (1, 3, 8, 8), zeros(8), full(2, 4), coordinate_transformation_mode="tf_crop_and_resize"
        ),
    ),
    Case("IPU070", lambda: conv(48, 16, 1, 1), lambda: conv(48, 32, 3, 3)),
    Case(
        "IPU071",
        lambda: one("Conv", (1, 2, 1, 8192), zeros(32, 2, 1, 3)),
        lambda: one("Conv", (1, 1, 8, 8192), zeros(32, 1, 1, 3)),
        also=frozenset({"IPU039"}),
    ),
    Case(
        "IPU072",
        lambda: one("MatMul", (1, 8, 32), zeros(32, 32)),
        lambda: one("MatMul", (1, 1, 8, 32), zeros(32, 32)),
    ),
    Case("IPU073", lambda: conv(16, 2048, 1, 1), lambda: conv(16, 2064, 1, 1)),
    Case("IPU074", lambda: slices((0, 3), (4, 8)), lambda: slices((0, 3), (3, 8)), "make_p0"),
)
"""In the order of the rules."""
