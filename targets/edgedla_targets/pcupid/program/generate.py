"""The board program's sources: fixed C, thin files made for the model, golden clips, ways to compile."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from edgedla.artifacts import write_atomic
from edgedla.errors import UsageError
from edgedla.render import render
from edgedla_targets.pcupid.configs import TEMPLATES
from edgedla_targets.pcupid.program.golden import FOLDER, write_clips
from edgedla_targets.pcupid.program.values import Made, folder_name, program_values, source_stem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from jinja2 import Environment

    from edgedla.context import Context
    from edgedla_targets.pcupid.program.golden import Clip

PLACE = "program"
"""The folder of the sources among the target's templates, and in a user's folder of templates."""


def generate(context: Context) -> list[Path]:
    """All files of the program, below `context.dir("codegen")`.

    Raises:
        UsageError: A template of the user is wrong, or the model does not fit a board; says which.
    """
    from edgedla_targets.pcupid.simulate import simulator

    made = Made(
        model=context.model.name,
        spec=context.spec,
        options=context.target.options,
        image=context.artifact(context.target.accepts),
        notice=context.target.notice(context.target.toolchain),
    )
    folder = context.dir("codegen")
    with simulator(made.image, made.model, made.spec, made.options, context.tools) as runner:
        clips = write_clips(context.model, made, runner, folder / FOLDER)
    sources = write_sources(
        made, clips, folder, override=context.template_folder, configure=context.hooks.configure_jinja
    )
    return [*sources, *(path for clip in clips for path in clip.files)]


def write_sources(
    made: Made,
    clips: Sequence[Clip],
    folder: Path,
    *,
    override: Path | None = None,
    configure: Callable[[Environment], None] | None = None,
) -> list[Path]:
    """Everything but the clips' files.

    Args:
        made: The model, and the image it has become.
        clips: What the self-test expects.
        folder: Where the files go.
        override: The user's folder, whose `program/` is looked into before the packaged one.
        configure: Adds filters to the template environment.

    Raises:
        UsageError: A template of the user is wrong; file, line and reason.
    """
    values = program_values(made, clips)
    texts = {name: _plain(name, override) for name in plain_names()}
    for name, template in rendered_names(made).items():
        text = render(
            f"{PLACE}/{template}", values, package=TEMPLATES, override=override, configure=configure
        )
        texts[name] = text.encode()
    for name, data in sorted(texts.items()):
        write_atomic(folder / name, data)
    return [folder / name for name in sorted(texts)]


def plain_names() -> list[str]:
    """C files that no model changes."""
    folder = files(TEMPLATES) / PLACE
    return sorted(entry.name for entry in folder.iterdir() if entry.name.endswith((".c", ".h")))


def rendered_names(made: Made) -> dict[str, str]:
    """What is made for a model: file, and template."""
    stem = source_stem(made.spec)
    return {
        f"{stem}.h": "model.h.j2",
        f"{stem}.c": "model.c.j2",
        "golden.c": "golden.c.j2",
        "Makefile": "Makefile.j2",
        f"{folder_name(made.spec, made.options, made.model)}.mk": "folder.mk.j2",
        "README.md": "README.md.j2",
    }


def _plain(name: str, override: Path | None) -> bytes:
    own = override / PLACE / name if override else None
    if own is None or not own.is_file():
        return (files(TEMPLATES) / PLACE / name).read_bytes()
    try:
        return own.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {own}: {error.strerror}") from error
