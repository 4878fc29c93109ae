"""Whole networks as exporters write them: EAT with 1-D and with 2-D convolutions, and one by dynamo."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
import pytest
import torch
from torch import nn

from edgedla.stages.simplify import simplify_file
from edgedla_eat_sed.plugin import EatSed
from edgedla_eat_sed.settings import EatOptions
from safe_graphs import Safe

if TYPE_CHECKING:
    from collections.abc import Callable

TINY = Path(__file__).parents[1] / "data" / "eat" / "tiny"
REFUSED = {
    *(
        "LayerNormalization",
        "Gelu",
        "Squeeze",
        "Unsqueeze",
        "Expand",
        "Where",
        "Shape",
        "Pow",
        "Pad",
        "Flatten",
    ),
    *("Identity", "Constant", "BatchNormalization"),
}


def _is_safe(safe: Safe) -> None:
    """What holds for every safe form of a network of convolutions and attention."""
    shapes = safe.shapes()
    assert not REFUSED & set(safe.types)
    assert safe.model.opset_import[0].version == 13
    assert all(len(shapes[node.input[1]]) == 4 for node in safe.nodes if node.op_type == "Conv")
    assert all(len(shape) <= 4 for shape in shapes.values())
    assert all(len(shapes[node.output[0]]) == 3 for node in safe.nodes if node.op_type == "ReduceMean")
    linear = [node for node in safe.nodes if node.op_type == "MatMul" and len(shapes[node.input[1]]) == 2]
    assert linear
    assert all(len(shapes[node.output[0]]) == 3 and shapes[node.output[0]][0] == 1 for node in linear)
    attention = [node for node in safe.nodes if node.op_type == "MatMul" and len(shapes[node.input[1]]) != 2]
    assert all(len(shapes[node.output[0]]) == 4 for node in attention)


def _tiny(tmp_path: Path, export: Callable[[EatSed, Path | None, Path], None], *, simplified: bool) -> Safe:
    options = EatSed.resolve(EatOptions(), TINY)
    export(EatSed(options), TINY, tmp_path / "eat.onnx")
    if simplified:
        simplify_file(tmp_path / "eat.onnx", tmp_path / "eat_sim.onnx")
    model = onnx.load(tmp_path / ("eat_sim.onnx" if simplified else "eat.onnx"))
    return Safe(model, tmp_path)


@pytest.mark.parametrize("simplified", [False, True])
@pytest.mark.parametrize("export", [EatSed.export, EatSed.export_plain])
def test_eat(
    tmp_path: Path, export: Callable[[EatSed, Path | None, Path], None], *, simplified: bool
) -> None:
    safe = _tiny(tmp_path, export, simplified=simplified)
    _is_safe(safe)
    assert safe.types["Gemm"] == 1
    assert safe.difference() < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("export", [EatSed.export, EatSed.export_plain])
def test_eat_of_full_size(tmp_path: Path, export: Callable[[EatSed, Path | None, Path], None]) -> None:
    """21 reflect pads, 38 convolutions, 4 layers: the same safe form from either export."""
    export(EatSed(EatSed.resolve(EatOptions(), None)), None, tmp_path / "eat.onnx")
    simplify_file(tmp_path / "eat.onnx", tmp_path / "eat_sim.onnx")
    safe = Safe(onnx.load(tmp_path / "eat_sim.onnx"), tmp_path)
    _is_safe(safe)
    assert {
        op_type: safe.types[op_type] for op_type in ("Conv", "Gather", "Transpose", "MatMul", "Gemm", "Erf")
    } == {
        "Conv": 38,
        "Gather": 38,  # two borders of 21 pads, less four of one sample
        "Transpose": 17,
        "MatMul": 32,
        "Gemm": 1,
        "Erf": 4,
    }
    assert safe.difference() < 1e-4


class Mixed(nn.Module):
    """Dilated dense and depthwise Conv1d, all the norms and activations, torch's own attention."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Sequential(
            nn.Conv1d(1, 8, 7, padding=3, padding_mode="reflect"),
            nn.BatchNorm1d(8),
            nn.GELU(),
            nn.Conv1d(8, 16, 3, dilation=3, padding=3, stride=2),
            nn.GELU(approximate="tanh"),
            nn.Conv1d(16, 16, 15, padding=7, groups=4, padding_mode="replicate"),
            nn.Hardswish(),
            nn.Conv1d(16, 32, 4, stride=4),
            nn.GroupNorm(4, 32),
            nn.Mish(),
        )
        self.token = nn.Parameter(torch.randn(1, 1, 32))
        self.place = nn.Parameter(torch.randn(1, 9, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(32), enable_nested_tensor=False)
        self.head = nn.Linear(32, 5)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.2)

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        tokens = self.front(audio).transpose(1, 2)
        tokens = torch.cat([self.token.expand(tokens.shape[0], -1, -1), tokens], 1) + self.place
        scores: torch.Tensor = self.head(self.encoder(tokens)[:, 0])
        return scores


@pytest.mark.slow
@pytest.mark.parametrize("opset", [18, 20, 23])
@pytest.mark.parametrize("optimised", [True, False])
def test_dynamo_export(tmp_path: Path, opset: int, *, optimised: bool) -> None:
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        torch.onnx.export(
            Mixed().eval(),
            (torch.randn(1, 1, 64),),
            tmp_path / "mixed.onnx",
            dynamo=True,
            opset_version=opset,
            optimize=optimised,
            verbose=False,
        )
    safe = Safe(onnx.load(tmp_path / "mixed.onnx"), tmp_path)
    assert safe.difference() < 1e-4
    assert not {"HardSwish", "Mish", "GroupNormalization", "Attention"} & set(safe.types)
    _is_safe(safe)
