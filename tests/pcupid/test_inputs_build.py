"""A network of two inputs, an image and a row of numbers, down to the program on the emulated board."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result, Site

    Command = Callable[..., Result]

BOTH = '''
"""Is what is seen in an image what is asked for? Of 4 x 6 grey levels, and four weights of its columns."""

import numpy as np
import onnx
from edgedla import ImageInput, Model, ModelSpec, Prediction, Score, TensorSpec, hookimpl
from onnx import TensorProto, helper, numpy_helper

INPUTS = {"image": (1, 1, 4, 6), "asked": (1, 6)}


def feed(levels, asked):
    return {
        "image": ((np.reshape(levels, (1, 1, 4, 6)) - 100) / 50).astype(np.float32),
        "asked": np.reshape(asked, (1, 6)).astype(np.float32),
    }


class Both(Model):
    name = "both"
    suffixes = (".npy",)

    def spec(self):
        return ModelSpec(
            inputs=tuple(TensorSpec(name=name, shape=shape) for name, shape in INPUTS.items()),
            outputs=(TensorSpec(name="prob", shape=(1, 2)), TensorSpec(name="seen", shape=(1, 6))),
            labels=("no", "yes"),
            stem="both",
            image=ImageInput(format="GRAY", mean=(100,), std=(50,)),
        )

    def export(self, checkpoint, path):
        nodes = [
            helper.make_node("Conv", ["image", "column"], ["columns"]),
            helper.make_node("Reshape", ["columns", "row"], ["seen"]),
            helper.make_node("Mul", ["seen", "asked"], ["product"]),
            helper.make_node("Gemm", ["product", "weight"], ["prob"]),
        ]
        weight = np.repeat(np.float32([[-1, 1]]), 6, axis=0)
        graph = helper.make_graph(
            nodes,
            "both",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in INPUTS.items()],
            [
                helper.make_tensor_value_info("prob", TensorProto.FLOAT, (1, 2)),
                helper.make_tensor_value_info("seen", TensorProto.FLOAT, (1, 6)),
            ],
            [
                numpy_helper.from_array(np.full((1, 1, 4, 1), 0.25, np.float32), "column"),
                numpy_helper.from_array(np.int64([1, 6]), "row"),
                numpy_helper.from_array(weight, "weight"),
            ],
        )
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)

    def samples(self, limit):
        rng = np.random.default_rng(0)
        for _ in range(min(limit, 6)):
            yield feed(rng.integers(0, 256, (4, 6)), rng.uniform(-1, 1, 6))

    def preprocess(self, path):
        both = np.load(path)
        return feed(both[:4], both[4])

    def postprocess(self, outputs):
        scores = sorted(enumerate(outputs["prob"][0].tolist()), key=lambda pair: -pair[1])
        return Prediction(
            top=tuple(Score(class_id=i, label=("no", "yes")[i], score=score) for i, score in scores)
        )


@hookimpl
def edgedla_models():
    return [Both]
'''


@pytest.mark.slow
def test_an_image_and_numbers_go_down_to_the_board(site: Site, work: Path, edgedla: Command) -> None:
    site.add("both", BOTH)
    record = ("--set", f"pcupid.record={work / 'tape'}")
    assert edgedla("build", "both", "--target", "pcupid", *record, "--json").json["ok"]
    root = work / "build/both/pcupid"
    rungs = {rung["name"]: rung for rung in json.loads((root / "manifest.json").read_text())["rungs"]}
    assert rungs["board"]["max_abs"] == rungs["offline"]["max_abs"] == 0
    assert rungs["fixed"]["snr_db"] > 30
    names = sorted(path.name for path in (root / "src/golden").iterdir())
    assert names[:2] == ["clip_0.asked.f32", "clip_0.image.bin"]

    np.save(work / "yes.npy", np.vstack([np.full((4, 6), 200), np.ones((1, 6))]))
    np.save(work / "no.npy", np.vstack([np.full((4, 6), 200), -np.ones((1, 6))]))
    words = ("run", "both", "--target", "pcupid", "-i", "yes.npy", "-i", "no.npy", "--json")
    for board in ("emulated:native", "simulator"):
        data = edgedla(*words, "--board", board).json["data"]
        assert [result["label"] for result in data["results"]] == ["yes", "no"]

    played = ("--set", f"pcupid.toolchain=replay:{work / 'tape'}", "--out", "again", "--json")
    assert edgedla("build", "both", "--target", "pcupid", *played).json["ok"]
    assert (work / "again/convert/both.img").read_bytes() == (root / "convert/both.img").read_bytes()


def test_the_model_zoo_takes_networks_of_one_input(site: Site, edgedla: Command) -> None:
    site.add("both", BOTH)
    zoo = files("edgedla_targets.pcupid.emulated") / "opendla"
    settings = (f"pcupid.opendla={zoo}", "pcupid.algorithm=sed/eat", "pcupid.toolchain=emulated")
    words = [word for setting in settings for word in ("--set", setting)]
    done = edgedla("build", "both", "--target", "pcupid", *words, code=2)
    assert "the model zoo's scripts take networks of one input, this one has 2" in done.err
