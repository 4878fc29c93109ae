"""1-D convolutions become 2-D ones of height 1, in whole regions without a Reshape inside."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgedla_targets.pcupid.safe.rank import RankChange
from safe_graphs import Safe, graph, ints, noise

CLOSE = 2e-5


@given(
    kernel=st.integers(1, 7),
    dilation=st.integers(1, 4),
    stride=st.integers(1, 3),
    group=st.sampled_from([1, 2, 6]),
    pads=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    width=st.integers(26, 40),
)
@settings(deadline=None, max_examples=40)
def test_any_conv1d(  # noqa: PLR0913, PLR0917 # one per parameter of a convolution
    kernel: int, dilation: int, stride: int, group: int, pads: tuple[int, int], width: int
) -> None:
    out = (width + sum(pads) - dilation * (kernel - 1) - 1) // stride + 1
    text = f"""g (float[1,6,{width}] x) => (float[1,12,{out}] y) {{
        y = Conv<dilations=[{dilation}], strides=[{stride}], group={group}, pads={list(pads)}>(x, w, b)
    }}"""
    with tempfile.TemporaryDirectory() as folder:
        safe = Safe(graph(text, w=noise(12, 6 // group, kernel), b=noise(12)), Path(folder))
    assert safe.order() == ["Reshape", "Conv", "Reshape"]
    assert safe.attribute("Conv", "dilations") == [1, dilation]
    assert safe.attribute("Conv", "strides") == [1, stride]
    assert safe.attribute("Conv", "pads") == [0, pads[0], 0, pads[1]]
    assert safe.attribute("Conv", "group") == group
    assert safe.difference() < CLOSE


@given(position=st.integers(0, 3), shape=st.lists(st.integers(1, 4), min_size=3, max_size=3))
def test_a_new_unit_axis_is_where_numpy_puts_it(position: int, shape: list[int]) -> None:
    change = RankChange(3, position, insert=True)
    array = np.arange(np.prod(shape)).reshape(shape)
    expanded = np.expand_dims(array, position)
    assert change.row(tuple(shape), 1) == expanded.shape
    for axis in range(3):
        new = change.axis(axis)
        assert new is not None
        assert np.array_equal(np.flip(expanded, new).reshape(shape), np.flip(array, axis))


@given(
    position=st.integers(0, 2),
    shape=st.lists(st.integers(2, 4), min_size=3, max_size=3),
    kept=st.lists(st.booleans(), min_size=3, max_size=3),
    rank=st.integers(0, 3),
)
def test_broadcast_operands_still_fit(position: int, shape: list[int], kept: list[bool], rank: int) -> None:
    change = RankChange(3, position, insert=True)
    operand_shape = tuple(size if keep else 1 for size, keep in zip(shape, kept, strict=True))[3 - rank :]
    data, operand = noise(*shape), noise(*operand_shape, seed=1)
    moved = data.reshape(change.row(tuple(shape), 1)) + operand.reshape(change.operand(operand_shape))
    assert moved.shape == change.row(tuple(shape), 1)
    assert np.array_equal(moved.reshape(shape), data + operand)


def test_a_region_has_no_reshape_inside(tmp_path: Path) -> None:
    """Branches with pads, a norm, pools, a concat, constants per channel and per position, and a sum."""
    text = """g (float[1,1,64] x) => (float[1,5] scores) {
        p = Pad<mode="reflect">(x, pads) c = Conv(p, w1) a = LeakyRelu<alpha=0.2>(c)
        n = InstanceNormalization(a, s, t) scaled = Mul(n, channel) moved = Add(scaled, place)
        short = Conv(moved, w2) long = Conv<group=8, pads=[14,14], dilations=[4]>(moved, w3)
        sum = Add(short, long) pooled = AveragePool<kernel_shape=[2], strides=[2]>(sum)
        top = MaxPool<kernel_shape=[2], strides=[2]>(sum) both = Concat<axis=-2>(pooled, top)
        mean = ReduceMean<axes=[1]>(both) centred = Sub(both, mean) gate = Softmax<axis=1>(centred)
        up = ConvTranspose<strides=[2]>(gate, w4) mixed = Clip(up, low, high)
        half, other = Split<axis=2>(mixed) last = Conv(half, w5) pool = GlobalAveragePool(last)
        flat = Flatten(pool) scores = Gemm(flat, fc)}"""
    weights = {
        "w1": noise(8, 1, 7),
        "w2": noise(8, 8, 1),
        "w3": noise(8, 1, 8),
        "w4": noise(16, 4, 2),
        "w5": noise(6, 4, 3),
        "fc": noise(6, 5),
        "s": noise(8),
        "t": noise(8),
        "channel": noise(8, 1),
        "place": noise(1, 1, 64),
        "pads": ints(0, 0, 3, 0, 0, 3),
        "low": np.float32(-1),
        "high": np.float32(1),
    }
    safe = Safe(graph(text, **weights), tmp_path)
    reshapes = [index for index, op_type in enumerate(safe.order()) if op_type == "Reshape"]
    assert safe.order()[0] == "Reshape"
    assert len(reshapes) == 2
    assert safe.order()[reshapes[1] :] == ["Reshape", "Gemm"]
    shapes = safe.shapes()
    signals = [shapes[node.input[0]] for node in safe.nodes[1 : reshapes[1]]]
    assert all(len(shape) == 4 and shape[2] == 1 for shape in signals)
    assert safe.difference() < CLOSE


def test_regions_stop_at_a_token_stream(tmp_path: Path) -> None:
    text = """g (float[1,4,20] x) => (float[1,18,6] y) {
        c = Conv(x, w) r = Relu(c) t = Transpose<perm=[0,2,1]>(r) m = MatMul(t, v) y = Add(m, b)}"""
    safe = Safe(graph(text, w=noise(5, 4, 3), v=noise(5, 6), b=noise(6)), tmp_path)
    assert safe.order() == ["Reshape", "Conv", "Relu", "Reshape", "Transpose", "MatMul", "Add"]
    assert safe.difference() < CLOSE


def test_shared_weights_are_reshaped_once(tmp_path: Path) -> None:
    text = """g (float[1,4,20] x) => (float[1,4,16] y) {a = Conv(x, w) b = Relu(a) y = Conv(b, w)}"""
    safe = Safe(graph(text, w=noise(4, 4, 3)), tmp_path)
    assert sum(tensor.dims == [4, 4, 1, 3] for tensor in safe.model.graph.initializer) == 1
    assert safe.difference() < CLOSE


def test_an_output_inside_a_region_keeps_name_and_shape(tmp_path: Path) -> None:
    text = """g (float[1,4,20] x) => (float[1,4,18] mid, float[1,4,16] y) {
        mid = Conv(x, w) r = Relu(mid) y = Conv(r, w)}"""
    safe = Safe(graph(text, w=noise(4, 4, 3)), tmp_path)
    assert [value.name for value in safe.model.graph.output] == ["mid", "y"]
    assert safe.difference() < CLOSE


def test_resize_between_convolutions(tmp_path: Path) -> None:
    text = """g (float[1,4,10] x) => (float[1,4,16] y) {
        a = Conv(x, w) u = Resize<mode="linear">(a, , scales) r = Relu(u) y = Conv(r, v)}"""
    safe = Safe(
        graph(text, w=noise(4, 4, 3), v=noise(4, 4, 1), scales=np.array([1, 1, 2], dtype=np.float32)),
        tmp_path,
    )
    assert safe.order() == ["Reshape", "Conv", "Resize", "Relu", "Conv", "Reshape"]
    assert safe.difference() < CLOSE


def test_weights_that_are_computed(tmp_path: Path) -> None:
    text = "g (float[1,4,20] x, float[5,4,3] w) => (float[1,5,18] y) {s = Tanh(w) y = Conv(x, s)}"
    safe = Safe(graph(text), tmp_path)
    assert len(safe.shapes()[next(node for node in safe.nodes if node.op_type == "Conv").input[1]]) == 4
    assert safe.difference() < CLOSE


def test_2d_convolutions_stay(tmp_path: Path) -> None:
    text = "g (float[1,4,9,9] x) => (float[1,5,7,7] y) {y = Conv(x, w)}"
    assert Safe(graph(text, w=noise(5, 4, 3, 3)), tmp_path).applied == []
