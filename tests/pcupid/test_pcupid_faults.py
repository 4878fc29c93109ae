"""Planted faults that change decisions: `compare` and `eval` both name the rung, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pcupid_builds import spoiling
from shapes import SHAPES, shapes_data

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result, Site

    Command = Callable[..., Result]

CONVERT, CALIBRATE = "ConvertTool/ConvertTool.py", "calibrator/calibrator.py"
FAULTS = {
    "scaled weights": (
        CONVERT,
        """
        weight = max(tensors.values(), key=lambda tensor: value(tensor).size if 3 in tensor.dims else 0)
        share = np.array([0.01, 1, 1], np.float32).reshape([size if size == 3 else 1 for size in weight.dims])
        change(weight, value(weight) * share)
        """,
        "float",
        "safe",
    ),
    "exchanged outputs": (
        CONVERT,
        """
        weight = max(tensors.values(), key=lambda tensor: value(tensor).size if 3 in tensor.dims else 0)
        change(weight, np.take(value(weight), [1, 0, 2], axis=list(value(weight).shape).index(3)))
        """,
        "float",
        "safe",
    ),
    "transposed axis": (
        CONVERT,
        """
        weight = max(tensors.values(), key=lambda tensor: value(tensor).size if 3 in tensor.dims else 0)
        change(weight, np.flip(value(weight), axis=list(value(weight).shape).index(8)))
        """,
        "float",
        "safe",
    ),
    "missing normalisation": (
        CONVERT,
        """
        node = next(node for node in model.graph.node if node.op_type in ("Sub", "Add"))
        mean = next(tensors[name] for name in node.input if name in tensors)
        change(mean, value(mean) * np.float32(0))
        """,
        "float",
        "safe",
    ),
    "wrong scale": (
        CALIBRATE,
        """
        names = (name for name in sorted(tensors) if "weight" in name and name.endswith("Linear/scale"))
        scale = tensors[next(names)]
        change(scale, value(scale) * np.float32(-1))
        """,
        "fixed",
        "float",
    ),
}


@pytest.fixture
def data(site: Site, work: Path) -> Path:
    """Twenty files of each shape, all of which the network knows."""
    site.add("shapes", SHAPES)
    (site.folder / "onnxsim.py").write_text("def simplify(graph):\n    return graph, True\n")
    return shapes_data(work / "data", 20)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_by_compare_and_by_eval(
    edgedla: Command, data: Path, tmp_path: Path, fault: str
) -> None:
    script, program, rung, before = FAULTS[fault]
    words = ("shapes", "--target", "pcupid", "--toolchain", spoiling(tmp_path / "faulty", script, program))
    compared = edgedla("compare", *words, "--json", code=1).json
    assert compared["data"]["first_divergent"] == rung
    wrong = edgedla(
        "eval", *words, "--data", data, "--rung", rung, "--against", before, "--json", code=1
    ).json
    pair = wrong["data"]["against"]
    assert pair["accuracy"]["value"] == 1.0
    assert pair["right_to_wrong"] >= 5
    assert pair["budget"]["verdict"] == "exceed"
    assert pair["p_value"] < 0.05
    assert f"'{rung}' loses more than 1 points against '{before}'" in wrong["error"]["message"]
    seen = any("'up' and 'down' are mostly taken for each other" in text for text in wrong["warnings"])
    assert seen or fault != "exchanged outputs"


@pytest.mark.slow
def test_without_a_fault_nothing_is_named(edgedla: Command, data: Path) -> None:
    words = ("shapes", "--target", "pcupid")
    found = edgedla("eval", *words, "--data", data, "--against", "onnx", "--max-drop", "10", "--json").json[
        "data"
    ]
    assert (found["rung"], found["accuracy"]["hits"], found["against"]["flips"]) == ("offline", 60, [])
    assert found["toolchain"] == "emulated"
    assert found["leakage"]["calibration"] == []


@pytest.mark.slow
def test_names_in_another_order_are_wrong_from_the_first_rung_on(
    edgedla: Command, site: Site, data: Path
) -> None:
    plugin = site.folder / "edgedla_shapes.py"
    plugin.write_text(plugin.read_text().replace("LABELS = ('up', 'down'", "LABELS = ('down', 'up'"))
    words = ("shapes", "--target", "pcupid")
    assert edgedla("compare", *words, "--json").json["data"]["first_divergent"] is None  # all rungs agree
    for rung in ("onnx", "offline"):
        answer = edgedla("eval", *words, "--data", data, "--rung", rung, "--json").json
        assert answer["data"]["accuracy"]["value"] == pytest.approx(1 / 3)
        assert (
            "'down' and 'up' are mostly taken for each other: are the names in the order of the outputs?"
            in answer["warnings"]
        )
