"""The weights: files of the package `rapidocr-onnxruntime`, found and checked without importing it.

They are PaddleOCR's PP-OCRv4 mobile networks (Apache-2.0), converted to ONNX by RapidOCR (Apache-2.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla import PrerequisiteError, Requirement, UsageError

if TYPE_CHECKING:
    import onnx

DISTRIBUTION = "rapidocr-onnxruntime"
PACKAGE = "rapidocr_onnxruntime"
VERSION = "1.4.4"
INSTALL = f"pip install '{DISTRIBUTION}=={VERSION}'"
LICENCE = "Apache-2.0"

WEIGHTS = Requirement(kind="package", name=PACKAGE, purpose="the weights of PP-OCRv4", hint=INSTALL)


@dataclass(frozen=True)
class Weights:
    """One file of the package, and the hash it has in the version this plugin was made for."""

    file: str
    sha256: str

    def path(self) -> Path:
        """Where the file is.

        Raises:
            PrerequisiteError: The package is not installed, or is another version with other weights.
        """
        WEIGHTS.check()
        path = _folder() / "models" / self.file
        if not path.is_file() or _sha256(path) != self.sha256:
            raise PrerequisiteError(
                f"{DISTRIBUTION} {_version()} does not hold the weights of version {VERSION} in {path}",
                hint=f"{INSTALL}, or name a file of your own: --checkpoint FILE.onnx",
            )
        return path


DETECTOR = Weights(
    "ch_PP-OCRv4_det_infer.onnx", "d2a7720d45a54257208b1e13e36a8479894cb74155a5efe29462512d42f49da9"
)
RECOGNISER = Weights(
    "ch_PP-OCRv4_rec_infer.onnx", "48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b"
)


def load(path: Path) -> onnx.ModelProto:
    """The ONNX file at `path`.

    Raises:
        UsageError: It cannot be read, or is no ONNX file; names it and the reason.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(path)
    except OSError as error:
        raise UsageError(f"cannot read '{path}': {error.strerror}") from error
    except DecodeError as error:
        raise UsageError(f"cannot read '{path}': it is no ONNX file") from error
    if not model.graph.node:
        raise UsageError(f"cannot read '{path}': it is no ONNX file")
    return model


def _folder() -> Path:
    from importlib.util import find_spec

    spec = find_spec(PACKAGE)
    return Path(spec.origin).parent if spec and spec.origin else Path()


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "of unknown version"


def _sha256(path: Path) -> str:
    from hashlib import sha256

    return sha256(path.read_bytes()).hexdigest()
