"""Sources of a board program into the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.artifacts import digest, sha256
from edgedla.errors import ToolchainError, UsageError
from edgedla_targets.pcupid.program.cache import kept
from edgedla_targets.pcupid.program.sdk import FLAGS, Sdk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgedla.toolchain import Toolchain
    from edgedla_targets.pcupid.program.compilers import Compiler

SYSTEM = ("pthread", "m", "dl")


def compile_program(  # noqa: PLR0913, PLR0917 - what a compiler is told
    sources: Path,
    sdk: Sdk,
    compiler: Compiler,
    out: Path,
    tools: Toolchain,
    defines: Sequence[str] = (),
) -> None:
    """Compile all C files of a folder against an SDK into the program `out`.

    Raises:
        UsageError: The folder has no C files.
        ToolchainError: The compiler refused them; with its last lines.
    """
    files = [path.name for path in _files(sources, "*.c")]
    if not files:
        raise UsageError(f"{sources} holds no C sources", hint="build it again")
    # Names relative to the folder: what is made does not tell where.
    argv = [*compiler.argv, *compiler.flags, *FLAGS, *(f"-D{define}" for define in defines)]
    argv += ["-I", str(sdk.include), "-o", str(out), *files, "-L", str(sdk.libraries)]
    argv += [f"-l{name}" for name in (*sdk.links, *SYSTEM)]
    if not sdk.emulated:  # shared libraries of an SDK need each other
        argv.append(f"-Wl,-rpath-link,{sdk.libraries}")
    try:
        tools.run(argv, name="pcupid-compile", cwd=sources, env=compiler.environment, expect=[out])
    except ToolchainError as error:
        raise _explained(error, sdk) from error


def kept_program(  # noqa: PLR0913, PLR0917 - what a compiler is told, and where it is kept
    name: str, sources: Path, sdk: Sdk, compiler: Compiler, cache: Path, tools: Toolchain
) -> Path:
    """The program of these sources, compiled now or before."""
    files = [*_files(sources, "*.c"), *_files(sources, "*.h")]
    contents = (part for file in files for part in (file.name, sha256(file)))
    key = digest(name, sdk.identity, compiler.identity, *compiler.flags, *FLAGS, *contents)
    made = kept(
        cache,
        "programs",
        key,
        lambda folder: compile_program(sources, sdk, compiler, folder / name, tools),
    )
    return made / name


def _files(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern))


def _explained(error: ToolchainError, sdk: Sdk) -> ToolchainError:
    text = "\n".join(error.tail)
    hint = None
    if "stdio.h" in text or "crt1.o" in text:
        hint = "the C library's own headers are missing: apt install libc6-dev"
    elif "incompatible" in text or "file not recognized" in text or "wrong format" in text:
        hint = (
            f"the libraries in {sdk.libraries} are for another processor than the compiler's: "
            "choose others by --set pcupid.sdk_libraries=DIR, or another --cross-compile"
        )
    return ToolchainError(error.message, argv=error.argv, log=error.log, tail=error.tail, hint=hint)
