"""Per-layer SNR of the fixed network against the float one, and which convolutions deserve 16 bits.

Only the emulated toolchain's files can be opened like this; the vendor's need its own DumpDebug tools.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from edgedla.errors import UsageError
from edgedla.spec import LayerError
from edgedla_targets.pcupid.emulated import sim
from edgedla_targets.pcupid.emulated.network import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from edgedla.runner import Feed

    Sums = dict[str, npt.NDArray[np.float64]]

DESERVING_DB = 1.0
"""A convolution that loses this much of its input's signal-to-noise is worth 16 bits."""


def layer_errors(float_sim: Path, fixed_sim: Path, feeds: Sequence[tuple[Feed, Feed]]) -> list[LayerError]:
    """SNR in dB of every layer's output, worst first.

    `feeds` are pairs, for the float and the fixed network, in the tools' axes; images differ in them.

    `loss_db` is what a convolution takes of its input's SNR; where it is over `DESERVING_DB` the hint is the
    option that makes it 16-bit.

    Raises:
        UsageError: A file is not of the emulated toolchain.
    """
    exact, rounded = (onnx.load_from_string(sim.load(path).payload) for path in (float_sim, fixed_sim))
    kept = {name for node in rounded.graph.node for name in node.output}
    layers = [node for node in exact.graph.node if node.output[0] in kept]
    if not layers:
        raise UsageError(f"{fixed_sim} has no layer of {float_sim}", hint="build both again")
    names = [node.output[0] for node in layers]
    sums = _sums(_opened(exact, names), _opened(rounded, names), names, feeds)
    snr = {name: _decibels(*pair) for name, pair in sums.items()}
    return sorted((_error(node, snr) for node in layers), key=lambda layer: (layer.snr_db, layer.name))


def _opened(model: onnx.ModelProto, names: list[str]) -> Any:
    """A session that also answers with the tensors between."""
    known = {output.name for output in model.graph.output}
    model.graph.output.extend(
        onnx.helper.make_empty_tensor_value_info(name) for name in names if name not in known
    )
    return session(model.SerializeToString())


def _sums(exact: Any, rounded: Any, names: list[str], feeds: Sequence[tuple[Feed, Feed]]) -> Sums:
    """Energy of signal and of difference for each tensor, over all feeds; one feed is in memory at a time."""
    sums = {name: np.zeros(2) for name in names}
    for feed, fixed in feeds:
        for name, a, b in zip(names, exact.run(names, feed), rounded.run(names, fixed), strict=True):
            signal = a.astype(np.float64)
            sums[name] += np.sum(signal**2), np.sum((b - signal) ** 2)
    return sums


def _decibels(signal: float, noise: float) -> float:
    return math.inf if noise == 0 else 10 * math.log10(max(signal, 1e-300) / noise)


def _error(node: onnx.NodeProto, snr: dict[str, float]) -> LayerError:
    own, source = snr[node.output[0]], snr.get(node.input[0], math.inf)
    loss = source - own if node.op_type == "Conv" and math.isfinite(source) and math.isfinite(own) else 0.0
    deserving = loss > DESERVING_DB
    return LayerError(
        name=node.output[0],
        op=node.op_type,
        snr_db=min(own, 300.0),  # beyond what float64 sums can tell
        loss_db=loss,
        hint=f"--set pcupid.tensor_arrays={node.input[0]}" if deserving else "",
    )
