"""Graphs of other kinds come through the rewrites unharmed: untouched, or changed and equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cpu_graphs import Sketch, difference, down_net, last, operators, random_feed, run
from edgedla_targets.onnxruntime_cpu.fast import accelerate
from edgedla_targets.onnxruntime_cpu.graph import Emitter, Graph, is_plain, rebuilt
from edgedla_targets.onnxruntime_cpu.int8_graph import to_int8

if TYPE_CHECKING:
    from pathlib import Path

ROUNDING = 1e-5


def unharmed(model: onnx.ModelProto, **sizes: int) -> onnx.ModelProto:
    """The rewritten model, which says the same and leaves the original as it was."""
    before = model.SerializeToString()
    changed = accelerate(model)
    assert model.SerializeToString() == before
    assert difference(model, changed, random_feed(model, **sizes)) < ROUNDING
    return changed


def long_net(*, batch: int = 1, opset: int = 13) -> Sketch:
    """What can be rewritten, at once: a long padded signal and a dense convolution before a filter."""
    sketch = down_net(length=8192)
    sketch.inputs = Sketch(batch, 64, 1, 8192).inputs
    sketch.opset = opset
    return sketch


def finished(sketch: Sketch) -> onnx.ModelProto:
    return sketch.model(last(sketch))


@pytest.mark.parametrize("opset", [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21])
def test_every_opset_since_pads_are_inputs(opset: int) -> None:
    changed = unharmed(finished(long_net(opset=opset)))
    assert len(changed.graph.node) > 50
    assert changed.opset_import[0].version == opset


@pytest.mark.parametrize("opset", [9, 10])
def test_opsets_whose_pads_are_attributes(opset: int) -> None:
    sketch = Sketch(1, 64, 1, 8192, opset=opset)
    x = sketch.node("Pad", "x", mode="reflect", pads=[0, 0, 0, 2, 0, 0, 0, 2])
    x = sketch.leaky(sketch.conv(x, 64, 64, 1, 5))
    x = sketch.conv(x, 64, 1, 1, 9, bias=False, group=64, strides=[1, 4], pads=[0, 4, 0, 4])
    model = sketch.model(sketch.node("Slice", x, axes=[1], starts=[0], ends=[1]) if opset < 10 else x)
    unharmed(model)


def test_batches_are_cut_too() -> None:
    assert len(unharmed(finished(long_net(batch=3))).graph.node) > 50


def test_dynamic_sizes_are_left_alone() -> None:
    sketch = Sketch("batch", 64, 1, "samples")
    x = sketch.conv(
        sketch.leaky(sketch.conv(sketch.reflect("x", 2), 64, 64, 1, 5)), 64, 1, 1, 4, bias=False, group=64
    )
    model = sketch.model(sketch.node("Relu", x))
    assert unharmed(model, batch=2, samples=64) is model


def test_images_and_plain_signals_are_left_alone() -> None:
    sketch = Sketch(1, 3, 16, 16)
    x = sketch.node("Relu", sketch.conv("x", 64, 3, 3, 3, pads=[1, 1, 1, 1]))
    x = sketch.node("Relu", sketch.conv(x, 64, 64, 3, 3, strides=[2, 2]))
    model = sketch.model(sketch.node("GlobalAveragePool", x))
    assert unharmed(model) is model
    sketch = Sketch(1, 1, 64)
    model = sketch.model(sketch.node("Conv", "x", sketch.random(8, 1, 5), strides=[2]))
    assert unharmed(model) is model


def branches() -> onnx.ModelProto:
    """A long net beside an If whose branches read one of its inner tensors."""
    sketch = long_net()
    inner = sketch.nodes[1].output[0]
    info = [helper.make_tensor_value_info("shown", TensorProto.FLOAT, None)]
    parts = [
        helper.make_graph([helper.make_node(kind, [inner], ["shown"])], kind, [], info)
        for kind in ("Relu", "Tanh")
    ]
    out = last(sketch)
    chosen = sketch.node("If", sketch.const(True, np.bool_), then_branch=parts[0], else_branch=parts[1])  # noqa: FBT003 - a tensor
    return sketch.model(out, chosen)


def test_subgraphs_may_read_anything_so_nothing_is_rewritten() -> None:
    model = branches()
    assert not is_plain(model)
    assert accelerate(model) is model
    assert to_int8(model, []) is None


def test_functions_are_left_alone() -> None:
    model = finished(long_net())
    double = helper.make_function(
        "own",
        "Double",
        ["a"],
        ["b"],
        [helper.make_node("Add", ["a", "a"], ["b"])],
        [helper.make_opsetid("", 13)],
    )
    model.functions.append(double)
    model.opset_import.append(helper.make_opsetid("own", 1))
    assert accelerate(model) is model


def quantised_net(sketch: Sketch) -> str:
    """Quantise, convolve in whole numbers, dequantise."""
    scale, zero = sketch.const(0.02), sketch.const(128, np.uint8)
    x = sketch.node("QuantizeLinear", "x", scale, zero)
    weight = sketch.const(sketch.rng.integers(-9, 9, (64, 64, 1, 5)), np.int8)
    x = sketch.node("QLinearConv", x, scale, zero, weight, scale, sketch.const(0, np.int8), scale, zero)
    return sketch.leaky(sketch.node("DequantizeLinear", x, scale, zero))


def test_quantised_graphs_are_left_alone() -> None:
    sketch = Sketch(1, 64, 1, 256)
    model = sketch.model(quantised_net(sketch))
    assert unharmed(model) is model
    assert to_int8(model, [random_feed(model)]) is None


@pytest.mark.parametrize("operator", ["Gelu", "QuickGelu"])
def test_operators_of_others_may_stand_anywhere(operator: str) -> None:
    sketch = long_net()
    x = sketch.node(operator, last(sketch), domain="com.microsoft")
    x = sketch.node("FusedConv", x, sketch.random(8, 64, 1, 1), domain="com.microsoft", activation="Relu")
    changed = unharmed(sketch.model(x, domains=["com.microsoft"]))
    assert operators(changed)[-2:] == [operator, "FusedConv"]
    assert len(changed.graph.node) > 50


def test_an_operator_of_others_is_not_taken_for_the_standard_one() -> None:
    sketch = Sketch(8, 8)
    x = sketch.node("MatMul", "x", sketch.random(8, 8))
    sketch.nodes[-1].domain = "own"
    bounds = [sketch.const([value], np.int64) for value in (0, 1, 0)]
    model = sketch.model(sketch.node("Slice", x, *bounds), domains=["own"])
    assert accelerate(model) is model


@pytest.mark.parametrize("names", [[""] * 9, [f"winograd0_{number}" for number in range(9)]])
def test_nodes_may_have_no_names_or_such_as_ours(names: list[str]) -> None:
    model = finished(long_net())
    for node, name in zip(model.graph.node, names, strict=False):
        node.name = name
    model.graph.node[1].output[0] = model.graph.node[2].input[0] = "halves_3"
    changed = unharmed(model)
    made = [name for node in changed.graph.node for name in node.output]
    assert len(made) == len(set(made))


def test_a_constant_that_an_input_can_override_is_none() -> None:
    model = finished(long_net())
    stored = {item.name: item for item in model.graph.initializer}
    weight = model.graph.node[1].input[1]
    value = helper.make_tensor_value_info(weight, TensorProto.FLOAT, stored[weight].dims)
    model.graph.input.append(value)
    changed = unharmed(model)
    assert weight not in Graph(model).consts
    feed = random_feed(model) | {weight: np.ones(tuple(stored[weight].dims), np.float32)}
    assert difference(model, changed, feed) < ROUNDING


def test_constants_in_files_of_their_own_come_along(tmp_path: Path) -> None:
    model = finished(long_net())
    path = tmp_path / "net.onnx"
    apart: Any = {"save_as_external_data": True, "location": "weights.bin", "size_threshold": 0}
    onnx.save(finished(long_net()), path, **apart)
    assert (tmp_path / "weights.bin").stat().st_size > 80_000
    changed = accelerate(onnx.load(path))
    (tmp_path / "weights.bin").unlink()
    assert difference(model, changed) < ROUNDING


@pytest.mark.parametrize("dtype", [TensorProto.DOUBLE, TensorProto.FLOAT16])
def test_other_precisions_are_left_alone(dtype: int) -> None:
    model = finished(long_net())
    kind: Any = helper.tensor_dtype_to_np_dtype(dtype)
    model.graph.input[0].type.tensor_type.elem_type = dtype
    del model.graph.value_info[:]
    model.graph.output[0].type.tensor_type.elem_type = dtype
    for item in model.graph.initializer:
        if item.data_type == TensorProto.FLOAT:
            item.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(item).astype(kind), item.name))
    model.ir_version = 8
    assert accelerate(model) is model
    assert to_int8(model, []) is None


@pytest.mark.parametrize("pad", ["SAME_UPPER", "VALID"])
def test_automatic_padding_is_left_alone(pad: str) -> None:
    sketch = Sketch(1, 64, 1, 256)
    x = sketch.leaky(sketch.conv("x", 64, 64, 1, 5, auto_pad=pad))
    model = sketch.model(sketch.conv(x, 64, 1, 1, 4, bias=False, group=64, strides=[1, 4]))
    assert unharmed(model) is model


def test_a_pad_that_names_its_axes_means_others() -> None:
    sketch = Sketch(1, 1, 1, 8192, opset=18)
    pads, axes = sketch.const([2, 3, 2, 3], np.int64), sketch.const([1, 3], np.int64)
    x = sketch.node("Pad", "x", pads, "", axes, mode="constant")
    model = sketch.model(sketch.conv(x, 4, 5, 1, 7, strides=[1, 2]))
    assert unharmed(model) is model


def test_attributes_may_be_left_out() -> None:
    sketch = Sketch(1, 64, 1, 256)
    sketch.nodes.append(
        helper.make_node("LeakyRelu", [sketch.conv("x", 64, 64, 1, 5, pads=[0, 2, 0, 2])], ["leaky"])
    )
    model = sketch.model(
        sketch.conv("leaky", 64, 1, 1, 9, bias=False, group=64, strides=[1, 4], pads=[0, 4, 0, 4])
    )
    assert len(unharmed(model).graph.node) > 20


def test_metadata_and_inputs_that_nothing_reads_are_kept() -> None:
    model = finished(long_net())
    helper.set_model_props(model, {"origin": "a test"})
    model.graph.input.extend(Sketch(3, name="unread").inputs)
    changed = unharmed(model)
    assert changed.metadata_props[0].value == "a test"
    assert [value.name for value in changed.graph.input] == ["x", "unread"]


def test_what_no_output_needs_is_dropped() -> None:
    sketch = Sketch(2, 3)
    out, spare = sketch.node("Relu", "x"), sketch.node("Add", "x", sketch.const(1))
    model = sketch.model(out, spare)
    del model.graph.output[1]
    changed = rebuilt(model, model.graph.node, [])
    assert operators(changed) == ["Relu"]
    assert not changed.graph.initializer


def test_new_names_are_new() -> None:
    sketch = Sketch(2, 3)
    sketch.nodes.append(helper.make_node("Relu", ["x"], ["fast_7"], name="fast"))
    graph = Graph(sketch.model("fast_7"))
    word = graph.unused("fast")
    assert word == "fast__"
    assert graph.unused("slow") == "slow"
    emitter = Emitter(word)
    names = [emitter.node("Relu", ["x"]), emitter.const(1), emitter.node("Relu", ["x"]), emitter.twin("1")]
    assert len(set(names)) == 4


def test_an_image_network_of_torch() -> None:
    import torch

    changed = unharmed(residual_block(torch))
    assert "Conv" in operators(changed)


def residual_block(torch: Any) -> onnx.ModelProto:
    """A residual block and a classifier, as torch exports them."""
    import io
    import warnings

    nn = torch.nn
    torch.manual_seed(0)

    class Block(nn.Module):  # type: ignore[misc,name-defined] # torch is a value here
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1)
            )
            self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))

        def forward(self, x: Any) -> Any:
            return self.head(torch.relu(x + self.body(x)))

    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the exporter is the older one
        torch.onnx.export(Block().eval(), (torch.zeros(1, 8, 16, 16),), file, opset_version=13, dynamo=False)
    return onnx.load_from_string(file.getvalue())


def test_a_recurrent_network_with_a_loop_of_its_own() -> None:
    sketch = Sketch(5, 1, 4)
    names = ["y", "y_h", "y_c"]
    weights = [sketch.random(1, 12, 4), sketch.random(1, 12, 3)]
    sketch.nodes.append(helper.make_node("LSTM", ["x", *weights], names, hidden_size=3))
    bounds = [sketch.const([value], np.int64) for value in (0, 1, 0)]
    model = sketch.model(sketch.node("Slice", "y", *bounds), "y_c")
    unharmed(model)
    assert len(run(model, random_feed(model))) == 2
