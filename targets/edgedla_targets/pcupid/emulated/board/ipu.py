"""MI_IPU: the device and its channels, as one program has them."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.emulated.board.channel import MOST_SETS, Channel
from edgedla_targets.pcupid.emulated.board.images import in_memory
from edgedla_targets.pcupid.emulated.board.memory import LINE, not_ours
from edgedla_targets.pcupid.emulated.board.refusals import NEW, Code, Misuse, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edgedla_targets.pcupid.emulated.board.channel import Side
    from edgedla_targets.pcupid.emulated.board.images import Images, Reader
    from edgedla_targets.pcupid.emulated.board.memory import Buffer, Memory
    from edgedla_targets.pcupid.emulated.board.wire import Call, Hello, Tensor, Value
    from edgedla_targets.pcupid.emulated.header import Tensor as Descriptor
    from edgedla_targets.pcupid.emulated.image import Image

FORMATS = {"U8": 0, "INT16": 2, "FP32": 5, "GRAY": 9}
OLD_FORMATS = FORMATS | {"GRAY": FORMATS["U8"]}  # the oldest headers do not know it
MOST_CHANNELS = 48
BATCH_TENSORS = 256
NAME_LIMIT = 255  # bytes, without the zero behind it
URGENT, IDLE = -10, 39  # task priorities


class Ipu:
    """The calls; `read_image` asks the program for bytes of the file that a call names."""

    def __init__(
        self,
        memory: Memory,
        images: Images,
        hello: Hello,
        read_image: Reader,
        objection: Callable[[str], None],
    ) -> None:
        self._memory = memory
        self._images = images
        self._hello = hello
        self._read_image = read_image
        self._objection = objection
        self._device: Buffer | None = None
        self._variable = 0
        self._channels: dict[int, Channel] = {}

    def information(self, call: Call) -> Sequence[Value]:
        """MI_IPU_GetOfflineModeStaticInfo."""
        call.number()
        call.end()
        header = self._images.header(self._read_image)
        size = self._images.size(self._read_image)
        mode = 1 if header.batch_mode == "one_buf" else 0
        return (header.variable_buffer_size, size, mode, len(header.batches), *header.batches)

    def create_device(self, call: Call) -> Sequence[Value]:
        """MI_IPU_CreateDevice."""
        size = call.number()
        call.end()
        if self._device is not None:
            raise Misuse(Code.FAILED, "the device exists already")
        self._device = self._memory.allocate(size, "the variable buffer")
        self._variable = size
        return ()

    def destroy_device(self, call: Call) -> Sequence[Value]:
        """MI_IPU_DestroyDevice."""
        call.end()
        device = self._present()
        if self._channels:
            raise Misuse(Code.FAILED, f"{_names(self._channels)} not destroyed")
        self._memory.free(device)
        self._device = None
        return ()

    def create_channel(self, call: Call) -> Sequence[Value]:
        """MI_IPU_CreateCHN."""
        attributes = [call.number() for _ in range(4)]
        call.end()
        return self._create(attributes, self._read_image)

    def create_channel_from_memory(self, call: Call) -> Sequence[Value]:
        """MI_IPU_CreateCHNWithUserMem."""
        attributes = [call.number() for _ in range(4)]
        address = call.number()
        call.end()
        found = self._memory.find(address, 1)
        if found is None:
            raise not_ours(address, 1)
        buffer, offset = found
        self._memory.settle(buffer)
        for mapping in self._memory.mappings.values():
            if mapping.buffer is buffer and self._memory.unflushed(mapping, 0, mapping.size):
                self._objection("the image was written and not flushed")
        return self._create(attributes, in_memory(buffer.data[offset:]))

    def destroy_channel(self, call: Call) -> Sequence[Value]:
        """MI_IPU_DestroyCHN."""
        channel = self._channel(call.number())
        call.end()
        for leak in _not_put_back(channel):
            self._objection(leak)
        self._release(channel)
        return ()

    def describe(self, call: Call) -> Sequence[Value]:
        """MI_IPU_GetInOutTensorDesc."""
        channel = self._channel(call.number())
        call.end()
        values: list[Value] = []
        for tensors in (channel.image.inputs, channel.image.outputs):
            values.append(len(tensors))
            for tensor in tensors:
                values.extend(self._described(tensor))
        return values

    def get(self, call: Call, kind: str) -> Sequence[Value]:
        """MI_IPU_GetInputTensors, MI_IPU_GetOutputTensors."""
        channel = self._channel(call.number())
        call.end()
        return _flat(_side(channel, kind).take(1))

    def put(self, call: Call, kind: str) -> Sequence[Value]:
        """MI_IPU_PutInputTensors, MI_IPU_PutOutputTensors."""
        channel = self._channel(call.number())
        tensors = self._vector(call, _side(channel, kind))
        call.end()
        _side(channel, kind).put(tensors)
        return ()

    def invoke(self, call: Call) -> Sequence[Value]:
        """MI_IPU_Invoke."""
        channel = self._channel(call.number())
        inputs = self._vector(call, channel.inputs)
        outputs = self._vector(call, channel.outputs)
        call.end()
        if channel.image.header.batch_mode == "one_buf" and 1 not in channel.image.header.batches:
            raise Misuse(Code.MISMATCH_INVOKE_FUNC, "an image for batches is run by MI_IPU_Invoke2")
        self._run(channel, inputs, outputs, 1)
        return ()

    def get_batch(self, call: Call, kind: str) -> Sequence[Value]:
        """MI_IPU_GetInputTensors2, MI_IPU_GetOutputTensors2."""
        channel, batch = self._channel(call.number()), call.number()
        call.end()
        self._check_batch(channel, batch)
        return (_start(channel, kind, batch), *_flat(_side(channel, kind).take(batch)))

    def put_batch(self, call: Call, kind: str) -> Sequence[Value]:
        """MI_IPU_PutInputTensors2, MI_IPU_PutOutputTensors2."""
        channel = self._channel(call.number())
        _, _, batch, tensors = self._parameters(call, channel)
        _side(channel, kind).put(_part(channel, kind, batch, tensors))
        return ()

    def invoke_batch(self, call: Call, *, custom: bool = False) -> Sequence[Value]:
        """MI_IPU_Invoke2, MI_IPU_Invoke2Custom."""
        channel = self._channel(call.number())
        address, size, batch, tensors = self._parameters(call, channel)
        if custom:
            self._check_variable(channel, address, size)
        inputs, outputs = (_part(channel, kind, batch, tensors) for kind in ("input", "output"))
        started = time.monotonic()
        self._run(channel, inputs, outputs, batch)
        return (round((time.monotonic() - started) * 1e6),)

    def leaks(self) -> Iterator[str]:
        """What the program has not given back."""
        for channel in self._channels.values():
            yield from _not_put_back(channel)
            yield f"channel {channel.number} was not destroyed"
        if self._device is not None:
            yield "the device was not destroyed"

    def _create(self, attributes: Sequence[int], read: Reader) -> Sequence[Value]:
        _, output_depth, input_depth, batch = attributes
        self._present()
        number = next((free for free in range(MOST_CHANNELS) if free not in self._channels), None)
        if number is None:
            raise Refused(Code.NO_AVAILABLE_CHNID, f"all {MOST_CHANNELS} channels are in use")
        if max(output_depth, input_depth) > MOST_SETS:
            raise Misuse(
                Code.ILLEGAL_BUFFER_DEPTH,
                f"depths {input_depth} and {output_depth} where {MOST_SETS} is the most",
            )
        image = self._images.open(read)
        self._check_image(image)
        channel = Channel(number, image, max(batch, 1))
        self._channels[number] = channel
        try:
            channel.inputs.allocate(self._memory, number, input_depth, channel.batch_limit)
            channel.outputs.allocate(self._memory, number, output_depth, channel.batch_limit)
        except Refused:
            self._release(channel)
            raise
        return (number,)

    def _release(self, channel: Channel) -> None:
        channel.inputs.release(self._memory)
        channel.outputs.release(self._memory)
        del self._channels[channel.number]

    def _check_image(self, image: Image) -> None:
        need = image.header.variable_buffer_size
        if need > self._variable:
            raise Misuse(
                Code.INVALID_VARIABLE_BUFFER,
                f"the image needs {need} bytes of intermediates, the device has {self._variable}",
            )
        hello = self._hello
        if len(image.inputs) > hello.most_inputs or len(image.outputs) > hello.most_outputs:
            raise Refused(Code.ILLEGAL_INPUT_OUTPUT_DESC, "more tensors than the headers have room for")
        for tensor in (*image.inputs, *image.outputs):
            if len(tensor.shape) > hello.most_dimensions or len(tensor.name.encode()) > NAME_LIMIT:
                raise Refused(
                    Code.ILLEGAL_INPUT_OUTPUT_DESC,
                    f"'{tensor.name}' does not fit a descriptor of the headers",
                )

    def _described(self, tensor: Descriptor) -> Sequence[Value]:
        formats = FORMATS if self._hello.sys_version >= NEW else OLD_FORMATS
        stride = tensor.size // math.prod(tensor.shape[:-1])
        return (
            *(len(tensor.shape), *tensor.shape),
            *(formats[tensor.format], tensor.name, stride, tensor.scale, tensor.zero_point),
            *(tensor.aligned_size, tensor.size, tensor.width_alignment, tensor.height_alignment),
            ("NHWC", "NCHW").index(tensor.layout),
        )

    def _present(self) -> Buffer:
        if self._device is None:
            raise Misuse(Code.NO_CREATED_IPU_DEVICE, "there is no device; MI_IPU_CreateDevice makes it")
        return self._device

    def _channel(self, number: int) -> Channel:
        self._present()
        if number >= MOST_CHANNELS:
            raise Misuse(
                Code.INVALID_CHNID, f"{number} is no channel; they have numbers under {MOST_CHANNELS}"
            )
        if number not in self._channels:
            raise Misuse(Code.CHNID_UNEXIST, f"channel {number} was not created, or is destroyed already")
        return self._channels[number]

    def _vector(self, call: Call, side: Side) -> list[Tensor]:
        most = max(self._hello.most_inputs, self._hello.most_outputs)
        count, tensors = call.vector(most)
        if count != len(side.tensors):
            raise Misuse(
                Code.ILLEGAL_INPUT_OUTPUT_PARAM,
                f"{count} {side.kind} tensors where the image has {len(side.tensors)}",
            )
        return tensors

    def _parameters(self, call: Call, channel: Channel) -> tuple[int, int, int, list[Tensor]]:
        address, size, batch, priority, _ = *(call.number() for _ in range(3)), call.signed(), call.number()
        tensors = call.tensors(BATCH_TENSORS)
        call.end()
        self._check_batch(channel, batch)
        if not URGENT <= priority <= IDLE:
            raise Misuse(Code.INVALID_TASK_PRIORITY, f"priority {priority} is not in {URGENT} to {IDLE}")
        return address, size, batch, tensors

    def _check_batch(self, channel: Channel, batch: int) -> None:
        header = channel.image.header
        if not 1 <= batch <= channel.batch_limit:
            raise Misuse(
                Code.INVALID_BATCH_NUM,
                f"a batch of {batch} where the channel has u32BatchMax {channel.batch_limit}",
            )
        if header.batch_mode == "one_buf" and batch not in header.batches:
            raise Misuse(Code.BATCH_TYPE, f"a batch of {batch} where the image is made for {header.batches}")
        if _start(channel, "output", batch) + len(channel.outputs.layout(batch)) > BATCH_TENSORS:
            raise Misuse(Code.INVALID_BATCH_NUM, f"a batch of {batch} has more than {BATCH_TENSORS} tensors")

    def _check_variable(self, channel: Channel, address: int, size: int) -> None:
        need = channel.image.header.variable_buffer_size
        if size < need:
            raise Misuse(
                Code.INVALID_VARIABLE_BUFFER, f"{size} bytes of intermediates, the image needs {need}"
            )
        if address % LINE:
            raise Misuse(Code.BAD_PHY_ADDR_ALIGNMENT, f"{address:#x} is not a multiple of {LINE} bytes")
        if self._memory.find(address, size) is None:
            raise not_ours(address, size)

    def _run(self, channel: Channel, inputs: list[Tensor], outputs: list[Tensor], batch: int) -> None:
        sources = channel.inputs.places(self._memory, inputs, batch)
        targets = channel.outputs.places(self._memory, outputs, batch)
        channel.run(self._memory, sources, targets, self._objection)


def _side(channel: Channel, kind: str) -> Side:
    return channel.inputs if kind == "input" else channel.outputs


def _start(channel: Channel, kind: str, batch: int) -> int:
    """From where on in the array of a batch the tensors of a side lie."""
    return 0 if kind == "input" else len(channel.inputs.layout(batch))


def _part(channel: Channel, kind: str, batch: int, tensors: list[Tensor]) -> list[Tensor]:
    start = _start(channel, kind, batch)
    return tensors[start : start + len(_side(channel, kind).layout(batch))]


def _flat(tensors: list[Tensor]) -> Sequence[Value]:
    return (len(tensors), *(value for pair in tensors for value in pair))


def _not_put_back(channel: Channel) -> Iterator[str]:
    for side in (channel.inputs, channel.outputs):
        for _ in filter(lambda each: each.taken, side.sets):
            yield f"{side.kind} tensors of channel {channel.number} were not put back"


def _names(channels: dict[int, Channel]) -> str:
    if len(channels) == 1:
        return f"channel {next(iter(channels))} was"
    return f"channels {', '.join(map(str, channels))} were"
