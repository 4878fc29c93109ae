"""What emulated files say about themselves and their tensors."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, PositiveInt

from edgedla.spec import Spec

Layout = Literal["NHWC", "NCHW"]
NUMPY = {"FP32": "float32", "INT16": "int16", "U8": "uint8", "GRAY": "uint8"}
ALIGNMENT = 64  # bytes; start addresses of buffers on the board


class Tensor(Spec):
    """A model input or output as the caller's buffer holds it.

    `format` is an element format of the board API without its prefix; value = (element - zero_point) * scale.
    """

    name: Annotated[str, Field(min_length=1)]
    shape: tuple[PositiveInt, ...]
    format: Literal["FP32", "INT16", "U8", "GRAY"] = "FP32"
    scale: Annotated[FiniteFloat, Field(gt=0)] = 1.0
    zero_point: int = 0
    layout: Layout = "NHWC"
    width_alignment: PositiveInt = 1
    height_alignment: PositiveInt = 1

    @property
    def dtype(self) -> str:
        """The numpy name of the element type."""
        return NUMPY[self.format]

    @property
    def size(self) -> int:
        """Bytes of the elements, dense and without padding."""
        return math.prod(self.shape) * {"float32": 4, "int16": 2, "uint8": 1}[self.dtype]

    @property
    def aligned_size(self) -> int:
        """Bytes of the buffer: `size`, rounded up to `ALIGNMENT`."""
        return -(-self.size // ALIGNMENT) * ALIGNMENT


class Header(Spec):
    """The first part of every file that the emulated toolchain writes."""

    toolchain: Literal["emulated"] = "emulated"
    note: str = "made by edgedla's emulated toolchain; runs on no board"
    format: Literal[1] = 1
    edgedla: str
    chip: str
    kind: Literal["float", "fixed", "offline"]
    inputs: tuple[Tensor, ...] = Field(min_length=1)
    outputs: tuple[Tensor, ...] = Field(min_length=1)
    variable_buffer_size: int = Field(default=0, ge=0)  # bytes of int16 intermediates of the hungriest node
    batch_mode: Literal["n_buf", "one_buf"] = "n_buf"
    batches: tuple[PositiveInt, ...] = (1,)
    inplace_input_buf: bool = True  # a run may overwrite FP32 input buffers
