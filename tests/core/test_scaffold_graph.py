"""What `edgedla new --from-onnx` makes of networks: the same numbers, plain names, a size for each axis."""

from __future__ import annotations

import io
import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper

from edgedla.errors import UsageError
from edgedla.scaffold import onnx_file
from edgedla.scaffold.guess import plan_for
from edgedla.stages.export import check_interface
from odd_graphs import beside, branched, graph, picture, row, two_inputs

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.scaffold.plan import Kind, Plan

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=70).filter(
    lambda name: not name.startswith(("w", "one", "zero", "mean", "above"))
)
SHARED_FOLDER = [HealthCheck.function_scoped_fixture]  # each example writes its file anew


def planned(
    folder: Path, model: onnx.ModelProto, kind: Kind | None = None, **shapes: tuple[int, ...]
) -> Plan:
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return plan_for(path, kind, shapes)


def answers(model: bytes, feed: list[Any]) -> list[Any]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    found: list[Any] = session.run(None, dict(zip(names, feed, strict=True)))
    return found


def guessed(plan: Plan) -> dict[str, str]:
    return {each.what: each.value for each in plan.guessed}


@settings(max_examples=25, deadline=None, suppress_health_check=SHARED_FOLDER)
@given(
    name=NAMES,
    result=NAMES,
    inner=st.booleans(),
    numbers=st.lists(st.integers(-9, 9), min_size=5, max_size=5),
)
def test_names_change_and_numbers_do_not(
    tmp_path: Path, name: str, result: str, *, inner: bool, numbers: list[int]
) -> None:
    if name == result:
        result += "2"
    model = branched(name, result) if inner else row(name, result)
    plan = planned(tmp_path, model)
    feed = np.array([numbers if inner else numbers[:4]], np.float32)
    assert plan.graph
    for one, other in zip(
        answers(model.SerializeToString(), [feed]), answers(plan.graph, [feed]), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    for tensor in (*plan.inputs, *plan.outputs):
        assert re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,59}", tensor.name)
    check_interface(onnx.load_model_from_string(plan.graph), _spec(plan), "odd")


def _spec(plan: Plan) -> Any:
    from edgedla.spec import ModelSpec

    return ModelSpec(inputs=plan.inputs, outputs=plan.outputs, opset=plan.opset)


def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    plan = planned(tmp_path, two_inputs())
    assert plan.graph
    assert [(each.name, each.shape) for each in plan.inputs] == [("a_0", (1, 4)), ("b_0", (1, 4))]
    assert [(each.name, each.shape) for each in plan.outputs] == [("classes", (1, 3)), ("sum_1", (1, 4))]
    ones = np.ones((1, 4), np.float32)
    classes, total = answers(plan.graph, [ones, 2 * ones])
    np.testing.assert_allclose(total, 3 * ones)
    np.testing.assert_allclose(classes, [[3 * 18 / 12, 3 * 22 / 12, 3 * 26 / 12]], rtol=1e-6)
    assert (plan.labels, guessed(plan)["meaning of the outputs"]) == ((), "unknown")
    assert "kind of input" not in guessed(plan)  # with two inputs it can be nothing but tensors
    with np.load(io.BytesIO(plan.samples["random_1.npz"])) as file:
        assert {name: file[name].shape for name in file} == {"a_0": (1, 4), "b_0": (1, 4)}


def test_names_that_become_the_same_are_told_apart(tmp_path: Path) -> None:
    add = helper.make_node("Add", ["a/0", "a:0"], ["a_0"])
    model = graph([add], {"a/0": (1, 4), "a:0": (1, 4)}, {"a_0": (1, 4)})
    plan = planned(tmp_path, model)
    assert [each.name for each in (*plan.inputs, *plan.outputs)] == ["a_0_2", "a_0_3", "a_0"]


def test_an_output_has_the_shape_that_follows_whatever_the_file_says(tmp_path: Path) -> None:
    model = graph([helper.make_node("Abs", ["x"], ["y"])], {"x": (None, 4)}, {"y": (7, 7, 7)})
    assert planned(tmp_path, model).outputs[0].shape == (1, 4)


