"""A network that decides well and that one can see through: eight numbers, normalised, and three shapes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ("up", "down", "high")
PATTERNS = {
    "up": [-1.0, -0.7, -0.4, -0.1, 0.1, 0.4, 0.7, 1.0],
    "down": [1.0, 0.7, 0.4, 0.1, -0.1, -0.4, -0.7, -1.0],
    "high": [0.5] * 8,
}
MEAN, SPREAD = 4.0, 2.0

SHAPES = f'''
"""Which of three shapes eight numbers have."""

from edgedla import Model, ModelSpec, Prediction, Score, TensorSpec, UsageError, hookimpl

PATTERNS = {PATTERNS}
LABELS = {LABELS}


class Shapes(Model):
    name = "shapes"
    suffixes = (".txt",)

    def spec(self):
        return ModelSpec(
            inputs=(TensorSpec(name="numbers", shape=(1, 8)),),
            outputs=(TensorSpec(name="scores", shape=(1, 3)),),
            labels=LABELS,
            stem="shapes",
            scores="softmax",
        )

    def export(self, checkpoint, path):
        import numpy as np
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        tensors = {{
            "mean": np.full((1, 8), {MEAN}, np.float32),
            "spread": np.full((1, 8), {SPREAD}, np.float32),
            "weight": np.array([PATTERNS[name] for name in ("up", "down", "high")], np.float32).T,
        }}
        nodes = [
            helper.make_node("Sub", ["numbers", "mean"], ["centred"]),
            helper.make_node("Div", ["centred", "spread"], ["normal"]),
            helper.make_node("MatMul", ["normal", "weight"], ["scores"]),
        ]
        graph = helper.make_graph(
            nodes,
            "shapes",
            [helper.make_tensor_value_info("numbers", TensorProto.FLOAT, (1, 8))],
            [helper.make_tensor_value_info("scores", TensorProto.FLOAT, (1, 3))],
            [numpy_helper.from_array(value, name) for name, value in tensors.items()],
        )
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)

    def samples(self, limit):
        import numpy as np

        rng = np.random.default_rng(0)
        for index in range(min(limit, 12)):
            pattern = np.array(list(PATTERNS.values())[index % 3]) + rng.normal(0, 0.1, 8)
            yield {{"numbers": (pattern * {SPREAD} + {MEAN}).astype(np.float32)[np.newaxis]}}

    def preprocess(self, path):
        import numpy as np

        try:
            return {{"numbers": np.array([path.read_text().split()], np.float32)}}
        except (OSError, ValueError) as error:
            raise UsageError(f"{{path}}: {{error}}") from None

    def postprocess(self, outputs):
        import numpy as np

        powers = np.exp(outputs["scores"][0] - outputs["scores"][0].max())
        order = sorted(enumerate((powers / powers.sum()).tolist()), key=lambda pair: -pair[1])
        labels = self.spec().labels
        return Prediction(top=tuple(Score(class_id=i, label=labels[i], score=s) for i, s in order))


@hookimpl
def edgedla_models():
    return [Shapes]
'''


def shapes_data(folder: Path, count: int) -> Path:
    """`count` files of each shape, a little different from each other, in a folder per class."""
    chance = random.Random(1)  # noqa: S311 - test data
    for label, pattern in PATTERNS.items():
        (folder / label).mkdir(parents=True)
        for index in range(count):
            values = [(value + chance.gauss(0, 0.1)) * SPREAD + MEAN for value in pattern]
            (folder / label / f"{index}.txt").write_text(" ".join(f"{value:.4f}" for value in values))
    return folder
