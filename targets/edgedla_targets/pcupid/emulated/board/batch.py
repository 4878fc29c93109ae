"""MI_IPU, calls of newer headers for batches; their array of tensors holds inputs, then outputs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.emulated.board.ipu import flat
from edgedla_targets.pcupid.emulated.board.memory import LINE, not_ours
from edgedla_targets.pcupid.emulated.board.refusals import Code, Misuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedla_targets.pcupid.emulated.board.channel import Channel
    from edgedla_targets.pcupid.emulated.board.device import Device
    from edgedla_targets.pcupid.emulated.board.ipu import Objection
    from edgedla_targets.pcupid.emulated.board.memory import Memory
    from edgedla_targets.pcupid.emulated.board.wire import Call, Tensor, Value

TENSORS = 256  # in the array
URGENT, IDLE = -10, 39  # task priorities


class Batches:
    """The calls, by the names of MI_IPU without their 2."""

    def __init__(self, device: Device, memory: Memory, objection: Objection) -> None:
        self._device = device
        self._memory = memory
        self._objection = objection

    def get(self, call: Call, kind: str) -> Sequence[Value]:
        """MI_IPU_GetInputTensors2, MI_IPU_GetOutputTensors2."""
        channel, batch = self._device.channel(call.number()), call.number()
        call.end()
        _check(channel, batch)
        return (_start(channel, kind, batch), *flat(channel.side(kind).take(batch)))

    def put(self, call: Call, kind: str) -> Sequence[Value]:
        """MI_IPU_PutInputTensors2, MI_IPU_PutOutputTensors2."""
        channel = self._device.channel(call.number())
        _, _, batch, tensors = _parameters(call, channel)
        channel.side(kind).put(_part(channel, kind, batch, tensors))
        return ()

    def invoke(self, call: Call, *, custom: bool = False) -> Sequence[Value]:
        """MI_IPU_Invoke2, MI_IPU_Invoke2Custom."""
        channel = self._device.channel(call.number())
        address, size, batch, tensors = _parameters(call, channel)
        if custom:
            self._check_variable(channel, address, size)
        inputs, outputs = (_part(channel, kind, batch, tensors) for kind in ("input", "output"))
        started = time.monotonic()
        channel.run(self._memory, inputs, outputs, batch, self._objection)
        return (round((time.monotonic() - started) * 1e6),)

    def _check_variable(self, channel: Channel, address: int, size: int) -> None:
        need = channel.image.header.variable_buffer_size
        if size < need:
            raise Misuse(
                Code.INVALID_VARIABLE_BUFFER, f"{size} bytes for intermediates, the image needs {need}"
            )
        if address % LINE:
            raise Misuse(Code.BAD_PHY_ADDR_ALIGNMENT, f"{address:#x} is not a multiple of {LINE} bytes")
        if self._memory.find(address, size) is None:
            raise not_ours(address, size)


def _parameters(call: Call, channel: Channel) -> tuple[int, int, int, list[Tensor]]:
    """The caller's variable buffer and its bytes, the batch, the array."""
    address, size, batch = (call.number() for _ in range(3))
    priority, _ = call.signed(), call.number()
    tensors = call.tensors(TENSORS)
    call.end()
    _check(channel, batch)
    if not URGENT <= priority <= IDLE:
        raise Misuse(Code.INVALID_TASK_PRIORITY, f"priority {priority} is not in {URGENT} to {IDLE}")
    return address, size, batch, tensors


def _check(channel: Channel, batch: int) -> None:
    header = channel.image.header
    if not 1 <= batch <= channel.batch_limit:
        raise Misuse(
            Code.INVALID_BATCH_NUM, f"a batch of {batch}; the channel has u32BatchMax {channel.batch_limit}"
        )
    if header.batch_mode == "one_buf" and batch not in header.batches:
        raise Misuse(Code.BATCH_TYPE, f"a batch of {batch}; the image is made for {header.batches}")
    if _start(channel, "output", batch) + len(channel.outputs.layout(batch)) > TENSORS:
        raise Misuse(Code.INVALID_BATCH_NUM, f"a batch of {batch} has more than {TENSORS} tensors")


def _start(channel: Channel, kind: str, batch: int) -> int:
    """From where on in the array the tensors of a side lie."""
    return 0 if kind == "input" else len(channel.inputs.layout(batch))


def _part(channel: Channel, kind: str, batch: int, tensors: list[Tensor]) -> list[Tensor]:
    start = _start(channel, kind, batch)
    return tensors[start : start + len(channel.side(kind).layout(batch))]
