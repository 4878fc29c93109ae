"""What an interrupted build must not leave: files that are not those of the finished one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.artifacts import RECORDS, WORK, sha256

if TYPE_CHECKING:
    from pathlib import Path

SCRATCH = (WORK, RECORDS, "logs", ".lock")


def digests(root: Path) -> dict[str, str]:
    """Digests of the files of a bundle, finished or not; what only a running build needs is left out."""
    found = {path.relative_to(root): path for path in sorted(root.rglob("*")) if path.is_file()}
    return {str(name): sha256(path) for name, path in found.items() if name.parts[0] not in SCRATCH}
