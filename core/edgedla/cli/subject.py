"""What is evaluated: a bundle that is there, or one that is built now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgedla.cli.build import perform
from edgedla.errors import GateError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.artifacts import Manifest
    from edgedla.cli.talk import Talk
    from edgedla.clips import ClipList
    from edgedla.context import Context
    from edgedla.pipeline import Build
    from edgedla.workspace import Wish, Workspace


@dataclass(frozen=True)
class Subject:
    """A build to climb the ladder of; `stopped` is the gate that ended it, and then there is no manifest."""

    context: Context
    manifest: Manifest | None
    network: Path | None  # what the target runs
    stopped: GateError | None = None

    @property
    def bundled(self) -> bool:
        """Whether the weights are those that the plugin brings."""
        if self.manifest is None:
            return self.context.checkpoint is None
        return self.manifest.checkpoint == "bundled"

    def clips(self, kind: str) -> ClipList:
        """The recordings of an artifact that lists some; none where the build left no such list."""
        from edgedla.clips import ClipList, read_clips

        store = self.context.store
        listed = [artifact for artifact in store.artifacts if artifact.kind == kind]
        return read_clips(store.root / listed[-1].path) if listed else ClipList()

    def check_torch(self, rungs: tuple[str, ...]) -> None:
        """Raise UsageError where the trained network is asked for and its checkpoint is not at hand."""
        if "torch" in rungs and not self.bundled and self.context.checkpoint is None:
            raise UsageError(
                "rung 'torch' is the trained network itself, and a bundle has none",
                hint="--checkpoint PATH names what the bundle was made of",
            )


def open_subject(
    talk: Talk, space: Workspace, wanted: Wish, bundle: Path | None, *, rebuild: bool
) -> Subject:
    """The bundle named, else the one that is built for this pair; built now where `rebuild` or there is none.

    Raises:
        EdgedlaError: The build failed; where only a rung parted, it is evaluated as far as it came.
    """
    from edgedla.artifacts import MANIFEST

    root = bundle or space.folder(wanted.model, wanted.target)
    if bundle is None and (rebuild or not (root / MANIFEST).is_file()):
        talk.say(f"building {wanted.model} for {wanted.target} in {root}")
        made = space.build(wanted, talk.detail)
        if stopped := _perform(talk, made):
            talk.warn(f"the build stopped: {stopped.message}")
            return Subject(made.context, None, None, stopped)
    opened = space.open(root, f"edgedla build {wanted.model} --target {wanted.target}")
    _check_names(root, wanted, opened.manifest)
    if notice := opened.target.notice(opened.manifest.toolchain):
        talk.warn(notice)
    context = space.reopen(opened, wanted.checkpoint, talk.detail)
    return Subject(context, opened.manifest, opened.network)


def _perform(talk: Talk, made: Build) -> GateError | None:
    try:
        perform(talk, made)
    except GateError as error:
        if all(rung.ok for record in made.records for rung in record.rungs):
            raise  # not a rung: a graph that is refused has nothing to answer with
        return error
    return None


def _check_names(root: Path, wanted: Wish, manifest: Manifest) -> None:
    found = manifest.model.name, manifest.target.name
    if found != (wanted.model, wanted.target):
        raise UsageError(
            f"{root} holds '{found[0]}' for '{found[1]}', not '{wanted.model}' for '{wanted.target}'",
            hint="name what the bundle holds, or another bundle",
        )
