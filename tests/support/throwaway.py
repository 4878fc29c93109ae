"""Throw-away plugin distributions, and what a command left: shared by the tests of all folders."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# The smallest model plugin: no torch, a graph of one Gemm written by onnx itself.
BEEP = '''
"""A detector of one sound, made of one matrix product."""

from edgedla import Model, ModelSpec, Prediction, Score, TensorSpec, UsageError, hookimpl


class Beep(Model):
    name = "beep"
    summary = "one matrix product"
    suffixes = (".txt",)

    def spec(self):
        return ModelSpec(
            inputs=(TensorSpec(name="mel", shape=(1, 8)),),
            outputs=(TensorSpec(name="prob", shape=(1, 2)),),
            labels=("silence", "beep"),
            stem="beep",
        )

    def export(self, checkpoint, path):
        import numpy as np
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        weight = np.linspace(-1, 1, 16, dtype=np.float32).reshape(8, 2)
        graph = helper.make_graph(
            [helper.make_node("Gemm", ["mel", "weight"], ["prob"])],
            "beep",
            [helper.make_tensor_value_info("mel", TensorProto.FLOAT, (1, 8))],
            [helper.make_tensor_value_info("prob", TensorProto.FLOAT, (1, 2))],
            [numpy_helper.from_array(weight, "weight")],
        )
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)

    def samples(self, limit):
        import numpy as np

        rng = np.random.default_rng(0)
        for _ in range(min(limit, 4)):
            yield {"mel": rng.standard_normal((1, 8), dtype=np.float32)}

    def preprocess(self, path):
        import numpy as np

        try:
            values = [float(word) for word in path.read_text().split()]
        except (OSError, ValueError) as error:
            raise UsageError(f"{path}: {error}") from None
        return {"mel": np.resize(np.array(values, np.float32), (1, 8))}

    def postprocess(self, outputs):
        scores = sorted(enumerate(outputs["prob"][0].tolist()), key=lambda pair: -pair[1])
        labels = self.spec().labels
        return Prediction(top=tuple(Score(class_id=i, label=labels[i], score=s) for i, s in scores))


@hookimpl
def edgedla_models():
    return [Beep]
'''


@dataclass(frozen=True)
class Result:
    """What a command left: exit status and both streams."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Site:
    """A folder on the path that holds plugin distributions, as pip would install them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, source: str, version: str = "1.0", distribution: str | None = None) -> Path:
        """A distribution `edgedla-<name>` with one module and one entry point; the module's path."""
        distribution = distribution or f"edgedla-{name}"
        module = f"{distribution.replace('-', '_')}"
        info = self.folder / f"{module}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[edgedla]\n{name} = {module}\n")
        path = self.folder / f"{module}.py"
        path.write_text(source)
        return path

    def beep(self) -> Path:
        """The smallest model plugin."""
        return self.add("beep", BEEP)
