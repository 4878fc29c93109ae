"""Files nobody vouches for: refused with their name and a reason, or linted, and never more than that."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from onnx import AttributeProto, ModelProto, TensorProto, helper

from edgedla.errors import UsageError
from edgedla_targets.pcupid.lint import lint_file
from lint_cases import external
from lint_graphs import graph, ints, node, one, zeros

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.spec import Finding


def refused(path: Path, reason: str) -> None:
    with pytest.raises(UsageError) as error:
        lint_file(path)
    assert str(path) in error.value.message
    assert reason in error.value.message
    assert error.value.hint


def saved(model: ModelProto, folder: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def linted(model: ModelProto, folder: Path) -> list[Finding]:
    return lint_file(saved(model, folder))


def test_a_good_file_has_no_findings(tmp_path: Path) -> None:
    assert linted(one("Conv", (1, 32, 8, 8), zeros(32, 32, 3, 3)), tmp_path) == []


def test_a_missing_file(tmp_path: Path) -> None:
    refused(tmp_path / "none.onnx", "does not exist")


def test_a_folder(tmp_path: Path) -> None:
    refused(tmp_path, "is not a file")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "is not a file")


def test_a_name_no_system_takes(tmp_path: Path) -> None:
    refused(tmp_path / ("x" * 5000), "cannot be read")


def test_a_file_larger_than_the_format_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(2**31)  # sparse: takes no room
    refused(path, "has 2147483648 bytes")


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"PK\x03\x04 a zip", b"# text\n", b"\xff" * 1000])
def test_other_content(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    refused(path, "ONNX")


def test_a_model_without_nodes(tmp_path: Path) -> None:
    refused(saved(helper.make_model(helper.make_graph([], "g", [], [])), tmp_path), "without nodes")


def test_a_cut_file_at_every_length(tmp_path: Path) -> None:
    """A cut at a field's end is still a protobuf message; then something it names is missing."""
    whole = one("Conv", (1, 4, 8, 8), zeros(4, 4, 3, 3)).SerializeToString()
    path = tmp_path / "model.onnx"
    kept = []
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            lint_file(path)
            kept.append(length)
        except UsageError as error:
            assert str(path) in error.message  # noqa: PT017 # either outcome is right, a third is not
    opset = len(whole) - len(helper.make_opsetid("", 13).SerializeToString()) - 2
    assert kept == [opset]  # without its last field, the opset, it is a model of opset 1


def test_an_array_that_claims_more_than_it_holds(tmp_path: Path) -> None:
    model = one("Conv", (1, 32, 8, 8), zeros(32, 32, 3, 3))
    model.graph.initializer[0].dims[0] = 2**40
    refused(saved(model, tmp_path), f"constant 'b' should hold {2**40 * 288} numbers and holds 9216")


def test_a_constant_node_that_claims_more_than_it_holds(tmp_path: Path) -> None:
    huge = TensorProto(name="huge", data_type=TensorProto.FLOAT, dims=[2**31], float_data=[1.0])
    model = graph([node("Constant", "", "c", value=huge), node("Add", "x c", "y")], {"x": (1, 8)})
    refused(saved(model, tmp_path), "in node 'make_c'")


def test_data_in_another_file_are_a_finding_and_not_looked_for(tmp_path: Path) -> None:
    assert [found.rule for found in linted(external(), tmp_path)] == ["IPU008"]


def test_a_negative_size(tmp_path: Path) -> None:
    model = one("Add", (1, 8), zeros(8))
    model.graph.initializer[0].dims[0] = -8
    refused(saved(model, tmp_path), "negative size")


def test_a_cycle(tmp_path: Path) -> None:
    model = graph([node("Add", "x b", "a"), node("Relu", "a", "b")], {"x": (1, 8)})
    refused(saved(model, tmp_path), "node 'make_a' reads 'b', which nothing before it makes")


def test_a_missing_constant(tmp_path: Path) -> None:
    model = one("Conv", (1, 32, 8, 8), zeros(32, 32, 3, 3))
    del model.graph.initializer[:]
    refused(saved(model, tmp_path), "reads 'b'")


def test_a_missing_output(tmp_path: Path) -> None:
    refused(saved(graph([node("Relu", "x", "y")], {"x": (1, 8)}, outputs="z"), tmp_path), "its output 'z'")


