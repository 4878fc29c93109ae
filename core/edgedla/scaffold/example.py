"""The network of a new model plugin that was given none: an example for each kind of input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.scaffold import samples
from edgedla.scaffold.plan import Plan
from edgedla.spec import TensorSpec

if TYPE_CHECKING:
    from edgedla.scaffold.plan import Kind

SUMMARIES = {
    "audio": "low or high, from one second of sound",
    "image": "which colour prevails in an image",
    "tensor": "rising or falling, from eight numbers",
}
INPUTS = {
    "audio": TensorSpec(name="sound", shape=(1, 1, 8000)),
    "image": TensorSpec(name="image", shape=(1, 3, 32, 32)),
    "tensor": TensorSpec(name="features", shape=(1, 8)),
}
LABELS = {"audio": ("low", "high"), "image": ("red", "green", "blue"), "tensor": ("falling", "rising")}
RATE = 8000  # Hz
OPSET = 13


def example(kind: Kind) -> Plan:
    """The plan for a network small enough to be written in Python, which says something all the same."""
    return Plan(
        kind=kind,
        summary=SUMMARIES[kind],
        inputs=(INPUTS[kind],),
        outputs=(TensorSpec(name="logits", shape=(1, len(LABELS[kind]))),),
        opset=OPSET,
        labels=LABELS[kind],
        scores="softmax",
        licence="MIT",
        rate=RATE,
        mean=127.5,
        std=127.5,
        samples=_samples(kind),
    )


def _samples(kind: Kind) -> dict[str, bytes]:
    """Files called after their classes."""
    if kind == "audio":
        length = INPUTS[kind].shape[-1]
        return {"low.wav": samples.tone(250, RATE, length), "high.wav": samples.tone(3500, RATE, length)}
    if kind == "image":
        return {f"{name}.png": samples.shade(colour, 64, 48) for name, colour in samples.COLOURS.items()}
    import numpy as np

    rising = np.linspace(-1, 1, 8, dtype=np.float32)[None]
    return {"falling.npy": samples.array_file(-rising), "rising.npy": samples.array_file(rising)}
