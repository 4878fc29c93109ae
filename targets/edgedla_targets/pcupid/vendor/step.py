"""One command of a route: what it needs, what it must leave, and how to run it with nothing half done."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from edgedla.artifacts import digest, sha256, to_json, write_atomic
from edgedla.errors import ToolchainError
from edgedla.spec import Spec
from edgedla_targets.pcupid.vendor import shell, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edgedla.toolchain import Toolchain
    from edgedla_targets.pcupid.vendor.place import Place

SCRATCH = ".work"
RECORDS = ".made"


@dataclass(frozen=True)
class Step:
    """A command in an empty folder of its own; all names are relative to that folder."""

    name: str  # of its record and its log
    stage: str  # for the table of failures
    argv: tuple[str, ...]
    inputs: Mapping[str, Path]  # copied there under these names
    results: Mapping[str, tuple[str, ...]]  # name in the job's folder → patterns; the first that fits counts
    seconds: float
    texts: Mapping[str, str] = field(default_factory=dict)  # small files written there


@dataclass(frozen=True)
class Kit:
    """What every step of a route is run with."""

    tools: Toolchain
    place: Place
    identity: str
    limit: float  # seconds any program may take

    def timeout(self, step: Step) -> float:
        """The stricter of the user's limit and the profile's."""
        return min(self.limit, step.seconds)


class Record(Spec):
    """Left by a step that succeeded: with the same key and intact files it need not run again."""

    key: str
    files: dict[str, str]  # name in the job's folder → sha256
    places: dict[str, str]  # … → where the tool had left it


def perform(step: Step, folder: Path, kit: Kit) -> list[Path]:
    """Run a step, or find that it has been run; its results, complete, in the job's folder.

    Raises:
        ToolchainError: The tool failed, took too long, or left no result; exit statuses prove nothing.
        PrerequisiteError: It could not be started at all.
    """
    finals = [folder / name for name in step.results]
    scratch = folder / SCRATCH / step.name
    if kit.tools.dry_run:
        for line in shell.lines(step, scratch, folder, kit.place):
            kit.tools.echo(line)
        return finals
    record = folder / RECORDS / f"{step.name}.json"
    key = _key(step, kit)
    if not _intact(record, key, folder):
        try:
            _prepare(step, scratch)
            found = _run(step, scratch, kit)
            _move(found, folder)
            write_atomic(record, to_json(_record(key, found, scratch, folder)))
        except OSError as error:
            raise _unwritten(step, error) from error
        shutil.rmtree(scratch, ignore_errors=True)
    return finals


def _key(step: Step, kit: Kit) -> str:
    files = [part for name, path in sorted(step.inputs.items()) for part in (name, sha256(path))]
    texts = [part for item in sorted(step.texts.items()) for part in item]
    return digest(kit.identity, step.name, *step.argv, "inputs", *files, "texts", *texts)


def places(folder: Path, name: str) -> dict[str, str]:
    """Where the tool had left the results of a step, below its working folder; empty where it has not run."""
    record = _read(folder / RECORDS / f"{name}.json")
    return record.places if record else {}


def _record(key: str, found: Mapping[str, Path], scratch: Path, folder: Path) -> Record:
    return Record(
        key=key,
        files={name: sha256(folder / name) for name in found},
        places={name: path.relative_to(scratch).as_posix() for name, path in found.items()},
    )


def _read(path: Path) -> Record | None:
    try:
        return Record.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _intact(path: Path, key: str, folder: Path) -> bool:
    record = _read(path)
    if record is None:
        return False
    files = [(folder / name, wanted) for name, wanted in record.files.items()]
    return record.key == key and all(file.is_file() and sha256(file) == wanted for file, wanted in files)


def _prepare(step: Step, scratch: Path) -> None:
    """Copies, never links: the tools rewrite their inputs and leave files beside them."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for name, source in step.inputs.items():
        target = scratch / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        target.chmod(target.stat().st_mode | stat.S_IWUSR)
    for name, text in step.texts.items():
        (scratch / name).write_text(text, encoding="utf-8", newline="")


def _run(step: Step, scratch: Path, kit: Kit) -> dict[str, Path]:
    """The step's results in the scratch folder."""
    kit.place.check(kit.tools)
    try:
        done = kit.tools.run(
            kit.place.argv(step.argv, scratch),
            name=f"pcupid-{step.name}",
            cwd=scratch,
            env=kit.place.environment,
            timeout=kit.timeout(step),
            trust_exit=False,
        )
    except ToolchainError as error:
        kit.place.stop(kit.tools, scratch)
        raise verdict.explain(step, error) from error
    except BaseException:
        kit.place.stop(kit.tools, scratch)
        raise
    return verdict.judge(step, scratch, done, kit.place)


def _unwritten(step: Step, error: OSError) -> ToolchainError:
    return verdict.explain(step, ToolchainError(f"could not be run: {error.filename}: {error.strerror}"))


def _move(found: Mapping[str, Path], folder: Path) -> None:
    """Give complete files their names: on disk first, then renamed."""
    for name, path in found.items():
        with path.open("rb") as file:
            os.fsync(file.fileno())
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        path.replace(folder / name)
