"""What every verb shares: `--json`, `-v`, `-q`, `--no-color`, `--debug`, and failures turned into answers."""

from __future__ import annotations

import inspect
import platform
import shlex
import sys
import traceback
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgedla import __version__
from edgedla.cli.stdout import Stdout
from edgedla.cli.talk import BUILDING, StoppedError, Talk
from edgedla.errors import INTERRUPTED, DeviceError, EdgedlaError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SHARED = {
    "json": (bool, False, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")),
    "verbose": (
        int,
        0,
        typer.Option("--verbose", "-v", count=True, show_default=False, help="Say more; twice for all."),
    ),
    "quiet": (bool, False, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")),
    "no_color": (bool, False, typer.Option("--no-color", help="No colours.")),
    "debug": (bool, False, typer.Option("--debug", help="Show the traceback of a failure.")),
}


def verb(name: str) -> Callable[[Callable[..., None]], Callable[..., int]]:
    """Make `function(talk, …)` a command with the shared options, and what it raises an exit status."""

    def decorate(function: Callable[..., None]) -> Callable[..., int]:
        @wraps(function)
        def command(**values: Any) -> int:
            shared = {key: values.pop(key) for key in _SHARED}
            stdout = Stdout()
            talk = Talk(
                name,
                stdout,
                as_json=shared["json"],
                verbosity=-1 if shared["quiet"] else shared["verbose"],
                color=not shared["no_color"],
                debug=shared["debug"],
            )
            with stdout.claimed():
                return _answer(talk, lambda: function(talk, **values))

        signature = inspect.signature(function, eval_str=True)
        own = [p.replace(kind=p.KEYWORD_ONLY) for p in list(signature.parameters.values())[1:]]
        command.__signature__ = inspect.Signature(own + _shared_parameters())  # type: ignore[attr-defined] # read by typer
        command.__annotations__ = {
            p.name: p.annotation
            for p in command.__signature__.parameters.values()  # type: ignore[attr-defined] # set just above
        }
        return command

    return decorate


def _shared_parameters() -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option]
        )
        for name, (kind, default, option) in _SHARED.items()
    ]


def _answer(talk: Talk, work: Callable[[], None]) -> int:
    talk.trace(f"edgedla {__version__} on Python {platform.python_version()}: {shlex.join(sys.argv[1:])}")
    try:
        error = _failure(talk, work)
        try:
            talk.finish(_status(error), error)
        except (TypeError, ValueError) as wrong:  # a plugin's answer that JSON cannot hold
            talk.data = {}
            error = _bug(talk, wrong)
            talk.finish(error.exit_code, error)
        except EdgedlaError as wrong:  # stdout is full
            error = wrong
    except BrokenPipeError:  # `edgedla … | head -1`: nobody is left to tell
        return INTERRUPTED
    if error is not None:
        talk.fail(error)
    return _status(error)


def _status(error: EdgedlaError | None) -> int:
    return error.exit_code if error else 0


def _failure(talk: Talk, work: Callable[[], None]) -> EdgedlaError | None:
    try:
        work()
    except EdgedlaError as error:
        _show_traceback(talk)
        return error
    except KeyboardInterrupt:
        return _stopped(talk)
    except BrokenPipeError:
        raise
    except MemoryError:
        return DeviceError("out of memory", hint="a smaller input, or fewer --jobs")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the last catch: a bug becomes a report with its log
        if isinstance(error.__cause__, KeyboardInterrupt):  # a library written in C was just being imported
            return _stopped(talk)
        _show_traceback(talk)
        return _bug(talk, error)
    return None


def _stopped(talk: Talk) -> StoppedError:
    return StoppedError("the same command goes on from what was complete" if talk.verb in BUILDING else None)


def _show_traceback(talk: Talk) -> None:
    if talk.debug:
        traceback.print_exc()


def _bug(talk: Talk, error: BaseException) -> EdgedlaError:
    from edgedla.plugins import culprit

    log = _write_log("".join(traceback.format_exception(error)))
    again = "" if talk.debug else "; --debug shows where"
    plugin = culprit(error)
    whose = f"the plugin {plugin}" if plugin else "edgedla or a plugin"
    mend = f"pip install --upgrade {plugin.distribution}, or report it" if plugin else "please report it"
    return EdgedlaError(
        f"bug in {whose}: {type(error).__name__}: {error}",
        hint=f"{mend} with the log {log}{again}" if log else f"{mend}{again}",
    )


def _write_log(text: str) -> Path | None:
    from edgedla.artifacts import write_atomic
    from edgedla.cli.common import cache_dir

    log = cache_dir() / "logs" / "bug.log"
    try:
        write_atomic(log, f"{' '.join(sys.argv)}\n{text}".encode(errors="backslashreplace"))
    except OSError:
        return None
    return log
