"""Each rewrite makes the graph it says, and the graph says what the original said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpu_graphs import Sketch, difference, down_net, last, operators, random_feed, run
from edgedla_targets.onnxruntime_cpu import row_regions
from edgedla_targets.onnxruntime_cpu.fast import accelerate, tidy
from edgedla_targets.onnxruntime_cpu.graph import Graph
from edgedla_targets.onnxruntime_cpu.layer_norm import spell_squares
from edgedla_targets.onnxruntime_cpu.needed_rows import keep_needed_rows
from edgedla_targets.onnxruntime_cpu.row_regions import cut_into_rows, find_region
from edgedla_targets.onnxruntime_cpu.winograd import winograd_down, winograd_matrices

if TYPE_CHECKING:
    from pathlib import Path

ROUNDING = 1e-5


def layer_norm(sketch: Sketch, x: str, width: int) -> str:
    """As a simplifier leaves it: the square written as a product."""

    def mean(values: str) -> str:
        if sketch.opset < 18:
            return sketch.node("ReduceMean", values, axes=[-1])
        return sketch.node("ReduceMean", values, sketch.const([-1], np.int64))

    centred = sketch.node("Sub", x, mean(x))
    variance = mean(sketch.node("Mul", centred, centred))
    root = sketch.node("Sqrt", sketch.node("Add", variance, sketch.const(1e-5)))
    scaled = sketch.node("Mul", sketch.node("Div", centred, root), sketch.random(width))
    return sketch.node("Add", scaled, sketch.random(width))


def row_slice(sketch: Sketch, x: str, start: int, stop: int, axis: int) -> str:
    bounds = [sketch.const([value], np.int64) for value in (start, stop, axis, 1)]
    return sketch.node("Slice", x, *bounds)


def transformer_layer(tokens: int = 8, width: int = 16) -> onnx.ModelProto:
    """Attention with one head, feed-forward part and norms; only the first token is read."""
    sketch = Sketch(tokens, 1, width)
    flat = sketch.node("Reshape", "x", sketch.const([tokens, width], np.int64))
    query, key, value = (
        sketch.node("Gemm", flat, sketch.random(width, width), sketch.random(width)) for _ in "qkv"
    )
    scores = sketch.node("MatMul", query, sketch.node("Transpose", key, perm=[1, 0]))
    mixed = sketch.node("MatMul", sketch.node("Softmax", scores, axis=-1), value)
    x = layer_norm(sketch, sketch.node("Add", flat, mixed), width)
    hidden = sketch.node("Relu", sketch.node("Gemm", x, sketch.random(width, 32), sketch.random(32)))
    x = sketch.node("Add", x, sketch.node("MatMul", hidden, sketch.random(32, width)))
    x = sketch.node("Reshape", layer_norm(sketch, x, width), sketch.const([tokens, 1, width], np.int64))
    return sketch.model(row_slice(sketch, x, 0, 1, 0))


def optimised(model: onnx.ModelProto, path: Path) -> list[str]:
    """Operators after onnxruntime's own fusions."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(path)
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return operators(onnx.load(path))


@pytest.mark.parametrize("opset", [13, 17, 18, 21])
def test_onnxruntime_fuses_a_layer_norm_once_its_square_is_a_power(opset: int, tmp_path: Path) -> None:
    sketch = Sketch(1, 4, 16, opset=opset)
    model = sketch.model(layer_norm(sketch, "x", 16))
    changed = spell_squares(model)
    assert "LayerNormalization" not in optimised(model, tmp_path / "a.onnx")
    assert optimised(changed, tmp_path / "b.onnx") == ["LayerNormalization"]
    assert difference(model, changed) < ROUNDING


@pytest.mark.parametrize("inputs", [("x", "y"), ("x", "x")])
def test_other_products_stay_products(inputs: tuple[str, str]) -> None:
    sketch = Sketch(2, 3)
    sketch.inputs += Sketch(2, 3, name="y").inputs
    model = sketch.model(sketch.node("ReduceMean", sketch.node("Mul", *inputs), axes=[-1]))
    assert spell_squares(model) is model


