"""`edgedla compare` and `edgedla lint` for pcupid: the ladder, planted faults, rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import onnx
import pytest

from lint_cases import CASES
from pcupid_builds import NOTICE, WORDS, spoiling

if TYPE_CHECKING:
    from collections.abc import Callable

    from throwaway import Result

    Command = Callable[..., Result]

LADDER = ["onnx", "simplified", "safe", "float", "fixed", "offline"]
WHOLE = [*LADDER, "board"]  # where the build came as far as the program
FIGURES = {"name", "against", "max_abs", "cosine", "snr_db", "top1_agree", "total", "ok", "reason"}


def test_the_ladder_and_the_layers(edgedla: Command, bundle: Path) -> None:
    assert bundle.is_dir()
    answer = edgedla("compare", *WORDS, "--layers", "--json").json
    data = answer["data"]
    assert answer["schema"] == "edgedla.compare/1"
    assert answer["warnings"] == [NOTICE]
    assert data["first_divergent"] is None
    assert [rung["name"] for rung in data["rungs"]] == WHOLE
    assert [rung["against"] for rung in data["rungs"]] == ["torch", *WHOLE[:-1]]
    assert all(rung.keys() == FIGURES and rung["ok"] for rung in data["rungs"])
    by_name = {rung["name"]: rung for rung in data["rungs"]}
    assert by_name["fixed"]["max_abs"] > by_name["float"]["max_abs"]
    assert by_name["offline"]["max_abs"] == 0
    assert by_name["board"]["max_abs"] == 0
    # `total` is what came together up to here: the image is as far from torch as the fixed network.
    assert by_name["offline"]["total"] == by_name["fixed"]["total"]
    assert by_name["offline"]["total"]["max_abs"] > 0
    snr = [layer["snr_db"] for layer in data["layers"]]
    assert len(snr) > 20
    assert snr == sorted(snr)
    assert {layer["op"] for layer in data["layers"]} >= {"Conv", "Gemm"}


# Which script of the toolchain is at fault, what it does to the network, and the rung that must be blamed.
FAULTS = {
    "scaled weights": (
        "ConvertTool/ConvertTool.py",
        """
        head = next(node for node in model.graph.node if node.output[0] == "output")
        weight = tensors[head.input[1]]
        change(weight, value(weight) * np.float32(1.05))
        """,
        "float",
    ),
    "transposed axis": (
        "ConvertTool/ConvertTool.py",
        """
        conv = next(node for node in model.graph.node if node.op_type == "Conv")
        weight = tensors[conv.input[1]]
        change(weight, value(weight)[..., ::-1])
        """,
        "float",
    ),
    "wrong scale": (
        "calibrator/calibrator.py",
        """
        scale = tensors["network_tf_fc_weight/0/16/DequantizeLinear/scale"]
        change(scale, value(scale) * np.float32(-4))
        """,
        "fixed",
    ),
    "one weight more": (
        "calibrator/compiler.py",
        """
        bias = tensors["network_tf_fc_bias"]
        change(bias, value(bias) + np.float32(0.01))
        """,
        "offline",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(edgedla: Command, bundle: Path, tmp_path: Path, fault: str) -> None:
    script, program, rung = FAULTS[fault]
    vendor = spoiling(tmp_path / "faulty", script, program)
    result = edgedla("compare", *WORDS, "--toolchain", vendor, "--json", code=1)
    data = result.json["data"]
    assert data["first_divergent"] == rung
    assert next(each["name"] for each in data["rungs"] if not each["ok"]) == rung
    assert [each["name"] for each in data["rungs"]] == LADDER
    assert f"rung '{rung}' is the first that parts" in result.err
    assert f"the build stopped: stage accept: rung '{rung}' parts from" in result.err
    assert bundle.is_dir()


def test_lint_of_files(edgedla: Command, work: Path) -> None:
    case = CASES[0]
    onnx.save(case.good(), work / "good.onnx")
    onnx.save(case.bad(), work / "bad.onnx")
    good = edgedla("lint", "good.onnx", "--target", "pcupid", "--json").json
    assert good["data"]["counts"]["error"] == 0
    bad = edgedla("lint", "bad.onnx", "--target", "pcupid", "--json", code=1).json
    assert case.rule in {finding["rule"] for finding in bad["data"]["findings"]}
    assert bad["error"]["code"] == "gate"
    (work / "text.onnx").write_text("no graph")
    edgedla("lint", "text.onnx", "--target", "pcupid", code=2)
    edgedla("lint", "missing.onnx", "--target", "pcupid", code=2)


def test_lint_of_a_model(edgedla: Command, bundle: Path) -> None:
    result = edgedla("lint", *WORDS, "--json").json
    assert result["data"]["counts"]["error"] == 0
    assert Path(result["data"]["file"]).name == "eat_sim.onnx"
    assert bundle.samefile(Path(result["data"]["file"]).parents[3])
