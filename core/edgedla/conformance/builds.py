"""The build that most rules look at: interrupted once, gone on with, in a folder with an odd name."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgedla.artifacts import MANIFEST
from edgedla.conformance.leftovers import digests
from edgedla.conformance.tiny import Named, Plain
from edgedla.model import Model

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.conformance.bench import Ran
    from edgedla.conformance.case import Case

ATTEMPTS = 3  # a signal that comes while Python tidies up is lost, whatever the plugin does
CPU = "onnxruntime"  # the target that every model must be built for


@dataclass(frozen=True)
class Built:
    """Two builds into one folder: the first was told to stop in the middle, the second to go on."""

    root: Path
    interrupted: Ran
    sent: bool  # whether the signal came before the end
    left: tuple[str, ...]  # files that the first left and that are not those of the second
    ran: Ran


def built(case: Case) -> Built:
    """The build of the model for the CPU, or of the kit's model for the target; made once."""
    found: Built = case.bench.once(f"build {case.kind.name}", lambda: _build(case))
    return found


def pair(case: Case, model: type[Model] = Named) -> tuple[str, str]:
    """What is built for what."""
    if issubclass(case.kind, Model):
        return case.kind.name, CPU
    return model.name, case.kind.name


def plain_build(case: Case, kit_model: type[Model] = Plain) -> Ran:
    """The same in a folder with a plain name, and with another of the kit's models."""

    def make() -> Ran:
        model, target = pair(case, kit_model)
        return case.bench.edgedla("build", model, "--target", target, "--out", f"{model}-{target}", "--json")

    ran: Ran = case.bench.once(f"plain build {pair(case, kit_model)}", make)
    return ran


def middle(case: Case) -> str:
    """The stage in which the plugin itself is at work."""
    if issubclass(case.kind, Model):
        return "export"
    return "codegen" if case.instance().accepts == "onnx" else "convert"


def _build(case: Case) -> Built:
    model, target = pair(case)
    root = case.bench.odd / f"{model} für {target}"
    words = ("build", model, "--target", target, "--out", root.name, "--json")
    for _ in range(ATTEMPTS):
        shutil.rmtree(root, ignore_errors=True)
        first = case.bench.edgedla(*words, cwd=case.bench.odd, interrupt=middle(case))
        sent = case.bench.interrupted
        if first.code or not sent:
            break
    before = digests(root)
    second = case.bench.edgedla(*words, cwd=case.bench.odd)
    after = digests(root)
    left = tuple(
        name for name, digest in before.items() if after.get(name) != digest or not _known(second, name)
    )
    return Built(root, first, sent, left, second)


def _known(ran: Ran, name: str) -> bool:
    """Whether a file is one of a build's."""
    return (
        name == MANIFEST or ran.code != 0 or name in {each["path"] for each in ran.json["data"]["artifacts"]}
    )
