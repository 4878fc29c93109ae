"""Just inside and just outside of what the rules of lint say, where one pair of graphs does not show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgedla_targets.pcupid.lint import lint_graph
from edgedla_targets.pcupid.lint.prepare import prepare
from lint_cases import concat, conv, slices
from lint_graphs import full, graph, ints, node, one, zeros

if TYPE_CHECKING:
    from onnx import ModelProto

    from edgedla.spec import Finding
    from lint_graphs import Array


def lint(model: ModelProto) -> list[Finding]:
    return lint_graph(prepare(model))


def rules(model: ModelProto) -> list[str]:
    return [finding.rule for finding in lint(model)]


def messages(model: ModelProto) -> list[str]:
    return [finding.message for finding in lint(model)]


def test_a_dilation_of_one_is_none() -> None:
    assert rules(conv(32, 32, 3, dilations=[1])) == ["IPU036"]


def test_grouped_and_dilated_1d_conv_is_blamed_for_its_groups() -> None:
    assert rules(conv(32, 16, 3, group=2, dilations=[3])) == ["IPU038"]


@pytest.mark.parametrize(("pad", "said"), [(1, ""), (3, " and a pad of 3")])
def test_a_depthwise_conv_is_blamed_for_its_pad_only_where_it_is_too_large(pad: int, said: str) -> None:
    (found,) = messages(conv(32, 1, 1, 5, group=32, pads=[0, pad, 0, 0]))
    assert (
        found == f"depthwise Conv with a kernel of 1x5{said} runs as a dense one: 32 times the multiply-adds"
    )


def test_the_kernel_of_a_transposed_conv_counts_alike() -> None:
    assert rules(one("ConvTranspose", (1, 32, 8, 8), zeros(32, 32, 8, 8))) == ["IPU030"]


@pytest.mark.parametrize(("op", "size", "expected"), [("Gemm", 8176, []), ("Gemm", 8192, ["IPU031"])])
def test_weights_of_gemm_count_alike(op: str, size: int, expected: list[str]) -> None:
    assert [rule for rule in rules(one(op, (1, 16384), (16384, size))) if rule != "IPU070"] == expected


def test_weights_of_a_transposed_conv_count_alike() -> None:
    assert "IPU031" in rules(one("ConvTranspose", (1, 16384, 2, 2), (16384, 8192, 1, 1)))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 1, 8, 8), ["IPU039"]), ((1, 3, 8, 8), []), ((1, 1, 8), ["IPU036"])],
)
def test_only_inputs_of_four_dimensions_and_one_channel_are_widened(
    shape: tuple[int, ...], expected: list[str]
) -> None:
    kernel = (1,) * (len(shape) - 2)
    assert rules(one("Conv", shape, zeros(32, shape[1], *kernel))) == [*expected, "IPU070"]


def test_an_input_taken_as_weights_is_not_widened() -> None:
    assert rules(one("Conv", (1, 32, 8, 8), (1, 32, 3, 3))) == ["IPU070"]


@pytest.mark.parametrize(("index", "expected"), [(2**31 - 1, []), (-(2**31), []), (-(2**31) - 1, ["IPU043"])])
def test_indices_fit_32_bits(index: int, expected: list[str]) -> None:
    assert rules(one("Gather", (1, 8), ints(index), axis=1)) == expected


def test_concat_from_1025_inputs_on_is_an_error_and_below_a_warning() -> None:
    assert [(item.rule, item.level) for item in lint(concat(1024))] == [("IPU045", "warning")]
    assert [(item.rule, item.level) for item in lint(concat(1025))] == [("IPU046", "error")]


@pytest.mark.parametrize(("area", "expected"), [((96, 128), ["IPU064"]), ((97, 128), ["IPU063"])])
def test_areas_of_average_pooling(area: tuple[int, int], expected: list[str]) -> None:
    assert rules(one("AveragePool", (1, 3, 300, 300), kernel_shape=list(area))) == expected


@pytest.mark.parametrize(
    ("exponent", "expected"),
    [
        (full(0.5), []),
        (full(2), []),
        (full(2, 8), []),
        (full(0), ["IPU054"]),
        (full(-2), ["IPU054"]),
        (full(np.nan), ["IPU054"]),
        ((1, 8), ["IPU054"]),
    ],
)
def test_exponents(exponent: Array | tuple[int | str, ...], expected: list[str]) -> None:
    assert rules(one("Pow", (1, 8), exponent)) == expected


@pytest.mark.parametrize(
    ("cuts", "expected"),
    [
        ([(0, 4), (4, 8)], ["IPU074"]),
        ([(4, 8), (0, 4)], ["IPU074"]),
        ([(0, -5), (3, 99)], ["IPU074"]),
        ([(0, 2), (2, 5), (5, 8)], ["IPU074"]),
        ([(0, 8)], []),
        ([(0, 4), (4, 7)], []),
        ([(1, 4), (4, 8)], []),
        ([(0, 5), (4, 8)], []),
    ],
)
def test_slices_that_a_split_would_replace(cuts: list[tuple[int, int]], expected: list[str]) -> None:
    assert rules(slices(*cuts)) == expected


@pytest.mark.parametrize(
    ("axis", "step", "expected"),
    [("first", "single", ["IPU074"]), ("second", "single", []), ("first", "double", [])],
)
def test_slices_along_two_axes_or_with_steps_are_left_alone(
    axis: str, step: str, expected: list[str]
) -> None:
    numbers = {"zero": 0, "four": 4, "eight": 8, "first": 0, "second": 1, "single": 1, "double": 2}
    nodes = [node("Slice", "x zero four first", "a"), node("Slice", f"x four eight {axis} {step}", "b")]
    stored = {name: ints(number) for name, number in numbers.items()}
    assert rules(graph(nodes, {"x": (8, 8)}, stored, outputs="a b")) == expected


def test_alignment_is_named_from_one_hundredth_of_the_cost_on() -> None:
    """8 of 808 multiply-adds per row are under it, 32 of 832 over."""

    def model(width: int) -> ModelProto:
        nodes = [node("MatMul", "x u", "a"), node("MatMul", "a v", "y")]
        return graph(nodes, {"x": (1, 1024)}, {"u": zeros(1024, 32), "v": zeros(32, width)})

    assert rules(model(8)) == []
    assert rules(model(40)) == ["IPU070"]


@pytest.mark.parametrize(("unit", "size"), [((1, 1), 16), ((1, 2), 32)])
def test_alignment_of_convolutions(unit: tuple[int, int], size: int) -> None:
    assert rules(conv(size, size, *unit)) == []
    assert rules(conv(size, size + 8, *unit)) == ["IPU070"]
    assert rules(conv(size + 8, size, *unit)) == ["IPU070"]


def test_an_empty_constant_is_whole(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Resize is often given one as its region."""
    from edgedla_targets.pcupid.lint import lint_file

    path = tmp_path_factory.mktemp("empty") / "model.onnx"
    path.write_bytes(one("Resize", (1, 3, 8, 8), zeros(0), full(2, 4)).SerializeToString())
    assert lint_file(path) == []


