"""The token stream in rank 3: from (1, 1, T, E), from (T, E) between Reshapes, from (T, 1, E)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from safe_graphs import Safe, graph, ints, noise

if TYPE_CHECKING:
    from pathlib import Path

CLOSE = 2e-5

NORM = """m = ReduceMean<axes=[-1]>(x) d = Sub(x, m) s = Mul(d, d) v = ReduceMean<axes=[-1]>(s)
    e = Add(v, eps) q = Sqrt(e) n = Div(d, q) g = Mul(n, gamma) l = Add(g, beta)"""


def test_rank_4_stream(tmp_path: Path) -> None:
    text = f"""g (float[1,1,7,8] x) => (float[1,1,7,6] y) {{
        {NORM} h = MatMul(l, w) b = Add(h, bias) r = Relu(b) o = MatMul(r, u) z = Softmax<axis=-1>(o)
        y = Neg(z)}}"""
    weights = {"w": noise(8, 5), "u": noise(5, 6), "bias": noise(5), "gamma": noise(8), "beta": noise(8)}
    safe = Safe(graph(text, eps=np.float32(1e-5), **weights), tmp_path)
    assert safe.types["Reshape"] == 2
    assert safe.order()[0] == safe.order()[-1] == "Reshape"
    shapes = safe.shapes()
    assert {len(shapes[node.output[0]]) for node in safe.nodes[:-1]} == {3}
    assert safe.difference() < CLOSE


def test_rank_4_attention_of_one_head(tmp_path: Path) -> None:
    text = """g (float[1,1,7,8] x) => (float[1,1,7,8] y) {
        q = MatMul(x, wq) k = MatMul(x, wk) v = MatMul(x, wv) t = Transpose<perm=[0,1,3,2]>(k)
        s = MatMul(q, t) a = Softmax<axis=-1>(s) o = MatMul(a, v) y = Add(o, x)}"""
    safe = Safe(graph(text, wq=noise(8, 8), wk=noise(8, 8), wv=noise(8, 8)), tmp_path)
    assert safe.types["Reshape"] == 2
    assert safe.attribute("Transpose", "perm") == [0, 2, 1]
    assert safe.difference() < CLOSE * 10


def test_a_rank_4_signal_that_is_no_stream_stays(tmp_path: Path) -> None:
    text = "g (float[1,1,7,8] x) => (float[1,1,7,8] y) {a = Relu(x) y = Mul(a, a)}"
    assert Safe(graph(text), tmp_path).applied == []


@pytest.mark.parametrize("turned", [0, 1])
def test_gemm_between_reshapes(tmp_path: Path, turned: int) -> None:
    text = f"""g (float[1,7,8] x) => (float[1,7,8] y) {{
        f = Reshape(x, flat) h = Gemm<transB={turned}, alpha=0.5, beta=2.0>(f, w, b) r = Relu(h)
        i = Gemm(r, u) o = Reshape(i, back) y = Add(x, o)}}"""
    shapes = {"flat": ints(-1, 8), "back": ints(1, 7, 8)}
    weights = {"w": noise(5, 8) if turned else noise(8, 5), "b": noise(5), "u": noise(5, 8)}
    safe = Safe(graph(text, **shapes, **weights), tmp_path)
    assert safe.order() == ["MatMul", "Add", "Relu", "MatMul", "Add"]
    assert safe.difference() < CLOSE


def test_the_batch_behind_the_tokens(tmp_path: Path) -> None:
    """As torch's MultiheadAttention is exported: the stream goes through (T, 1, E)."""
    text = """g (float[1,7,8] x) => (float[1,7,8] y) {
        t = Transpose<perm=[1,0,2]>(x) h = MatMul(t, w) b = Add(h, bias) u = Transpose<perm=[1,0,2]>(b)
        y = Add(u, x)}"""
    safe = Safe(graph(text, w=noise(8, 8), bias=noise(8)), tmp_path)
    assert safe.order() == ["MatMul", "Add", "Add"]
    assert safe.difference() < CLOSE


def test_a_classifier_stays_a_gemm(tmp_path: Path) -> None:
    text = "g (float[1,1,8] x) => (float[1,3] y) {f = Reshape(x, flat) y = Gemm(f, w, b)}"
    assert Safe(graph(text, flat=ints(1, 8), w=noise(8, 3), b=noise(3)), tmp_path).applied == []