def nested(depth: int) -> ModelProto:
    """Ifs within Ifs, the innermost of a Relu."""
    inner = node("Relu", "x", "y")
    for _ in range(depth):
        inner = node("If", "c", "y", then_branch=helper.make_graph([inner], "branch", [], []))
    return graph([inner], {"x": (1, 8), "c": ()})


def test_nested_subgraphs_are_refused_as_an_operator(tmp_path: Path) -> None:
    assert [found.rule for found in linted(nested(20), tmp_path)] == ["IPU010"]


def test_subgraphs_too_deep_to_parse(tmp_path: Path) -> None:
    """Written by hand: the library itself writes no more than it reads."""
    content = nested(1).graph.node[0].SerializeToString()
    for _ in range(200):
        content = (
            field(1, b"y")
            + field(4, b"If")
            + field(5, field(1, b"then_branch") + field(6, field(1, content)))
        )
    path = tmp_path / "deep.onnx"
    path.write_bytes(field(7, field(1, content)))
    refused(path, "ONNX")


def field(number: int, content: bytes) -> bytes:
    """A protobuf field of bytes: key, length in groups of seven bits, content."""
    length, groups = len(content), bytearray()
    while length > 127:
        groups.append(length & 127 | 128)
        length >>= 7
    return bytes([number << 3 | 2, *groups, length]) + content


@pytest.mark.parametrize("op", ["Loop", "Scan"])
def test_loops_are_refused_as_an_operator(tmp_path: Path, op: str) -> None:
    body = helper.make_graph([node("Relu", "i", "o")], "body", [], [])
    model = graph([node(op, "x", "y", body=body)], {"x": (1, 8)})
    assert [found.rule for found in linted(model, tmp_path)] == ["IPU010"]


def test_sizes_beyond_any_memory_are_findings(tmp_path: Path) -> None:
    found = linted(one("Relu", (2**62, 2**62)), tmp_path)
    assert {item.rule for item in found} == {"IPU009"}
    assert found[0].shape == f"{2**62}x{2**62}"


@pytest.mark.parametrize(
    ("op", "operands"),
    [("ConstantOfShape", [2**40]), ("Expand", [2**40]), ("Tile", [2**40]), ("Range", [0, 2**40, 1])],
)
def test_small_constants_that_would_fill_the_memory_are_not_computed(
    tmp_path: Path, op: str, operands: list[int]
) -> None:
    stored = {"one": ints(1), "size": ints(*operands)}
    names = {"ConstantOfShape": "size", "Expand": "one size", "Tile": "one size", "Range": "n0 n1 n2"}[op]
    if op == "Range":
        stored = {f"n{index}": ints(number).reshape(()) for index, number in enumerate(operands)}
    nodes = [
        node(op, names, "big"),
        node("Cast", "big", "cast", to=TensorProto.FLOAT),
        node("Add", "x cast", "y"),
    ]
    assert "IPU009" in {found.rule for found in linted(graph(nodes, {"x": (1,)}, stored), tmp_path)}


def test_names_that_are_no_text(tmp_path: Path) -> None:
    path = saved(one("Relu", (1, 8)), tmp_path)
    path.write_bytes(path.read_bytes().replace(b"make_y", b"mak\xff\xfe\xfd"))
    try:
        assert lint_file(path) == []
    except UsageError as error:
        assert str(path) in error.message  # noqa: PT017 # as the protobuf library at hand decides


def test_attributes_of_the_wrong_kind_count_as_missing(tmp_path: Path) -> None:
    model = one("Conv", (1, 32, 8, 8), zeros(32, 32, 3, 3))
    for name in ("group", "pads", "dilations", "auto_pad", "strides"):
        model.graph.node[0].attribute.add(name=name, type=AttributeProto.FLOAT, f=1.5)
    assert {found.rule for found in linted(model, tmp_path)} <= {"IPU002"}


@pytest.mark.parametrize("group", [0, -1, 2**62])
def test_groups_that_make_no_sense(tmp_path: Path, group: int) -> None:
    linted(one("Conv", (1, 32, 8, 8), zeros(32, 32, 3, 3), group=group), tmp_path)
