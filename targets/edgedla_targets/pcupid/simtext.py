"""The text files of the vendor's simulators: one tensor after the other, six decimals, several dialects.

    output Tensor:
    {
    tensor dim:2,  Original shape:[1 3]
    tensor data:
    0.250000  -1.500000  3.000000
    }

Releases differ in separators, values per line and further lines, so the reader depends on none of these.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from edgedla.errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from edgedla.runner import Feed
    from edgedla.spec import ModelSpec
    from edgedla_targets.pcupid.configs import InputConfig

    Array = npt.NDArray[np.float32]

MAX_BYTES = 2**27  # of a file; 14 million values
FLOAT32_MAX = float(np.finfo(np.float32).max)
MAX_RANK = 10  # of the board's interface
ALIGNED_NOTE = "The following tensor data shape is alignment shape."

_HEADER = re.compile(r"\s*(\S+)\s+Tensor\s*:\s*\{")
_SHAPES = re.compile(
    r"\s*tensor dim\s*:\s*(\d{1,4})\s*,\s*Original shape\s*:\s*\[([\d\s]*)\]"
    r"(?:\s*,\s*Alignment shape\s*:\s*\[([\d\s]*)\])?",
    re.ASCII,
)
_DATA = re.compile(r"[^{}]*?tensor data\s*:")
_BLANK = re.compile(r"\s*")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Dialect:
    """How one release writes: the gap before the shape, values per line, what closes a shape."""

    gap: str
    per_line: int
    close: str


SDK_2021 = Dialect("\t", 12, "]")
SDK_2023 = Dialect("  ", 16, "]")
BOARD = Dialect("\t", 16, " ]")


def read_outputs(path: Path, spec: ModelSpec, config: InputConfig) -> Feed:
    """The network's outputs in a simulator's file, with the names, shapes and axes of ONNX.

    Raises:
        ToolchainError: The file is damaged, or holds other tensors; names the file, and the line.
    """
    found = read_tensors(path)
    names = [tensor.name for tensor in spec.outputs]
    if sorted(found) != sorted(names):
        raise ToolchainError(f"{path}: tensors are {', '.join(found)}, expected {', '.join(names)}")
    outputs: Feed = {}
    for tensor in spec.outputs:
        axes, array = config.output_axes(tensor), found[tensor.name]
        if array.shape != (shape := tuple(tensor.shape[axis] for axis in axes)):
            raise ToolchainError(f"{path}: '{tensor.name}' is {array.shape}, expected {shape}")
        outputs[tensor.name] = array.transpose(np.argsort(axes))
    return outputs


def read_tensors(path: Path) -> dict[str, Array]:
    """All tensors of a file by name in their order, padding cut off; as the file has them.

    Raises:
        ToolchainError: It cannot be read, is cut off or is no such file; names the file and the line.
    """
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            raise ToolchainError(f"{path}: {size} bytes are more than the limit of {MAX_BYTES}")
        text = path.read_bytes().decode("ascii")
    except OSError as error:
        raise ToolchainError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ToolchainError(f"{path}: byte {error.start} is no ASCII character") from error
    return _Reader(path, text).tensors()


def format_tensors(
    tensors: Mapping[str, npt.NDArray[np.floating]],
    dialect: Dialect = SDK_2023,
    aligned: Mapping[str, Sequence[int]] | None = None,
) -> str:
    """The text a simulator writes of these tensors.

    Args:
        tensors: Arrays by name; 4-D ones in the tools' order of axes.
        dialect: The release to imitate.
        aligned: Padded shapes, which fixed networks state; the padding is written as zeros.
    """
    texts = []
    for name, array in tensors.items():
        padded = aligned.get(name) if aligned else None
        shapes = f"Original shape:{_shape(array.shape, dialect)}"
        if padded is not None:
            shapes += f",{dialect.gap}Alignment shape:{_shape(padded, dialect)}\n{ALIGNED_NOTE}"
            array = np.pad(array, [(0, wide - own) for own, wide in zip(array.shape, padded, strict=True)])  # noqa: PLW2901
        head = f"{name} Tensor:\n{{\ntensor dim:{array.ndim},{dialect.gap}{shapes}\ntensor data:\n"
        texts.append(head + "".join(_lines(array, dialect.per_line)) + "}\n\n")
    return "".join(texts)


def format_classes(sample: str, scores: npt.NDArray[np.floating]) -> str:
    """The text of category Classification: the sample's name, then place and value of the five largest."""
    flat = scores.ravel()
    best = np.argsort(-flat, kind="stable")[:5]
    return f"{sample}\n" + "".join(f"{index} {flat[index]:.6f}\n" for index in best)