def test_only_the_row_that_is_read_is_computed() -> None:
    model = transformer_layer()
    changed = keep_needed_rows(model)
    assert difference(model, changed) < ROUNDING
    shapes = Graph(changed).shapes
    first = [shapes[node.output[0]][0] for node in changed.graph.node if node.op_type in ("Gemm", "MatMul")]
    assert sorted(first) == [1, 1, 1, 1, 1, 8, 8]  # keys and values are needed of all tokens


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (2, 5), (7, 2**62)])
def test_any_rows_can_be_the_ones_needed(start: int, stop: int) -> None:
    sketch = Sketch(8, 6)
    x = sketch.node("Gemm", "x", sketch.random(6, 5), sketch.random(8, 5))  # an addend for each row
    x = sketch.node("Add", sketch.node("Tanh", x), sketch.random(8, 1))
    model = sketch.model(row_slice(sketch, x, start, stop, 0))
    changed = keep_needed_rows(model)
    assert "Slice" not in operators(changed)[1:]
    assert changed is not model
    assert difference(model, changed) < ROUNDING


def test_rows_that_mix_are_not_cut_apart() -> None:
    sketch = Sketch(8, 8)
    x = sketch.node("Softmax", sketch.node("MatMul", "x", sketch.random(8, 8)), axis=0)
    model = sketch.model(row_slice(sketch, x, 0, 1, 0))
    assert keep_needed_rows(model) is model


def test_before_opset_13_softmax_mixes_all_axes_from_its_own() -> None:
    sketch = Sketch(2, 8, 4, opset=12)
    x = sketch.node("Softmax", sketch.node("MatMul", "x", sketch.random(2, 4, 4)), axis=1)
    model = sketch.model(row_slice(sketch, x, 0, 1, 1))
    assert keep_needed_rows(model) is model


def test_rows_that_are_read_elsewhere_too_are_all_computed() -> None:
    sketch = Sketch(8, 6)
    x = sketch.node("Gemm", "x", sketch.random(6, 5), sketch.random(5))
    model = sketch.model(row_slice(sketch, sketch.node("Relu", x), 0, 1, 0), sketch.node("Tanh", x))
    assert difference(model, keep_needed_rows(model)) == 0


def test_a_slice_that_saves_no_product_stays_where_it_is() -> None:
    sketch = Sketch(8, 6)
    model = sketch.model(row_slice(sketch, sketch.node("Relu", "x"), 0, 4, 0))
    assert keep_needed_rows(model) is model


def signal_net(length: int = 8192, *, dilation: int = 1, even: bool = False) -> onnx.ModelProto:
    """Convolutions that pad by reflection or zeros, a residual sum, and two strides of four."""
    sketch = Sketch(1, 1, 1, length)
    x = sketch.leaky(sketch.conv(sketch.reflect("x", 3), 4, 1, 1, 7))
    x = sketch.conv(sketch.reflect(x, 4), 4, 1, 1, 9, bias=False, group=4, strides=[1, 4])
    side = sketch.conv(x, 4, 4, 1, 3, pads=[0, dilation, 0, dilation], dilations=[1, dilation])
    x = sketch.node("Add", sketch.conv(x, 4, 4, 1, 1), sketch.node("Relu", side))
    x = sketch.conv(x, 4, 4, 1, 4, pads=[0, 1, 0, 2]) if even else x
    x = sketch.conv(sketch.reflect(x, 4), 8, 4, 1, 9, strides=[1, 4])
    return sketch.model(sketch.node("Sigmoid", x))


@pytest.mark.parametrize("length", [8192, 6016, 4128])
@pytest.mark.parametrize(("dilation", "even"), [(1, False), (3, False), (1, True), (5, True)])
def test_a_long_signal_runs_as_two_rows(length: int, dilation: int, *, even: bool) -> None:
    model = signal_net(length, dilation=dilation, even=even)
    changed = cut_into_rows(model)
    shapes = Graph(changed).shapes
    assert any(shapes[node.output[0]][2] == 2 for node in changed.graph.node if node.op_type == "Conv")
    assert difference(model, changed) < ROUNDING


