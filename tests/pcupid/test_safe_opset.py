"""Operators of newer opsets, opened into those of opset 13, in the order that tools look for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from safe_graphs import Safe, graph, ints, noise

if TYPE_CHECKING:
    from pathlib import Path

CLOSE = 1e-5

LAYER_NORM = ["ReduceMean", "Sub", "Mul", "ReduceMean", "Add", "Sqrt", "Div", "Mul", "Add"]


@pytest.mark.parametrize("opset", [17, 18, 20])
@pytest.mark.parametrize("axis", [-1, 2])
def test_layer_norm(tmp_path: Path, opset: int, axis: int) -> None:
    norm = f"LayerNormalization<axis={axis}, epsilon=1e-3>(x, w, b)"
    text = f"g (float[1,7,16] x) => (float[1,7,16] y) {{y = {norm}}}"
    safe = Safe(graph(text, opset, w=noise(16), b=noise(16)), tmp_path)
    assert safe.order() == LAYER_NORM
    assert safe.difference() < CLOSE
    assert safe.model.opset_import[0].version == 13


def test_layer_norm_without_bias_over_two_axes(tmp_path: Path) -> None:
    text = "g (float[2,3,5,4] x) => (float[2,3,5,4] y) {y = LayerNormalization<axis=-2>(x, w)}"
    safe = Safe(graph(text, 17, w=noise(5, 4)), tmp_path)
    assert safe.order() == LAYER_NORM[:-1]
    assert safe.difference() < CLOSE


GELU = ["Div", "Erf", "Add", "Mul", "Mul"]


def test_gelu(tmp_path: Path) -> None:
    safe = Safe(graph("g (float[1,7,16] x) => (float[1,7,16] y) {y = Gelu(x)}", 20), tmp_path)
    assert safe.order() == GELU
    assert safe.difference() < CLOSE
    assert math.isclose(safe.constant(safe.nodes[0].input[1]), math.sqrt(2), rel_tol=1e-6)


def test_tanh_gelu(tmp_path: Path) -> None:
    text = 'g (float[1,7,16] x) => (float[1,7,16] y) {y = Gelu<approximate="tanh">(x)}'
    safe = Safe(graph(text, 20), tmp_path)
    assert set(safe.types) == {"Mul", "Add", "Tanh"}
    assert safe.difference() < CLOSE


@pytest.mark.parametrize("gate", ["Div(x, two)", "Mul(x, half_root)"])
@pytest.mark.parametrize(
    "product",
    ["h = Mul(half, g) y = Mul(x, h)", "h = Mul(x, half) y = Mul(g, h)", "h = Mul(x, g) y = Mul(half, h)"],
)
def test_gelu_of_any_order_takes_the_known_one(tmp_path: Path, gate: str, product: str) -> None:
    text = f"g (float[1,7,16] x) => (float[1,7,16] y) {{a = {gate} e = Erf(a) g = Add(one, e) {product}}}"
    numbers = {"two": math.sqrt(2), "half_root": math.sqrt(0.5), "half": 0.5, "one": 1.0}
    safe = Safe(graph(text, **{name: np.float32(number) for name, number in numbers.items()}), tmp_path)
    assert safe.order() == GELU
    assert safe.constant(safe.nodes[4].input[1]) == np.float32(0.5)
    assert safe.difference() < CLOSE


def test_an_erf_that_is_no_gelu_stays(tmp_path: Path) -> None:
    text = """g (float[1,16] x) => (float[1,16] y) {
        a = Mul(x, c) e = Erf(a) g = Add(e, o) h = Mul(g, d) y = Mul(x, h)}"""
    constants = {"c": np.float32(0.5), "o": np.float32(1), "d": np.float32(0.5)}
    safe = Safe(graph(text, **constants), tmp_path)
    assert safe.order() == ["Mul", "Erf", "Add", "Mul", "Mul"]
    assert safe.difference() == 0


@pytest.mark.parametrize(
    ("op", "opset", "made"),
    [
        ("HardSwish(x)", 14, {"HardSigmoid", "Mul"}),
        ("Mish(x)", 18, {"Softplus", "Tanh", "Mul"}),
        ("Swish<alpha=1.0>(x)", 24, {"Sigmoid", "Mul"}),
    ],
)
def test_activations_of_newer_opsets(tmp_path: Path, op: str, opset: int, made: set[str]) -> None:
    safe = Safe(graph(f"g (float[1,4,6,5] x) => (float[1,4,6,5] y) {{y = {op}}}", opset), tmp_path)
    assert set(safe.types) - {"Mul"} == made - {"Mul"}
    assert safe.difference() < CLOSE


def test_group_norm(tmp_path: Path) -> None:
    text = "g (float[1,8,6,5] x) => (float[1,8,6,5] y) {y = GroupNormalization<num_groups=2>(x, w, b)}"
    safe = Safe(graph(text, 21, w=noise(8), b=noise(8)), tmp_path)
    assert "GroupNormalization" not in safe.types
    assert not {"Shape", "Cast", "ConstantOfShape", "Size"} & set(safe.types)
    assert safe.difference() < CLOSE


def test_attention_of_opset_23(tmp_path: Path) -> None:
    text = """g (float[1,4,9,8] q, float[1,4,9,8] k, float[1,4,9,8] v) => (float[1,4,9,8] y) {
        y = Attention(q, k, v)}"""
    safe = Safe(graph(text, 23, 11), tmp_path)
    assert safe.types == {"Transpose": 1, "Mul": 2, "MatMul": 2, "Softmax": 1}
    assert safe.model.ir_version <= 8
    assert safe.difference() < CLOSE


def test_reduce_split_and_pad_take_their_form_of_opset_13(tmp_path: Path) -> None:
    text = """g (float[1,6,5] x) => (float[1,1,5] y, float[1,3,9] z) {
        a, b = Split<axis=1, num_outputs=2>(x) y = ReduceMax(a, axes) z = Pad(b, pads, , pad_axes)}"""
    constants = {"axes": ints(-2), "pads": ints(1, 3), "pad_axes": ints(2)}
    safe = Safe(graph(text, 18, **constants), tmp_path)
    assert safe.attribute("ReduceMax", "axes") == [1]
    assert safe.types == {"Split": 1, "ReduceMax": 1, "Pad": 1}
    assert safe.difference() == 0


def test_reshape_with_a_true_zero(tmp_path: Path) -> None:
    text = "g (float[1,6] x) => (float[2,3] y) {y = Reshape<allowzero=1>(x, s)}"
    safe = Safe(graph(text, 14, s=ints(2, -1)), tmp_path)
    assert safe.types == {"Reshape": 1}
    assert not safe.nodes[0].attribute


def test_an_old_opset_is_brought_up(tmp_path: Path) -> None:
    """Before opset 13 Softmax flattened; the newer form must give the same numbers."""
    safe = Safe(graph("g (float[2,3,4] x) => (float[2,3,4] y) {y = Softmax<axis=1>(x)}", 11, 6), tmp_path)
    assert safe.model.opset_import[0].version == 13
    assert safe.difference() < CLOSE
