"""Wherever it runs: odd names of folders and files work, and nothing is written where it does not belong."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla.artifacts import sha256
from edgedla.conformance.bench import ODD
from edgedla.conformance.builds import built, plain_build
from edgedla.conformance.case import BrokenRuleError, NotApplicableError
from edgedla.model import Model, unwritten

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
    path = _copy(case, case.bench.odd / "files", "ä 'b' 文")
    if path is None:
        return "built; there is no sample file to read from such a place"
    read = _read(case, path)
    if read.code:
        raise BrokenRuleError(f"a file in '{ODD}' is not read: {read.failure}")
    return "built, and a file read"


def read_only(case: Case) -> str:
    """Neither the plugin's own folder nor that of the user's file is written to."""
    before = case.bench.once("folder", lambda: snapshot(case))
    if built(case).ran.code:
        raise NotApplicableError(f"it is not built: {built(case).ran.failure}")
    changed = sorted({name for name, _ in before.items() ^ snapshot(case).items()})
    if changed:
        raise BrokenRuleError(
            f"a build writes into the plugin's own folder: {', '.join(changed)}",
            "write below context.dir(stage), or below context.cache",
        )
    path = _copy(case, case.bench.folder / "files", "sample")
    if path is None:
        return "nothing written into the plugin's folder"
    digest = sha256(path)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    read = _read(case, path)
    path.parent.chmod(0o755)
    if list(path.parent.iterdir()) != [path] or sha256(path) != digest:
        raise BrokenRuleError("reading a file changes it, or leaves another beside it")
    if read.code:
        raise BrokenRuleError(f"a file that may only be read is not read: {read.failure}")
    return "nothing written into the plugin's folder or that of a file"


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


def _copy(case: Case, folder: Path, stem: str) -> Path | None:
    """A sample in a folder of its own; `None` where the model has none, or cannot say what it is."""
    answers = issubclass(case.kind, Model) and not unwritten(case.kind)
    files = case.instance().sample_files() if answers else ()
    if not files:
        return None
    path = folder / case.kind.name / f"{stem}{Path(files[0]).suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # of the same rule, asked before
    return Path(shutil.copyfile(files[0], path))


def _read(case: Case, path: Path) -> Ran:
    return case.bench.edgedla("run", "--bundle", built(case).root, "-i", path, "--json")
