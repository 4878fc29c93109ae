"""Reading what other verbs have printed. The files may come from anywhere: shape and origin are checked."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from pydantic import ValidationError

from edgedla.errors import UsageError
from edgedla.report.schemas import Answer, BenchData, EvalData, RobustnessData

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.artifacts import Manifest

DataT = TypeVar("DataT", EvalData, RobustnessData, BenchData)

LARGEST = 64_000_000
"""Bytes of a file; 2,000 clips of 50 classes take 3 MB."""
KINDS: dict[type[EvalData | RobustnessData | BenchData], str] = {
    EvalData: "eval",
    RobustnessData: "robustness",
    BenchData: "bench",
}


def read_answer(path: Path, kind: type[DataT], manifest: Manifest, build: str) -> DataT:
    """`data` of a file that `edgedla VERB --json` wrote about this bundle; `build` hashes its manifest.

    Raises:
        UsageError: It is no such file, the command had failed, or it measured something else.
    """
    verb = KINDS[kind]
    hint = f"edgedla {verb} {manifest.model.name} --target {manifest.target.name} --json > FILE writes one"
    answer: Answer = _validated(path, Answer, _parsed(path, hint), hint)
    if answer.format != f"edgedla.{verb}/1":
        raise UsageError(f"{path}: schema is '{answer.format}', expected 'edgedla.{verb}/1'", hint=hint)
    try:
        data: DataT = _validated(path, kind, answer.data, hint)
    except UsageError as error:
        if answer.error is None:
            raise
        failure = f"{path}: the command that wrote it failed: {answer.error.message}"
        raise UsageError(failure, hint=hint) from error
    _check_origin(path, data, manifest, build)
    return data


def _parsed(path: Path, hint: str) -> Any:
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint=hint) from None
    if len(text) > LARGEST:
        raise UsageError(f"{path}: larger than {LARGEST} bytes", hint=hint)
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise UsageError(f"{path}: nested too deeply", hint=hint) from None
    except ValueError as error:  # no JSON, no UTF-8, a number of thousands of digits
        raise UsageError(f"{path}: {error}", hint=hint) from None


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _validated(path: Path, kind: type[Any], value: Any, hint: str) -> Any:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "file"
        raise UsageError(f"{path}: {place}: {first['msg']}", hint=hint) from None


def _check_origin(
    path: Path, data: EvalData | RobustnessData | BenchData, manifest: Manifest, build: str
) -> None:
    """Refuse figures of another bundle: or of this one as it was before it was built anew."""
    pairs = [
        ("model", data.model, manifest.model.name),
        ("target", data.target, manifest.target.name),
        ("toolchain", data.toolchain, manifest.toolchain),
        ("manifest", data.manifest, build),
    ]
    if isinstance(data, BenchData):
        pairs.append(("options", str(data.options), str(manifest.target.options)))
    for name, found, expected in pairs:
        if found != expected:
            raise UsageError(
                f"{path} was measured on another bundle: {name} is '{found}', this one has '{expected}'",
                hint="measure this bundle, or report that one",
            )