def test_every_sample_of_the_join_is_right() -> None:
    model = signal_net()
    changed = cut_into_rows(model)
    for at in (0, 1, 16, 4000, 4080, 4096, 4111, 4200, 8175, 8191):
        feed = {"x": np.zeros((1, 1, 1, 8192), np.float32)}
        feed["x"][..., at] = 1
        assert difference(model, changed, feed) < ROUNDING, at


def test_the_region_ends_where_it_would_cost_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph(signal_net())
    whole = find_region(graph, graph.nodes[0])
    assert whole is not None
    assert (whole.rate, whole.edge) == (16, 2)  # taps reach 3 + 4 + 4 * 1 + 4 * 4 = 27 samples
    assert whole.overlap(8192) == 2 * 2 * 16 * 3 / 8192
    monkeypatch.setattr(row_regions, "MAX_EXTRA", 0.01)
    shorter = find_region(graph, graph.nodes[0])
    assert shorter is not None
    assert shorter.rate == 4


@pytest.mark.parametrize("length", [1024, 4096, 8196])
def test_a_short_or_odd_signal_stays_whole(length: int) -> None:
    model = signal_net(length)
    assert cut_into_rows(model) is model


def test_a_convolution_that_shortens_the_signal_ends_the_region() -> None:
    sketch = Sketch(1, 1, 1, 8192)
    x = sketch.conv(sketch.reflect("x", 3), 4, 1, 1, 9)  # two samples less
    model = sketch.model(sketch.conv(sketch.reflect(x, 1), 4, 4, 1, 3, strides=[1, 2]))
    assert cut_into_rows(model) is model


def test_a_signal_that_others_read_may_be_cut_but_not_dropped() -> None:
    sketch = Sketch(1, 1, 1, 8192)
    x = sketch.conv(sketch.reflect("x", 3), 4, 1, 1, 7)
    model = sketch.model(
        sketch.conv(sketch.reflect(x, 4), 4, 4, 1, 9, strides=[1, 4]), sketch.node("Tanh", x)
    )
    region = find_region(Graph(model), model.graph.node[2])
    assert find_region(Graph(model), model.graph.node[0]) is None
    assert region is not None
    assert region.entry == x
    assert difference(model, cut_into_rows(model)) < ROUNDING


@pytest.mark.parametrize(("outputs", "taps"), [(4, 5), (2, 3), (3, 2), (1, 4)])
def test_winograd_is_correlation(outputs: int, taps: int) -> None:
    out, kernel, signal = winograd_matrices(outputs, taps)
    rng = np.random.default_rng(0)
    weight, samples = rng.standard_normal(taps), rng.standard_normal(outputs + taps - 1)
    found = out @ ((kernel @ weight) * (signal @ samples))
    np.testing.assert_allclose(found, np.correlate(samples, weight, "valid"), atol=1e-12)


@pytest.mark.parametrize("reflect", [True, False])
@pytest.mark.parametrize(("stride", "taps", "length"), [(4, 5, 256), (2, 3, 64), (4, 5, 8)])
def test_winograd_replaces_the_dense_convolution(
    stride: int, taps: int, length: int, *, reflect: bool
) -> None:
    sketch = down_net(length=length, taps=taps, stride=stride, reflect=reflect)
    model = sketch.model(last(sketch))
    changed = winograd_down(model)
    weights = [numbers.dims for numbers in changed.graph.initializer if len(numbers.dims) == 4]
    assert not any(dims[1] == 64 and dims[3] == taps for dims in weights)
    assert difference(model, changed) < ROUNDING


@pytest.mark.parametrize(
    ("stride", "taps", "channels", "length"),
    [(4, 3, 64, 256), (3, 5, 64, 240), (4, 5, 32, 256), (4, 5, 64, 254)],
    ids=["taps", "stride", "few channels", "length"],
)
def test_winograd_leaves_what_does_not_pay(stride: int, taps: int, channels: int, length: int) -> None:
    sketch = down_net(channels, length, taps, stride)
    model = sketch.model(last(sketch))
    assert winograd_down(model) is model


