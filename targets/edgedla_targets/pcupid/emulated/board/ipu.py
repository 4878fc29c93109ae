"""MI_IPU, calls that all headers have, and those that open images."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from edgedla_targets.pcupid.emulated.board.images import in_memory
from edgedla_targets.pcupid.emulated.board.memory import not_ours
from edgedla_targets.pcupid.emulated.board.refusals import NEW, Code, Misuse, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedla_targets.pcupid.emulated.board.channel import Side
    from edgedla_targets.pcupid.emulated.board.device import Device
    from edgedla_targets.pcupid.emulated.board.images import Images, Reader
    from edgedla_targets.pcupid.emulated.board.memory import Memory
    from edgedla_targets.pcupid.emulated.board.wire import Call, Hello, Tensor, Value
    from edgedla_targets.pcupid.emulated.header import Tensor as Descriptor
    from edgedla_targets.pcupid.emulated.image import Image

Objection: TypeAlias = Callable[[str], None]
FORMATS = {"U8": 0, "INT16": 2, "FP32": 5, "GRAY": 9}
OLD_FORMATS = FORMATS | {"GRAY": FORMATS["U8"]}  # the oldest headers do not know it
LAYOUTS = ("NHWC", "NCHW")
NAME_LIMIT = 255  # bytes, without the zero behind it


class Ipu:
    """The calls; `read_image` asks the program for bytes of the file that a call names."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that a program has on a board
        self,
        device: Device,
        memory: Memory,
        images: Images,
        hello: Hello,
        read_image: Reader,
        objection: Objection,
    ) -> None:
        self._device = device
        self._memory = memory
        self._images = images
        self._hello = hello
        self._read_image = read_image
        self._objection = objection

    def information(self, call: Call) -> Sequence[Value]:
        """MI_IPU_GetOfflineModeStaticInfo."""
        call.number()
        call.end()
        header, size = self._images.look(self._read_image)
        mode = ("n_buf", "one_buf").index(header.batch_mode)
        return (header.variable_buffer_size, size, mode, len(header.batches), *header.batches)

    def create_device(self, call: Call) -> Sequence[Value]:
        """MI_IPU_CreateDevice."""
        size = call.number()
        call.end()
        self._device.create(size)
        return ()

    def destroy_device(self, call: Call) -> Sequence[Value]:
        """MI_IPU_DestroyDevice."""
        call.end()
        self._device.destroy()
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
        if self._memory.unflushed(buffer):
            self._objection("the image was written and not flushed: the IPU reads what was in memory before")
        return self._create(attributes, in_memory(buffer.data[offset:]))

    def destroy_channel(self, call: Call) -> Sequence[Value]:
        """MI_IPU_DestroyCHN."""
        channel = self._device.channel(call.number())
        call.end()
        for leak in channel.not_put_back():
            self._objection(leak)
        self._device.close(channel)
        return ()

    def describe(self, call: Call) -> Sequence[Value]:
        """MI_IPU_GetInOutTensorDesc."""
        channel = self._device.channel(call.number())
        call.end()
        values: list[Value] = []
        for side in (channel.inputs, channel.outputs):
            values.append(len(side.tensors))
            for tensor in side.tensors:
                values.extend(self._described(tensor))
        return values

    def get(self, call: Call, kind: str) -> Sequence[Value]:
        """MI_IPU_GetInputTensors, MI_IPU_GetOutputTensors."""
        channel = self._device.channel(call.number())
        call.end()
        return flat(channel.side(kind).take(1))

    def put(self, call: Call, kind: str) -> Sequence[Value]:
        """MI_IPU_PutInputTensors, MI_IPU_PutOutputTensors."""
        side = self._device.channel(call.number()).side(kind)
        tensors = self._vector(call, side)
        call.end()
        side.put(tensors)
        return ()

    def invoke(self, call: Call) -> Sequence[Value]:
        """MI_IPU_Invoke."""
        channel = self._device.channel(call.number())
        inputs = self._vector(call, channel.inputs)
        outputs = self._vector(call, channel.outputs)
        call.end()
        header = channel.image.header
        if header.batch_mode == "one_buf" and 1 not in header.batches:
            raise Misuse(Code.MISMATCH_INVOKE_FUNC, "an image for batches is run by MI_IPU_Invoke2")
        channel.run(self._memory, inputs, outputs, 1, self._objection)
        return ()

    def _create(self, attributes: Sequence[int], read: Reader) -> Sequence[Value]:
        _, output_sets, input_sets, most = attributes
        self._device.present()
        image = self._images.open(read)
        self._check_headers(image)
        return (self._device.open(image, input_sets, output_sets, max(most, 1)).number,)

    def _check_headers(self, image: Image) -> None:
        hello = self._hello
        if len(image.inputs) > hello.most_inputs or len(image.outputs) > hello.most_outputs:
            raise Refused(Code.ILLEGAL_INPUT_OUTPUT_DESC, "more tensors than the headers have room for")
        for tensor in (*image.inputs, *image.outputs):
            if len(tensor.shape) > hello.most_dimensions or len(tensor.name.encode()) > NAME_LIMIT:
                raise Refused(
                    Code.ILLEGAL_INPUT_OUTPUT_DESC, f"the headers have no room for tensor '{tensor.name}'"
                )

    def _described(self, tensor: Descriptor) -> Sequence[Value]:
        formats = FORMATS if self._hello.sys_version >= NEW else OLD_FORMATS
        stride = tensor.size // math.prod(tensor.shape[:-1])
        return (
            *(len(tensor.shape), *tensor.shape),
            *(formats[tensor.format], tensor.name, stride, tensor.scale, tensor.zero_point),
            *(tensor.aligned_size, tensor.size, tensor.width_alignment, tensor.height_alignment),
            LAYOUTS.index(tensor.layout),
        )

    def _vector(self, call: Call, side: Side) -> list[Tensor]:
        count, tensors = call.vector(max(self._hello.most_inputs, self._hello.most_outputs))
        if count != len(side.tensors):
            raise Misuse(
                Code.ILLEGAL_INPUT_OUTPUT_PARAM,
                f"{count} {side.kind} tensors where the image has {len(side.tensors)}",
            )
        return tensors


def flat(tensors: Sequence[Tensor]) -> Sequence[Value]:
    """Tensors as they go over the wire: how many, and the addresses of each."""
    return (len(tensors), *(value for pair in tensors for value in pair))
