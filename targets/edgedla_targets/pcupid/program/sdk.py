"""The board's headers and libraries: a customer's SDK, or the emulated one made into the same form."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from edgedla.artifacts import digest, sha256
from edgedla_targets.pcupid.program.cache import kept

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.toolchain import Toolchain
    from edgedla_targets.pcupid.program.compilers import Compiler

NEEDED = ("mi_ipu", "mi_sys")
OPTIONAL = ("mi_common", "cam_os_wrapper", "cam_fs_wrapper")  # the oldest SDKs lack some
FLAGS = ("-std=c99", "-O3", "-pedantic", "-Wall", "-Wextra", "-Wshadow", "-Wconversion")


@dataclass(frozen=True)
class Sdk:
    """Where the board's headers and libraries are."""

    include: Path
    libraries: Path
    emulated: bool = False

    @property
    def links(self) -> tuple[str, ...]:
        """Names of the libraries to link that are there, each before what it needs."""
        return (*NEEDED, *(name for name in OPTIONAL if self.has(name)))

    @property
    def missing(self) -> tuple[str, ...]:
        """Needed libraries that are not there."""
        return tuple(name for name in NEEDED if not self.has(name))

    def has(self, name: str) -> bool:
        """Whether there is such a library."""
        return any(library_files(self.libraries, name))

    @cached_property
    def identity(self) -> str:
        """Digest of the headers and of the libraries that are linked."""
        files = sorted(self.include.glob("*.h"))
        for name in self.links:
            files += library_files(self.libraries, name)
        return digest(*(part for file in files for part in (file.name, sha256(file))))


def library_files(folder: Path, name: str) -> list[Path]:
    """The shared and the static form of a library, those that are there."""
    return [path for end in ("so", "a") if (path := folder / f"lib{name}.{end}").is_file()]


def emulated_sdk(compiler: Compiler, cache: Path, tools: Toolchain, shape: str = "new") -> Sdk:
    """The emulated board's headers of this shape, and its libraries as this compiler makes them; kept.

    Raises:
        ToolchainError: They do not compile.
        UsageError: The cache cannot be written.
    """
    from edgedla_targets.pcupid.emulated.board import HEADERS, LIBRARY_SOURCES

    headers = sorted(HEADERS[shape].glob("*.h"))
    sources = [source for name in sorted(LIBRARY_SOURCES) for source in LIBRARY_SOURCES[name]]
    beside = sorted({header for source in sources for header in source.parent.glob("*.h")})
    files = [part for file in (*headers, *sources, *beside) for part in (file.name, sha256(file))]
    key = digest(compiler.identity, *compiler.flags, *FLAGS, *files)

    def make(folder: Path) -> None:
        include, libraries = folder / "include", folder / "lib"
        shutil.copytree(HEADERS[shape], include)
        libraries.mkdir()
        for name, paths in sorted(LIBRARY_SOURCES.items()):
            _archive(name, paths, include, libraries, compiler, tools)

    made = kept(cache, "sdk", key, make)
    return Sdk(made / "include", made / "lib", emulated=True)


def _archive(  # noqa: PLR0913, PLR0917 - one library of one SDK by one compiler
    name: str, sources: tuple[Path, ...], include: Path, folder: Path, compiler: Compiler, tools: Toolchain
) -> None:
    """`lib<name>.a` of some sources; without dates or owners in it."""
    objects = []
    for source in sources:
        objects.append(f"{source.stem}.o")
        tools.run(
            [*compiler.argv, *compiler.flags, *FLAGS, "-c", "-I", include, "-o", objects[-1], source],
            name=f"pcupid-{name}",
            cwd=folder,
            env=compiler.environment,
            expect=[folder / objects[-1]],
        )
    archive = folder / f"lib{name}.a"
    tools.run(
        [*compiler.archiver, "rcsD", archive.name, *objects],
        name=f"pcupid-{name}",
        cwd=folder,
        env=compiler.environment,
        expect=[archive],
    )
    for made in objects:
        (folder / made).unlink()
