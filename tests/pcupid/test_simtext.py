"""Text of the simulators: three dialects of it, written by hand and round trips, and damaged files."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edgedla.errors import ToolchainError
from edgedla.spec import ModelSpec, TensorSpec
from edgedla_targets.pcupid import simtext
from edgedla_targets.pcupid.configs import input_config
from edgedla_targets.pcupid.options import PcupidOptions
from edgedla_targets.pcupid.simtext import (
    BOARD,
    SDK_2021,
    SDK_2023,
    Dialect,
    format_classes,
    format_tensors,
    read_classes,
    read_outputs,
    read_tensors,
)

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Array = npt.NDArray[Any]

DIALECTS = [SDK_2021, SDK_2023, BOARD]

# Each as the facts about that release describe it, with the shape 1 x 14 and the values 0, 0.5, 1 and so on.
FIRST = "0.000000  0.500000  1.000000  1.500000  2.000000  2.500000  3.000000  3.500000  4.000000  "
LATER = "4.500000  5.000000  5.500000  "
LAST = "6.000000  6.500000  "
NOTE = "The following tensor data shape is alignment shape."
HEAD = "output Tensor:\n{\ntensor dim:2,"
TEXTS = {
    "2021 float": (HEAD + f"\tOriginal shape:[1 14]\ntensor data:\n{FIRST}{LATER}\n{LAST}\n}}\n"),
    "2021 fixed": (
        HEAD + f"\tOriginal shape:[1 14],\tAlignment shape:[1 14]\n{NOTE}\n"
        f"tensor data:\n{FIRST}{LATER}\n{LAST}\n}}\n"
    ),
    "2023": (HEAD + f"  Original shape:[1 14]\ntensor data:\n{FIRST}{LATER}{LAST}\n}}\n\n"),
    "2023 padded": (
        HEAD + f"  Original shape:[1 14],  Alignment shape:[1 16]\n{NOTE}\n"
        f"tensor data:\n{FIRST}{LATER}{LAST}-77.000000  99.000000  \n}}\n\n"
    ),
    "board": (HEAD + f"\tOriginal shape:[1 14 ]\ntensor data:\n{FIRST}{LATER}{LAST}\n}}\n\n"),
    "unknown": (
        "\r\n output\tTensor : { tensor dim: 2 , Original shape: [ 1  14 ]\n"
        f"tensor data:{FIRST}\r\n\r\n{LATER}{LAST}}}"
    ),
}
GOOD = TEXTS["2021 fixed"]


def read(tmp_path: Path, text: str) -> dict[str, Array]:
    path = tmp_path / "unknown_eat_fixed.sim_sample_000.npy.txt"
    path.write_bytes(text.encode())
    return dict(read_tensors(path))


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(ToolchainError) as caught:
        read(tmp_path, text)
    assert caught.value.exit_code == 3
    return caught.value.message.removeprefix(f"{tmp_path}/unknown_eat_fixed.sim_sample_000.npy.txt:")


@pytest.mark.parametrize("name", TEXTS)
def test_every_dialect_is_read(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, TEXTS[name])
    assert list(found) == ["output"]
    assert found["output"].dtype == np.float32
    assert np.array_equal(found["output"], np.arange(14).reshape(1, 14) / 2)


def test_what_is_written_is_the_text_of_that_release() -> None:
    output = {"output": np.arange(14).reshape(1, 14) / 2}
    assert format_tensors(output, SDK_2021) == TEXTS["2021 float"] + "\n"
    assert format_tensors(output, SDK_2021, {"output": (1, 14)}) == TEXTS["2021 fixed"] + "\n"
    assert format_tensors(output, SDK_2023) == TEXTS["2023"]
    assert format_tensors(output, BOARD) == TEXTS["board"]
    padded = TEXTS["2023 padded"].replace("-77.000000  99.000000", "0.000000  0.000000")
    assert format_tensors(output, SDK_2023, {"output": (1, 16)}) == padded


def test_alignment_stated_of_data_that_is_not_padded(tmp_path: Path) -> None:
    text = TEXTS["2023 padded"].replace("-77.000000  99.000000  ", "")
    assert np.array_equal(read(tmp_path, text)["output"], np.arange(14).reshape(1, 14) / 2)


def test_neither_padded_nor_not(tmp_path: Path) -> None:
    text = TEXTS["2023 padded"].replace("99.000000  ", "")
    assert refused(tmp_path, text) == "7: 15 values, the shape (1, 16) has 16"


def test_padding_is_cut_off_the_innermost_dimension(tmp_path: Path) -> None:
    array = np.arange(2 * 3 * 5, dtype=float).reshape(1, 2, 3, 5)
    text = format_tensors({"a": array}, SDK_2021, {"a": (1, 2, 3, 8)})
    assert "Alignment shape:[1 2 3 8]" in text
    assert text.count(".000000") == 48
    assert np.array_equal(read(tmp_path, text)["a"], array)


names = st.from_regex(r"[A-Za-z][A-Za-z0-9_./:]{0,20}", fullmatch=True)
values = st.integers(-(10**9), 10**9).map(lambda millionths: millionths / 1e6)
tensors = st.dictionaries(
    names,
    arrays(np.float64, array_shapes(max_dims=4, max_side=7), elements=values),
    min_size=1,
    max_size=3,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(tensors=tensors, dialect=st.sampled_from(DIALECTS), padding=st.none() | st.integers(0, 3))
def test_what_is_written_is_read_back(
    tmp_path: Path, tensors: dict[str, Array], dialect: Dialect, padding: int | None
) -> None:
    aligned = (
        None
        if padding is None
        else {name: (*each.shape[:-1], each.shape[-1] + padding) for name, each in tensors.items()}
    )
    found = read(tmp_path, format_tensors(tensors, dialect, aligned))
    assert list(found) == list(tensors)
    for name, array in tensors.items():
        assert np.array_equal(found[name], array.astype(np.float32))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(end=st.integers(0, len(GOOD) - 3), insert=st.text("{}[]0-9.e \n,:Tx", max_size=3))
def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path, end: int, insert: str) -> None:
    message = refused(tmp_path, (GOOD[:end] + insert).partition("}")[0])
    assert message.split(":")[0].isdigit()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=200), start=st.integers(0, len(GOOD)))
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes, start: int) -> None:
    path = tmp_path / "bytes.txt"
    path.write_bytes(GOOD[:start].encode() + data + GOOD[start:].encode())
    with suppress(ToolchainError):
        assert all(np.isfinite(array).all() for array in read_tensors(path).values())


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("output Tensor:", "", "2: expected '<name> Tensor:' and '{', found '{'"),
        ("output Tensor:", "output:", "1: expected '<name> Tensor:' and '{', found 'output:'"),
        ("tensor dim:2", "tensor dim:3", "3: 3 dimensions are announced, the shapes are (1, 14) and (1, 14)"),
        (
            "tensor dim:2",
            "tensor dim:99999",
            "3: expected 'tensor dim:..., Original shape:[...]', found 'tensor dim:99999",
        ),
        ("Original shape:[1 14]", "Original shape:[ ]", "3: the shape [] cannot be that of a tensor"),
        ("Original shape:[1 14]", "Original shape:[1 0]", "3: the shape [1 0] cannot be that of a tensor"),
        (
            "Original shape:[1 14]",
            "Original shape:[1 x]",
            "3: expected 'tensor dim:..., Original shape:[...]'",
        ),
        (
            "Original shape:[1 14]",
            "Original shape:[1 -14]",
            "3: expected 'tensor dim:..., Original shape:[...]'",
        ),
        ("Original shape:[1 14]", "Original shape:[1 15]", "3: the alignment shape (1, 14) is smaller"),
        ("Original shape:[1 14]", "Original shape:[1 1 14]", "3: 2 dimensions are announced"),
        ("Original shape:[1 14]", "Original shape:[99999 99999]", "3: the shape [99999 99999] cannot be"),
        ("Original shape:[1 14]", f"Original shape:[1 {'9' * 5000}]", "3: the shape [1 999"),
        ("Alignment shape:[1 14]", "Alignment shape:[65536 65536]", "3: the shape [65536 65536] cannot be"),
        ("tensor data:", "data:", "4: expected 'tensor data:', found 'The following"),
        ("6.500000", "", "8: 13 values, the shape (1, 14) has 14"),
        ("6.500000", "6.500000 7.000000", "7: more values than the 14 of the shape"),
        ("6.500000", "nan", "7: 'nan' is no finite number"),
        ("0.500000", "-inf", "6: '-inf' is no finite number"),
        ("6.500000", "1e39", "7: '1e39' is no finite number"),
        ("6.500000", "1e999", "7: '1e999' is no finite number"),
        ("6.500000", "1_0", "7: '1_0' is no finite number"),
        ("6.500000", "0x10", "7: '0x10' is no finite number"),
        ("6.500000", "oops", "7: 'oops' is no finite number"),
        ("}\n", "", "7: the file ends after 14 of 14 values"),
        ("}\n", "}\nIPU error\n", "9: expected '<name> Tensor:' and '{', found 'IPU error'"),
        ("}\n", "}\n" + GOOD, "10: a second tensor 'output'"),
        (GOOD, "", "1: no tensor"),
        (GOOD, " \n\n", "1: no tensor"),
    ],
)
def test_damage_is_named_with_its_line(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert refused(tmp_path, GOOD.replace(old, new)).startswith(reason)


def test_more_dimensions_than_the_board_knows(tmp_path: Path) -> None:
    text = GOOD.replace("dim:2", "dim:11").replace("[1 14]", f"[{'1 ' * 10}14]")
    assert "cannot be that of a tensor" in refused(tmp_path, text)


def test_absurd_sizes_cost_neither_time_nor_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as file:
        file.truncate(simtext.MAX_BYTES + 1)
    with pytest.raises(ToolchainError, match=r"huge\.txt: 134217729 bytes are more than the limit"):
        read_tensors(huge)
    monkeypatch.setattr(simtext, "MAX_BYTES", len(GOOD) - 1)
    assert f" {len(GOOD)} bytes are more than the limit" in refused(tmp_path, GOOD)


def test_one_endless_word_is_refused_at_once(tmp_path: Path) -> None:
    refused(tmp_path, "x" * 3_000_000)
    refused(tmp_path, GOOD.replace("6.500000", "1" * 3_000_000 + "x"))
    refused(tmp_path, "output" + " " * 3_000_000)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=r"missing\.txt: No such file"):
        read_tensors(tmp_path / "missing.txt")
    (tmp_path / "binary.txt").write_bytes(b"output Tensor:\n\xff")
    with pytest.raises(ToolchainError, match=r"binary\.txt: byte 15 is no ASCII character"):
        read_tensors(tmp_path / "binary.txt")


# --- outputs of a network -----------------------------------------------------------------------------------


NETWORK = ModelSpec(
    inputs=(TensorSpec(name="x", shape=(1, 4)),),
    outputs=(TensorSpec(name="planes", shape=(1, 2, 3, 4)), TensorSpec(name="scores", shape=(1, 5))),
)
PLANES = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
SCORES = np.arange(5, dtype=np.float32).reshape(1, 5)


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_outputs_come_with_the_axes_of_onnx(tmp_path: Path, layout: str) -> None:
    options = PcupidOptions.model_validate({"output_layouts": (layout, "NHWC")})
    written = PLANES.transpose(0, 2, 3, 1) if layout == "NHWC" else PLANES
    path = tmp_path / "out.txt"
    path.write_text(format_tensors({"planes": written, "scores": SCORES}))
    found = read_outputs(path, NETWORK, input_config(NETWORK, options))
    assert list(found) == ["planes", "scores"]
    assert np.array_equal(found["planes"], PLANES)
    assert np.array_equal(found["scores"], SCORES)


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        ({"planes": PLANES}, "tensors are planes, expected planes, scores"),
        ({"planes": PLANES, "other": SCORES}, "tensors are planes, other, expected planes, scores"),
        ({"planes": PLANES, "scores": SCORES}, r"'planes' is \(1, 2, 3, 4\), expected \(1, 3, 4, 2\)"),
        (
            {"planes": PLANES.transpose(0, 2, 3, 1), "scores": SCORES[0]},
            r"'scores' is \(5,\), expected \(1, 5\)",
        ),
    ],
)
def test_outputs_of_another_network_are_refused(
    tmp_path: Path, outputs: dict[str, Array], reason: str
) -> None:
    path = tmp_path / "out.txt"
    path.write_text(format_tensors(outputs))
    with pytest.raises(ToolchainError, match=rf"out\.txt: {reason}"):
        read_outputs(path, NETWORK, input_config(NETWORK, PcupidOptions()))


# --- category Classification --------------------------------------------------------------------------------


def test_five_best_classes(tmp_path: Path) -> None:
    text = format_classes("a b.npy", np.array([[0.5, -3, 7.25, 0.5, 1e-7, 4]]))
    assert text == "a b.npy\n2 7.250000\n5 4.000000\n0 0.500000\n3 0.500000\n4 0.000000\n"
    path = tmp_path / "classification_eat.img_a b.npy.txt"
    path.write_text(text)
    assert read_classes(path) == [(2, 7.25), (5, 4.0), (0, 0.5), (3, 0.5), (4, 0.0)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a.npy\n", r"c\.txt: no class, only 1 line"),
        ("", r"c\.txt: no class"),
        ("a.npy\n1 0.5\n2\n", r"c\.txt:3: expected a class and its score, found '2'"),
        ("a.npy\n1 nan\n", r"c\.txt:2: "),
        ("a.npy\n1 1e999\n", r"c\.txt:2: "),
        ("a.npy\n-1 0.5\n", r"c\.txt:2: "),
    ],
)
def test_damaged_classes(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "c.txt"
    path.write_text(text)
    with pytest.raises(ToolchainError, match=reason):
        read_classes(path)


def test_missing_classes(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="No such file"):
        read_classes(tmp_path / "c.txt")
