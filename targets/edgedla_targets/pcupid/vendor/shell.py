"""A step as one would type it into bash."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from edgedla.toolchain import quote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edgedla_targets.pcupid.vendor.place import Place
    from edgedla_targets.pcupid.vendor.step import Step


def lines(step: Step, scratch: Path, folder: Path, place: Place) -> list[str]:
    """Copy the inputs, run the command, give the results their names; one line each."""
    folders = sorted({str((scratch / name).parent) for name in [*step.inputs, *step.texts]})
    variables = [f"{key}={shlex.quote(value)}" for key, value in place.environment.items()]
    command = " ".join([*variables, quote(place.argv(step.argv, scratch))])
    return [
        quote(["rm", "-rf", scratch]),
        quote(["mkdir", "-p", *folders]),
        *_copies(step, scratch),
        quote(["chmod", "-R", "u+w", scratch]),
        *(_print(text, scratch / name) for name, text in step.texts.items()),
        f"cd {shlex.quote(str(scratch))} && {command}",
        *_moves(step, scratch, folder),
    ]


def _copies(step: Step, scratch: Path) -> Iterator[str]:
    """Files that keep their names in one command per folder."""
    together: dict[Path, list[Path]] = {}
    for name, source in step.inputs.items():
        if (scratch / name).name == source.name:
            together.setdefault((scratch / name).parent, []).append(source)
        else:
            yield quote(["cp", "--", source, scratch / name])
    for target, sources in together.items():
        yield quote(["cp", "--", *sources, f"{target}/"])


def _print(text: str, path: Path) -> str:
    escaped = text.replace("\n", "\\n")  # one line on the screen too; names in it are plain
    return f"printf %b {shlex.quote(escaped)} > {shlex.quote(str(path))}"


def _moves(step: Step, scratch: Path, folder: Path) -> Iterator[str]:
    parents = sorted({str((folder / name).parent) for name in step.results} - {str(folder)})
    if parents:
        yield quote(["mkdir", "-p", *parents])
    for name, patterns in step.results.items():
        # Patterns are plain words and stars, which must stay outside the quotes.
        yield f"mv -- {shlex.quote(str(scratch))}/{patterns[0]} {shlex.quote(str(folder / name))}"
