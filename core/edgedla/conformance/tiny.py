"""Networks small enough to be built for any target in a moment: a convolution and a matrix product."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from edgedla.model import Model
from edgedla.spec import AudioInput, ImageInput, ModelSpec, Prediction, Score, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edgedla.runner import Feed

FILTERS, CLASSES = 4, 3


class Named(Model):
    """A tensor (1, 1, 8, 8) in, three scores with class names out."""

    name = "check_tiny"
    summary = "a small network that the conformance kit brings"
    shape: ClassVar[tuple[int, int, int, int]] = (1, 1, 8, 8)
    labels: ClassVar[tuple[str, ...]] = ("low", 'say "high"', "naïve/π")  # what templates have to quote
    audio: ClassVar[AudioInput | None] = None
    image: ClassVar[ImageInput | None] = None

    def spec(self) -> ModelSpec:
        """One input, one output."""
        return ModelSpec(
            inputs=(TensorSpec(name="field", shape=self.shape),),
            outputs=(TensorSpec(name="score", shape=(1, CLASSES)),),
            labels=self.labels,
            stem="tiny",
            licence="CC0-1.0",
            audio=self.audio,
            image=self.image,
        )

    def export(self, checkpoint: Path | None, path: Path) -> None:
        """Write the graph; its weights are those of a seed."""
        import numpy as np
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        _, channels, height, width = self.shape
        rng, inner = np.random.default_rng(6), FILTERS * height * width
        weights = {
            "kernel": rng.normal(0, 0.3, (FILTERS, channels, 3, 3)),
            "shift": rng.normal(0, 0.1, FILTERS),
            "matrix": rng.normal(0, 1 / np.sqrt(inner), (inner, CLASSES)),
            "bias": rng.normal(0, 0.1, CLASSES),
        }
        graph = helper.make_graph(
            [
                helper.make_node("Conv", ["field", "kernel", "shift"], ["mixed"], pads=[1, 1, 1, 1]),
                helper.make_node("Relu", ["mixed"], ["bent"]),
                helper.make_node("Flatten", ["bent"], ["flat"]),
                helper.make_node("Gemm", ["flat", "matrix", "bias"], ["score"]),
            ],
            "tiny",
            [helper.make_tensor_value_info("field", TensorProto.FLOAT, self.shape)],
            [helper.make_tensor_value_info("score", TensorProto.FLOAT, (1, CLASSES))],
            [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.save(made, path)

    def samples(self, limit: int) -> Iterator[Feed]:
        """Noise of one seed."""
        import numpy as np

        rng = np.random.default_rng(7)
        for _ in range(min(limit, 8)):
            yield {"field": rng.uniform(-1, 1, self.shape).astype(np.float32)}

    def postprocess(self, outputs: Feed) -> Prediction:
        """Scores as they are, best first."""
        pairs = sorted(enumerate(outputs["score"][0].tolist()), key=lambda pair: -pair[1])
        names = self.labels or tuple(map(str, range(CLASSES)))
        return Prediction(top=tuple(Score(class_id=i, label=names[i], score=s) for i, s in pairs))


class Plain(Named):
    """The same without class names."""

    name = "check_plain"
    labels = ()


class Sound(Named):
    """The same of a recording."""

    name = "check_sound"
    shape = (1, 1, 1, 64)
    audio = AudioInput(rate=8000, peak=0.9)


class Picture(Named):
    """The same of an image."""

    name = "check_picture"
    shape = (1, 3, 8, 8)
    image = ImageInput(format="RGB", mean=(127.5,) * 3, std=(127.5,) * 3)