def read_classes(path: Path) -> list[tuple[int, float]]:
    """Class and score, best first, from a file of category Classification.

    Raises:
        ToolchainError: It cannot be read or is no such file; names the file and the line.
    """
    try:
        lines = path.read_bytes()[:MAX_BYTES].decode("utf-8", "replace").rstrip().split("\n")
    except OSError as error:
        raise ToolchainError(f"{path}: {error.strerror}") from error
    found = []
    for number, line in enumerate(lines[1:], 2):
        match = re.fullmatch(rf"\s*(\d{{1,9}})\s+({_NUMBER.pattern})\s*", line, re.ASCII)
        if match is None or not math.isfinite(score := float(match[2])):
            raise ToolchainError(f"{path}:{number}: expected a class and its score, found '{line:.80}'")
        found.append((int(match[1]), score))
    if not found:
        raise ToolchainError(f"{path}: no class, only {len(lines)} line")
    return found


class _Reader:
    """Goes through the text once; knows where it is, for messages."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text.rstrip()
        self.place = 0

    def tensors(self) -> dict[str, Array]:
        found: dict[str, Array] = {}
        while self.place < len(self.text):
            name = self._expect(_HEADER, "'<name> Tensor:' and '{'")[1]
            if name in found:
                self._fail(f"a second tensor '{name}'")
            found[name] = self._tensor()
        if not found:
            self._fail("no tensor")
        return found

    def _tensor(self) -> Array:
        shapes = self._expect(_SHAPES, "'tensor dim:..., Original shape:[...]'")
        shape = self._dims(shapes[2])
        padded = shape if shapes[3] is None else self._dims(shapes[3])
        if len(shape) != int(shapes[1]) or len(padded) != len(shape):
            self._fail(f"{shapes[1]} dimensions are announced, the shapes are {shape} and {padded}")
        if any(wide < own for own, wide in zip(shape, padded, strict=True)):
            self._fail(f"the alignment shape {padded} is smaller than the shape {shape}")
        self._expect(_DATA, "'tensor data:'")
        return self._cut(self._values(math.prod(padded)), shape, padded)

    def _dims(self, text: str) -> tuple[int, ...]:
        words = text.split()
        sane = 1 <= len(words) <= MAX_RANK and max(map(len, words)) <= len(str(MAX_BYTES))
        dims = tuple(map(int, words)) if sane else (0,)
        if not 0 < math.prod(dims) <= MAX_BYTES:
            self._fail(f"the shape [{' '.join(words):.80}] cannot be that of a tensor")
        return dims

    def _values(self, limit: int) -> list[float]:
        end = self.text.find("}", self.place)
        values: list[float] = []
        for line in self.text[self.place : end if end >= 0 else None].split("\n"):
            values.extend(map(self._value, line.split()))
            if len(values) > limit:
                self._fail(f"more values than the {limit} of the shape")
            self.place += len(line) + 1
        if end < 0:
            self.place = len(self.text)
            self._fail(f"the file ends after {len(values)} of {limit} values")
        self.place = end + 1
        return values

    def _value(self, word: str) -> float:
        value = float(word) if _NUMBER.fullmatch(word) else math.nan
        if not abs(value) <= FLOAT32_MAX:
            self._fail(f"'{word:.80}' is no finite number")
        return value

    def _cut(self, values: list[float], shape: tuple[int, ...], padded: tuple[int, ...]) -> Array:
        """The values in their shape; an alignment shape may be stated of data that is not padded."""
        array = np.array(values, np.float32)
        if len(values) == math.prod(padded):
            return np.ascontiguousarray(array.reshape(padded)[tuple(map(slice, shape))])
        if len(values) != math.prod(shape):
            self._fail(f"{len(values)} values, the shape {padded} has {math.prod(padded)}")
        return array.reshape(shape)

    def _expect(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        found = pattern.match(self.text, self.place)
        if found is None:
            self.place = _BLANK.match(self.text, self.place).end()  # type: ignore[union-attr]  # matches always
            line = self.text[self.place : self.place + 80].partition("\n")[0]
            self._fail(f"expected {what}, found '{line}'" if line else f"the file ends before {what}")
        self.place = found.end()
        return found

    def _fail(self, reason: str) -> NoReturn:
        line = 1 + self.text.count("\n", 0, self.place)
        raise ToolchainError(f"{self.path}:{line}: {reason}")


def _shape(dims: Sequence[int], dialect: Dialect) -> str:
    return f"[{' '.join(map(str, dims))}{dialect.close}"


def _lines(array: npt.NDArray[np.floating], per_line: int) -> Iterator[str]:
    values = array.ravel().tolist()
    for start in range(0, len(values), per_line):
        yield "".join(f"{value:.6f}  " for value in values[start : start + per_line]) + "\n"
