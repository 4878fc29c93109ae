"""The IPU as one program has it: the device, and the channels on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.emulated.board.channel import Channel
from edgedla_targets.pcupid.emulated.board.refusals import Code, Misuse, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgedla_targets.pcupid.emulated.board.memory import Buffer, Memory
    from edgedla_targets.pcupid.emulated.image import Image

MOST_CHANNELS = 48
MOST_SETS = 3  # of buffers that a channel owns, for either side
MOST_IN_BATCH = 256


class Device:
    """What exists, and what may be made or taken away next."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._variable: Buffer | None = None  # for intermediates; there while the device is
        self._channels: dict[int, Channel] = {}

    def create(self, size: int) -> None:
        """Make the device, with so many bytes for intermediates."""
        if self._variable is not None:
            raise Misuse(Code.FAILED, "the device exists already")
        self._variable = self._memory.allocate(size, "the variable buffer")

    def destroy(self) -> None:
        """Take it away."""
        variable = self.present()
        if self._channels:
            names = ", ".join(map(str, self._channels))
            raise Misuse(Code.FAILED, f"there are channels that were not destroyed: {names}")
        self._memory.free(variable)
        self._variable = None

    def present(self) -> Buffer:
        """Its buffer for intermediates; Misuse where there is no device."""
        if self._variable is None:
            raise Misuse(Code.NO_CREATED_IPU_DEVICE, "there is no device; MI_IPU_CreateDevice makes it")
        return self._variable

    def open(self, image: Image, input_sets: int, output_sets: int, most: int) -> Channel:
        """A new channel, with buffers for batches of at most `most`."""
        number = next((free for free in range(MOST_CHANNELS) if free not in self._channels), None)
        if number is None:
            raise Refused(Code.NO_AVAILABLE_CHNID, f"all {MOST_CHANNELS} channels are in use")
        if max(output_sets, input_sets) > MOST_SETS:
            raise Misuse(
                Code.ILLEGAL_BUFFER_DEPTH, f"depths {input_sets} and {output_sets}; {MOST_SETS} is the most"
            )
        if most > MOST_IN_BATCH:
            raise Misuse(Code.INVALID_BATCH_NUM, f"u32BatchMax {most}; {MOST_IN_BATCH} is the most")
        self._check_room(image)
        channel = self._channels[number] = Channel(number, image, most)
        try:
            channel.inputs.allocate(self._memory, number, input_sets, most)
            channel.outputs.allocate(self._memory, number, output_sets, most)
        except Refused:
            self.close(channel)
            raise
        return channel

    def close(self, channel: Channel) -> None:
        """Take a channel and its buffers away."""
        channel.inputs.release(self._memory)
        channel.outputs.release(self._memory)
        del self._channels[channel.number]

    def channel(self, number: int) -> Channel:
        """The channel of this number."""
        self.present()
        if number >= MOST_CHANNELS:
            raise Misuse(
                Code.INVALID_CHNID, f"{number} is no channel; they have numbers under {MOST_CHANNELS}"
            )
        if number not in self._channels:
            raise Misuse(Code.CHNID_UNEXIST, f"channel {number} was not created, or is destroyed already")
        return self._channels[number]

    def leaks(self) -> Iterator[str]:
        """What the program has not given back."""
        for channel in self._channels.values():
            yield from channel.not_put_back()
            yield f"channel {channel.number} was not destroyed"
        if self._variable is not None:
            yield "the device was not destroyed"

    def _check_room(self, image: Image) -> None:
        need, room = image.header.variable_buffer_size, len(self.present().data)
        if need > room:
            raise Misuse(
                Code.INVALID_VARIABLE_BUFFER,
                f"the image needs {need} bytes for intermediates, the device was created with {room}",
            )
