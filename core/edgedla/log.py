"""The log of a program: all of its output in a file, and its last lines as plain text at hand."""

from __future__ import annotations

import codecs
import contextlib
import re
import shlex
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla.errors import ToolchainError

if TYPE_CHECKING:
    from typing import NoReturn

TAIL_LINES = 20
LINE_LIMIT = 2000  # characters of one line that the tail keeps
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # ECMA-48 control sequences: colour, cursor
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # operating system commands: window title
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # everything else that is no text; tab is
)


class Log:
    """The output of one program: all of it in a file, its last lines, as plain text, at hand."""

    def __init__(self, path: Path, argv: tuple[str, ...]) -> None:
        self._path = path
        self._argv = argv
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._lines: deque[str] = deque(maxlen=TAIL_LINES)
        self._rest = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            self._refuse(error)
        self._append(f"{shlex.join(argv)}\n")

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines, as plain text."""
        return (*self._lines, *filter(None, [plain(self._rest)]))[-TAIL_LINES:]

    def write(self, chunk: bytes) -> None:
        """Add what the program has written, as soon as it is there."""
        text = self._decode(chunk)
        self._append(text)
        *lines, rest = (self._rest + text).split("\n")
        self._lines.extend(plain(line) for line in lines[-TAIL_LINES:])
        self._rest = rest[-LINE_LIMIT:]

    def fail(self, ending: str) -> NoReturn:
        """Say how the program ended, with all that helps to find out why."""
        message = f"{Path(self._argv[0]).name} {ending}"
        raise ToolchainError(message, argv=self._argv, log=self._path, tail=self.tail)

    def close(self) -> None:
        """Nothing more will come."""
        with contextlib.suppress(OSError):  # `_append` has flushed, or has said why it could not
            self._file.close()

    def _append(self, text: str) -> None:
        try:
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            self.close()
            self._refuse(error)

    def _refuse(self, error: OSError) -> NoReturn:
        raise ToolchainError(f"cannot write the log {self._path}: {error.strerror}") from error


def plain(line: str) -> str:
    """One line as it would be read on a screen, without control sequences."""
    # A progress bar overwrites its line.
    return _CONTROL.sub("", line.rstrip("\r").rsplit("\r", 1)[-1])[-LINE_LIMIT:].rstrip()
