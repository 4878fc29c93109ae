"""A torch network as ONNX, and as the first rung of the ladder."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from edgedla.errors import GateError
from edgedla.requirement import TORCH
from edgedla.runner import RunnerBase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor, nn

    from edgedla.runner import Feed
    from edgedla.spec import ModelSpec


def export_torch(network: nn.Module, spec: ModelSpec, path: Path) -> None:
    """Trace `network` with zeros of the spec's shapes and write it at the spec's opset, shapes static.

    The classic exporter is used because the newer one starts at opset 18, and vendor tools end at 13.

    Raises:
        GateError: The network's outputs are not those of the spec.
        PrerequisiteError: torch is not installed.
    """
    TORCH.check()
    import torch

    inputs = tuple(torch.zeros(tensor.shape, dtype=getattr(torch, tensor.dtype)) for tensor in spec.inputs)
    _check_outputs(network, inputs, spec)
    with warnings.catch_warnings():
        # torch warns that the classic exporter is the older one, and of constants it cannot fold.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            inputs,
            str(path),
            opset_version=spec.opset,
            input_names=[tensor.name for tensor in spec.inputs],
            output_names=[tensor.name for tensor in spec.outputs],
            dynamo=False,
        )
    _write_output_shapes(path, spec)


class TorchRunner(RunnerBase):
    """A torch network on the CPU, fed and read by tensor name."""

    def __init__(self, network: nn.Module, spec: ModelSpec) -> None:
        self._network = network.eval()
        self._spec = spec

    def run(self, feed: Feed) -> Feed:
        """All outputs of the network for one set of inputs."""
        import torch

        inputs = tuple(torch.from_numpy(feed[tensor.name]) for tensor in self._spec.inputs)
        outputs = _outputs(self._network, inputs)
        return {
            tensor.name: output.numpy() for tensor, output in zip(self._spec.outputs, outputs, strict=True)
        }


def _outputs(network: nn.Module, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    import torch

    with torch.inference_mode():
        outputs = network.eval()(*inputs)
    return tuple(outputs) if isinstance(outputs, tuple | list) else (outputs,)


def _check_outputs(network: nn.Module, inputs: Sequence[Tensor], spec: ModelSpec) -> None:
    found = [tuple(output.shape) for output in _outputs(network, inputs)]
    expected = [tensor.shape for tensor in spec.outputs]
    if found != expected:
        raise GateError(
            f"the network answers with shapes {found}; its spec says {expected}",
            hint="correct spec() of the model plugin",
        )


def _write_output_shapes(path: Path, spec: ModelSpec) -> None:
    """Replace the names that tracing gives to sizes it lost sight of; the sizes were checked before."""
    import onnx

    graph = onnx.load(path)
    for value, tensor in zip(graph.graph.output, spec.outputs, strict=True):
        for dim, size in zip(value.type.tensor_type.shape.dim, tensor.shape, strict=True):
            dim.dim_value = size
    onnx.save(graph, path)
