"""A bundle, a host for it behind a real ssh server on loopback, and the emulated board on that host."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edgedla.artifacts import MANIFEST, Manifest, read_json, sha256, to_json
from edgedla.config import Config
from edgedla.deployment import Place
from edgedla.errors import DeviceError, EdgedlaError, UsageError
from edgedla.toolchain import Toolchain
from edgedla.workspace import Workspace
from sshd import sshd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edgedla.deployment import Deployment
    from edgedla_targets.pcupid.emulated.board import Board
    from sshd import Server

FOLDER = "a 'board' of $HOME"
IMAGE, PROGRAM = "convert/eat.img", "bin/prog_sed_eat"


@dataclass(frozen=True)
class Bench:
    """What a deployment needs; the host is this machine, with the programs of a board."""

    bundle: Path
    host: Server
    board: Board
    programs: Path
    folder: Path

    @property
    def there(self) -> Path:
        """The folder on the host."""
        return self.folder / FOLDER

    @property
    def links(self) -> dict[str, str]:
        """Names of links there, and the releases they lead to."""
        return {path.name: path.readlink().name for path in self.there.iterdir() if path.is_symlink()}

    @property
    def releases(self) -> set[str]:
        """What is in the folder of releases."""
        return {path.name for path in (self.there / "releases").iterdir()}

    def words(self, bundle: Path | None = None, host: Server | None = None) -> list[str]:
        """A command line that deploys."""
        config = (host or self.host).config
        place = ["--host", "board", "--ssh-config", str(config), "--dir", str(self.there)]
        return ["deploy", "--bundle", str(bundle or self.bundle), *place]

    def start(self, bundle: Path | None = None, host: Server | None = None) -> subprocess.Popen[bytes]:
        """The same as a process that is at work."""
        return subprocess.Popen(
            [sys.executable, "-m", "edgedla", *self.words(bundle, host)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def put(
        self,
        bundle: Path | None = None,
        host: Server | None = None,
        *,
        there: str = "",
        config: Path | None = None,
        keep: int = 3,
    ) -> Deployment:
        """Deploy in this process."""
        root = bundle or self.bundle
        opened = Workspace(Config.load(cwd=self.folder, environ=os.environ)).open(root, "")
        config = config or (host or self.host).config
        tools = Toolchain(log_dir=root / "logs")
        place = Place("board", there or str(self.there), config, keep, tools, lambda _: None)
        done: Deployment | None = opened.target.deploy(opened, place)
        assert done is not None
        return done

    def refused(
        self,
        bundle: Path | None = None,
        host: Server | None = None,
        *,
        there: str = "",
        config: Path | None = None,
    ) -> EdgedlaError:
        """Why nothing was copied."""
        with pytest.raises((DeviceError, UsageError)) as caught:
            self.put(bundle, host, there=there, config=config)
        assert not Path(there or self.there).exists()
        return caught.value

    def another(self, name: str = "another") -> Path:
        """A second build: as the first, but for what follows the samples of a golden recording."""
        copy = self.bundle.with_name(name)
        shutil.copytree(self.bundle, copy)
        return changed(copy, "src/golden/clip_1.wav", lambda data: data + name.encode())

    @contextlib.contextmanager
    def other_host(
        self, *, board: Path | str | None = None, programs: Path | None = None, command: str = ""
    ) -> Iterator[Server]:
        """A host with another board (empty: none), with `programs` before its own, or with one command."""
        path = f"{programs}:{self.programs}" if programs else str(self.programs)
        variables = {"PATH": path}
        if board != "":
            variables["EDGEDLA_BOARD"] = str(board or self.board.environment["EDGEDLA_BOARD"])
        folder = Path(tempfile.mkdtemp(prefix="host-", dir=self.folder))
        with sshd(folder / "sshd", variables, command) as server:
            yield server

    @contextlib.contextmanager
    def failing_host(self, before: Callable[[int], bool]) -> Iterator[Server]:
        """A host whose board is behind a relay; `before(n)` says whether connection n goes through."""
        with Relay(self.board, before) as path, self.other_host(board=path) as server:
            yield server


def changed(bundle: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """The bundle with one artifact changed, as another build would have it."""
    manifest = read_json(bundle / MANIFEST, Manifest, "")
    path = bundle / name
    path.write_bytes(change(path.read_bytes()))
    now = {"sha256": sha256(path), "size": path.stat().st_size}
    artifacts = tuple(
        each.model_copy(update=now) if each.path == name else each for each in manifest.artifacts
    )
    assert artifacts != manifest.artifacts
    (bundle / MANIFEST).write_bytes(to_json(manifest.model_copy(update={"artifacts": artifacts})))
    return bundle


class Relay:
    """A socket before that of a board, which lets connections through or not."""

    def __init__(self, board: Board, before: Callable[[int], bool]) -> None:
        self._real = board.environment["EDGEDLA_BOARD"]
        self._before = before

    def __enter__(self) -> Path:
        # Beside the real one, whose folder has a name that is short enough for sockets.
        self._folder = Path(tempfile.mkdtemp(dir=Path(self._real).parent))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder / "s"))
        self._listener.listen()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self._folder / "s"

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()
        shutil.rmtree(self._folder)

    def _accept(self) -> None:
        for count in range(1, 100):
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            thread = threading.Thread(target=self._serve, args=(client, count), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, client: socket.socket, count: int) -> None:
        with client, socket.socket(socket.AF_UNIX) as real:
            if not self._before(count):
                return
            real.connect(self._real)
            back = threading.Thread(target=_pump, args=(real, client), daemon=True)
            back.start()
            _pump(client, real)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def script(path: Path, text: str) -> None:
    """An executable shell script."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)


def wait_for(condition: Callable[[], bool]) -> None:
    """Come back when it holds."""
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it has not come to that")
