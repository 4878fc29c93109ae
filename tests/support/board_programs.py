"""Small C programs against the emulated board's headers and libraries, compiled and run on a board."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.emulated.board import HEADERS, LIBRARY_SOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgedla_targets.pcupid.emulated.board import Board

FOLDER = Path(__file__).parent
STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion")
SANITIZERS = ("-g", "-O1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover")
SHAPES = tuple(HEADERS)
SOURCES = [path for paths in LIBRARY_SOURCES.values() for path in paths]
BANNER = "emulated board: edgedla's own, no hardware\n"

INCLUDES = """
#define _POSIX_C_SOURCE 200809L
#include "board_program.h"
"""
MAIN = """
#define CASE(name, function)                       \\
    if (argc > 2 && strcmp(argv[1], name) == 0) {  \\
        function(argv[2], argc, argv);             \\
        return 0;                                  \\
    }

int main(int argc, char **argv)
{
%s
    fprintf(stderr, "no case %%s\\n", argc > 1 ? argv[1] : "");
    return 98;
}
"""


@dataclass(frozen=True)
class Done:
    """A program that ran to its end."""

    code: int
    out: bytes
    err: str

    @property
    def numbers(self) -> list[int]:
        """What it printed with SAY."""
        return [int(line) for line in self.out.split()]


def source(cases: Mapping[str, str], functions: str = "") -> str:
    """A program whose first argument names a case; the second is `image` in it, `argv` are all."""
    bodies = (
        f"static void case_{name}(char *image, int argc, char **argv)\n{{\n"
        f"    (void)image; (void)argc; (void)argv;\n{body}\n}}\n"
        for name, body in cases.items()
    )
    choices = "\n".join(f'    CASE("{name}", case_{name})' for name in cases)
    return INCLUDES + functions + "\n".join(bodies) + MAIN % choices


def compiled(  # noqa: PLR0913 - what a compiler is told; most by name
    folder: Path,
    cases: Mapping[str, str],
    shape: str,
    compiler: Sequence[str] = ("gcc",),
    *flags: str,
    functions: str = "",
    environment: Mapping[str, str] | None = None,
) -> Path:
    """The program of these cases, with the board's libraries in it."""
    folder.mkdir(parents=True, exist_ok=True)
    text, program = folder / "cases.c", folder / "cases"
    text.write_text(source(cases, functions))
    includes = ["-I", str(HEADERS[shape]), "-I", str(FOLDER)]
    words = [
        *compiler,
        *STRICT,
        *flags,
        *includes,
        str(text),
        *map(str, SOURCES),
        "-lpthread",
        "-o",
        str(program),
    ]
    subprocess.run(words, env=os.environ | dict(environment or {}), check=True, timeout=250)
    return program


def run(
    board: Board | None,
    program: Path,
    *words: str | Path,
    stdin: bytes = b"",
    launcher: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Done:
    """Run a program on a board; on `None`, with the variables of `environment` only."""
    variables = {name: value for name, value in os.environ.items() if name != "EDGEDLA_BOARD"}
    done = subprocess.run(
        [*launcher, str(program), *map(str, words)],
        env=variables | dict(board.environment if board else environment or {}),
        input=stdin,
        capture_output=True,
        timeout=100,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr.decode())
