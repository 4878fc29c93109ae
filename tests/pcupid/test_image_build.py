"""A network of images, from the graph to the program on the emulated board: pixels go in as bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result, Site

    Command = Callable[..., Result]

PIX = '''
"""Is an image red, green or blue? Of 3 x 8 x 8 pixels, normalised to -1 … 1."""

import numpy as np
import onnx
from edgedla import ImageInput, Model, ModelSpec, Prediction, Score, TensorSpec, hookimpl
from onnx import TensorProto, helper, numpy_helper

SHAPE = (1, 3, 8, 8)


def normalised(pixels):
    return ((pixels.reshape(8, 8, 3).transpose(2, 0, 1)[None] - 127.5) / 127.5).astype(np.float32)


class Pix(Model):
    name = "pix"
    suffixes = (".rgb",)

    def spec(self):
        return ModelSpec(
            inputs=(TensorSpec(name="image", shape=SHAPE),),
            outputs=(TensorSpec(name="prob", shape=(1, 3)),),
            labels=("red", "green", "blue"),
            stem="pix",
            image=ImageInput(format="RGB", mean=[127.5] * 3, std=[127.5] * 3),
        )

    def export(self, checkpoint, path):
        rng = np.random.default_rng(1)
        weight = rng.uniform(-0.2, 0.2, (3, 3, 3, 3)).astype(np.float32)
        weight[range(3), range(3), 1, 1] = 2  # each output follows its own channel
        nodes = [
            helper.make_node("Conv", ["image", "weight"], ["mixed"], pads=[1, 1, 1, 1]),
            helper.make_node("ReduceMean", ["mixed"], ["prob"], axes=[2, 3], keepdims=0),
        ]
        graph = helper.make_graph(
            nodes,
            "pix",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, SHAPE)],
            [helper.make_tensor_value_info("prob", TensorProto.FLOAT, (1, 3))],
            [numpy_helper.from_array(weight, "weight")],
        )
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)

    def samples(self, limit):
        rng = np.random.default_rng(0)
        for index in range(min(limit, 6)):
            pixels = rng.integers(0, 200, (8, 8, 3))
            pixels[..., index % 3] += 55
            yield {"image": normalised(pixels)}

    def preprocess(self, path):
        return {"image": normalised(np.fromfile(path, np.uint8))}

    def postprocess(self, outputs):
        scores = sorted(enumerate(outputs["prob"][0].tolist()), key=lambda pair: -pair[1])
        return Prediction(
            top=tuple(Score(class_id=i, label=self.spec().labels[i], score=score) for i, score in scores)
        )


@hookimpl
def edgedla_models():
    return [Pix]
'''


@pytest.mark.slow
def test_an_image_keeps_its_class_down_to_the_board(site: Site, work: Path, edgedla: Command) -> None:
    site.add("pix", PIX)
    answer = edgedla("build", "pix", "--target", "pcupid", "--json").json
    rungs = {
        rung["name"]: rung
        for rung in json.loads((work / "build/pix/pcupid/manifest.json").read_text())["rungs"]
    }
    assert answer["ok"]
    assert rungs["board"]["max_abs"] == rungs["offline"]["max_abs"] == 0
    assert rungs["fixed"]["snr_db"] > 30
    compared = edgedla("compare", "pix", "--target", "pcupid", "--layers", "--json").json
    assert compared["data"]["layers"][0]["snr_db"] > 30
    golden = sorted(path.name for path in (work / "build/pix/pcupid/src/golden").iterdir())
    assert golden == ["clip_0.image.bin", "clip_1.image.bin", "clip_2.image.bin"]

    pixels = np.full((8, 8, 3), 40, np.uint8)
    pixels[..., 1] = 220
    pixels.tofile(work / "leaf.rgb")
    words = ("run", "pix", "--target", "pcupid", "-i", "leaf.rgb", "--json")
    board, simulator = (edgedla(*words, "--board", name).json for name in ("emulated:native", "simulator"))
    assert (board["data"]["board"], simulator["data"]["board"]) == ("emulated:native", None)
    results = [each["data"]["results"][0] for each in (board, simulator)]
    assert [result["label"] for result in results] == ["green", "green"]
    assert results[0]["score"] == pytest.approx(results[1]["score"], abs=1e-6)


SPOTS = '''
"""Where is an image bright? Of 8 x 8 pixels: a map of how bright each is, and how dark."""

import numpy as np
import onnx
from edgedla import ImageInput, Model, ModelSpec, Prediction, Region, TensorSpec, hookimpl
from onnx import TensorProto, helper, numpy_helper

SHAPE = (1, 3, 8, 8)
MAP = (1, 1, 8, 8)


def normalised(pixels):
    bgr = pixels.reshape(8, 8, 3).transpose(2, 0, 1)[None]
    return ((bgr - np.reshape((0, 10, 20), (1, 3, 1, 1))) / 51).astype(np.float32)


class Spots(Model):
    name = "spots"
    suffixes = (".bgr",)

    def spec(self):
        return ModelSpec(
            inputs=(TensorSpec(name="image", shape=SHAPE),),
            outputs=(TensorSpec(name="bright", shape=MAP), TensorSpec(name="dark", shape=MAP)),
            stem="spots",
            image=ImageInput(format="BGR", mean=(0, 10, 20), std=(51, 51, 51)),
        )

    def export(self, checkpoint, path):
        weight = np.reshape(np.float32([1, -1]), (2, 1, 1, 1)) * np.ones((2, 3, 1, 1), np.float32) / 3
        nodes = [
            helper.make_node("Conv", ["image", "weight"], ["both"]),
            helper.make_node("Relu", ["both"], ["positive"]),
            helper.make_node("Split", ["positive"], ["bright", "dark"], axis=1),
        ]
        graph = helper.make_graph(
            nodes,
            "spots",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, SHAPE)],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, MAP) for name in ("bright", "dark")],
            [numpy_helper.from_array(weight, "weight")],
        )
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)

    def samples(self, limit):
        rng = np.random.default_rng(0)
        for _ in range(min(limit, 6)):
            yield {"image": normalised(rng.integers(0, 256, (8, 8, 3)))}

    def preprocess(self, path):
        return {"image": normalised(np.fromfile(path, np.uint8))}

    def postprocess(self, outputs):
        rows, columns = np.nonzero(outputs["bright"][0, 0] > 3)
        return Prediction(
            regions=tuple(
                Region(corners=((x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)), score=1)
                for x, y in zip(columns.tolist(), rows.tolist())
            )
        )

    def locate(self, prediction, path):  # of an image twice as large
        return Prediction(
            regions=tuple(
                Region(corners=[(2 * x, 2 * y) for x, y in region.corners], score=region.score)
                for region in prediction.regions
            )
        )


@hookimpl
def edgedla_models():
    return [Spots]
'''
CORNERS = [[4.0, 10.0], [6.0, 10.0], [6.0, 12.0], [4.0, 12.0]]


@pytest.mark.slow
def test_regions_of_an_image_of_bytes_by_the_board_program(site: Site, work: Path, edgedla: Command) -> None:
    site.add("spots", SPOTS)
    assert edgedla("build", "spots", "--target", "pcupid", "--json").json["ok"]
    manifest = json.loads((work / "build/spots/pcupid/manifest.json").read_text())
    rungs = {rung["name"]: rung for rung in manifest["rungs"]}
    assert rungs["board"]["max_abs"] == 0
    ini = (work / "build/spots/pcupid/convert/input_config.ini").read_text()
    assert [line for line in ini.splitlines() if line.startswith(("mean", "input_f", "training"))] == [
        "training_input_formats=BGR",
        "input_formats=BGR",
        "mean=20:10:0",
    ]
    assert (work / "build/spots/pcupid/src/golden/clip_0.image.bin").stat().st_size == 8 * 8 * 3

    pixels = np.full((8, 8, 3), 40, np.uint8)
    pixels[5, 2] = 255
    pixels.tofile(work / "one.bgr")
    np.zeros((8, 8, 3), np.uint8).tofile(work / "none.bgr")
    words = ("run", "spots", "-i", "one.bgr", "-i", "none.bgr", "--json", "--target")
    board = edgedla(*words, "pcupid").json["data"]
    plain = edgedla(*words, "onnxruntime").json["data"]
    assert (board["board"], plain["board"]) == ("emulated:native", None)
    for data in (board, plain):
        assert [[region["corners"] for region in each["regions"]] for each in data["results"]] == [
            [CORNERS],
            [],
        ]
        assert [(each["label"], each["reading"]) for each in data["results"]] == [(None, None)] * 2
