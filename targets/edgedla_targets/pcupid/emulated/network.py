"""A network of the emulated toolchain, ready to run: the numbers behind simulator and board."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from edgedla.errors import UsageError
from edgedla.runner import RunnerBase
from edgedla_targets.pcupid.emulated import container

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    import numpy.typing as npt

    from edgedla.runner import Feed
    from edgedla_targets.pcupid.emulated.header import Header, Tensor

INT16_LIMIT = 32767  # the vendor's simulator clips symmetrically


def session(model: bytes) -> Any:
    """An onnxruntime session that gives the same bits on every run.

    One thread, so that sums are always taken in the same order; no integer kernels, whose 8-bit products
    saturate on processors without VNNI; nodes in the order of the graph, so that no tensor waits long for the
    last one that reads it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.execution_order = onnxruntime.ExecutionOrder.PRIORITY_BASED
    options.log_severity_level = 4
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class Network(RunnerBase):
    """Named arrays in, named arrays out, in the shapes and element types of `inputs` and `outputs`."""

    def __init__(self, header: Header, payload: bytes) -> None:
        self.header = header
        self.payload = payload
        self._names = [tensor.name for tensor in header.outputs]

    @classmethod
    def read(cls, path: Path) -> Self:
        """The network in any file of the emulated toolchain; UsageError where it is none or damaged."""
        return cls(*container.read(path))

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """Descriptors of the inputs, in the order of the config file."""
        return self.header.inputs

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """Descriptors of the outputs, in the order of the config file."""
        return self.header.outputs

    @cached_property
    def _session(self) -> Any:
        return session(self.payload)

    def open(self) -> None:
        """Load the numbers now; else the first run does."""
        _ = self._session

    def run(self, feed: Feed) -> Feed:
        """All outputs, as the output buffers would hold them, for the contents of the input buffers.

        Raises:
            UsageError: An input is missing, or has another shape or element type than its descriptor.
        """
        arrays = {tensor.name: _checked(tensor, feed) for tensor in self.inputs}
        return dict(zip(self._names, self._session.run(self._names, arrays), strict=True))

    def run_floats(self, feed: Feed) -> Feed:
        """Like `run`, with float32 wherever a descriptor says INT16: what the PC simulator does."""
        buffers = {tensor.name: encode(tensor, feed[tensor.name]) for tensor in self.inputs}
        results = self.run(buffers)
        return {tensor.name: decode(tensor, results[tensor.name]) for tensor in self.outputs}


def encode(tensor: Tensor, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values as an input buffer holds them: INT16 = value / scale + zero point, clipped, truncated."""
    if tensor.format != "INT16" or values.dtype == np.int16:
        return values
    scaled = values / np.float32(tensor.scale) + np.float32(tensor.zero_point)
    return np.clip(scaled, -INT16_LIMIT, INT16_LIMIT).astype(np.int16)


def decode(tensor: Tensor, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The values that an output buffer stands for: INT16 elements times the scale."""
    if tensor.format != "INT16":
        return values
    return values.astype(np.float32) * np.float32(tensor.scale)


def _checked(tensor: Tensor, feed: Feed) -> npt.NDArray[Any]:
    if tensor.name not in feed:
        raise UsageError(f"input '{tensor.name}' is missing; given: {', '.join(feed) or 'nothing'}")
    array = feed[tensor.name]
    if array.shape != tensor.shape or array.dtype != np.dtype(tensor.dtype):
        raise UsageError(
            f"input '{tensor.name}': expected {tensor.dtype} {tensor.shape}, got {array.dtype} {array.shape}"
        )
    return array
