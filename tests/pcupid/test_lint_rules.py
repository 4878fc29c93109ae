"""Every rule of lint keeps silent about a graph that keeps it and names the culprit of one that does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from onnx import TensorProto, helper

from edgedla_targets.pcupid.lint import RULES, lint_graph
from edgedla_targets.pcupid.lint.prepare import prepare
from lint_cases import CASES, Case
from lint_graphs import full, graph, ints, node, one, zeros

if TYPE_CHECKING:
    from onnx import ModelProto

    from edgedla.spec import Finding

BY_NUMBER = {rule.number: rule for rule in RULES}
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)


def lint(model: ModelProto) -> list[Finding]:
    return lint_graph(prepare(model))


def rules(model: ModelProto) -> list[str]:
    return [finding.rule for finding in lint(model)]


def test_every_rule_has_one_case() -> None:
    assert [case.rule for case in CASES] == [rule.number for rule in RULES]


@each_case
def test_a_graph_that_keeps_the_rule_has_no_errors_or_warnings(case: Case) -> None:
    findings = lint(case.good())
    assert [finding for finding in findings if finding.level != "note"] == []
    assert case.rule not in [finding.rule for finding in findings]


@each_case
def test_a_graph_that_breaks_the_rule_is_blamed_once_and_for_nothing_else(case: Case) -> None:
    findings = lint(case.bad())
    (found,) = [finding for finding in findings if finding.rule == case.rule]
    others = {finding.rule for finding in findings if finding.level != "note"} - {case.rule}
    assert others == case.also
    assert (found.node, found.level) == (case.where, BY_NUMBER[case.rule].level)
    assert found.limit == BY_NUMBER[case.rule].limit
    assert found.message
    assert found.hint


@pytest.mark.parametrize(
    ("op", "hint"),
    [("LayerNormalization", "ReduceMean"), ("Gelu", "Erf"), ("HardSwish", "HardSigmoid"), ("Mish", "Tanh")],
)
def test_a_composite_operator_is_told_its_parts(op: str, hint: str) -> None:
    found = lint(one(op, (1, 8), zeros(8), opset=20))
    assert [hint in finding.hint for finding in found if finding.rule == "IPU011"] == [True]
    assert "IPU010" not in {finding.rule for finding in found}


def test_operators_of_another_domain_are_refused_with_their_full_name() -> None:
    (found,) = lint(one("FusedConv", (1, 8), domain="com.microsoft"))
    assert (found.rule, "com.microsoft.FusedConv" in found.message) == ("IPU010", True)


def test_quantised_constants_are_found_although_they_fold() -> None:
    weights = {"w": zeros(8, 8).astype("int8"), "scale": full(1)}
    nodes = [node("DequantizeLinear", "w scale", "d"), node("MatMul", "x d", "y")]
    found = lint(graph(nodes, {"x": (1, 8)}, weights))
    assert [(finding.rule, finding.node) for finding in found] == [("IPU012", "make_d"), ("IPU070", "make_y")]


def test_subgraphs_are_refused_as_a_whole() -> None:
    branch = helper.make_graph(
        [node("Floor", "x", "z")],
        "branch",
        [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 8])],
    )
    model = graph(
        [node("If", "c", "y", then_branch=branch, else_branch=branch)],
        {"x": (1, 8)},
        {"c": zeros().astype(bool)},
    )
    assert rules(model) == ["IPU010", "IPU014"]


def test_shape_arithmetic_is_followed_to_the_shapes_behind_it() -> None:
    """The pads as torch writes them: zeros appended, reversed in pairs, and cast."""
    nodes = [
        node("Constant", "", "given", value_ints=[3, 2]),
        node("Constant", "", "count", value_ints=[2]),
        node("ConstantOfShape", "count", "none", value=helper.make_tensor("v", TensorProto.INT64, [1], [0])),
        node("Concat", "given none", "all", axis=0),
        node("Constant", "", "pairs", value_ints=[-1, 2]),
        node("Reshape", "all pairs", "paired"),
        *(
            node("Constant", "", name, value_ints=[number])
            for name, number in [("s", -1), ("e", -9), ("ax", 0)]
        ),
        node("Slice", "paired s e ax s", "reversed"),
        node("Transpose", "reversed", "turned", perm=[1, 0]),
        node("Reshape", "turned flat", "pads"),
        node("Pad", "x pads", "y"),
        node("Shape", "y", "shape"),
        node("Gather", "shape ax", "rows", axis=0),
        node("Concat", "rows flat", "target", axis=0),
        node("Reshape", "y target", "z"),
    ]
    prepared = prepare(graph(nodes, {"x": (1, 8)}, {"flat": ints(-1)}))
    assert [(item.op, str(item.output())) for item in prepared.live] == [("Pad", "1x13"), ("Reshape", "1x13")]
    assert [finding.rule for finding in lint_graph(prepared)] == ["IPU013"]


def test_lost_shapes_are_blamed_where_they_get_lost_and_only_there() -> None:
    nodes = [node("Reshape", "x shape", "r"), node("Relu", "r", "s"), node("Abs", "s", "y")]
    shapes = graph(nodes, {"x": (1, 8), "shape": (2,)})
    shapes.graph.input[1].type.tensor_type.elem_type = TensorProto.INT64
    assert [(finding.rule, finding.node) for finding in lint(shapes)] == [("IPU002", "make_r")]


def test_what_the_file_declares_helps_where_nothing_follows_from_the_inputs() -> None:
    nodes = [node("Reshape", "x shape", "y")]
    model = graph(nodes, {"x": (1, 8), "shape": (2,)})
    model.graph.input[1].type.tensor_type.elem_type = TensorProto.INT64
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 4]))
    assert rules(model) == []


def test_a_size_of_zero_is_an_error() -> None:
    empty = one("Slice", (1, 8), ints(3), ints(3), ints(1))
    assert rules(empty) == ["IPU002"]
    assert rules(one("Relu", (1, 0))) == ["IPU002"]


def test_gather_by_computed_indices_is_an_error() -> None:
    model = one("Gather", (1, 8), (3,), axis=1)
    model.graph.input[1].type.tensor_type.elem_type = TensorProto.INT64
    assert rules(model) == ["IPU043"]


@pytest.mark.parametrize("name", ["_x", "x_", ".x", "a b", "a,b", "x;", "größe", "100%", "'x'"])
def test_names_that_config_files_damage(name: str) -> None:
    model = one("Relu", (1, 8))
    model.graph.node[0].input[0] = model.graph.input[0].name = name
    assert rules(model) == ["IPU004"]


@pytest.mark.parametrize("name", ["images", "x_1", "layer.0", "input:0", "12"])
def test_names_that_config_files_keep(name: str) -> None:
    model = one("Relu", (1, 8))
    model.graph.node[0].input[0] = model.graph.input[0].name = name
    assert rules(model) == []


def test_an_input_without_a_name_is_an_error() -> None:
    model = one("Constant", value_floats=[1.0])
    model.graph.input.append(helper.make_tensor_value_info("", TensorProto.FLOAT, [1]))
    assert rules(model) == ["IPU006"]


def test_initialisers_listed_as_inputs_are_no_inputs() -> None:
    model = one("Add", (1, 8), zeros(8))
    model.graph.input.append(helper.make_tensor_value_info("b", TensorProto.FLOAT, ["free"]))
    assert rules(model) == []


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER"])
def test_automatic_pads_are_computed(auto_pad: str) -> None:
    """15 taps at dilation 1 on stride 1 need 14 zeros, 7 on each side; at dilation 3 they need 42."""
    narrow = one("Conv", (1, 32, 1, 64), zeros(32, 32, 1, 15), auto_pad=auto_pad)
    wide = one("Conv", (1, 32, 1, 64), zeros(32, 32, 1, 15), auto_pad=auto_pad, dilations=[1, 3])
    assert "IPU032" not in rules(narrow)
    assert [finding.message for finding in lint(wide) if finding.rule == "IPU032"] == [
        "Conv with a pad of 21"
    ]


@pytest.mark.parametrize("pad", [0, 1, 2])
def test_a_native_depthwise_kernel_takes_pads_up_to_one(pad: int) -> None:
    found = rules(one("Conv", (1, 32, 8, 8), zeros(32, 1, 3, 3), group=32, pads=[pad] * 4))
    assert found == (["IPU034"] if pad > 1 else [])


def test_a_depthwise_conv_counts_all_channels_where_it_runs_as_a_dense_one() -> None:
    """11600 channels are 725 blocks; 725 squared is above 512 x 1024."""
    widened = one("Conv", (1, 11600, 1, 8), zeros(11600, 1, 1, 3), group=11600)
    assert {"IPU031", "IPU034"} <= set(rules(widened))
    native = one("Conv", (1, 11600, 4, 4), zeros(11600, 1, 3, 3), group=11600)
    assert "IPU031" not in rules(native)


def test_depthwise_1d_conv_keeps_its_dilation() -> None:
    found = rules(one("Conv", (1, 32, 64), zeros(32, 1, 15), group=32, dilations=[3]))
    assert found == ["IPU036", "IPU034"]


@pytest.mark.parametrize(("opset", "expected"), [(13, []), (12, ["IPU056"])])
def test_softmax_before_opset_13_flattens(opset: int, expected: list[str]) -> None:
    assert rules(one("Softmax", (2, 8, 8), axis=2, opset=opset)) == []
    assert rules(one("Softmax", (1, 8, 4, 4), axis=1, opset=opset)) == expected


def test_reductions_take_their_axes_from_an_input_too() -> None:
    assert rules(one("ReduceSum", (2, 8, 8), ints(0, 2))) == ["IPU061"]
    assert rules(one("ReduceMax", (2, 8, 8))) == ["IPU060"]
    assert rules(one("ReduceSum", (2, 8, 8), noop_with_empty_axes=1)) == []


def test_axes_given_as_inputs_are_read() -> None:
    assert rules(one("Slice", (1, 8), ints(0), ints(4), ints(-1))) == ["IPU048"]
    assert rules(one("Unsqueeze", (1, 8), ints(-1))) == ["IPU048"]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ((1, 8, 4, 4), zeros(1, 8, 4, 4), []),
        ((1, 8, 4, 4), zeros(8, 4, 4), []),
        ((1, 8, 4, 4), zeros(), []),
        ((1, 8, 4, 4), zeros(1, 1, 1, 1), []),
        ((1, 8, 4, 4), zeros(8, 1, 1), []),
        ((1, 8, 4, 4), zeros(4), ["IPU052"]),
        ((1, 8, 4, 4), zeros(1, 1, 4, 1), ["IPU050"]),
        ((1, 8, 4, 4), zeros(4, 4), ["IPU050"]),
        ((1, 8, 1, 4), (1, 1, 1, 4), ["IPU050"]),
        ((1, 1, 4, 1), (1, 1, 1, 4), ["IPU050"]),
        ((1, 4, 8), zeros(8), []),
        ((1, 4, 8), (1, 4, 1), []),
    ],
)
def test_forms_of_broadcasting(left: tuple[int, ...], right: object, expected: list[str]) -> None:
    assert rules(one("Mul", left, right)) == expected  # type: ignore[arg-type] # a shape or an array


def test_findings_are_ordered_by_level_then_rule_then_node() -> None:
    nodes = [
        node("Add", "c x", "one"),
        node("Pad", "one pads", "two", mode="edge"),
        node("Pad", "two pads", "three", mode="reflect"),
        node("Floor", "three", "four"),
        node("Pad", "four pads", "y", mode="edge"),
    ]
    found = lint(graph(nodes, {"x": (1, 8)}, {"c": zeros(8), "pads": ints(0, 1, 0, 1)}, opset=14))
    assert [(finding.rule, finding.node) for finding in found] == [
        ("IPU001", ""),
        ("IPU010", "make_four"),
        ("IPU041", "make_two"),
        ("IPU041", "make_y"),
        ("IPU040", "make_three"),
        ("IPU053", "make_one"),
    ]


def test_a_node_without_a_name_is_called_by_its_output() -> None:
    model = one("Floor", (1, 8))
    model.graph.node[0].name = ""
    assert [finding.node for finding in lint(model)] == ["y"]
