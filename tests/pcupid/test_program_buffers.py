"""How tensors lie in a board's buffers: pitches of images, gaps of 16-bit outputs, what descriptions may say.

The emulated board has neither gaps nor alignments, so descriptions are made up here, and what the C makes of
them is held against numpy's strides.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgedla_targets.pcupid.emulated.board import HEADERS
from program_builds import FIXED, SANITIZE, compile_c

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

# Reads: kind format planes rank axes…, what the board says: format rank axes… width height stride scale zero
# size used, and data. Prints the board's buffer (input), or floats out of it (output), or what was refused.
HARNESS = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "edla_buffer.h"
#include "edla_fit.h"

static unsigned long number(void)
{
    unsigned long value = 0;
    if (scanf("%lu", &value) != 1)
        exit(9);
    return value;
}

static void shape(uint32_t *rank, MI_U32 *axes)
{
    *rank = (uint32_t)number();
    for (uint32_t i = 0; i < *rank; i++)
        axes[i] = (uint32_t)number();
}

static void hexadecimal(const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        printf("%02x", ((const unsigned char *)data)[i]);
}

int main(void)
{
    static MI_IPU_SubNet_InputOutputDesc_t found;
    MI_IPU_TensorDesc_t *board = &found.astMI_InputTensorDescs[0];
    edla_tensor tensor = {"x", EDLA_F32, 1, {1}, 0, 1, 1}, other = {"y", EDLA_F32, 1, {1}, 0, 1, 1};
    edla_model model = {0};
    edla_buffer buffer;
    edla_problem problem = {EDLA_OK, "", ""};
    int input = number() == 0;
    unsigned char *data, *memory;
    size_t size;

    tensor.format = (edla_format)number();
    tensor.planes = (int)number();
    shape(&tensor.rank, tensor.shape);
    strcpy((char *)board->name, "x");
    board->eElmFormat = (MI_IPU_ELEMENT_FORMAT)number();
    shape(&board->u32TensorDim, board->u32TensorShape);
    board->u32InputWidthAlignment = (MI_U32)number();
    board->u32InputHeightAlignment = (MI_U32)number();
    board->u32InnerMostStride = (MI_U32)number();
    board->fScalar = (float)number() / 4;
    board->s64ZeroPoint = (MI_S64)number();
    size = number();
    board->s32AlignedBufSize = (MI_S32)size;
    board->u32BufSize = (MI_U32)number();
    found.u32InputTensorCount = found.u32OutputTensorCount = 1;
    strcpy((char *)found.astMI_OutputTensorDescs[0].name, "y");
    found.astMI_OutputTensorDescs[0].eElmFormat = MI_IPU_FORMAT_FP32;
    found.astMI_OutputTensorDescs[0].u32TensorDim = 1;
    found.astMI_OutputTensorDescs[0].u32TensorShape[0] = 1;
    model.inputs = &tensor;
    model.outputs = &other;
    model.input_count = model.output_count = 1;
    if (edla_fit_check(&model, &found, &problem) != EDLA_OK ||
        (input ? edla_buffer_input : edla_buffer_output)(&buffer, &tensor, board, &problem) != EDLA_OK) {
        printf("{\"refused\":\"%s\",\"hint\":\"%s\"}\n", problem.message, problem.hint);
        return 0;
    }
    memory = calloc(1, size + 1);
    data = malloc(edla_bytes(&tensor) + 1);
    for (size_t i = 0; i < (input ? edla_bytes(&tensor) : size); i++)
        (input ? data : memory)[i] = (unsigned char)number();
    printf("{\"data\":\"");
    if (input) {
        void *planes[2] = {memory, NULL};
        edla_buffer_fill(&buffer, data, planes);
        hexadecimal(memory, size);
    } else {
        edla_buffer_read(&buffer, memory, (float *)(void *)data);
        hexadecimal(data, edla_elements(&tensor) * sizeof(float));
    }
    printf("\"}\n");
    free(memory);
    free(data);
    return 0;
}
"""
F32, S16, U8, RGBA, BGRA, NV12 = range(6)  # edla_format
NUMBERS = {F32: 5, S16: 2, U8: 0, RGBA: 8, BGRA: 7, NV12: 1}  # MI_IPU_ELEMENT_FORMAT
EVERY_EXAMPLE = settings(max_examples=40, deadline=None)


