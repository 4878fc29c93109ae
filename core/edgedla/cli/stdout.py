"""The process's stdout, kept clean: data goes there and nothing else."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stdout:
    """Where data goes, unbuffered, so that whoever reads a pipe sees each line when it is known."""

    def __init__(self) -> None:
        self._stream = sys.stdout
        self._descriptor: int | None = None
        self._encoding = self._stream.encoding or "utf-8"
        self.terminal = self._stream.isatty()
        self.width = shutil.get_terminal_size().columns

    @property
    def unicode(self) -> bool:
        """Whether every character can be written."""
        return self._encoding.lower().replace("-", "") == "utf8"

    def write(self, text: str) -> None:
        """Write all of a text; what the encoding lacks, a file name that is no text among it, as an escape.

        Raises:
            BrokenPipeError: Whoever read it has left.
            UsageError: It cannot be written.
        """
        data = text.encode(self._encoding, "backslashreplace")
        try:
            self._write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise UsageError(
                f"cannot write to stdout: {error.strerror}", hint="send it to a place with room"
            ) from None

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Meanwhile what anybody else prints to stdout, C libraries included, goes to stderr."""
        try:
            number = self._stream.fileno()
            self._descriptor = os.dup(number)
        except (OSError, ValueError):  # a stand-in without a descriptor
            with redirect_stdout(sys.stderr):
                yield
            return
        with suppress(OSError, ValueError):
            os.dup2(sys.stderr.fileno(), number)
        try:
            yield
        finally:
            with suppress(OSError):
                self._stream.flush()
            os.dup2(self._descriptor, number)
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, data: bytes) -> None:
        if self._descriptor is None:
            self._stream.write(data.decode(self._encoding))
            self._stream.flush()
            return
        while data:
            data = data[os.write(self._descriptor, data) :]
