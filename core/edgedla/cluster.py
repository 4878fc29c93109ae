"""The same evaluation on a Dask cluster, whose workers open bundle and clips by the same paths as here.

What a worker says of a clip does not depend on which one says it: all have the same code and libraries, which
is checked, and a piece of work whose worker dies is done again by another.
"""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from edgedla import fingerprint
from edgedla.errors import DeviceError, PrerequisiteError, UsageError
from edgedla.requirement import Requirement
from edgedla.rungs import CHUNK, Rungs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edgedla.dataset import Clip
    from edgedla.rungs import Reply

DASK = Requirement(
    kind="package",
    name="distributed",
    purpose="evaluating on a cluster",
    hint="pip install 'edgedla[dask]'",
)
PATIENCE = 30
"""Seconds to wait for the scheduler, and for its first worker."""


@dataclass(frozen=True)
class Work:
    """What workers open: a bundle by its path, and the rungs to ask."""

    root: Path
    checkpoint: Path | None
    rungs: tuple[str, ...]
    code: str

    @classmethod
    def of(cls, root: Path, checkpoint: Path | None, rungs: Sequence[str]) -> Work:
        """Work on the bundle in `root` by workers with the code of this process."""
        return cls(root.absolute(), checkpoint and checkpoint.absolute(), tuple(rungs), fingerprint.core())


def answers(address: str, work: Work, clips: Sequence[Clip]) -> Iterator[Reply]:
    """Replies in the order of the clips, as `Rungs.answers` gives them.

    Raises:
        PrerequisiteError: Dask is not installed.
        DeviceError: No scheduler or no worker is there, or workers die over and over.
        EdgedlaError: What a worker cannot do, in its own words.
    """
    DASK.check()
    from distributed import Client, KilledWorker

    _check_address(address)
    chunks = [tuple(clips[at : at + CHUNK]) for at in range(0, len(clips), CHUNK)]
    try:
        client: Any = Client(address, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:  # something else listens there, or another version
        raise DeviceError(
            f"--scheduler {address}: {error}", hint="is it the address of a scheduler?"
        ) from None
    with client:
        _await_workers(client, address)
        futures = client.map(_answer, [work] * len(chunks), chunks, pure=False)
        try:
            for future in futures:
                yield from future.result()
        except KilledWorker as error:
            raise DeviceError(
                f"--scheduler {address}: workers died over the same piece of work: {error}",
                hint="their own logs say why; often it is memory: give each worker fewer threads",
            ) from None
        finally:
            client.cancel(futures)


def _check_address(address: str) -> None:
    """Whether anything listens: Dask itself asks for half a minute, and says of a typing error no more."""
    parts = urlsplit(address)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if parts.scheme not in ("tcp", "tls") or not host or not port:
        raise UsageError(
            f"--scheduler {address}: no address of a scheduler",
            hint="as the scheduler prints it: tcp://HOST:8786",
        )
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except OSError as error:
        raise DeviceError(
            f"--scheduler {address}: no scheduler answers: {error.strerror or error}",
            hint="dask scheduler starts one, dask worker ADDRESS a worker",
        ) from None


def _await_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise DeviceError(
            f"--scheduler {address}: it has no worker", hint=f"dask worker {address} starts one"
        ) from None


_opened: dict[Work, Rungs] = {}
_opening = threading.Lock()


def _answer(work: Work, clips: tuple[Clip, ...]) -> list[Reply]:
    """One piece of work, in a worker."""
    with _opening:
        if work not in _opened:
            _opened[work] = _open(work)
    return _opened[work].answer(clips)


def _open(work: Work) -> Rungs:
    import os

    from edgedla.config import Config
    from edgedla.workspace import Workspace

    place = f"worker on {socket.gethostname()}"
    if fingerprint.core() != work.code:
        raise PrerequisiteError(
            f"{place}: its edgedla or a library is of another version",
            hint="install the same versions there: pip install -c constraints.txt 'edgedla[dask]'",
        )
    if not work.root.is_dir():
        raise UsageError(
            f"{place}: there is no {work.root}", hint="workers need bundle and recordings at the same paths"
        )
    from pathlib import Path

    space = Workspace(Config.load(cwd=Path.cwd(), environ=os.environ))
    bundle = space.open(work.root, "edgedla build")
    context = space.reopen(bundle, work.checkpoint, _silent)
    return Rungs.open(context, work.rungs, os.cpu_count() or 1, bundle.network)


def _silent(_: str) -> None:
    """Workers have nobody to talk to."""
