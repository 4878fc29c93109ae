"""The one door to other programs: find, run, log, tail, time out, dry-run. Never through a shell."""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT, Popen
from typing import TYPE_CHECKING

from edgedla.errors import PrerequisiteError, ToolchainError
from edgedla.log import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import IO, Literal

PATIENCE = 5.0  # seconds between asking a program to stop and insisting
LINGER = 1.0  # seconds that the children of a finished program may still write


@dataclass(frozen=True)
class Completed:
    """A program that ran: exit status, or minus the signal that killed it; its log and last lines."""

    argv: tuple[str, ...]
    exit_code: int
    log: Path
    tail: tuple[str, ...] = ()


@dataclass
class Toolchain:
    """Runs programs: logs go to `<log_dir>/<name>.log`; a dry run only echoes what would be typed."""

    log_dir: Path
    dry_run: bool = False
    echo: Callable[[str], None] = lambda line: print(line, file=sys.stderr)  # noqa: T201 - talk goes to stderr

    def find(self, program: str, hint: str) -> Path:
        """Where a program is; where it is not on PATH, PrerequisiteError with `hint`: what brings it."""
        found = shutil.which(program)
        if found is None:
            raise PrerequisiteError(f"the program '{program}' is not on PATH", hint=hint)
        return Path(found).absolute()

    def run(  # noqa: PLR0913 - what a program needs to run; all but the first by name
        self,
        argv: Sequence[str | Path],
        *,
        name: str,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
        expect: Sequence[Path] = (),
        trust_exit: bool = True,
        stdin: Path | None = None,
        stdout: Path | None = None,
    ) -> Completed:
        """Run a program to its end, its output in the log and its whole process group under control.

        Args:
            argv: Program and arguments; a bare program name is looked up on PATH.
            name: Of the log; an older log of this name is replaced.
            cwd: Folder to run in; relative paths in `expect` start there too.
            env: Variables added to this process's own.
            timeout: Seconds after which the program and its children are stopped.
            expect: Files it must leave: there, not empty, and changed since it began.
            trust_exit: Whether the exit status counts; some vendor tools lie. If not, `expect` decides alone.
            stdin: File that it reads; where there is none, it has nothing to read.
            stdout: File that its output goes to, so that the log holds what it said on stderr alone.

        Raises:
            PrerequisiteError: There is no such program.
            ToolchainError: It did not start, failed, took too long or left no result, or has no log.
        """
        words = tuple(os.fspath(word) for word in argv)
        log_path = self.log_dir / f"{name}.log"
        if self.dry_run:
            variables = "".join(f"{key}={shlex.quote(value)} " for key, value in (env or {}).items())
            files = "".join(
                f" {sign} {shlex.quote(str(file))}" for sign, file in (("<", stdin), (">", stdout)) if file
            )
            self.echo(f"cd {shlex.quote(str(cwd))} && {variables}{quote(words)}{files}")
            return Completed(words, 0, log_path)
        wanted = {path: _stamp(cwd / path) for path in expect}
        with contextlib.closing(Log(log_path, words)) as log:
            with _interrupt_held() as release:
                with _opened(stdin, "rb") as source, _opened(stdout, "wb") as sink:
                    child = _Child(_start(words, cwd, {**os.environ, **(env or {})}, source, sink), log)
                code = child.finish(timeout, release)
            if code is None:
                log.fail(f"did not end within {timeout:g} s and was stopped")
            if code and trust_exit:
                log.fail(_ending(code))
            for path, before in wanted.items():
                if complaint := _missing(cwd / path, before):
                    log.fail(f"{_ending(code)} {'and' if code else 'but'} left {complaint} {path}")
            return Completed(words, code, log_path, log.tail)


def quote(argv: Sequence[str | Path]) -> str:
    """A command line as one would type it into a POSIX shell."""
    return shlex.join(os.fspath(word) for word in argv)


