"""Everything that the page is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgedla.artifacts import Manifest
    from edgedla.report.evaluated import Evaluated
    from edgedla.report.inspected import Seen
    from edgedla.report.recordings import Recording
    from edgedla.report.schemas import BenchData
    from edgedla.robustness import Robustness
    from edgedla.spec import Finding, LayerError


@dataclass(frozen=True)
class Facts:
    """A bundle, what was found by looking into it, and what was measured on it (`None`: not)."""

    manifest: Manifest
    network: str  # path of what the target runs, as the manifest lists it
    notice: str  # has to be said with every result
    damaged: tuple[str, ...]
    layers: Seen[LayerError]
    findings: Seen[Finding]
    evaluated: Evaluated | None
    robustness: Robustness | None
    bench: BenchData | None
    recordings: tuple[Recording, ...]
    silent: str  # why the samples were not answered, "" if they were
    data_licence: tuple[str, str]  # file name and text of the data set's, both "" where it has none
