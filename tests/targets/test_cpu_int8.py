"""The quantised graph computes what integers should, near to the float graph, or is not made at all."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from cpu_graphs import Sketch, difference, down_net, last, operators, random_feed, run
from edgedla import GateError
from edgedla_targets.onnxruntime_cpu import int8_conv
from edgedla_targets.onnxruntime_cpu.graph import Emitter, Graph
from edgedla_targets.onnxruntime_cpu.int8_conv import IntegerConv
from edgedla_targets.onnxruntime_cpu.int8_graph import to_int8
from edgedla_targets.onnxruntime_cpu.int8_leaky import split_leaky_sums
from edgedla_targets.onnxruntime_cpu.int8_ranges import Range, ranges
from edgedla_targets.onnxruntime_cpu.signals import row_conv

if TYPE_CHECKING:
    import onnx

    from edgedla.runner import Feed

    Array = np.typing.NDArray[Any]


def quantised(model: onnx.ModelProto, *feeds: Feed) -> onnx.ModelProto:
    """The int8 graph, calibrated on these feeds or on what the model's inputs may be."""
    found = to_int8(model, feeds or [random_feed(model, seed) for seed in range(4)])
    assert found is not None
    return found


def by_integers(x: Array, conv: onnx.ModelProto) -> Array:
    """What one QLinearConv of a quantised graph should say of uint8 samples (1, 1, samples, channels)."""
    node = next(node for node in conv.graph.node if node.op_type == "QLinearConv")
    stored = {item.name: numpy_helper.to_array(item) for item in conv.graph.initializer}
    scale, zero, weight, steps, _, out_scale, out_zero, bias = (stored[name] for name in node.input[1:])
    settings = {item.name: item for item in node.attribute}
    _, before, _, after = settings["pads"].ints
    stride, dilation, group = settings["strides"].ints[1], settings["dilations"].ints[1], settings["group"].i
    signal = np.pad(x[0, 0].astype(np.int64) - int(zero), ((before, after), (0, 0)))
    count = (len(signal) - (weight.shape[3] - 1) * dilation - 1) // stride + 1
    found = np.zeros((count, len(weight)), np.int64)
    share, width = len(weight) // group, weight.shape[1]
    for at, channel in itertools.product(range(count), range(len(weight))):
        first = channel // share * width
        for tap in range(weight.shape[3]):
            read = signal[at * stride + tap * dilation, first : first + width]
            found[at, channel] += int(read @ weight[channel, :, 0, tap].astype(np.int64))
    levels: Array = (found + bias) * (steps.astype(np.float64) * float(scale) / float(out_scale))
    clipped: Array = np.clip(np.rint(levels) + int(out_zero), 0, 255).astype(np.uint8)
    return clipped[None, None]


def inner(model: onnx.ModelProto, name: str, feed: Feed) -> Array:
    """The value of an inner tensor."""
    from onnx import helper

    probe = type(model)()
    probe.CopyFrom(model)
    del probe.graph.output[:]
    probe.graph.output.append(helper.make_empty_tensor_value_info(name))
    return run(probe, feed)[0]


@pytest.mark.parametrize(
    ("weight", "attributes"),
    [
        ((8, 4, 1, 1), {}),
        ((8, 4, 1, 4), {"pads": [0, 1, 0, 2], "strides": [1, 2]}),
        ((4, 4, 1, 3), {"dilations": [1, 3], "pads": [0, 3, 0, 3]}),
        ((4, 1, 1, 9), {"group": 4, "strides": [1, 4]}),
        ((8, 2, 1, 3), {"group": 2, "pads": [0, 1, 0, 1]}),
    ],
    ids=["pointwise", "strided", "dilated", "depthwise", "grouped"],
)
def test_a_convolution_is_the_one_of_integers(weight: tuple[int, ...], attributes: dict[str, Any]) -> None:
    sketch = Sketch(1, 4, 1, 48)
    model = quantised(sketch.model(sketch.conv("x", *weight, **attributes)))
    node = next(node for node in model.graph.node if node.op_type == "QLinearConv")
    feed = random_feed(model)
    found = inner(model, node.output[0], feed).astype(int)
    expected = by_integers(inner(model, node.input[0], feed), model).astype(int)
    # Where the exact value lies between two steps, onnxruntime's float32 product may round to the other.
    assert np.abs(found - expected).max() <= 1
    assert (found != expected).mean() < 0.01


