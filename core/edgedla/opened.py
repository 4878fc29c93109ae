"""A bundle from Python: opened once, asked many times."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from edgedla.model import Model
    from edgedla.runner import Feed, Runner
    from edgedla.spec import ModelSpec, Prediction
    from edgedla.workspace import Workspace


@dataclass(frozen=True)
class OpenBundle:
    """A bundle at work. It may be asked from several threads; closing it frees what it holds."""

    root: Path
    spec: ModelSpec
    model: Model[Any]
    runner: Runner

    def predict(self, path: Path) -> Prediction:
        """What the network says of a file.

        Raises:
            UsageError: The file cannot be read; names it and the reason.
        """
        from edgedla.predict import answered

        return answered(self.model, self.run(self.model.preprocess(path)), path)

    def run(self, feed: Feed) -> Feed:
        """All outputs for one set of inputs, with the names, shapes and dtypes of `spec`."""
        return self.runner.run(feed)

    def close(self) -> None:
        """Free what it holds; calling it twice does nothing."""
        self.runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_bundle(root: Path | str, *, jobs: int = 1) -> OpenBundle:
    """The bundle that a build has left in `root`, for `jobs` calls at once.

    Options of the target that belong to this machine, as where its programs are, come from the environment
    and configuration files, as for the command line.

    Raises:
        UsageError: There is no bundle, it is damaged, or nothing on this machine runs it.
        PrerequisiteError: A plugin that made it is not here.
    """
    from edgedla.config import Config
    from edgedla.workspace import Workspace

    space = Workspace(Config.load(cwd=Path.cwd(), environ=os.environ))
    bundle = space.open(Path(root), _advice(Path(root), space))
    runner = bundle.target.runner(bundle.network, jobs)
    if runner is None:
        raise UsageError(f"nothing on this machine runs what target '{bundle.target.name}' is built for")
    return OpenBundle(bundle.root, bundle.manifest.spec, bundle.model, runner)


def _advice(root: Path, space: Workspace) -> str:
    """The command that leaves a bundle in `root`, where that is the place for one."""
    model, target = root.absolute().parent.name, root.name
    if model in space.plugins.models and target in space.plugins.targets:
        return f"edgedla build {model} --target {target}"
    return "edgedla build MODEL --target TARGET leaves one"
