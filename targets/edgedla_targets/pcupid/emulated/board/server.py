"""The emulated board: a Unix socket in a folder of its own, and a thread for each program that comes."""

from __future__ import annotations

import contextlib
import select
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.emulated.console import CHIP

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

PATH_LIMIT = 100  # bytes of a path that every system takes for a socket
VARIABLE = "EDGEDLA_BOARD"


class Board:
    """Runs emulated images for programs that are linked with edgedla's own libmi_sys and libmi_ipu.

    with Board() as board:
        run a program with `board.environment`, then look at `board.faults`
    """

    def __init__(self, chip: str = CHIP) -> None:
        from edgedla_targets.pcupid.emulated.board.images import Images

        self._images = Images(chip)
        self._faults: list[str] = []
        self._running: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._folder = _short_folder()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder / "board"))
        self._listener.listen()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        with self._lock:
            running = dict(self._running)
        for connection in running:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in running.values():
            thread.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def environment(self) -> dict[str, str]:
        """Variables for the program."""
        return {VARIABLE: str(self._folder / "board")}

    @property
    def faults(self) -> list[str]:
        """All that the board has objected to so far: the call, and a sentence.

        Programs that have ended are all in it, with what they left behind.
        """
        with self._lock:
            ended = [thread for connection, thread in self._running.items() if _hung_up(connection)]
        for thread in ended:
            thread.join()
        return list(self._faults)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            with self._lock:
                self._running[connection] = thread
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        from edgedla_targets.pcupid.emulated.board.program import Program
        from edgedla_targets.pcupid.emulated.board.wire import Link

        try:
            Program(Link(connection), self._images, self._faults.append).serve()
        except Exception as error:  # noqa: BLE001 - one program's calls never end the board for the others
            self._faults.append(
                f"the emulator itself failed, please report it: {type(error).__name__}: {error}"
            )
        finally:
            with self._lock:
                del self._running[connection]
                connection.close()


def _hung_up(connection: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connection, 0)  # the end of the other side is always reported
    return bool(poll.poll(0))


def _short_folder() -> Path:
    for parent in (None, "/tmp"):  # noqa: S108 - a folder of its own in it, for this user only
        folder = Path(tempfile.mkdtemp(prefix="edla-", dir=parent))
        if len(bytes(folder / "board")) < PATH_LIMIT:
            return folder
        folder.rmdir()
    return folder
