"""`edgedla config show` and `edgedla completion`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgedla.cli.common import Settings, workspace
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import UsageError

SHELLS = ("bash", "fish", "zsh")

settings = typer.Typer(rich_markup_mode=None, add_completion=False)


@settings.callback(invoke_without_command=True)
def _config(context: typer.Context) -> None:
    """Configuration and where each value comes from."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@settings.command("show")
@verb("config-show")
def show(talk: Talk, settings: Settings = None) -> None:
    """Print every setting, its value, and where the value comes from."""
    from pydantic_core import to_jsonable_python

    space = workspace(settings)
    found = space.config.settings(space.sections())
    talk.data = {
        "settings": [
            {"key": item.key, "value": to_jsonable_python(item.value), "origin": item.origin}
            for item in found
        ]
    }
    talk.table(("key", "value", "origin"), [(item.key, _written(item.value), item.origin) for item in found])


@verb("completion")
def completion(
    talk: Talk, shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, fish or zsh.")]
) -> None:
    """Print the completion script of a shell, to be put where that shell looks for it."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined] # imported there, no more

    if shell not in SHELLS:
        raise UsageError(f"no completion for the shell '{shell}'", hint=f"shells: {', '.join(SHELLS)}")
    script = get_completion_script(prog_name="edgedla", complete_var="_EDGEDLA_COMPLETE", shell=shell)
    talk.data = {"shell": shell, "script": script}
    talk.print(script)


def _written(value: object) -> str:
    """A value as `--set` and the environment take it."""
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