@dataclass(frozen=True)
class Harness:
    path: Path

    def __call__(
        self, kind: str, form: int, shape: tuple[int, ...], data: bytes, **found: Any
    ) -> dict[str, str]:
        size = found.get("size", len(data))
        axes = found.get("axes", shape)
        words = [
            *(int(kind == "output"), form, int(found.get("planes", 0)), len(shape), *shape),
            *(found.get("number", NUMBERS[form]), len(axes), *axes),
            *(found.get("width", 1), found.get("height", 1), found.get("stride", 0)),
            *(found.get("scale", 4), found.get("zero", 0), size, found.get("used", 0), *data),
        ]
        text = " ".join(map(str, words))
        done = subprocess.run([self.path], input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        answer: dict[str, str] = json.loads(done.stdout)
        return answer


def built(folder: Path, *flags: str) -> Harness:
    (folder / "harness.c").write_text(HARNESS)
    files = [FIXED / f"edla_{name}.c" for name in ("buffer", "fit", "model", "problem")]
    includes = (f"-I{HEADERS['new']}", f"-I{FIXED}")
    compile_c(*SANITIZE, *flags, *includes, "harness.c", *files, "-o", "harness", folder=folder)
    return Harness(folder / "harness")


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Harness:
    return built(tmp_path_factory.mktemp("new"))


@pytest.fixture(scope="module")
def mid(tmp_path_factory: pytest.TempPathFactory) -> Harness:
    return built(tmp_path_factory.mktemp("mid"), "-DEDLA_IPU_HEADERS=2")


def aligned(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


small = st.integers(1, 9)
alignment = st.sampled_from([1, 2, 8, 16, 64])


# --- images -------------------------------------------------------------------------------------------------


@EVERY_EXAMPLE
@given(
    st.tuples(small, small, st.sampled_from([1, 3])),
    st.tuples(alignment, alignment),
    st.booleans(),
    st.randoms(),
)
def test_rows_of_images_begin_at_multiples_of_the_alignment(
    harness: Harness,
    sizes: tuple[int, int, int],
    alignments: tuple[int, int],
    planes: bool,  # noqa: FBT001 - drawn
    random: Random,
) -> None:
    (high, wide, channels), (width, height) = sizes, alignments
    shape = (1, channels, high, wide) if planes else (1, high, wide, channels)
    rows = (channels, high, wide) if planes else (1, high, wide * channels)
    pixels = random.randbytes(high * wide * channels)
    board = np.zeros((rows[0], aligned(rows[1], height), aligned(rows[2], width)), np.uint8)
    board[:, : rows[1], : rows[2]] = np.frombuffer(pixels, np.uint8).reshape(rows)
    words = {"width": width, "height": height, "planes": planes}
    found = harness("input", U8, shape, pixels, size=board.size, number=9, **words)
    assert bytes.fromhex(found["data"]) == board.tobytes()
    short = harness("input", U8, shape, pixels, size=board.size - 1, **words)
    assert (
        short["refused"]
        == f"tensor 'x': the board's buffer has {board.size - 1} bytes, needed are {board.size}"
    )


@pytest.mark.parametrize("form", [RGBA, BGRA])
def test_four_bytes_a_pixel(harness: Harness, form: int) -> None:
    pixels = bytes(range(2 * 5 * 4))
    board = np.zeros((2, 32), np.uint8)
    board[:, :20] = np.frombuffer(pixels, np.uint8).reshape(2, 20)
    for channels in (3, 4):
        found = harness("input", form, (1, 2, 5, 3), pixels, width=16, size=64, axes=(1, 2, 5, channels))
        assert bytes.fromhex(found["data"]) == board.tobytes()


def test_nv12_has_its_colours_behind_all_rows_of_grey(harness: Harness) -> None:
    pixels = bytes(range(1, 1 + 6 * 6))
    board = np.zeros((4 + 2, 8), np.uint8)
    board[:4, :6] = np.frombuffer(pixels, np.uint8)[:24].reshape(4, 6)
    board[4:, :6] = np.frombuffer(pixels, np.uint8)[24:].reshape(2, 6)
    found = harness("input", NV12, (1, 4, 6, 3), pixels, width=8, height=2, size=48, axes=(1, 4, 6, 1))
    assert bytes.fromhex(found["data"]) == board.tobytes()


# --- 16 bits ------------------------------------------------------------------------------------------------


@EVERY_EXAMPLE
@given(
    st.lists(
        st.floats(-(2.0**60), 2.0**60, width=32) | st.floats(-9e4, 9e4, width=32), min_size=3, max_size=3
    ),
    st.integers(1, 9),
    st.integers(0, 9),
)
def test_levels_are_cut_towards_zero_and_clipped(
    harness: Harness, values: list[float], scale: int, zero: int
) -> None:
    given_values = np.array(values, np.float32)
    scaled = given_values / np.float32(scale / 4) + np.float32(zero)
    wanted = np.clip(scaled, -32767, 32767).astype(np.int16)
    found = harness("input", S16, (3,), given_values.tobytes(), scale=scale, zero=zero, size=6)
    assert bytes.fromhex(found["data"]) == wanted.tobytes()


def padded(rows: int, inner: int, stride: int) -> tuple[bytes, bytes]:
    """An int16 buffer with rows `stride` elements apart, rounded up to 64 bytes; its floats, 1 a step."""
    levels = np.arange(rows * inner, dtype=np.int16).reshape(rows, inner) - 7
    board = np.full((rows, stride), -1, np.int16)
    board[:, :inner] = levels
    data = board.tobytes()
    return data.ljust(aligned(len(data), 64), b"\xff"), levels.astype(np.float32).tobytes()


@EVERY_EXAMPLE
@given(st.integers(1, 6), st.integers(1, 40), st.integers(0, 20))
def test_gaps_behind_rows_are_stepped_over(harness: Harness, rows: int, inner: int, gap: int) -> None:
    data, wanted = padded(rows, inner, inner + gap)
    for stride in (inner + gap, 2 * (inner + gap)):  # elements, bytes
        used = 2 * rows * (inner + gap)
        found = harness("output", S16, (rows, inner), data, stride=stride, used=used)
        assert bytes.fromhex(found["data"]) == wanted
        both = rows > 1 and 2 * inner <= stride <= 2 * stride <= len(data) // rows and stride % 2 == 0
        found = harness("output", S16, (rows, inner), data, stride=stride)
        assert ("refused" in found) == both
        assert both or bytes.fromhex(found["data"]) == wanted


def test_a_stride_that_fits_no_reading_is_refused(harness: Harness) -> None:
    data, _ = padded(3, 5, 5)
    found = harness("output", S16, (3, 5), data, stride=64)
    assert found["refused"] == (
        "output 'x': how its 3 rows of 10 bytes lie in 64 bytes with a stride of 64 is not clear"
    )
    assert "pcupid.dequantizations=true" in found["hint"]
    assert "refused" in harness("output", S16, (3, 5), data, stride=7 * 3)


def test_without_a_stride_in_the_headers_only_full_buffers_are_clear(mid: Harness) -> None:
    dense = padded(4, 8, 8)
    assert bytes.fromhex(mid("output", S16, (4, 8), dense[0])["data"]) == dense[1]
    one_row, wanted = padded(1, 5, 5)
    assert bytes.fromhex(mid("output", S16, (1, 5), one_row)["data"]) == wanted
    assert "refused" in mid("output", S16, (3, 5), padded(3, 5, 5)[0])


def test_float_outputs_have_no_gaps_whatever_the_stride_says(harness: Harness) -> None:
    data = np.arange(6, dtype=np.float32).tobytes()
    assert bytes.fromhex(harness("output", F32, (2, 3), data, stride=16)["data"]) == data


def test_a_scale_of_nothing_is_refused(harness: Harness) -> None:
    found = harness("input", S16, (2,), bytes(8), scale=0, size=64)
    assert found["refused"] == "tensor 'x': the image gives it the scale 0"


# --- descriptions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 4), (1, 3, 4), (1, 1, 3, 4)])
def test_leading_ones_do_not_count(harness: Harness, shape: tuple[int, ...]) -> None:
    assert "data" in harness("input", F32, (1, 3, 4), bytes(48), axes=shape)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"axes": (4, 3)}, "'x' of 4x3, FP32; this program is made for 'x' of 3x4, FP32"),
        ({"axes": (12,)}, "'x' of 12, FP32"),
        ({"axes": (3, 4, 1)}, "'x' of 3x4x1, FP32"),
        ({"number": 2}, "'x' of 3x4, INT16"),
        ({"number": 9}, "'x' of 3x4, GRAY"),
        ({"number": 10}, "'x' of 3x4, format 10"),
        ({"number": 6}, "'x' of 3x4, UNKNOWN"),
        ({"axes": ()}, "'x' of , FP32"),
    ],
)
def test_another_shape_or_format_is_refused(harness: Harness, found: dict[str, Any], words: str) -> None:
    answer = harness("input", F32, (3, 4), bytes(48), **found)
    assert words in answer["refused"]
    assert answer["hint"].startswith("take program and image from the same build")