def test_a_repeated_tensor_is_blamed_once_at_its_first_maker() -> None:
    nodes = [node("Relu", "x", "a"), node("Abs", "x", "b"), node("Neg", "x", "c"), node("Add", "a b", "y")]
    nodes[1].output[0] = nodes[2].output[0] = "a"
    nodes[3].input[1] = "a"
    assert [(item.rule, item.node) for item in lint(graph(nodes, {"x": (1, 8)}))] == [("IPU006", "make_a")]


def test_a_reduction_over_axes_that_are_computed_is_left_alone() -> None:
    model = one("ReduceSum", (2, 8, 8), (2,))
    model.graph.input[1].type.tensor_type.elem_type = 7
    assert rules(model) == ["IPU002"]


def test_findings_show_the_shape_of_what_is_read() -> None:
    assert [item.shape for item in lint(one("Floor", (1, 8)))] == ["1x8"]
    assert [item.shape for item in lint(one("Floor", ()))] == ["scalar"]
    assert [item.shape for item in lint(one("Floor", ("n", 8)))] == ["?x8", "?x8"]
    assert [item.shape for item in lint(one("Gather", (4, 8), ints(2**31)))] == ["4x8"]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [((2, 4, 4), (2, 4, 4), []), ((2, 4, 4), (4, 4), []), ((1, 4, 4), (2, 4, 4), ["IPU055"])],
)
def test_batches_of_products(left: tuple[int, ...], right: tuple[int, ...], expected: list[str]) -> None:
    assert [rule for rule in rules(one("MatMul", left, right)) if rule != "IPU070"] == expected


def test_long_single_channels_from_8192_on() -> None:
    assert "IPU071" not in rules(one("Conv", (1, 1, 8191), zeros(32, 1, 3)))
    assert "IPU071" in rules(one("Conv", (1, 1, 8192), zeros(32, 1, 3)))


def test_one_pad_too_large_is_enough() -> None:
    assert rules(conv(32, 1, 3, 3, group=32, pads=[0, 0, 0, 2])) == ["IPU034"]


def test_a_mean_over_an_image_is_no_norm() -> None:
    assert rules(one("ReduceMean", (1, 8, 4, 4), axes=[2, 3])) == []
    assert rules(one("ReduceMean", (1, 8, 4, 4), axes=[1])) == []


@pytest.mark.parametrize(("step", "expected"), [(1, []), (-1, ["IPU044"])])
def test_constants_of_nodes_are_read_like_stored_ones(step: int, expected: list[str]) -> None:
    value = numpy_helper.from_array(ints(step))
    nodes = [node("Constant", "", "step", value=value), node("Slice", "x start end axis step", "y")]
    stored = {"start": ints(6), "end": ints(8 if step > 0 else 3), "axis": ints(1)}
    assert rules(graph(nodes, {"x": (1, 8)}, stored)) == expected


def test_what_follows_from_the_inputs_is_stronger_than_what_the_file_declares() -> None:
    model = one("Relu", (1, 8))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT, [7, 7, 7]))
    assert str(prepare(model).outputs[0]) == "1x8"
