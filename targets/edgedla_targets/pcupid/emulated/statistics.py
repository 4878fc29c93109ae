"""Ranges of all tensors of a network over the calibration samples."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from edgedla_targets.pcupid.emulated.console import native_refusal
from edgedla_targets.pcupid.emulated.graph import live
from edgedla_targets.pcupid.emulated.network import session

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from edgedla.runner import Feed

MEASURES = ("ReduceMin", "ReduceMax", "ReduceMean")  # the last one of the squares


@dataclass(frozen=True)
class Range:
    """Smallest and largest value of a tensor over all samples, and the mean over samples of 1 / power.

    Times the power of a rounding error, the last one is the share of noise that the error would bring.
    """

    low: float
    high: float
    inverse_power: float


def float_tensors(model: onnx.ModelProto) -> list[str]:
    """Names of all tensors that depend on the inputs and hold floats, in the order of the graph."""
    values = [*model.graph.input, *model.graph.value_info, *model.graph.output]
    floats = {value.name for value in values if value.type.tensor_type.elem_type == TensorProto.FLOAT}
    made = [name for node in live(model) for name in node.output]
    return [name for name in [*(value.name for value in model.graph.input), *made] if name in floats]


def collect(model: onnx.ModelProto, feeds: Iterable[Feed]) -> dict[str, Range]:
    """Run every sample through the float network and keep the ranges of its tensors.

    Samples run side by side, one per processor; the result does not depend on how many there are.

    Raises:
        ConverterError: There is no sample with finite values.
    """
    names = float_tensors(model)
    measured = _measured(
        _instrumented(model, names), [f"{name}/{kind}" for name in names for kind in MEASURES], feeds
    )
    finite = measured[np.isfinite(measured).all(axis=1)]
    if not len(finite):
        raise native_refusal("sgs_CalcuMinMax")
    table = finite.reshape(len(finite), len(names), len(MEASURES))
    return {name: _range(table[:, index]) for index, name in enumerate(names)}


def _instrumented(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """The network with the measures of its tensors as outputs.

    Each tensor is measured right after it is made, so that it need not be kept until the network has ended:
    those of a picture of 640 x 640 fill gigabytes.
    """
    wanted = set(names)
    nodes = _measures(value.name for value in model.graph.input if value.name in wanted)
    for node in model.graph.node:
        nodes += [node, *_measures(name for name in node.output if name in wanted)]
    measured = onnx.ModelProto()
    measured.CopyFrom(model)
    del measured.graph.node[:], measured.graph.output[:]
    measured.graph.node.extend(nodes)
    for name in names:
        for kind in MEASURES:
            output = helper.make_tensor_value_info(f"{name}/{kind}", TensorProto.FLOAT, [])
            measured.graph.output.append(output)
    return measured


def _measures(names: Iterable[str]) -> list[onnx.NodeProto]:
    nodes = []
    for name in names:
        square = f"{name}/square"
        nodes.append(helper.make_node("Mul", [name, name], [square]))
        for kind in MEASURES:
            source = square if kind == "ReduceMean" else name
            nodes.append(helper.make_node(kind, [source], [f"{name}/{kind}"], keepdims=0))
    return nodes


def _measured(model: onnx.ModelProto, names: list[str], feeds: Iterable[Feed]) -> npt.NDArray[Any]:
    engine = session(model.SerializeToString())
    workers = len(os.sched_getaffinity(0))
    waiting = iter(feeds)
    rows: list[Any] = []
    with ThreadPoolExecutor(workers) as pool:
        while chunk := list(islice(waiting, workers)):  # never more samples in memory than can run
            rows += pool.map(lambda feed: engine.run(names, feed), chunk)
    return np.array(rows, np.float64).reshape(-1, len(names))


def _range(table: npt.NDArray[Any]) -> Range:
    power = table[:, 2]
    heard = power[power > 0]
    inverse = float((1 / heard).mean()) if len(heard) else 0.0
    return Range(float(table[:, 0].min()), float(table[:, 1].max()), inverse)
