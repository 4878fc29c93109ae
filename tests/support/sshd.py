"""A real ssh server on loopback, for one user and one key, with everything of it in a temporary folder."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SSHD = Path("/usr/sbin/sshd")
KEYGEN = Path("/usr/bin/ssh-keygen")
BUSYBOX = Path("/usr/bin/busybox")
PRIVILEGES = Path("/run/sshd")  # Debian's sshd wants it, as root
CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PrintMotd no
SetEnv {variables}
"""
CLIENT = """\
Host board
    HostName 127.0.0.1
    Port {port}
    User {user}
    IdentityFile {key}
    IdentitiesOnly yes
    UserKnownHostsFile {known}
"""


@dataclass(frozen=True)
class Server:
    """A server that listens; `config` is for `ssh -F`, in which it is called `board`."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    config: Path

    def sessions(self) -> list[int]:
        """Processes of connections that are open."""
        return [int(pid) for pid in _children(self.process.pid)]

    def drop(self) -> None:
        """End every connection, as if a cable were pulled out."""
        for session in self.sessions():
            for pid in [session, *map(int, _children(session))]:
                if _is_sshd(pid):
                    os.kill(pid, signal.SIGKILL)

    def client(self, name: str, **replaced: object) -> Path:
        """Another configuration for ssh, with other values."""
        path = self.folder / name
        path.write_text(_client(self.folder, {"port": self.port, **replaced}))
        return path


@contextmanager
def sshd(folder: Path, variables: Mapping[str, str], command: str = "") -> Iterator[Server]:
    """A server in `folder` whose sessions have these environment variables; it ends with the block.

    Instead of what a client asks for, its sessions run `command`, if there is one.
    """
    folder.mkdir()
    if os.geteuid() == 0:
        PRIVILEGES.mkdir(mode=0o755, exist_ok=True)
    for name in ("host_key", "key"):
        subprocess.run(
            [KEYGEN, "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", folder / name], check=True
        )
    shutil.copy(folder / "key.pub", folder / "authorized_keys")
    port = _free_port()
    words = " ".join(f'"{name}={value}"' for name, value in variables.items())
    config = CONFIG.format(folder=folder, port=port, variables=words)
    forced = f"ForceCommand {command}\n" if command else ""
    (folder / "sshd_config").write_text(config + forced)
    host_key = " ".join((folder / "host_key.pub").read_text().split()[:2])
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
    client = folder / "ssh_config"
    client.write_text(_client(folder, {"port": port}))
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "sshd_config"], stderr=log)
    server = Server(folder, port, process, client)
    try:
        _wait(server)
        yield server
    finally:
        server.drop()
        process.terminate()
        process.wait(10)


def _client(folder: Path, values: Mapping[str, object]) -> str:
    return CLIENT.format_map(
        {
            "user": getpass.getuser(),
            "key": folder / "key",
            "known": folder / "known_hosts",
            **values,
        }
    )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait(server: Server) -> None:
    for _ in range(200):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", server.port)) == 0:
                return
        assert server.process.poll() is None, (server.folder / "sshd.log").read_text()
        time.sleep(0.02)
    raise AssertionError((server.folder / "sshd.log").read_text())


def _children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def _is_sshd(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip().startswith("sshd")
    except OSError:
        return False


def applets(folder: Path) -> Path:
    """A folder with the programs of a board and no others: busybox under each of its names."""
    folder.mkdir()
    names = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True).stdout.split()
    for name in names:
        (folder / name).symlink_to(BUSYBOX)
    return folder
