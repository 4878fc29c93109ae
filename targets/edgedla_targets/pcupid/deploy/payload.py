"""What a bundle has for a board: program, image, golden clips; their names there, and their digest."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from edgedla.artifacts import MANIFEST, digest
from edgedla.errors import UsageError
from edgedla_targets.pcupid.deploy import elf
from edgedla_targets.pcupid.emulated import container

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from edgedla.artifacts import Artifact
    from edgedla.workspace import Bundle

GOLDEN = PurePosixPath("src/golden")
SUMS = "SHA256SUMS"  # comes last, so that a copy without it is none
LINKED = b"emulated board: edgedla's own, no hardware"  # what the emulated libraries say
_DIGITS = 16  # of a digest; names of folders on a board are read by people
_AGAIN = "build it again: edgedla build MODEL --target pcupid"


@dataclass(frozen=True)
class Payload:
    """The files of a release, by their names in its folder."""

    model: str
    files: Mapping[str, Path]
    sums: Mapping[str, str]  # sha256 of each
    program: str
    image: str
    clip: str  # a golden input; empty where there are none, as for images
    tensor: bool  # it is no recording

    @cached_property
    def release(self) -> str:
        """Digest of names and contents: the same build has the same one, whenever it is built."""
        return digest(*(part for name in sorted(self.sums) for part in (name, self.sums[name])))[:_DIGITS]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.files.values())

    @property
    def machine(self) -> elf.Machine:
        """What the program was compiled for."""
        return elf.machine(self.files[self.program])

    @property
    def emulated(self) -> str:
        """Which file no board can use; empty where all are for boards."""
        with self.files[self.image].open("rb") as file:
            if file.read(len(container.IMAGE)) == container.IMAGE:
                return f"{self.image} is of the emulated toolchain"
        if LINKED in self.files[self.program].read_bytes():
            return f"{self.program} is linked against the libraries of the emulated board"
        return ""

    def pack(self, archive: Path) -> None:
        """Write all files into a plain tar archive, which any board can unpack."""
        with tarfile.open(archive, "w", format=tarfile.USTAR_FORMAT) as tar:
            for name, path in sorted(self.files.items()):
                with path.open("rb") as file:
                    mode = 0o755 if name == self.program else 0o644
                    tar.addfile(_member(name, path.stat().st_size, mode), file)
            sums = "".join(f"{self.sums[name]}  {name}\n" for name in sorted(self.sums)).encode()
            tar.addfile(_member(SUMS, len(sums), 0o644), io.BytesIO(sums))


def payload(bundle: Bundle) -> Payload:
    """The files of a bundle that go to a board, every one checked against the manifest.

    Raises:
        UsageError: One is missing or damaged, or the bundle was built without a program.
    """
    listed = {artifact.path: artifact for artifact in bundle.manifest.artifacts}
    program = _one(bundle, "program")
    image = _one(bundle, bundle.target.accepts)
    chosen = {PurePosixPath(each.path).name: each for each in (program, image)}
    for path, artifact in listed.items():
        if PurePosixPath(path).is_relative_to(GOLDEN):
            chosen[str(PurePosixPath("golden") / PurePosixPath(path).relative_to(GOLDEN))] = artifact
    clip = _clip(chosen)
    return Payload(
        model=bundle.manifest.model.name,
        files={name: bundle.intact(artifact) for name, artifact in chosen.items()},
        sums={name: artifact.sha256 for name, artifact in chosen.items()},
        program=PurePosixPath(program.path).name,
        image=PurePosixPath(image.path).name,
        clip=clip,
        tensor=bool(clip) and not clip.endswith(".wav"),
    )


def _one(bundle: Bundle, kind: str) -> Artifact:
    for artifact in reversed(bundle.manifest.artifacts):
        if artifact.kind == kind:
            return artifact
    raise UsageError(f"{bundle.root / MANIFEST} lists no {kind}, so there is nothing to deploy", hint=_AGAIN)


def _clip(names: Iterable[str]) -> str:
    """The first golden recording, or the first tensor where the model takes no recordings."""
    found = sorted(name for name in names if name.startswith("golden/clip_0."))
    return next((name for name in found if name.endswith(".wav")), next(iter(found), ""))


def _member(name: str, size: int, mode: int) -> tarfile.TarInfo:
    # No owner and no time: the archive depends on nothing but the files.
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, mode
    return member
