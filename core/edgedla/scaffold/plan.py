"""What a new model plugin will say of its network, and what of that was only guessed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from edgedla.spec import Spec

if TYPE_CHECKING:
    from edgedla.spec import TensorSpec

Kind: TypeAlias = Literal["audio", "image", "tensor"]
Scores: TypeAlias = Literal["softmax", "none"]


class Guess(Spec):
    """Something that the file does not say: what was taken, why, and where to correct it."""

    what: str
    value: str
    why: str
    where: str


@dataclass(frozen=True)
class Plan:
    """Everything that decides the files of a new model plugin."""

    kind: Kind
    summary: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    opset: int
    labels: tuple[str, ...]  # empty: what the outputs mean is not known
    scores: Scores  # what makes scores of the first output
    licence: str = ""  # of the network's weights; empty: unknown
    rate: int = 0  # Hz; of audio
    mean: float = 0.0  # of images: taken from levels 0 to 255 of each channel, which are then divided by …
    std: float = 255.0  # … this
    samples: dict[str, bytes] = field(default_factory=dict)  # files by name
    graph: bytes | None = None  # the ONNX file; `None`: the example network, which is written in Python
    source: str = ""  # name of the file that `graph` was made of
    guessed: tuple[Guess, ...] = ()
    changed: tuple[str, ...] = ()  # sentences: by what `graph` differs from that file