def test_winograd_leaves_a_signal_that_others_read() -> None:
    sketch = down_net()
    model = sketch.model(last(sketch), sketch.nodes[2].output[0])
    assert winograd_down(model) is model


def draw_conv(draw: st.DrawFn, sketch: Sketch, x: str, channels: int) -> tuple[str, int]:
    """A convolution of any kind, perhaps with mirrored ends; its output and how many channels that has."""
    taps, group = draw(st.sampled_from([1, 2, 3, 5, 9])), draw(st.sampled_from([1, channels]))
    wide = draw(st.sampled_from([channels, 64])) if group == 1 else channels
    x = sketch.reflect(x, draw(st.integers(1, 4))) if draw(st.booleans()) else x
    ends = st.sampled_from([(0, 0), (taps // 2, taps // 2), (taps // 2, (taps - 1) // 2), (2, 0)])
    before, after = draw(ends)
    attributes = {
        "pads": [0, before, 0, after],
        "strides": [1, draw(st.sampled_from([1, 1, 2, 4]))],
        "dilations": [1, draw(st.sampled_from([1, 1, 2]))],
    }
    size = (wide, channels // group, 1, taps)
    return sketch.conv(x, *size, bias=draw(st.booleans()), group=group, **attributes), wide


def draw_down(draw: st.DrawFn, sketch: Sketch, x: str, channels: int) -> tuple[str, int]:
    """What Winograd is for, or nearly."""
    stride, taps = draw(st.sampled_from([(4, 5), (2, 3), (4, 3)]))
    half, width = taps // 2, draw(st.integers(1, 5))
    x = sketch.leaky(sketch.conv(x, 64, channels, 1, taps, bias=draw(st.booleans()), pads=[0, half, 0, half]))
    mirrored = draw(st.booleans())
    x = sketch.reflect(x, width) if mirrored else x
    pads = [0, 0, 0, 0] if mirrored else [0, width, 0, draw(st.sampled_from([width, width - 1]))]
    size = (64, 1, 1, 2 * width + 1)
    return sketch.conv(x, *size, bias=False, group=64, strides=[1, stride], pads=pads), 64


@st.composite
def conv_stacks(draw: st.DrawFn) -> onnx.ModelProto:
    """Convolutions of all kinds over a signal, with paddings, activations and residual sums between them."""
    channels, length = draw(st.sampled_from([1, 4, 64])), draw(st.sampled_from([1536, 1540, 4160, 8192]))
    sketch = Sketch(draw(st.integers(1, 2)), channels, 1, length)
    x = "x"
    for _ in range(draw(st.integers(1, 3))):
        y, channels = draw(st.sampled_from([draw_conv, draw_down]))(draw, sketch, x, channels)
        kind = draw(st.sampled_from(["LeakyRelu", "Relu", ""]))
        x = sketch.node(kind, y) if kind else y
        x = sketch.node("Add", x, y) if draw(st.booleans()) else x
    return sketch.model(x)


@settings(max_examples=60, deadline=None)
@given(conv_stacks())
def test_any_stack_of_convolutions_says_the_same(model: onnx.ModelProto) -> None:
    changed = accelerate(model)
    onnx.checker.check_model(changed, full_check=True)
    assert difference(model, changed) < ROUNDING


def test_what_is_fast_already_is_still_right() -> None:
    sketch = down_net(length=8192)
    model = sketch.model(last(sketch))
    once = accelerate(model)
    twice = accelerate(once)
    assert difference(model, once) < ROUNDING
    assert difference(model, twice) < ROUNDING


def test_the_same_graph_gives_the_same_bytes() -> None:
    model = signal_net()
    assert accelerate(model).SerializeToString() == accelerate(model).SerializeToString()


def test_the_original_is_not_touched() -> None:
    model = transformer_layer()
    before = model.SerializeToString()
    assert len(run(tidy(model), random_feed(model))) == 1
    assert model.SerializeToString() == before
