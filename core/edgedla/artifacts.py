"""What a build leaves behind: files with their hashes, records of the stages, and the manifest."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

from pydantic import ConfigDict, Field, ValidationError, field_validator

from edgedla.errors import UsageError
from edgedla.spec import Metrics, ModelSpec, Spec

SpecT = TypeVar("SpecT", bound=Spec)

MANIFEST = "manifest.json"
WORK = ".work"  # scratch of the running stage; nothing in it outlives a build that succeeded
RECORDS = ".stages"


class Artifact(Spec):
    """One file of a bundle; `path` is relative to the bundle, with forward slashes."""

    kind: str
    path: str
    sha256: str
    size: int

    @field_validator("path")
    @classmethod
    def _stays_inside(cls, path: str) -> str:
        # A manifest may come from anywhere, and its paths are opened and removed.
        parts = PurePosixPath(path)
        if parts.is_absolute() or ".." in parts.parts or "\\" in path or not parts.name:
            raise ValueError(f"'{path}' leads out of the bundle")
        return path


class Gate(Spec):
    """One figure that had to stay within its limit."""

    name: str
    ok: bool
    value: float | None
    limit: float


class Rung(Spec):
    """One step of the ladder: how far `name` is from `against`; no figures where shapes differ."""

    name: str
    against: str
    max_abs: float | None = None
    cosine: float | None = None
    snr_db: float | None = None
    top1_agree: float | None = None
    total: Metrics | None = None  # the same figures against the first rung of all
    ok: bool
    reason: str = ""


class StageRecord(Spec):
    """What a finished stage left; the same key and intact files mean that it need not run again."""

    key: str
    artifacts: tuple[Artifact, ...] = ()
    gates: tuple[Gate, ...] = ()
    rungs: tuple[Rung, ...] = ()
    warnings: tuple[str, ...] = ()  # said again where the stage is reused


class Origin(Spec):
    """Which plugin a model or target came from, and the options it was given."""

    name: str
    distribution: str
    version: str
    options: dict[str, Any]


class Manifest(Spec):
    """`manifest.json`: all that decided this build and all it left. No clocks, hosts or paths."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    format: Literal["edgedla.manifest/1"] = Field(default="edgedla.manifest/1", alias="schema")
    edgedla: str
    model: Origin
    target: Origin
    toolchain: str
    checkpoint: str  # sha256 over its files; "bundled" for the plugin's own weights
    spec: ModelSpec
    versions: dict[str, str]  # of the libraries that had a hand in it
    artifacts: tuple[Artifact, ...]
    gates: tuple[Gate, ...]
    rungs: tuple[Rung, ...]

    def path_of(self, kind: str, root: Path) -> Path:
        """The file of this kind below `root`, the last one where a route made several."""
        for artifact in reversed(self.artifacts):
            if artifact.kind == kind:
                return root / artifact.path
        raise UsageError(f"{root / MANIFEST} lists no artifact of kind '{kind}'", hint="build it again")


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(*parts: str | bytes) -> str:
    """One hex digest over several texts, each length-prefixed so that no two lists collide."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()


def digest_path(path: Path) -> str:
    """Digest of a file, or of the files directly in a folder with their names."""
    if path.is_file():
        return sha256(path)
    files = sorted(file for file in path.iterdir() if file.is_file())
    return digest(*(part for file in files for part in (file.name, sha256(file))))


def digest_tree(root: Path) -> str:
    """Digest of all files below a folder with their places in it."""
    files = sorted(file for file in root.rglob("*") if file.is_file())
    return digest(*(part for file in files for part in (file.relative_to(root).as_posix(), sha256(file))))


def write_atomic(path: Path, data: bytes) -> None:
    """Write beside, flush to disk, rename: the file is whole or absent, whenever the power goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def to_json(spec: Spec) -> bytes:
    """A spec as indented JSON with a final newline."""
    return (spec.model_dump_json(indent=2, by_alias=True) + "\n").encode()


def read_json(path: Path, kind: type[SpecT], hint: str) -> SpecT:
    """A spec from a JSON file.

    Raises:
        UsageError: The file is missing, unreadable, or not what `kind` describes.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint=hint) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "file"
        raise UsageError(f"{path}: {place}: {first['msg']}", hint=hint) from None


class Store:
    """The output folder of one build: keeps what stages make, and knows what can be reused."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.artifacts: list[Artifact] = []

    def scratch(self, stage: str) -> Path:
        """An empty folder for a stage to work in."""
        folder = self.root / WORK / stage
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def keep(self, kind: str, file: Path, folder: str, base: Path) -> Artifact:
        """Move a finished file from scratch (`base`) to `folder`; it is on disk before it has that name."""
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
        final = self.root / folder / file.relative_to(base)
        final.parent.mkdir(parents=True, exist_ok=True)
        artifact = Artifact(
            kind=kind,
            path=final.relative_to(self.root).as_posix(),
            sha256=sha256(file),
            size=file.stat().st_size,
        )
        file.replace(final)
        return artifact

    def record(self, stage: str, record: StageRecord) -> None:
        """Commit a stage: only now does its work count as done."""
        write_atomic(self._record_path(stage), to_json(record))

    def reusable(self, stage: str, key: str) -> StageRecord | None:
        """The record of this stage if its key is the same and every file is intact."""
        path = self._record_path(stage)
        if not path.is_file():
            return None
        try:
            record = StageRecord.model_validate_json(path.read_bytes())
        except ValidationError:
            return None  # written by another version: the stage simply runs again
        intact = record.key == key and all(self._intact(artifact) for artifact in record.artifacts)
        return record if intact else None

    def path(self, kind: str) -> Path:
        """The newest artifact of this kind."""
        for artifact in reversed(self.artifacts):
            if artifact.kind == kind:
                return self.root / artifact.path
        raise UsageError(f"no stage of this build has made a '{kind}'")

    def _record_path(self, stage: str) -> Path:
        return self.root / RECORDS / f"{stage}.json"

    def _intact(self, artifact: Artifact) -> bool:
        path = self.root / artifact.path
        return path.is_file() and path.stat().st_size == artifact.size and sha256(path) == artifact.sha256
