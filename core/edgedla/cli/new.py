"""`edgedla new`: a plugin of one's own to begin with."""

from __future__ import annotations

import re
import shlex
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgedla.cli.common import shown, workspace
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedla.scaffold.names import Names
    from edgedla.scaffold.plan import Kind, Plan
    from edgedla.workspace import Workspace

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Of the plugin: lower-case letters, digits, - and _.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="New or empty folder [edgedla-NAME].")]

new = typer.Typer(rich_markup_mode=None, add_completion=False)


@new.callback(invoke_without_command=True)
def _new(context: typer.Context) -> None:
    """Begin a plugin of your own: a distribution that works before a line of it is changed."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@new.command("model")
@verb("new-model")
def model(
    talk: Talk,
    name: Name,
    graph: Annotated[
        Path | None,
        typer.Option(
            "--from-onnx", metavar="FILE", help="Your network. Default: a small one, as an example."
        ),
    ] = None,
    shape: Annotated[
        list[str] | None,
        typer.Option(
            "--shape",
            metavar="INPUT=SIZES",
            help="Sizes that the file leaves open, as x=1,3,224,224; repeatable.",
        ),
    ] = None,
    audio: Annotated[bool, typer.Option("--audio", help="The input is a recording.")] = False,
    image: Annotated[bool, typer.Option("--image", help="The input is an image.")] = False,
    tensor: Annotated[bool, typer.Option("--tensor", help="The input is an array of numbers.")] = False,
    out: Out = None,
) -> None:
    """Write a model plugin. Where no kind of input is given, the shape decides."""
    from edgedla.scaffold.example import example
    from edgedla.scaffold.guess import plan_for
    from edgedla.scaffold.model import model_files

    kind = _kind(audio=audio, image=image, tensor=tensor)
    if shape and graph is None:
        raise UsageError("--shape says something of a network, and there is none", hint="--from-onnx FILE")
    names, folder = _begin(workspace(), name, out)
    with talk.busy("reading the network"):
        plan = plan_for(graph, kind, _shapes(shape or [])) if graph else example(kind or "tensor")
    _write(talk, names, folder, model_files(names, plan))
    talk.data |= {
        "input": plan.kind,
        "guessed": [guess.model_dump() for guess in plan.guessed],
        "changed": list(plan.changed),
    }
    _tell(talk, plan)
    floats = all(tensor.dtype == "float32" for tensor in plan.inputs)
    targets = ("onnxruntime", "pcupid") if floats else ("onnxruntime",)  # what the IPU takes
    _next(talk, names, folder, [f"edgedla build {name} --target {each}" for each in targets])


@new.command("target")
@verb("new-target")
def target(talk: Talk, name: Name, out: Out = None) -> None:
    """Write a target plugin: converter, generated C, runner."""
    from edgedla.scaffold.target import target_files

    space = workspace()
    names, folder = _begin(space, name, out)
    _write(talk, names, folder, target_files(names))
    ready = [each for each, kind in space.plugins.models.items() if all(need.met() for need in kind.requires)]
    _next(talk, names, folder, [f"edgedla build {each} --target {name}" for each in ready[:1]])


def _kind(**flags: bool) -> Kind | None:
    given = [flag for flag, is_set in flags.items() if is_set]
    if len(given) > 1:
        raise UsageError(f"--{given[0]} and --{given[1]}: the input is one or the other")
    kind: Kind | None = given[0] if given else None  # type: ignore[assignment] # the flags are called so
    return kind


def _shapes(options: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """`x=1,3,640,640` by name; the name is everything before the last `=`."""
    found = {}
    for option in options:
        form = re.fullmatch(r"(.+)=(\d{1,9}(?:[,x]\d{1,9})*)", option)
        if form is None or 0 in (sizes := tuple(map(int, re.split("[,x]", form[2])))):
            raise UsageError(
                f"--shape {option!r} is not of the form INPUT=SIZE,SIZE,…", hint="--shape x=1,3,224,224"
            )
        found[form[1]] = sizes
    return found


def _begin(space: Workspace, name: str, out: Path | None) -> tuple[Names, Path]:
    """The plugin's names and a folder to write, both free."""
    from edgedla.scaffold.names import names_for
    from edgedla.scaffold.tree import check_free

    names = names_for(name, _taken(space))
    folder = Path(names.distribution) if out is None else out
    check_free(folder)
    return names, folder


def _taken(space: Workspace) -> dict[str, str]:
    """Names that there are already, and whose they are."""
    from edgedla.config import CoreOptions
    from edgedla.plugins import GROUP

    plugins = space.plugins
    taken = dict.fromkeys(CoreOptions.model_fields, "a setting of edgedla")
    taken |= {
        each: f"a {registry.kind} of {plugins.origin(registry, each).distribution}"
        for registry in (plugins.models, plugins.targets, plugins.converters)
        for each in registry
    }
    points = entry_points(group=GROUP)  # those that are disabled or broken among them
    return taken | {point.name: f"a plugin of {point.dist.name if point.dist else '?'}" for point in points}


def _write(talk: Talk, names: Names, folder: Path, files: dict[str, bytes]) -> None:
    from edgedla.scaffold.tree import write_tree

    write_tree(folder, files)
    talk.data = {
        "name": names.plugin,
        "distribution": names.distribution,
        "package": names.package,
        "out": shown(folder),
        "files": sorted(files),
    }
    for file in sorted(files):
        talk.print(shown(folder / file))


def _tell(talk: Talk, plan: Plan) -> None:
    for line in plan.changed:
        talk.say(f"changed: {line}")
    for guess in plan.guessed:
        talk.say(f"guessed: {guess.what}: {guess.value} ({guess.why}); to correct it: {guess.where}")
    if plan.graph is None:
        talk.say(f"the network is an example ({plan.summary}); the places to replace are marked with REPLACE")


def _next(talk: Talk, names: Names, folder: Path, builds: Sequence[str]) -> None:
    place = shown(folder)
    place = place if place.startswith(("/", ".")) else f"./{place}"  # else pip takes it for a name
    commands = [f"pip install -e {shlex.quote(place)}", f"edgedla check-plugin {names.plugin}", *builds]
    talk.data["next"] = commands
    for number, command in enumerate(commands):
        talk.say(f"{'     ' if number else 'next:'} {command}")
