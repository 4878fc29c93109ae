"""`edgedla train`: a model trained on a labelled data set, into a folder that `--checkpoint` takes."""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgedla.cli.common import Settings, shown, workspace
from edgedla.cli.talk import StoppedError, Talk
from edgedla.cli.verb import verb
from edgedla.errors import UsageError
from edgedla.registry import advice
from edgedla.trainer import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edgedla.spec import Options
    from edgedla.trainer import Trainer
    from edgedla.workspace import Workspace

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
"""Seconds in what a budget is given in."""
SECTION = "_train"
"""Behind a model's name: the configuration section of its trainer."""


@verb("train")
def train(
    talk: Talk,
    context: typer.Context,
    model: Annotated[str, typer.Argument(help="Which model; see list-models.")],
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", metavar="DIR", help="Data set: meta/esc50.csv and audio/, or a folder per class."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The run folder. Default: runs/MODEL.")
    ] = None,
    init: Annotated[
        Path | None,
        typer.Option("--init", metavar="PATH", help="Weights to start from: a checkpoint, or bundled."),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            "--budget", metavar="TIME", help="End in this time (90m, 2h, 600s) instead of by epochs."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, max=2**32 - 1, help="Of all random numbers (0).")
    ] = None,
    device: Annotated[str, typer.Option("--device", metavar="NAME", help="cpu, cuda or auto.")] = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    recipe: Annotated[
        bool, typer.Option("--recipe", help="List the options of the model's trainer, and leave.")
    ] = False,
    settings: Settings = None,
) -> None:
    """Train a model. What its network and its trainer can be told are flags as well: see --recipe."""
    space = workspace(settings)
    trainer = _trainer(space, model)
    known = _known(space, model, trainer)
    if recipe:
        _list(talk, known)
        return
    if data is None:
        raise UsageError("train needs a data set", hint=f"edgedla train {model} --data DIR")
    if _number_of_process():
        talk.hush()  # the first one speaks for all
    folder = out or Path("runs") / model
    space = workspace([*(settings or ()), *_flags(context.args, model, known)])
    made = trainer(
        space.config.options(model, space.plugins.model(model).Options),
        space.config.options(model + SECTION, trainer.Options),
    )
    with _stoppable() as stopping, talk.progress(f"training {model}") as progress:
        job = Job(
            data=data,
            out=folder,
            init=init,
            seed=seed,
            budget=seconds(budget),
            resume=resume,
            device=device,
            say=talk.say,
            warn=talk.warn,
            progress=progress,
            stopping=stopping,
        )
        try:
            found = made.train(job)
        except KeyboardInterrupt:
            again = ["edgedla", "train", model, "--data", str(data), "--out", str(folder)]
            again += ["--device", device] if device != "auto" else []
            again += ["--resume"] if made.resumable(folder) else []
            raise StoppedError(hint=shlex.join(again)) from None
    _answer(talk, model, folder, found)


def seconds(budget: str | None) -> float | None:
    """`90m` in seconds.

    Raises:
        UsageError: It is no time.
    """
    if budget is None:
        return None
    form = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", budget.strip())
    if form is None or float(form[1]) == 0:
        raise UsageError(
            f"--budget {budget!r} is no time", hint="--budget 90m; s, m and h are seconds, minutes, hours"
        )
    return float(form[1]) * UNITS[form[2]]


def _trainer(space: Workspace, model: str) -> type[Trainer[Any]]:
    found = space.plugins.model(model).trainer()
    if found is None:
        raise UsageError(
            f"model '{model}' brings no trainer", hint="train it elsewhere, and build with --checkpoint"
        )
    return found


def _known(space: Workspace, model: str, trainer: type[Trainer[Any]]) -> dict[str, tuple[str, type[Options]]]:
    """The section and the options class of each key that may be a flag."""
    own: dict[str, tuple[str, type[Options]]] = {}
    kind = space.plugins.model(model).Options
    own |= dict.fromkeys(kind.model_fields, (model, kind))
    own |= dict.fromkeys(trainer.Options.model_fields, (model + SECTION, trainer.Options))
    return own


def _flags(words: Sequence[str], model: str, known: dict[str, tuple[str, type[Options]]]) -> list[str]:
    """Flags that the parser left over as `section.key=value`; several values become a list.

    Raises:
        UsageError: There is no such option, or a word belongs to none.
    """
    found: dict[str, list[str]] = {}
    key = ""
    for word in words:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            key = name.replace("-", "_")
            found[key] = [value] if equals else []
        elif key:
            found[key].append(word)
        else:
            raise UsageError(f"{word!r} belongs to no option", hint=f"edgedla train {model} --help")
    return [_setting(key, values, model, known) for key, values in found.items()]


def _setting(key: str, values: list[str], model: str, known: dict[str, tuple[str, type[Options]]]) -> str:
    flag = f"--{key.replace('_', '-')}"
    off = key.removeprefix("no_")
    if not values and off != key and off in known:
        return f"{known[off][0]}.{off}=false"
    if key not in known:
        names = [f"--{name.replace('_', '-')}" for name in known]
        raise UsageError(f"there is no option {flag}", hint=advice(flag, names, "options"))
    section, kind = known[key]
    if not values and kind.model_fields[key].annotation is not bool:
        raise UsageError(f"{flag} needs a value", hint=f"edgedla train {model} --recipe")
    return f"{section}.{key}={','.join(values) or 'true'}"


def _list(talk: Talk, known: dict[str, tuple[str, type[Options]]]) -> None:
    rows = []
    for key, (_, kind) in known.items():
        field = kind.model_fields[key]
        default = field.get_default(call_default_factory=True)
        text = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
        rows.append((f"--{key.replace('_', '-')}", text, field.description or ""))
    talk.data = {"options": [{"flag": flag, "default": text, "what": what} for flag, text, what in rows]}
    talk.table(("option", "default", "what it is"), rows)


def _number_of_process() -> int:
    """Which one this is of those that torchrun has started; 0 is the first, or the only one."""
    rank = os.environ.get("RANK", "0")
    return int(rank) if rank.isdigit() else 0


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether to stop: a signal asks for it, the same again interrupts at once.

    torchrun answers an interrupt with a termination of the processes that have seen the interrupt themselves.
    """
    asked: set[int] = set()

    def ask(number: int, _: Any) -> None:
        if number in asked:
            raise KeyboardInterrupt
        if not asked and not _number_of_process():
            sys.stderr.write("stopping after this step; once more stops at once\n")
        asked.add(number)

    before = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup has it ignored
            before[number] = signal.signal(number, ask)
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _answer(talk: Talk, model: str, folder: Path, found: dict[str, Any]) -> None:
    talk.data = {"model": model, "out": str(folder), **found}
    told = found.get("accuracy")
    if told and told["count"]:
        interval = f"95 % interval {told['low']:.1%} to {told['high']:.1%}"
        talk.print(f"accuracy\t{told['value']:.1%}\t{told['hits']} of {told['count']} test clips, {interval}")
    talk.print(f"run folder\t{shown(folder.absolute())}")
    talk.say(
        f"next: edgedla build {model} --target onnxruntime --checkpoint {shown(folder.absolute())}/chkpnt.pt"
    )


train.context_settings = {"allow_extra_args": True, "ignore_unknown_options": True}  # type: ignore[attr-defined] # read by app