@pytest.mark.parametrize(
    ("shape", "kind", "fixed"),
    [
        ((None, 3, None, None), "image", (1, 3, 224, 224)),
        ((1, 1, 32, None), "image", (1, 1, 32, 224)),
        (("n", 3, 640, 480), "image", (1, 3, 640, 480)),
        ((None, 1, 1, 4), "tensor", (1, 1, 1, 4)),
        ((None, 64, 8, 8), "tensor", (1, 64, 8, 8)),
        ((2, 3, 32, 32), "tensor", (2, 3, 32, 32)),
    ],
)
def test_what_a_shape_is_taken_for(
    tmp_path: Path, shape: tuple[Any, ...], kind: str, fixed: tuple[int, ...]
) -> None:
    plan = planned(tmp_path, picture(shape))
    assert (plan.kind, plan.inputs[0].shape) == (kind, fixed)
    open_axes = sum(not isinstance(size, int) for size in shape)
    assert sum(" of 'picture'" in each.what for each in plan.guessed) == open_axes
    assert plan.scores == "none"  # the last operator is a softmax, behind one that hands it on


def test_a_recording_is_known_by_its_length(tmp_path: Path) -> None:
    model = graph(
        [helper.make_node("Abs", ["wave"], ["loud"])], {"wave": (None, 8000)}, {"loud": (None, None)}
    )
    plan = planned(tmp_path, model)
    assert (plan.kind, plan.inputs[0].shape, guessed(plan)["sampling rate"]) == (
        "audio",
        (1, 8000),
        "16000 Hz",
    )
    assert planned(tmp_path, model, "tensor").kind == "tensor"


def test_sizes_that_the_user_gives(tmp_path: Path) -> None:
    plan = planned(tmp_path, picture((None, 3, None, None)), picture=(1, 3, 48, 320))
    assert plan.inputs[0].shape == (1, 3, 48, 320)
    assert not [what for what in guessed(plan) if "of 'picture'" in what]


def test_labels_and_licence_are_read(tmp_path: Path) -> None:
    for text in ('["a", "b", "c"]', "{0: 'a', 2: 'c', 1: 'b'}", "a\nb\nc\n"):
        model = row(metadata={"names": text, "license": "CC0-1.0", "description": "Three letters."})
        plan = planned(tmp_path, model)
        assert (plan.labels, plan.licence, plan.summary) == (("a", "b", "c"), "CC0-1.0", "Three letters")
    for text in (
        '["a", "b"]',
        '["a\\nb", "c", "d"]',
        "[" * 9999,
        "{0: 1, 1: 2, 2: 3}",
        "__import__('os').abort()",
        f'{{"{"9" * 5000}": "a"}}',  # more digits than Python makes a number of
    ):
        assert planned(tmp_path, row(metadata={"names": text})).labels == ("class_0", "class_1", "class_2")


def test_weights_beside_the_network_are_taken_in(tmp_path: Path) -> None:
    plan = plan_for(beside(tmp_path, "weights.bin"), None, {})
    assert plan.graph
    (found,) = answers(plan.graph, [np.ones((1, 4), np.float32)])
    np.testing.assert_array_equal(found, [[18, 22, 26]])


