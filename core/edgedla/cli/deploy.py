"""`edgedla deploy`: a bundle put to work on a board, and proven there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgedla.cli.common import Target, workspace
from edgedla.cli.run import check_names
from edgedla.cli.shown import CLASS_COLUMNS, class_row
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import UsageError

if TYPE_CHECKING:
    from edgedla.deployment import Deployment


@verb("deploy")
def deploy(
    talk: Talk,
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="Which model; may be left out where there is one.")
    ] = None,
    *,
    host: Annotated[str, typer.Option("--host", metavar="USER@ADDRESS", help="The board, as ssh takes it.")],
    target: Target = None,
    folder: Annotated[
        str | None,
        typer.Option("--dir", metavar="PATH", help="Folder there [edgedla/MODEL in the login folder]."),
    ] = None,
    ssh_config: Annotated[
        Path | None,
        typer.Option("--ssh-config", metavar="FILE", help="Configuration of ssh, instead of your own."),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="DIR", help="A bundle built before [build/MODEL/TARGET]."),
    ] = None,
    keep: Annotated[
        int,
        typer.Option("--keep", min=1, metavar="N", help="Releases to keep there, the new one among them."),
    ] = 3,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the commands and stop.")] = False,
) -> None:
    """Copy a bundle to a board, let it test itself, switch to it, and run it; take it back where it fails."""
    from edgedla.deployment import Place
    from edgedla.toolchain import Toolchain

    if ssh_config is not None and not ssh_config.is_file():
        raise UsageError(f"--ssh-config {ssh_config}: there is no such file")
    space = workspace()
    if bundle is None:
        target = space.target_name(target)
        model = space.model_name(model, target)
        bundle = space.folder(model, target)
        hint = f"edgedla build {model} --target {target}"
    else:
        hint = "edgedla build MODEL --out DIR makes a bundle"
    opened = space.open(bundle, hint)
    check_names(opened, model, target)
    if notice := opened.target.notice(opened.manifest.toolchain):
        talk.warn(notice)
    folder = f"edgedla/{opened.manifest.model.name}" if folder is None else folder
    talk.data = {
        "model": opened.manifest.model.name,
        "target": opened.target.name,
        "host": host,
        "dir": folder,
    }
    commands: list[str] = []
    tools = Toolchain(log_dir=bundle.absolute() / "logs", dry_run=dry_run, echo=commands.append)
    report = talk.detail if dry_run else talk.say
    place = Place(host, folder, ssh_config and ssh_config.absolute(), keep, tools, report)
    with talk.busy(f"deploying to {host}"):
        done = opened.target.deploy(opened, place)
    if done is None:
        talk.data["commands"] = commands
        for line in commands:
            talk.print(line)
        return
    _tell(talk, done)
    if done.failure:
        raise done.failure
    talk.say(f"at work: {host}:{done.folder}/current")


def _tell(talk: Talk, done: Deployment) -> None:
    talk.data |= {
        "dir": done.folder,
        "release": done.release,
        "previous": done.previous,
        "copied": done.copied,
        "rolled_back": done.rolled_back,
        "self_test": done.self_test.model_dump(mode="json"),
        "results": list(done.results),
    }
    for text in done.warnings:
        talk.warn(text)
    talk.say(f"self-test: {done.self_test.passed} passed, {len(done.self_test.failed)} failed")
    talk.table(CLASS_COLUMNS, [class_row(result) for result in done.results])
