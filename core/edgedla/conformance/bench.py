"""Where a rule tries things out: a scratch folder, and the command line in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgedla import __version__
from edgedla.conformance import companion
from edgedla.toolchain import Toolchain

ODD = "wörk, 工作 'n' more"  # a folder as some people have them: blanks, quotes, letters beyond ASCII
PATIENCE = 1800.0  # seconds that one command may take
DISTRIBUTION = "conformance-kit-of-edgedla"  # no plugin is called so: theirs begin with edgedla-
METADATA = f"Metadata-Version: 2.1\nName: {DISTRIBUTION}\nVersion: {__version__}\n"
ENTRY_POINT = f"[edgedla]\nedgedla.conformance = {companion.__name__}\n"


@dataclass(frozen=True)
class Ran:
    """A command that ended: exit status and both streams."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The object on stdout."""
        return json.loads(self.out)

    @property
    def failure(self) -> str:
        """What it said of its failure, in one line."""
        try:
            error = json.loads(self.out)["error"]
        except (ValueError, LookupError, TypeError):
            error = None
        lines = self.err.strip().splitlines()
        said = error["message"] if error else (lines[-1] if lines else "nothing was said")
        return f"exit {self.code}: {' '.join(said.split())}"


@dataclass
class Bench:
    """A scratch folder; the commands run in it see the plugins that this process sees."""

    folder: Path
    _kept: dict[str, Any] = field(default_factory=dict)

    def install_companion(self) -> None:
        """Let the commands see the kit's own plugin too, and make the folder with the odd name."""
        info = self.folder / "kit" / f"{DISTRIBUTION.replace('-', '_')}-{__version__}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(METADATA)
        (info / "entry_points.txt").write_text(ENTRY_POINT)
        self.odd.mkdir()

    @property
    def odd(self) -> Path:
        """A folder with a name that programs stumble over."""
        return self.folder / ODD

    def edgedla(self, *words: str | Path, cwd: Path | None = None, interrupt: str = "") -> Ran:
        """Run one command line; `interrupt` names the stage of a build in which Ctrl-C is pressed."""
        note = self.folder / "sent"
        note.unlink(missing_ok=True)
        number = signal.SIGTERM if signal.getsignal(signal.SIGINT) == signal.SIG_IGN else signal.SIGINT
        env = {companion.VARIABLE: f"{interrupt}:{number:d}:{note}" if interrupt else ""}
        return self.python("-m", "edgedla", *words, cwd=cwd, env=env)

    @property
    def interrupted(self) -> bool:
        """Whether the last command was sent its signal before it ended."""
        return (self.folder / "sent").exists()

    def python(self, *words: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> Ran:
        """Run a fresh interpreter, away from any configuration, and without this folder on its path."""
        count = len(list(self.folder.glob("logs/*.out")))
        tools, out = Toolchain(self.folder / "logs"), self.folder / f"logs/{count}.out"
        out.parent.mkdir(exist_ok=True)
        done = tools.run(
            [sys.executable, "-P", *words],
            name=f"{count}",
            cwd=cwd or self.folder,
            env=self._environment() | (env or {}),
            timeout=PATIENCE,
            trust_exit=False,
            stdout=out,
        )
        said = done.log.read_text(errors="replace").partition("\n")[2]  # the first line is the command
        return Ran(done.exit_code, out.read_text(errors="replace"), said)

    def once(self, key: str, make: Any) -> Any:
        """What `make` returns, made when it is first asked for: builds are expensive."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def _environment(self) -> dict[str, str]:
        own = [os.path.abspath(place) for place in sys.path if place and not _comes_with_python(place)]  # noqa: PTH100 - a path of `sys.path` may be a file
        return {
            "PYTHONPATH": os.pathsep.join([str(self.folder / "kit"), *own]),
            "PYTHONDONTWRITEBYTECODE": "1",  # a plugin's folder is compared with what it was
            "EDGEDLA_STRICT_PLUGINS": "false",  # another plugin may be broken
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }


def _comes_with_python(place: str) -> bool:
    return any(
        Path(place).is_relative_to(prefix) for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix}
    )
