"""What cannot be made safe is refused with a reason; what computes something else is found, with the rule."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from edgedla.errors import GateError, UsageError
from edgedla_targets.pcupid.safe import legalise, make_safe
from edgedla_targets.pcupid.safe.rules import RULES
from edgedla_targets.pcupid.safe.verify import relative_difference
from safe_graphs import Safe, graph, ints, noise

if TYPE_CHECKING:
    from pathlib import Path


def _refusal(model: onnx.ModelProto, folder: Path) -> UsageError:
    onnx.save(model, folder / "source.onnx")
    with pytest.raises(UsageError) as caught:
        make_safe(folder / "source.onnx", folder / "safe.onnx")
    assert not (folder / "safe.onnx").exists()
    return caught.value


def test_free_dimensions(tmp_path: Path) -> None:
    error = _refusal(graph("g (float[N,4,8] x) => (float[N,4,8] y) {y = Relu(x)}"), tmp_path)
    assert "'x'" in error.message
    assert "['N', 4, 8]" in error.message
    assert error.hint is not None
    assert "make_dynamic_shape_fixed" in error.hint


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07", bytes(range(256)) * 4])
def test_files_that_are_no_model(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "source.onnx").write_bytes(content)
    with pytest.raises(UsageError, match="not a sound ONNX model"):
        make_safe(tmp_path / "source.onnx", tmp_path / "safe.onnx")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        make_safe(tmp_path / "no.onnx", tmp_path / "safe.onnx")


def test_weights_outside_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    model = graph("g (float[1,4] x) => (float[1,4] y) {y = Add(x, c)}", c=noise(4))
    onnx.save(model, folder / "m.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    (folder / "w.bin").rename(tmp_path / "w1")
    content = (folder / "m.onnx").read_bytes()
    assert content.count(b"w.bin") == 1
    (folder / "m.onnx").write_bytes(content.replace(b"w.bin", b"../w1"))
    with pytest.raises(UsageError, match="not a sound ONNX model"):
        make_safe(folder / "m.onnx", tmp_path / "safe.onnx")


def test_weights_beside_the_file_come_into_it(tmp_path: Path) -> None:
    model = graph("g (float[1,4] x) => (float[1,4] y) {y = Add(x, c)}", c=noise(4))
    onnx.save(model, tmp_path / "m.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    make_safe(tmp_path / "m.onnx", tmp_path / "safe.onnx")
    (tmp_path / "w.bin").unlink()
    onnx.checker.check_model(onnx.load(tmp_path / "safe.onnx"), full_check=True)


def test_an_operator_of_another_domain(tmp_path: Path) -> None:
    model = graph("g (float[1,4] x) => (float[1,4] y) {y = com.microsoft.FastGelu(x)}")
    model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    assert "com.microsoft::FastGelu" in _refusal(model, tmp_path).message


BRANCH = """y = If(c)<then_branch = t () => (float[1,4] a) {a = Relu(x)},
    else_branch = e () => (float[1,4] b) {b = Neg(x)}>"""


def test_a_branch_that_depends_on_the_input(tmp_path: Path) -> None:
    text = f"g (float[1,4] x, bool c) => (float[1,4] y) {{{BRANCH}}}"
    assert "control flow" in _refusal(graph(text), tmp_path).message


def test_a_branch_that_does_not(tmp_path: Path) -> None:
    text = f"g (float[1,4] x) => (float[1,4] y) {{{BRANCH}}}"
    assert Safe(graph(text, c=np.bool_(True)), tmp_path).types == {"Relu": 1}  # noqa: FBT003 # the condition itself


def test_functions_of_the_model_are_written_out(tmp_path: Path) -> None:
    model = graph("g (float[1,4] x) => (float[1,4] y) {y = own.Twice(x)}")
    function = onnx.parser.parse_function(
        '<opset_import: ["": 13], domain: "own"> Twice (a) => (b) {b = Add(a, a)}'
    )
    model.functions.append(function)
    model.opset_import.append(onnx.helper.make_opsetid("own", 1))
    safe = Safe(model, tmp_path)
    assert safe.types == {"Add": 1}
    assert [entry.domain for entry in safe.model.opset_import] == [""]


def test_an_operator_that_opset_13_lacks(tmp_path: Path) -> None:
    text = "g (float[1,1,4,4] x, float[1,2,2,2] at) => (float[1,1,2,2] y) {y = GridSample(x, at)}"
    error = _refusal(graph(text, 16), tmp_path)
    assert "GridSample" in error.message
    assert "13" in error.message


def test_an_attribute_that_opset_13_lacks(tmp_path: Path) -> None:
    text = "g (float[1,1,8] x) => (float[1,1,4] y) {y = AveragePool<kernel_shape=[3], dilations=[2]>(x)}"
    assert "dilations" in _refusal(graph(text, 19), tmp_path).message


def test_a_pad_longer_than_its_signal(tmp_path: Path) -> None:
    text = 'g (float[1,1,4] x) => (float[1,1,9] y) {y = Pad<mode="reflect">(x, p)}'
    assert "reflect" in _refusal(graph(text, p=ints(0, 0, 5, 0, 0, 0)), tmp_path).message


def _with_fault(number: int, fault: float) -> tuple[object, ...]:
    """The rules, one of which adds a number to every float constant once it has run."""

    def broken(model: ir.Model) -> int:
        count = RULES[number - 1].apply(model)
        for value in model.graph.initializers.values() if count else ():
            array = value.const_value.numpy() if value.const_value is not None else np.zeros(0)
            if array.dtype == np.float32:
                value.const_value = ir.tensor(array + np.float32(fault), name=value.name)
        return count

    return tuple(dataclasses.replace(rule, apply=broken) if rule.number == number else rule for rule in RULES)


CONV = "g (float[1,4,20] x) => (float[1,5,18] y) {c = Conv(x, w) p = Pow(c, two) n = Neg(p) y = Neg(n)}"


@pytest.mark.parametrize("name", ["conv1d as conv2d of height 1", "powers multiplied out"])
def test_the_rule_that_breaks_the_numbers_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (rule,) = (rule for rule in RULES if rule.name == name)
    monkeypatch.setattr(legalise, "RULES", _with_fault(rule.number, 1e-2))
    onnx.save(graph(CONV, w=noise(5, 4, 3), two=np.float32(2)), tmp_path / "source.onnx")
    with pytest.raises(GateError, match=f"since rule {rule.number} '{name}'"):
        make_safe(tmp_path / "source.onnx", tmp_path / "safe.onnx")
    assert not (tmp_path / "safe.onnx").exists()


def test_a_fault_below_the_limit_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (rule,) = (rule for rule in RULES if rule.name == "conv1d as conv2d of height 1")
    monkeypatch.setattr(legalise, "RULES", _with_fault(rule.number, 1e-7))
    onnx.save(graph(CONV, w=noise(5, 4, 3), two=np.float32(2)), tmp_path / "source.onnx")
    assert make_safe(tmp_path / "source.onnx", tmp_path / "safe.onnx")


def test_rules_that_never_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    restless = dataclasses.replace(RULES[0], apply=lambda _model: 1)
    monkeypatch.setattr(legalise, "RULES", (restless,))
    onnx.save(graph("g (float[1,4] x) => (float[1,4] y) {y = Relu(x)}"), tmp_path / "source.onnx")
    with pytest.raises(GateError, match="rest"):
        make_safe(tmp_path / "source.onnx", tmp_path / "safe.onnx")


@pytest.mark.parametrize(
    ("expected", "found", "difference"),
    [
        ([0, 4], [0, 5], 0.25),
        ([0, 0], [0, 0.5], 0.5),
        ([np.nan, 4], [np.nan, 4], 0),
        ([np.nan, 4], [1, 4], np.inf),
        ([1, 4], [np.nan, 4], np.inf),
        ([np.inf, 4], [-np.inf, 4], np.inf),
        ([np.nan], [np.nan], 0),
        ([1, 2], [[1, 2]], np.inf),
    ],
)
def test_relative_difference(expected: list[float], found: list[float], difference: float) -> None:
    assert relative_difference(np.array(expected, float), np.array(found, float)) == difference


def test_other_inputs_than_floats(tmp_path: Path) -> None:
    text = """g (int64[1,7] tokens, bool[1,7,6] keep) => (float[1,7,6] y) {
        e = Gather(table, tokens) y = Where(keep, e, zero)}"""
    onnx.save(graph(text, table=noise(9, 6), zero=np.float32(0)), tmp_path / "source.onnx")
    make_safe(tmp_path / "source.onnx", tmp_path / "safe.onnx")
