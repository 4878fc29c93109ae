"""Wherever it runs: odd names of folders and files work, and nothing is written where it does not belong."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla.artifacts import sha256
from edgedla.conformance.bench import ODD
from edgedla.conformance.builds import built, plain_build
from edgedla.conformance.case import BrokenRuleError, NotApplicableError
from edgedla.model import Model

if TYPE_CHECKING:
    from edgedla.conformance.bench import Ran
    from edgedla.conformance.case import Case


def odd_paths(case: Case) -> str:
    """A build in a folder with blanks, quotes and letters beyond ASCII, and a file of such a name read."""
    ran = built(case).ran
    if ran.code:
        if plain_build(case).code:
            raise NotApplicableError(f"it is not built in a folder with a plain name either: {ran.failure}")
        raise BrokenRuleError(f"a build in '{ODD}' fails: {ran.failure}")
    read = _read(case)
    if read is None:
        return "built; there is no sample file to read from such a place"
    if read.code:
        raise BrokenRuleError(f"a file in '{ODD}' is not read: {read.failure}")
    return "built, and a file read"


def read_only(case: Case) -> str:
    """Neither the plugin's own folder nor the user's file is written to."""
    before = case.bench.once("folder", lambda: None)
    if built(case).ran.code:
        raise NotApplicableError(f"it is not built: {built(case).ran.failure}")
    read = _read(case)
    changed = sorted(name for name, digest in snapshot(case).items() if (before or {}).get(name) != digest)
    if changed:
        raise BrokenRuleError(
            f"a build writes into the plugin's own folder: {', '.join(changed)}",
            "write below context.dir(stage), or below context.cache",
        )
    if read is not None and (copy := _copied(case)) and sha256(copy) != sha256(_sample(case) or copy):
        raise BrokenRuleError(f"the user's file {copy.name} is changed by being read")
    return "nothing written into the plugin's folder or beside the user's file"


def remember(case: Case) -> None:
    """Note what the plugin's folder holds, before anything is built."""
    case.bench.once("folder", lambda: snapshot(case))


def snapshot(case: Case) -> dict[str, str]:
    """Digests of the files of the plugin's package; what Python keeps of compiled sources is left out."""
    place = getattr(case.subject.module, "__file__", None)
    if place is None:
        return {}
    root = Path(place).parent if Path(place).stem == "__init__" else Path(place)
    files = root.rglob("*") if root.is_dir() else [root]
    return {str(path): sha256(path) for path in files if path.is_file() and "__pycache__" not in path.parts}


def _sample(case: Case) -> Path | None:
    if not issubclass(case.kind, Model):
        return None
    files = case.instance().sample_files()
    return Path(files[0]) if files else None


def _copied(case: Case) -> Path | None:
    """A sample file under an odd name, in a folder where nothing can be written."""
    sample = _sample(case)
    if sample is None:
        return None

    def copy() -> Path:
        folder = case.bench.odd / f"read-only {case.kind.name}"
        folder.mkdir()
        path: Path = shutil.copyfile(sample, folder / f"ä 'b' 文{sample.suffix}")
        path.chmod(0o444)
        folder.chmod(0o555)
        return path

    made: Path = case.bench.once(f"copy {case.kind.name}", copy)
    return made


def _read(case: Case) -> Ran | None:
    """`edgedla run` on that file; `None` where the model has no sample."""
    path = _copied(case)
    if path is None:
        return None
    words = ("run", "--bundle", built(case).root, "-i", path, "--json")
    ran: Ran = case.bench.once(f"run {case.kind.name}", lambda: case.bench.edgedla(*words))
    if len(list(path.parent.iterdir())) != 1:
        raise BrokenRuleError(f"reading {path.name} leaves another file beside it")
    return ran
