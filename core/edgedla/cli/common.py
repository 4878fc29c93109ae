"""Options that several verbs share, and the workspace they start from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgedla.workspace import Wish, Workspace

Target = Annotated[
    str | None,
    typer.Option("--target", "-t", metavar="TARGET", help="Where it shall run; see list-targets."),
]
Checkpoint = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint",
        metavar="PATH",
        help="Trained weights: a run folder or a file. Default: the plugin's own.",
    ),
]
Calibration = Annotated[
    Path | None,
    typer.Option(
        "--calib",
        metavar="PATH",
        help="Files to calibrate a quantiser on: a folder, or a list of calibrate-set.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PLUGIN.KEY=VALUE", help="Set one option of a plugin; repeatable."),
]
Precision = Annotated[
    str | None,
    typer.Option("--precision", metavar="NAME", help="Short for --set TARGET.precision=VALUE (fp32, int8)."),
]
Toolchain = Annotated[
    str | None,
    typer.Option(
        "--toolchain",
        metavar="PATH",
        help="The vendor's toolchain, emulated, or replay:DIR (TARGET.toolchain).",
    ),
]
OpenDla = Annotated[
    str | None,
    typer.Option("--opendla", metavar="DIR", help="The vendor's model zoo, whose scripts convert."),
]
DockerImage = Annotated[
    str | None,
    typer.Option("--docker-image", metavar="IMAGE", help="Run the toolchain in this image."),
]
Record = Annotated[
    str | None,
    typer.Option("--record", metavar="DIR", help="Keep what the toolchain did, to be played back."),
]
Sdk = Annotated[
    str | None,
    typer.Option("--sdk", metavar="DIR", help="The board's SDK, to compile its program against."),
]
CrossCompile = Annotated[
    str | None,
    typer.Option("--cross-compile", metavar="PREFIX", help="Of that SDK's compiler: PREFIXgcc is run."),
]
Board = Annotated[
    str | None,
    typer.Option(
        "--board", metavar="NAME", help="Where the board's program is run on this machine (TARGET.board)."
    ),
]
Window = Annotated[
    str | None,
    typer.Option(
        "--window", metavar="NAME", help="Part of a long clip to take: start or centre (MODEL.window)."
    ),
]


def workspace(settings: Sequence[str] | None = None) -> Workspace:
    """Configuration and plugins for the current folder and environment."""
    from edgedla.config import Config
    from edgedla.workspace import Workspace

    return Workspace(Config.load(overrides=settings or (), cwd=_here(), environ=os.environ))


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:
        raise UsageError("the current folder does not exist any more", hint="cd to another one") from None


def cache_dir() -> Path:
    """The cache, from the environment alone, so that it is known even where the configuration is broken."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get("EDGEDLA_CACHE_DIR") or user_cache_dir("edgedla"))


def wish(
    space: Workspace,
    model: str,
    target: str,
    *,
    checkpoint: Path | None = None,
    calibration: Path | None = None,
    out: Path | None = None,
    templates: Path | None = None,
    window: str | None = None,
    **target_flags: str | None,
) -> Wish:
    """What the command line asks to be built; `target_flags` are flags for options of the target."""
    from edgedla.workspace import Wish

    model_class, target_class = space.plugins.model(model), space.plugins.target(target)
    _check_place("--checkpoint", checkpoint, "file or folder", lambda path: path.is_file() or path.is_dir())
    _check_place("--calib", calibration, "folder or list", Path.exists)
    _check_place("--templates", templates, "folder", Path.is_dir)
    return Wish(
        model,
        target,
        checkpoint,
        calibration,
        out,
        templates,
        extra(model_class.Options, "window", window, model),
        {
            key: value
            for name, flag in target_flags.items()
            for key, value in extra(target_class.Options, name, flag, target).items()
        },
    )


def extra(kind: type, key: str, value: str | None, owner: str) -> dict[str, object]:
    """A flag as an option of the plugin `owner`, whose options are of this `kind`.

    Raises:
        UsageError: The plugin has no such option.
    """
    if value is None:
        return {}
    if key not in getattr(kind, "model_fields", {}):
        flag = f"--{key.replace('_', '-')}"
        raise UsageError(f"{flag}: '{owner}' has no option '{key}'", hint=f"leave out {flag}")
    return {key: value}


def _check_place(option: str, path: Path | None, kind: str, fits: Callable[[Path], bool]) -> None:
    if path is None or fits(path):
        return
    raise UsageError(f"{option} {path}: {f'not a {kind}' if path.exists() else f'there is no such {kind}'}")


def shown(path: Path) -> str:
    """A path as short as it can be typed in the current folder."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def size(count: int) -> str:
    """Bytes for people."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:  # noqa: PLR2004 - decimal units
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