@pytest.mark.parametrize(("channels", "taps"), [(1, 7), (2, 5), (16, 2), (16, 9)])
@pytest.mark.parametrize("length", [64, 160])
def test_a_folded_convolution_is_bit_for_bit_the_plain_one(
    channels: int, taps: int, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sketch = Sketch(2, channels, 1, length + taps - 1)
    model = sketch.model(sketch.conv("x", 8, channels, 1, taps))
    folded, feed = quantised(model), random_feed(model)
    monkeypatch.setattr(int8_conv, "MAX_FOLDED_CHANNELS", 0)
    plain = quantised(model)
    assert "Reshape" in operators(folded)
    assert "Reshape" not in operators(plain)
    np.testing.assert_array_equal(run(folded, feed)[0], run(plain, feed)[0])


def leaky_sum(slope: float = 0.2) -> Sketch:
    sketch = Sketch(1, 8, 1, 32)
    straight, bent = sketch.conv("x", 6, 8, 1, 1), sketch.leaky(sketch.conv("x", 6, 8, 1, 1), slope)
    sketch.node("Add", straight, bent)
    return sketch


def test_a_sum_with_a_leaky_part_becomes_one_with_a_relu() -> None:
    sketch = leaky_sum()
    model = sketch.model(last(sketch))
    changed = split_leaky_sums(model)
    assert operators(changed) == ["Conv", "Conv", "Relu", "Add"]
    assert difference(model, changed) < 1e-6
    assert operators(model) == ["Conv", "Conv", "LeakyRelu", "Add"]


@pytest.mark.parametrize("reader", ["t0", "t1", "t2"])
def test_a_sum_of_which_a_part_is_read_elsewhere_stays(reader: str) -> None:
    sketch = leaky_sum()
    model = sketch.model(last(sketch), sketch.node("Tanh", reader))
    assert "LeakyRelu" in operators(split_leaky_sums(model))


def test_weights_that_two_nodes_share_stay() -> None:
    sketch = leaky_sum()
    out = last(sketch)
    model = sketch.model(out, sketch.node("Conv", "x", *sketch.nodes[0].input[1:]))
    assert difference(model, split_leaky_sums(model)) == 0


@pytest.mark.parametrize("alpha", [0.01, 0.2, 0.9])
def test_a_quantised_leaky_relu_is_within_a_step_of_the_exact_one(alpha: float) -> None:
    sketch = Sketch(1, 4, 1, 256)
    inner_name = sketch.conv("x", 4, 4, 1, 1)
    model = sketch.model(sketch.leaky(inner_name, alpha), inner_name)
    changed, feed = quantised(model), random_feed(model)
    assert operators(changed).count("Clip") == 1
    leaky, before = run(changed, feed)
    exact = np.where(before < 0, np.float32(alpha) * before, before)
    step = (exact.max() - min(exact.min(), 0)) / 255
    inside = np.abs(leaky - exact)[exact < exact.max()]
    assert inside.max() <= step


@pytest.mark.parametrize("alpha", [0.0, -0.5, 1.0, 3.0])
def test_a_slope_that_is_none_stays_float(alpha: float) -> None:
    sketch = Sketch(1, 4, 1, 64)
    model = sketch.model(sketch.leaky(sketch.conv("x", 4, 4, 1, 1), alpha))
    changed = quantised(model)
    assert "LeakyRelu" in operators(changed)
    assert difference(model, changed) < 0.05


def test_ranges_hold_zero_and_leave_out_the_outermost() -> None:
    sketch = Sketch(1, 1, 1, 20_000)
    model = sketch.model(sketch.node("Abs", "x"))
    values = np.linspace(1, 2, 20_000, dtype=np.float32)
    values[:2], values[-1] = 500, -700
    feed = {"x": values[None, None, None]}
    found = ranges(model, ["x", "t0"], [feed])["x"]
    assert found.low == 0  # two values of 20 000 are 1e-4 of them, at either end
    assert 1.9 < found.high < 2.1
    assert (found.zero, round(found.scale, 4)) == (0, 0.0078)


@given(st.floats(-1e6, 0), st.floats(0, 1e6))
def test_the_zero_of_a_range_is_one_of_its_steps(low: float, high: float) -> None:
    span = Range(low, high)
    assert 0 <= span.zero <= 255
    assert abs(-span.low / span.scale - span.zero) <= 0.5001


def test_a_channel_of_zeros_keeps_its_bias() -> None:
    sketch = Sketch(1, 2, 1, 64)
    weight, bias = np.zeros((3, 2, 1, 1)), [0.5, -2.0, 1.0]
    weight[2] = 1
    out = sketch.node("Conv", "x", sketch.const(weight), sketch.const(bias))
    model = sketch.model(out)
    found = run(quantised(model), random_feed(model))[0]
    np.testing.assert_allclose(found[0, :2, 0, 0], bias[:2], atol=0.05)


def test_a_bias_and_a_scale_that_are_exact() -> None:
    sketch = Sketch(1, 1, 1, 8)
    model = sketch.model(sketch.node("Conv", "x", sketch.const([[[[1.27]]]]), sketch.const([0.5])))
    conv = row_conv(Graph(model), model.graph.node[0])
    assert conv is not None
    whole = IntegerConv.of(conv, 0.1, ("s", "z"), ("t", "u"))
    assert whole.levels.tolist() == [[[[127]]]]
    assert whole.offsets.tolist() == [500]  # 0.5 / (0.01 * 0.1)
    emitter = Emitter("p")
    whole.emit(emitter, "x")
    assert emitter.nodes[0].op_type == "QLinearConv"


def test_everything_between_two_convolutions_stays_in_bytes() -> None:
    sketch = Sketch(1, 4, 1, 64)
    x = sketch.node("Relu", sketch.conv(sketch.reflect("x", 2), 8, 4, 1, 5))
    x = sketch.node("Add", x, sketch.leaky(sketch.conv(x, 8, 8, 1, 1)))
    x = sketch.conv(sketch.reflect(x, 4), 4, 8, 1, 9, strides=[1, 4])
    model = sketch.model(sketch.node("Softmax", x, axis=1))
    changed = quantised(model)
    kinds = operators(changed)
    assert kinds.count("QuantizeLinear") == kinds.count("DequantizeLinear") == 1
    assert not {"Conv", "Relu", "Add", "LeakyRelu"} & set(kinds)
    assert difference(model, changed) < 0.05


@st.composite
def signal_stacks(draw: st.DrawFn) -> onnx.ModelProto:
    """Convolutions, paddings, activations and sums over a signal, some of them read by float nodes too."""
    channels = draw(st.sampled_from([1, 3, 16]))
    sketch = Sketch(draw(st.integers(1, 2)), channels, 1, 96)
    x, outputs = "x", []
    for _ in range(draw(st.integers(1, 4))):
        taps, wide = draw(st.sampled_from([1, 3, 4, 7])), draw(st.sampled_from([4, 16]))
        x = sketch.reflect(x, draw(st.integers(1, 4))) if draw(st.booleans()) else x
        pads = [0, draw(st.integers(0, 3)), 0, draw(st.integers(0, 3))]
        y = sketch.conv(x, wide, channels, 1, taps, bias=draw(st.booleans()), pads=pads)
        kind, channels = draw(st.sampled_from(["LeakyRelu", "Relu", ""])), wide
        # Of a gentler slope, 255 steps would keep next to nothing of the negative values.
        x = sketch.leaky(y) if kind == "LeakyRelu" else sketch.node(kind, y) if kind else y
        x = sketch.node("Add", x, y) if draw(st.booleans()) else x
        if draw(st.booleans()):
            outputs.append(x)
    return sketch.model(*dict.fromkeys([*outputs, x]))


@settings(max_examples=40, deadline=None)
@given(signal_stacks())
def test_any_stack_of_convolutions_stays_near(model: onnx.ModelProto) -> None:
    feed = random_feed(model)
    changed = quantised(model, feed)
    assert "Conv" not in operators(changed)
    for exact, found in zip(run(model, feed), run(changed, feed), strict=True):
        noise = np.sqrt(np.mean((found - exact) ** 2) / max(np.mean(exact**2), 1e-12))
        assert noise < 0.1  # a wrong sample or channel makes more than that


def test_ranges_need_inputs_with_finite_answers() -> None:
    sketch = Sketch(1, 4, 1, 64)
    model = sketch.model(sketch.conv("x", 8, 4, 1, 5))
    with pytest.raises(GateError, match="nothing to calibrate"):
        to_int8(model, [])
    with pytest.raises(GateError, match="'t0' is not finite"):
        to_int8(model, [{"x": np.full((1, 4, 1, 64), np.nan, np.float32)}])


@pytest.mark.parametrize("opset", [11, 12])
def test_before_opset_13_pads_take_no_bytes(opset: int) -> None:
    sketch = Sketch(1, 4, 1, 64, opset=opset)
    assert to_int8(sketch.model(sketch.conv("x", 8, 4, 1, 5)), []) is None


def test_without_convolutions_over_signals_there_is_nothing_to_do() -> None:
    sketch = Sketch(1, 3, 8, 8)
    assert to_int8(sketch.model(sketch.leaky(sketch.conv("x", 4, 3, 3, 3))), []) is None
    sketch = Sketch(1, 3, 1, 8)
    assert to_int8(sketch.model(sketch.leaky("x")), []) is None


def test_sums_of_other_shapes_and_computed_weights_stay_float() -> None:
    sketch = Sketch(1, 4, 1, 64)
    x = sketch.conv("x", 4, 4, 1, 3, pads=[0, 1, 0, 1])
    x = sketch.node("Add", x, sketch.node("ReduceMean", x, axes=[3]))
    x = sketch.node("Conv", x, sketch.node("Tanh", sketch.random(4, 4, 1, 1)))
    model = sketch.model(x)
    changed = quantised(model)
    assert operators(changed).count("QLinearConv") == operators(changed).count("Conv") == 1
    assert difference(model, changed) < 0.05


def test_calibrated_on_the_same_inputs_the_bytes_are_the_same() -> None:
    sketch = down_net()
    model = sketch.model(last(sketch))
    assert quantised(model).SerializeToString() == quantised(model).SerializeToString()
