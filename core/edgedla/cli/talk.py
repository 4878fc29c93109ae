"""Data to stdout, talk to stderr; with `--json` one object on stdout and nothing else."""

from __future__ import annotations

import os
import re
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar

from edgedla.cli.stdout import Stdout
from edgedla.errors import INTERRUPTED, EdgedlaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

HEARTBEAT_SECONDS = 30.0
RED, YELLOW = "1;31", "33"  # ECMA-48, select graphic rendition
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CONTROL_OR_BREAK = re.compile(r"[\x00-\x1f\x7f-\x9f]")


BUILDING = {"build", "run", "compare", "bench", "eval", "robustness", "report"}
"""Verbs that build what is not there; interrupted, they go on where they were."""


class StoppedError(EdgedlaError):
    """The user, or whoever stops processes, has had enough."""

    exit_code = INTERRUPTED
    code = "interrupted"

    def __init__(self, hint: str | None = None) -> None:
        super().__init__("interrupted", hint=hint)


class Talk:
    """What one verb says: `data` and `warnings` for `--json`, tables and lines for people."""

    begun: ClassVar[bool] = False  # whether a verb of this process answers for itself

    def __init__(
        self,
        verb: str,
        stdout: Stdout,
        *,
        as_json: bool = False,
        verbosity: int = 0,
        color: bool = True,
        debug: bool = False,
    ) -> None:
        Talk.begun = True
        self.verb = verb
        self.as_json = as_json
        self.verbosity = verbosity
        self.debug = debug
        self.data: dict[str, Any] = {}
        self.warnings: list[str] = []
        self._stdout = stdout
        self._color = color and _wants_color()
        self._hushed = False

    @property
    def terminal(self) -> bool:
        """Whether a person reads stdout."""
        return not self.as_json and self._stdout.terminal

    def say(self, text: str) -> None:
        """A line for people, left out with `-q`."""
        if self.verbosity >= 0:
            self._tell(text)

    def detail(self, text: str) -> None:
        """A line for people who asked for more with `-v`."""
        if self.verbosity > 0:
            self._tell(text)

    def trace(self, text: str) -> None:
        """A line for people who asked for all with `-vv`."""
        if self.verbosity > 1:
            self._tell(text)

    def warn(self, text: str) -> None:
        """Something that went on but should be known; said once, however often it comes up."""
        if text in self.warnings:
            return
        self.warnings.append(text)
        self._tell(f"warning: {text}", YELLOW)

    def print(self, text: str) -> None:
        """Data as it stands, and a line end."""
        if not self.as_json and not self._hushed:
            self._stdout.write(f"{text}\n")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Rows of data: a table on a terminal, lines with tabs off it."""
        plain = [[_escape(cell, _CONTROL_OR_BREAK) for cell in row] for row in rows]
        if self.terminal:
            self._stdout.write(_tabulate(columns, plain, self._stdout.width, color=self._color))
        else:
            for row in plain:
                self.print("\t".join(row))

    @contextmanager
    def busy(self, text: str) -> Iterator[Callable[[str], None]]:
        """Long work: a spinner on a terminal, off it a heartbeat line every half minute.

        Gives a function that says what is at work now.
        """
        if self.verbosity < 0:
            yield lambda _: None
        elif _lively():
            from rich.console import Console

            with Console(stderr=True, no_color=not self._color, markup=False).status(text) as status:
                yield status.update
        else:
            with _heartbeat(text, self.say) as update:
                yield update

    @contextmanager
    def progress(self, text: str) -> Iterator[Callable[[float, str], None]]:
        """Long work that knows how far it is: a bar on a terminal, off it a heartbeat like `busy`.

        Gives a function that takes the share that is done, 0 to 1, and what is at work now.
        """
        if self.verbosity < 0 or not _lively():
            with self.busy(text) as update:
                yield lambda share, now: update(f"{text}, {share:.0%} done: {now}")
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, no_color=not self._color, markup=False)
        columns = (
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
        )
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(text, total=1.0)
            yield lambda share, now: bar.update(task, completed=share, description=now)

    def hush(self) -> None:
        """Say and print nothing from here on: another process of the same command speaks for all."""
        self.verbosity = -1
        self._hushed = True

    def fail(self, error: EdgedlaError) -> None:
        """Say what happened, why, and what to type next."""
        self._tell(f"error: {error.message}", RED)
        for line in getattr(error, "tail", ()):
            self._tell(f"  | {line}")
        if log := getattr(error, "log", None):
            self._tell(f"log:  {log}")
        if error.hint:
            self._tell(f"hint: {error.hint}")

    def finish(self, exit_code: int, error: EdgedlaError | None) -> None:
        """The JSON object, if it was asked for.

        Raises:
            TypeError: `data` holds what JSON does not know.
            ValueError: `data` holds a number that is none, or itself.
        """
        if not self.as_json or self._hushed:
            return
        import json

        failure = error and {"code": error.code, "message": error.message, "hint": error.hint}
        answer = {
            "schema": f"edgedla.{self.verb}/1",
            "ok": exit_code == 0,
            "exit_code": exit_code,
            "data": self.data,
            "warnings": self.warnings,
            "error": failure,
        }
        text = json.dumps(answer, indent=2, ensure_ascii=not self._stdout.unicode, allow_nan=False)
        self._stdout.write(f"{text}\n")

    def _tell(self, text: str, style: str = "") -> None:
        shown = _escape(text, _CONTROL).replace("\n", "\n  ")
        with suppress(OSError, ValueError):  # talk that nobody can hear is no failure
            sys.stderr.write(f"\x1b[{style}m{shown}\x1b[0m\n" if style and self._color else f"{shown}\n")
            sys.stderr.flush()


def refuse(words: Sequence[str], verb: str, error: EdgedlaError) -> int:
    """Answer a command line that did not get as far as a verb; the exit status."""
    own = words[: words.index("--")] if "--" in words else words
    talk = Talk(verb or "usage", Stdout(), as_json="--json" in own, color="--no-color" not in own)
    talk.fail(error)
    talk.finish(error.exit_code, error)
    return error.exit_code


def _lively() -> bool:
    """Whether stderr is a terminal on which lines may be written anew."""
    return sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"


def _wants_color() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _escape(text: str, control: re.Pattern[str]) -> str:
    """`text` with control characters as Python writes them: a file's name may hold any."""
    return control.sub(lambda found: repr(found[0])[1:-1], text)


def _tabulate(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, *, color: bool) -> str:
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold" if color else "")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # as Text, so that `[bold]` and `:smile:` in a name stay what they are
    text = StringIO()
    Console(file=text, force_terminal=True, width=width, color_system="standard" if color else None).print(
        table
    )
    return text.getvalue()


@contextmanager
def _heartbeat(text: str, say: Callable[[str], None]) -> Iterator[Callable[[str], None]]:
    now, ended = [text], threading.Event()

    def loop() -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            say(f"{now[-1]}: still at work")

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield now.append
    finally:
        ended.set()
        thread.join()