@contextlib.contextmanager
def _interrupt_held() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C back while a program starts, which nobody could stop yet; yields what lets it through."""
    before, pressed = signal.getsignal(signal.SIGINT), threading.Event()
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield lambda: None  # only the main thread is ever interrupted, and not where the signal is ignored
        return

    def release() -> None:
        signal.signal(signal.SIGINT, before)
        if pressed.is_set():
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, lambda *_: pressed.set())
    try:
        yield release
    finally:
        signal.signal(signal.SIGINT, before)


class _Child:
    """A running program, the leader of its own process group, whose output goes to a log."""

    def __init__(self, process: Popen[bytes], log: Log) -> None:
        pipe = process.stdout or process.stderr
        assert pipe is not None
        self._process = process
        self._pipe = pipe
        self._log = log
        self._open = True
        self._poll = select.poll()
        self._poll.register(self._pipe, select.POLLIN)

    def finish(self, timeout: float | None, release: Callable[[], None]) -> int | None:
        """The exit status, `None` where the time ran out. No process of the group is left either way."""
        try:
            release()
            in_time = self._follow(timeout)
            if not in_time:
                self._stop(signal.SIGTERM)
        except KeyboardInterrupt:
            self._stop(signal.SIGINT, signal.SIGTERM)
            raise
        finally:
            self._kill()
        return self._process.returncode if in_time else None

    def _stop(self, *signals: signal.Signals) -> None:
        for each in signals:
            os.killpg(self._process.pid, each)
            if self._follow(PATIENCE):
                return

    def _follow(self, timeout: float | None) -> bool:
        """Copy output to the log until the program has ended and its pipe is closed, or time is up."""
        deadline = None if timeout is None else time.monotonic() + timeout
        lingering = None
        while True:
            self._copy(0.05)
            now = time.monotonic()
            if lingering is None and self._ended():
                lingering = now + LINGER
            if lingering is not None and (not self._open or now > lingering):
                return True
            if lingering is None and deadline is not None and now > deadline:
                return False

    def _copy(self, seconds: float) -> None:
        if not self._open:
            time.sleep(0.01)  # the program has closed its output and works on
        elif self._poll.poll(seconds * 1000):
            chunk = os.read(self._pipe.fileno(), 65536)
            self._log.write(chunk)
            self._open = bool(chunk)

    def _ended(self) -> bool:
        # Not reaped: until then its process group exists, and nobody else can get the number.
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._pipe.close()


@contextlib.contextmanager
def _opened(path: Path | None, mode: Literal["rb", "wb"]) -> Iterator[IO[bytes] | None]:
    if path is None:
        yield None
        return
    try:
        file = path.open(mode)
    except OSError as error:
        raise ToolchainError(f"{path}: cannot be opened: {error.strerror}") from error
    with file:
        yield file


def _start(
    argv: tuple[str, ...],
    cwd: Path,
    env: Mapping[str, str],
    stdin: IO[bytes] | None,
    stdout: IO[bytes] | None,
) -> Popen[bytes]:
    try:
        return Popen(  # noqa: S603 - a list of words, no shell
            argv,
            cwd=cwd,
            env=env,
            stdin=stdin or DEVNULL,
            stdout=stdout or PIPE,
            stderr=PIPE if stdout else STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        found = shutil.which(cwd / argv[0] if "/" in argv[0] else argv[0], path=env.get("PATH"))
        if isinstance(error, FileNotFoundError) and cwd.is_dir() and found is None:
            raise PrerequisiteError(f"there is no program '{argv[0]}'") from error
        raise ToolchainError(f"cannot start {argv[0]}: {_reason(error, cwd)}", argv=argv) from error


def _reason(error: OSError | ValueError, cwd: Path) -> str:
    if not cwd.is_dir():
        return f"there is no folder {cwd} to run it in"
    if isinstance(error, FileNotFoundError):
        return "the interpreter in its first line, or its loader, does not exist"
    return getattr(error, "strerror", None) or str(error)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written; `None` where there is no file."""
    if not path.is_file():
        return None
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _missing(path: Path, before: tuple[int, int, int] | None) -> str:
    """What is wrong with a file that had to be written; empty where nothing is."""
    if (after := _stamp(path)) is None:
        return "no"
    if after == before:
        return "the old"
    return "" if after[1] else "an empty"


def _ending(code: int) -> str:
    if code < 0:
        return f"was killed by {_signal_name(-code)}"
    # A shell, and docker, report the death of what they ran as 128 + the signal.
    inner = f" (128 + {_signal_name(code - 128)})" if code - 128 in set(signal.Signals) else ""
    return f"exited with {code}{inner}"


def _signal_name(number: int) -> str:
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    return f"{name}; out of memory?" if number == signal.SIGKILL else name
