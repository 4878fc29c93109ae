"""All verbs, each imported when it is asked for, and the answer to a misused command line."""

from __future__ import annotations

import os
from importlib import import_module
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from edgedla.cli.talk import Talk, refuse
from edgedla.errors import INTERRUPTED, UsageError
from edgedla.registry import advice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer.core import TyperCommand

VERBS = {
    "build": ("build:build", "Build a model for a target and check it at every step."),
    "run": ("run:run", "Say what each input is."),
    "compare": ("compare:compare", "Feed every rung the same inputs; say which parts first."),
    "eval": ("eval:evaluate", "Say how good a network is on labelled recordings, and what a rung costs."),
    "robustness": ("robustness:robustness", "Say how accuracy falls where recordings get worse."),
    "calibrate-set": ("calibrate_set:calibrate_set", "Pick the recordings to calibrate a quantiser on."),
    "lint": ("lint:lint", "Hold a graph against a target's rules."),
    "deploy": ("deploy:deploy", "Put a bundle to work on a board, and prove it there."),
    "train": ("train:train", "Train a model on a labelled data set."),
    "bench": ("bench:bench", "Time a bundle against plain onnxruntime."),
    "report": ("report:report", "Put all that is known of a bundle on one page to look at."),
    "list-targets": ("lists:list_targets", "List the places a model can be built for."),
    "list-models": ("lists:list_models", "List the models that can be built."),
    "list-plugins": ("lists:list_plugins", "List the plugins, and why a broken one is broken."),
    "check-plugin": ("check_plugin:check_plugin", "Hold a plugin against the rules for plugins."),
    "new": ("new:new", "Begin a plugin of your own, which works before a line of it is changed."),
    "doctor": ("doctor:doctor", "Check this machine: what is missing, and what brings it."),
    "config": ("config:settings", "Show the configuration and where each value comes from."),
    "completion": ("config:completion", "Print the completion script of a shell."),
}
"""Name on the command line: where the verb stands below `edgedla.cli`, and its line on the help page."""


COMPLETE = "_EDGEDLA_COMPLETE"
"""The variable by which a shell's completion script asks."""


class _Verbs(TyperGroup):
    """The verbs as a group that imports the one asked for, and none to list them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:
        return _load(cmd_name) if cmd_name in VERBS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        if args[0] not in VERBS and not ctx.resilient_parsing:
            raise UsageError(f"there is no verb '{args[0]}'", hint=advice(args[0], VERBS, "verbs"))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, summary) for name, (_, summary) in VERBS.items()])


app = typer.Typer(
    cls=_Verbs,
    help="Take a trained network to an edge board, and prove on the way that it still says the same thing.",
    subcommand_metavar="VERB …",
    rich_markup_mode=None,  # rich help costs half a second of imports
    add_completion=False,
)


@app.callback(invoke_without_command=True)
def _top(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and leave."),
) -> None:
    if version:
        from edgedla import __version__

        typer.echo(f"edgedla {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run_command(words: Sequence[str]) -> int:
    """Run one command line; what the parser finds wrong with it is answered like all other failures."""
    command = typer.main.get_command(app)
    if COMPLETE in os.environ:
        _know_shells()
    try:
        status = command.main(words, prog_name="edgedla", standalone_mode=False)
    except typer.TyperException as error:
        path = _path(error, words)
        return refuse(words, "-".join(path[1:]), UsageError(_sentence(error), hint=_advice(path, words)))
    except UsageError as error:
        return refuse(words, "", error)
    if status == INTERRUPTED and not Talk.begun:  # while typer parsed, which keeps it to itself
        raise KeyboardInterrupt
    return status if isinstance(status, int) else 0


def _know_shells() -> None:
    """Let typer answer completion scripts, without the options that it adds to write shell profiles."""
    from typer.completion import completion_init  # type: ignore[attr-defined] # imported there, no more

    completion_init()


def _load(verb: str) -> Any:
    module, _, name = VERBS[verb][0].partition(":")
    found = getattr(import_module(f"edgedla.cli.{module}"), name)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(rich_markup_mode=None, add_completion=False)
        alone.command(verb, context_settings=getattr(found, "context_settings", None))(found)
        found = alone
    return typer.main.get_command(found)


def _path(error: typer.TyperException, words: Sequence[str]) -> list[str]:
    """The command that was misused: `["edgedla", "config", "show"]`."""
    if context := getattr(error, "ctx", None):
        path: str = context.command_path
        return path.split()
    verbs = list(takewhile(lambda word: not word.startswith("-"), words))
    return ["edgedla", *verbs[: 2 if verbs[:1] in (["config"], ["new"]) else 1]]


def _sentence(error: typer.TyperException) -> str:
    message = error.format_message().replace("Input should", "should", 1)
    return (message[:1].lower() + message[1:]).removesuffix(".")


def _advice(path: list[str], words: Sequence[str]) -> str:
    if path == ["edgedla"] and words[0].startswith("-"):
        return "options stand after the verb: edgedla VERB …; edgedla --help lists the verbs"
    return f"{' '.join(path)} --help"