@pytest.mark.parametrize("place", ["/etc/passwd", "../weights.bin", "gone.bin", "", ".", "link.bin"])
def test_weights_elsewhere_are_not(tmp_path: Path, place: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    path = beside(inner, place)
    (inner / "link.bin").symlink_to(inner / "weights.bin")
    (tmp_path / "weights.bin").write_bytes((inner / "weights.bin").read_bytes())
    with pytest.raises(UsageError, match="beside it"):
        plan_for(path, None, {})


def odd_files(folder: Path) -> dict[str, tuple[Path, str]]:
    """Files that are refused, and what is said of each."""
    folder.mkdir()
    strings = row(dtype=onnx.TensorProto.STRING)
    contents = {
        "empty": (b"", "no graph"),
        "text": (b"hello, this is no network", "not an ONNX file"),
        "cut": (row().SerializeToString()[:-40], "not"),
        "old": (row(opset=7).SerializeToString(), "opset 7"),
        "strings": (strings.SerializeToString(), "type string"),
        "no input": (
            graph([helper.make_node("Identity", ["w"], ["y"])], {}, {"y": ()}, {"w": 1}).SerializeToString(),
            "no inputs",
        ),
        "unknown node": (
            graph(
                [helper.make_node("Nonsense", ["x"], ["y"])], {"x": (1, 4)}, {"y": (1, 4)}
            ).SerializeToString(),
            "Nonsense",
        ),
        "open": (
            graph(
                [helper.make_node("Abs", ["x"], ["y"])], {"x": (1, None)}, {"y": (1, None)}
            ).SerializeToString(),
            "leaves sizes",
        ),
    }
    found = {}
    for name, (content, reason) in contents.items():
        (folder / name).write_bytes(content)
        found[name] = (folder / name, reason)
    os.mkfifo(folder / "pipe")
    return found | {
        "pipe": (folder / "pipe", "not a file"),
        "folder": (folder, "not a file"),
        "missing": (folder / "gone", "No such file"),
    }


def test_what_cannot_be_used_is_refused_with_its_reason(tmp_path: Path) -> None:
    for name, (path, reason) in odd_files(tmp_path / "odd").items():
        with pytest.raises(UsageError) as refused:
            plan_for(path, None, {})
        assert re.search(reason, refused.value.message), (name, refused.value.message)


def test_a_large_file_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "LARGEST", 100)
    with pytest.raises(UsageError, match="larger than 100 bytes"):
        planned(tmp_path, row())


@pytest.mark.parametrize(
    ("kind", "shapes", "reason"),
    [
        ("image", {}, "no image of shape"),
        ("audio", {}, "no recording of shape"),
        ("tensor", {"z": (1, 4)}, "no input 'z'"),
        ("tensor", {"x": (1, 5)}, "does not fit the input"),
        ("tensor", {"x": (1, 2, 4)}, "does not fit the input"),
        ("tensor", {"x": (10**8, 4)}, "more than"),
    ],
)
def test_what_the_user_says_wrongly(
    tmp_path: Path, kind: Kind, shapes: dict[str, tuple[int, ...]], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        planned(tmp_path, row(), kind, **shapes)


@settings(max_examples=60, deadline=None, suppress_health_check=SHARED_FOLDER)
@given(place=st.floats(0, 1), what=st.binary(max_size=6), cut=st.integers(0, 8))
def test_damaged_files_are_read_or_refused(tmp_path: Path, place: float, what: bytes, cut: int) -> None:
    content = two_inputs().SerializeToString()
    start = round(place * len(content))
    path = tmp_path / "damaged.onnx"
    path.write_bytes(content[:start] + what + content[start + cut :])
    try:
        plan = plan_for(path, None, {})
    except UsageError:
        return
    assert plan.graph
    onnx.checker.check_model(onnx.load_model_from_string(plan.graph))


def test_shapes_that_the_exporter_left_out_are_inferred(tmp_path: Path) -> None:
    model = row(shape=(1, 4))
    model.graph.output[0].type.tensor_type.ClearField("shape")
    (output,) = planned(tmp_path, model).outputs
    assert (output.name, output.shape) == ("y", (1, 3))


def test_a_shape_that_nothing_tells_is_asked_of_the_checker(tmp_path: Path) -> None:
    model = row(shape=(1, 4))
    model.graph.output[0].type.tensor_type.ClearField("shape")
    model.graph.node[0].domain = "nobody"
    model.opset_import.append(helper.make_opsetid("nobody", 1))
    with pytest.raises(UsageError, match=r"net\.onnx: not valid ONNX"):
        planned(tmp_path, model)
