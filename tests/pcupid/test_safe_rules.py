"""Each rewrite on a small graph that needs it: the form that tools misread is gone, the numbers stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxsim
import pytest

from edgedla_targets.pcupid.lint import lint_file
from edgedla_targets.pcupid.safe.rules import RULES
from safe_graphs import Safe, graph, ints, noise

if TYPE_CHECKING:
    from pathlib import Path

CLOSE = 1e-5


def test_rules_are_numbered_and_named_once() -> None:
    assert [rule.number for rule in RULES] == list(range(1, len(RULES) + 1))
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.reason for rule in RULES)


def test_constants_are_computed_and_kept_as_initialisers(tmp_path: Path) -> None:
    text = """g (float[1,4,6] x) => (float[1,5,6] y) {
        s = Shape(x) first = Constant<value_ints=[0]>() batch = Gather(s, first)
        rest = Constant<value_ints=[1, 6]>() shape = Concat<axis=0>(batch, rest)
        token = Expand(cls, shape) same = Identity(x) y = Concat<axis=1>(token, same)}"""
    safe = Safe(graph(text, cls=noise(1, 1, 6)), tmp_path)
    assert safe.types == {"Concat": 1}
    assert safe.difference() == 0


def test_negative_axes(tmp_path: Path) -> None:
    text = """g (float[1,3,4,6] x) => (float[1,3,4,12] a, float[1,3,4,6] b, float[1,3,4] c, int64[1,3,4,1] d,
                                       float[1,3,1,2] e, float[1,3,4,2] f) {
        a = Concat<axis=-1>(x, x) b = Softmax(x) c = ReduceSum<keepdims=0>(x, last) d = ArgMax<axis=-1>(x)
        m = ReduceMean<axes=[-2]>(x) e = Gather<axis=-1>(m, two) f = Slice(x, zero, two_, last)}"""
    constants = {"last": ints(-1), "two": ints(-1, 0), "zero": ints(0), "two_": ints(2)}
    safe = Safe(graph(text, **constants), tmp_path)
    assert (
        safe.attribute("Concat", "axis")
        == safe.attribute("Softmax", "axis")
        == safe.attribute("ArgMax", "axis")
        == 3
    )
    assert safe.attribute("ReduceMean", "axes") == [2]
    by_type = {node.op_type: node for node in safe.nodes}
    assert safe.constant(by_type["ReduceSum"].input[1]).tolist() == [3]
    assert safe.constant(by_type["Slice"].input[3]).tolist() == [3]
    assert safe.constant(by_type["Gather"].input[1]).tolist() == [5, 0]
    assert safe.difference() < CLOSE


def test_batch_norm_goes_into_the_convolution(tmp_path: Path) -> None:
    text = """g (float[1,3,6,6] x) => (float[1,8,4,4] y) {
        c = Conv(x, w) y = BatchNormalization<epsilon=1e-3>(c, s, b, m, v)}"""
    arrays = {name: noise(8, seed=seed) for seed, name in enumerate(("s", "b", "m"))}
    safe = Safe(graph(text, w=noise(8, 3, 3, 3), **arrays, v=np.abs(noise(8)) + 0.5), tmp_path)
    assert safe.types == {"Conv": 1}
    assert safe.difference() < CLOSE * 10


def test_ranks_change_by_reshape_only(tmp_path: Path) -> None:
    text = """g (float[1,3,1,8] x) => (float[1,24] y, float[1,1,3,8] z) {
        s = Squeeze(x, two) r = Relu(s) y = Flatten(r) z = Unsqueeze(r, one)}"""
    safe = Safe(graph(text, two=ints(-2), one=ints(1)), tmp_path)
    assert set(safe.types) == {"Reshape", "Relu"}
    assert safe.difference() == 0


@pytest.mark.parametrize(
    ("index", "axis", "shape", "types"),
    [
        (np.int64(0), 1, "1,6", {"Slice", "Reshape"}),
        (np.int64(-1), 1, "1,6", {"Slice", "Reshape"}),
        (ints(2), -1, "1,5,1", {"Slice"}),
        (ints(4, 1), 1, "1,2,6", {"Gather"}),
    ],
)
def test_select(tmp_path: Path, index: np.int64, axis: int, shape: str, types: set[str]) -> None:
    text = f"g (float[1,5,6] x) => (float[{shape}] y) {{y = Gather<axis={axis}>(x, i)}}"
    safe = Safe(graph(text, i=np.asarray(index)), tmp_path)
    assert set(safe.types) == types
    assert safe.difference() == 0


@pytest.mark.parametrize(
    ("start", "stop", "step"),
    [(-1, -(2**31), -1), (-1, -(2**63), -1), (10, 2, -3), (5, -12, -1), (-2, 0, -2)],
)
def test_backward_slice(tmp_path: Path, start: int, stop: int, step: int) -> None:
    size = len(range(*slice(start, stop, step).indices(12)))
    text = f"g (float[1,3,12] x) => (float[1,3,{size}] y) {{y = Slice(x, a, b, axis, step)}}"
    constants = {"a": ints(start), "b": ints(stop), "axis": ints(-1), "step": ints(step)}
    safe = Safe(graph(text, **constants), tmp_path)
    assert safe.types == {"Gather": 1}
    assert safe.difference() == 0


@pytest.mark.parametrize("mode", ["reflect", "edge"])
@pytest.mark.parametrize(
    "pads", [(0, 0, 0, 5, 0, 0, 0, 7), (0, 0, 2, 1, 0, 0, 0, 3), (0, 0, 0, 1, 0, 0, 0, 0)]
)
def test_pads_are_spelt_out(tmp_path: Path, mode: str, pads: tuple[int, ...]) -> None:
    shape = np.array((1, 3, 4, 9)) + pads[:4] + np.array(pads[4:])
    text = f'g (float[1,3,4,9] x) => (float[{",".join(map(str, shape))}] y) {{y = Pad<mode="{mode}">(x, p)}}'
    safe = Safe(graph(text, p=ints(*pads)), tmp_path)
    assert set(safe.types) <= {"Slice", "Gather", "Concat"}
    assert all(len(node.input) <= 3 for node in safe.nodes if node.op_type == "Concat")
    assert safe.difference() == 0


def test_wrapping_pad_of_opset_19(tmp_path: Path) -> None:
    text = 'g (float[1,3,9] x) => (float[1,3,14] y) {y = Pad<mode="wrap">(x, p)}'
    safe = Safe(graph(text, 19, p=ints(0, 0, 2, 0, 0, 3)), tmp_path)
    assert safe.types == {"Slice": 2, "Concat": 1}
    assert safe.difference() == 0


def test_zero_padding_stays(tmp_path: Path) -> None:
    text = "g (float[1,3,9] x) => (float[1,3,14] y) {y = Pad(x, p)}"
    assert Safe(graph(text, p=ints(0, 0, 2, 0, 0, 3)), tmp_path).applied == []


@pytest.mark.parametrize(
    ("power", "types"), [(2, {"Mul": 1}), (3, {"Mul": 2}), (0.5, {"Sqrt": 1}), (2.5, {"Pow": 1})]
)
def test_powers(tmp_path: Path, power: float, types: dict[str, int]) -> None:
    text = "g (float[1,9] x) => (float[1,9] y) {a = Abs(x) y = Pow(a, p)}"
    safe = Safe(graph(text, p=np.float32(power)), tmp_path)
    assert safe.types == types | {"Abs": 1}
    assert safe.difference() < CLOSE


def test_where_of_a_uniform_condition(tmp_path: Path) -> None:
    text = "g (float[1,9] x) => (float[1,9] y) {r = Relu(x) z = Where(c, zero, r) y = Neg(z)}"
    safe = Safe(graph(text, c=np.zeros((1, 9), dtype=np.bool_), zero=np.float32(0)), tmp_path)
    assert safe.order() == ["Relu", "Neg"]


@pytest.mark.parametrize(
    ("shape", "constant", "full"),
    [
        ((1, 4, 1, 9), (1, 1, 1, 9), True),
        ((1, 4, 1, 9), (9,), True),
        ((1, 4, 1, 9), (1, 4, 1, 1), False),
        ((1, 4, 1, 9), (4, 1, 1), False),
        ((1, 4, 1, 9), (), False),
        ((1, 7, 6), (6,), False),
        ((1, 7, 6), (7, 1), True),
        ((1, 7, 6), (7, 6), False),
    ],
)
def test_constants_vary_along_channels_or_in_full(
    tmp_path: Path, shape: tuple[int, ...], constant: tuple[int, ...], *, full: bool
) -> None:
    sizes = ",".join(map(str, shape))
    safe = Safe(
        graph(f"g (float[{sizes}] x) => (float[{sizes}] y) {{y = Sub(x, c)}}", c=noise(*constant)), tmp_path
    )
    assert safe.constant(safe.nodes[0].input[1]).shape == (shape if full else constant)
    assert safe.difference() == 0


def test_constants_come_second(tmp_path: Path) -> None:
    safe = Safe(graph("g (float[1,9] x) => (float[1,9] y) {y = Mul(c, x)}", c=np.float32(3)), tmp_path)
    assert list(safe.nodes[0].input) == ["x", "c"]


@pytest.mark.parametrize(
    ("height", "width", "window"),
    [(160, 160, [2, 2]), (128, 96, None), (160, 80, [1, 2]), (510, 510, [5, 5]), (1, 20000, [1, 2])],
)
def test_mean_of_a_large_picture_is_taken_in_two_steps(
    tmp_path: Path, height: int, width: int, window: list[int] | None
) -> None:
    text = f"g (float[1,2,{height},{width}] x) => (float[1,2,1,1] y) {{y = GlobalAveragePool(x)}}"
    safe = Safe(graph(text), tmp_path)
    if window is None:
        assert safe.order() == ["GlobalAveragePool"]
    else:
        assert safe.order() == ["AveragePool", "GlobalAveragePool"]
        assert safe.attribute("AveragePool", "kernel_shape") == window
        assert safe.attribute("AveragePool", "strides") == window
        assert all(finding.rule != "IPU065" for finding in lint_file(tmp_path / "safe.onnx"))
    assert safe.difference() < CLOSE


def test_mean_that_no_equal_windows_divide_is_left_to_lint(tmp_path: Path) -> None:
    prime = "g (float[1,2,1,12289] x) => (float[1,2,1,1] y) {y = GlobalAveragePool(x)}"
    safe = Safe(graph(prime), tmp_path)
    assert safe.order() == ["GlobalAveragePool"]
    assert [finding.rule for finding in lint_file(tmp_path / "safe.onnx")] == ["IPU065"]


@pytest.mark.parametrize("inputs", [65, 130])
@pytest.mark.parametrize(("shape", "axis"), [("1,2,3", 1), ("1,2,3", 2), ("4,3", 1), ("4,3", 0)])
def test_wide_concat_cannot_be_merged_again(tmp_path: Path, inputs: int, shape: str, axis: int) -> None:
    parts = ", ".join(f"p{index}" for index in range(inputs))
    parted = " ".join(f"p{index} = Mul(x, c{index})" for index in range(inputs))
    total = [int(size) for size in shape.split(",")]
    total[axis] *= inputs
    wide = ",".join(map(str, total))
    text = f"g (float[{shape}] x) => (float[{wide}] y) {{{parted} y = Concat<axis={axis}>({parts})}}"
    scales = {f"c{index}": np.float32(index + 1) for index in range(inputs)}
    safe = Safe(graph(text, **scales), tmp_path)
    assert all(len(node.input) <= 64 for node in safe.nodes)
    assert safe.difference() == 0
    simplified, sound = onnxsim.simplify(safe.model)
    assert sound
    assert all(len(node.input) <= 64 for node in simplified.graph.node)


def test_a_convolution_does_not_read_a_raw_input_itself(tmp_path: Path) -> None:
    text = "g (float[1,1,1,33] x) => (float[1,4,1,31] y) {y = Conv(x, w)}"
    safe = Safe(graph(text, w=noise(4, 1, 1, 3)), tmp_path)
    assert safe.order() == ["Slice", "Slice", "Concat", "Conv"]
    assert safe.difference() == 0


def test_a_convolution_may_read_an_image_itself(tmp_path: Path) -> None:
    text = "g (float[1,1,8,9] x) => (float[1,4,6,7] y) {y = Conv(x, w)}"
    assert Safe(graph(text, w=noise(4, 1, 3, 3)), tmp_path).applied == []


def test_transposes_of_unit_axes(tmp_path: Path) -> None:
    text = """g (float[1,5,6] x) => (float[5,1,6] y, float[3,5,1,1,2] z) {
        y = Transpose<perm=[1,0,2]>(x) r = Reshape(x, s) z = Transpose<perm=[3,1,0,2,4]>(r)}"""
    safe = Safe(graph(text, s=ints(1, 5, 1, 3, 2)), tmp_path)
    shapes = safe.shapes()
    assert safe.types["Transpose"] == 1
    assert all(len(shapes[node.input[0]]) <= 4 for node in safe.nodes if node.op_type == "Transpose")
    assert safe.difference() == 0


def test_chained_reshapes_become_one(tmp_path: Path) -> None:
    text = """g (float[1,6,4] x) => (float[2,12] y, float[1,6,4] z) {
        a = Reshape(x, s) b = Reshape(a, t) y = Reshape(b, u) c = Reshape(b, v) z = Relu(c)}"""
    constants = {"s": ints(3, 8), "t": ints(0, 2, -1), "u": ints(2, -1), "v": ints(1, 6, 4)}
    safe = Safe(graph(text, **constants), tmp_path)
    assert safe.types == {"Reshape": 1, "Relu": 1}
    assert safe.difference() == 0


def test_unused_initialisers_go(tmp_path: Path) -> None:
    safe = Safe(graph("g (float[1,4] x) => (float[1,4] y) {y = Relu(x)}", unused=noise(4)), tmp_path)
    assert safe.applied == ["unused parts dropped: 1"]
    assert not safe.model.graph.initializer


def test_a_safe_graph_is_copied(tmp_path: Path) -> None:
    text = "g (float[1,4,8] x) => (float[1,4,3] y) {m = MatMul(x, w) y = Add(m, b)}"
    model = graph(text, w=noise(8, 3), b=noise(3))
    model.doc_string = "kept, because nothing is to be done"
    safe = Safe(model, tmp_path)
    assert safe.applied == []
    assert (tmp_path / "safe.onnx").read_bytes() == (tmp_path / "source.onnx").read_bytes()
