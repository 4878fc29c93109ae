"""What a stage, a converter and a target are handed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from edgedla.artifacts import WORK, Gate, Rung, write_atomic
from edgedla.clips import ClipHash, clip_hash, feed_hash
from edgedla.errors import UsageError
from edgedla.render import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from jinja2 import Environment

    from edgedla.artifacts import Store
    from edgedla.converter import Converter
    from edgedla.model import Model
    from edgedla.runner import Feed
    from edgedla.spec import ModelSpec, Verdict
    from edgedla.target import Target
    from edgedla.toolchain import Completed, Toolchain

VERIFY_SAMPLES = 20
CALIBRATION_SAMPLES = 100
# Where a stage's files stand in the bundle.
FOLDERS = {"export": "onnx", "simplify": "onnx", "convert": "convert", "codegen": "src", "compile": "bin"}


class Hooks(Protocol):
    """The plugin hooks a stage may call; implemented by `edgedla.plugins.Plugins`."""

    def samples(self, model: Model[Any], limit: int) -> Iterable[Feed] | None:
        """Calibration inputs of a plugin, `None` where none answers."""
        ...

    def judge(
        self, model: Model[Any], reference: Sequence[Feed], candidate: Sequence[Feed]
    ) -> Verdict | None:
        """A plugin's verdict, `None` where none answers."""
        ...

    def configure_jinja(self, env: Environment) -> None:
        """Let plugins add filters."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What a stage made: files by kind in the order made, and what it measured."""

    files: tuple[tuple[str, Path], ...] = ()
    gates: tuple[Gate, ...] = ()
    rungs: tuple[Rung, ...] = ()


@dataclass
class Context:
    """One build: the plugins taking part, the output folder, and what has been made so far."""

    model: Model[Any]
    target: Target[Any]
    spec: ModelSpec
    route: tuple[type[Converter], ...]
    checkpoint: Path | None
    calibration_files: tuple[Path, ...]
    store: Store
    tools: Toolchain
    hooks: Hooks
    cache: Path
    template_folder: Path | None = None
    report: Callable[[str], None] = print
    running: str = ""
    left: list[tuple[str, Path]] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    calibrated: list[ClipHash] = field(default_factory=list)  # all that a quantiser has seen
    _samples: list[Feed] = field(default_factory=list)

    def dir(self, stage: str) -> Path:
        """The running stage's scratch folder, or the folder where a finished stage's files stand."""
        if stage == self.running:
            return self.store.root / WORK / stage
        return self.store.root / FOLDERS.get(stage, stage)

    def artifact(self, kind: str) -> Path:
        """The newest artifact of this kind."""
        return self.store.path(kind)

    def run(
        self, *argv: str | Path, cwd: Path | None = None, timeout: float | None = None, log: str = ""
    ) -> Completed:
        """Run another program in the running stage's folder; its log has the name of the stage, or `log`."""
        name = log or self.running
        return self.tools.run(argv, name=name, cwd=cwd or self.dir(self.running), timeout=timeout)

    def render(
        self, package: str, names: Sequence[str], values: Mapping[str, object] | None = None
    ) -> list[Path]:
        """Generate each of `names` from `<name>.j2` of a template package into the running stage's folder.

        Templates see `spec` (ModelSpec), `model` and `target` (their names), and `values`.
        """
        known = {"spec": self.spec, "model": self.model.name, "target": self.target.name, **(values or {})}
        paths = []
        for name in names:
            text = render(
                f"{name}.j2",
                known,
                package=package,
                override=self.template_folder,
                configure=self.hooks.configure_jinja,
            )
            paths.append(self.dir(self.running) / name)
            write_atomic(paths[-1], text.encode())
        return paths

    def leave(self, kind: str, path: Path) -> None:
        """Keep a file that a converter made beside its result, as an artifact of this kind."""
        self.left.append((kind, path))

    def warn(self, text: str) -> None:
        """Say what the user should know though the stage goes on, now and whenever it is reused."""
        self.warned.append(text)

    def samples(self) -> list[Feed]:
        """The model's own inputs for verification, read once per build.

        Raises:
            UsageError: The model has none, so that nothing can be verified.
        """
        if not self._samples:
            self._samples = list(itertools.islice(self.model.samples(VERIFY_SAMPLES), VERIFY_SAMPLES))
        if not self._samples:
            raise UsageError(
                f"model '{self.model.name}' has no samples, so nothing can be verified",
                hint="let samples() of the model plugin yield real inputs",
            )
        return self._samples

    def calibration(self, limit: int = CALIBRATION_SAMPLES) -> Iterable[Feed]:
        """Inputs for a quantiser: the user's `--calib` files, else a plugin's, else the model's own.

        What is taken of them is noted in `calibrated`.
        """
        if self.calibration_files:
            return map(self._read_noted, self.calibration_files[:limit])
        other = self.hooks.samples(self.model, limit)
        return map(
            self._noted, self.model.calibration(limit) if other is None else itertools.islice(other, limit)
        )

    def _read_noted(self, path: Path) -> Feed:
        feed = self.model.preprocess(path)
        self.calibrated.append(clip_hash(path, feed))
        return feed

    def _noted(self, feed: Feed) -> Feed:
        self.calibrated.append(ClipHash(feed=feed_hash(feed)))
        return feed
