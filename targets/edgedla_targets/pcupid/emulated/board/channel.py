"""A channel: an open image, the buffers it owns, and its runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgedla_targets.pcupid.emulated.board.memory import FRESH, LINE, not_ours
from edgedla_targets.pcupid.emulated.board.refusals import Code, Misuse, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from edgedla_targets.pcupid.emulated.board.memory import Mapping, Memory
    from edgedla_targets.pcupid.emulated.board.wire import Tensor as Pair
    from edgedla_targets.pcupid.emulated.header import Tensor
    from edgedla_targets.pcupid.emulated.image import Image

SPOILED = 0x5A  # every byte of an FP32 input after a run that used its buffer for something else


@dataclass(eq=False)
class BufferSet:
    """A buffer for each tensor of one side, times the batch."""

    mappings: list[Mapping]
    taken: bool = False

    @property
    def pairs(self) -> list[Pair]:
        """As a program gets them."""
        return [(mapping.address, mapping.physical) for mapping in self.mappings]


@dataclass(frozen=True)
class Place:
    """Where one tensor of one run lies."""

    tensor: Tensor
    mapping: Mapping
    offset: int
    size: int
    channels: bool  # in a buffer of the channel's own, of which the library looks after the cache

    @property
    def start(self) -> int:
        """Where in the buffer it begins."""
        return self.mapping.offset + self.offset


class Side:
    """The inputs or the outputs of a channel."""

    def __init__(self, kind: str, tensors: Sequence[Tensor], *, one_buffer: bool) -> None:
        self.kind = kind
        self.tensors = tensors
        self._one_buffer = one_buffer  # a batch lies one behind the other in one buffer per tensor
        self.sets: list[BufferSet] = []

    def layout(self, batch: int) -> list[tuple[Tensor, int]]:
        """The tensors that a run of this batch wants, in order, and their bytes."""
        if self._one_buffer:
            return [(tensor, tensor.size * batch) for tensor in self.tensors]
        return [(tensor, tensor.size) for tensor in self.tensors] * batch

    def allocate(self, memory: Memory, channel: int, depth: int, batch: int) -> None:
        """Make `depth` sets of buffers."""
        for _ in range(depth):
            self.sets.append(BufferSet([]))
            for tensor, size in self.layout(batch):
                label = f"{self.kind} '{tensor.name}' of channel {channel}"
                buffer = memory.allocate(-(-size // LINE) * LINE, label)
                self.sets[-1].mappings.append(memory.map(buffer, 0, len(buffer.data)))

    def release(self, memory: Memory) -> None:
        """Give all buffers back."""
        for mapping in [mapping for each in self.sets for mapping in each.mappings]:
            memory.unmap(mapping)
            memory.free(mapping.buffer)

    def take(self, batch: int) -> list[Pair]:
        """A set that nobody has taken."""
        for each in self.sets:
            if not each.taken:
                each.taken = True
                return each.pairs[: len(self.layout(batch))]
        if not self.sets:
            raise Misuse(Code.NOBUF, f"the channel was created without {self.kind} buffers of its own")
        raise Misuse(Code.NOBUF, f"all {len(self.sets)} sets of {self.kind} tensors are taken")

    def put(self, pairs: list[Pair]) -> None:
        """Take a set back."""
        self._taken(pairs).taken = False

    def places(self, memory: Memory, pairs: list[Pair], batch: int) -> list[Place]:
        """Where the tensors of a run lie: in a set that the program has taken, or in memory of its own."""
        layout = self.layout(batch)
        if self.sets:
            mappings = self._taken(pairs).mappings
            return [
                Place(tensor, mapping, 0, size, channels=True)
                for (tensor, size), mapping in zip(layout, mappings, strict=False)
            ]
        return [self._users(memory, *each, pair) for each, pair in zip(layout, pairs, strict=True)]

    def _taken(self, pairs: list[Pair]) -> BufferSet:
        for each in self.sets:
            if each.taken and pairs and each.pairs[: len(pairs)] == pairs:
                return each
        raise Misuse(
            Code.ILLEGAL_INPUT_OUTPUT_PARAM,
            f"these {self.kind} tensors were not taken, or are put back already",
        )

    def _users(self, memory: Memory, tensor: Tensor, size: int, pair: Pair) -> Place:
        name = f"{self.kind} '{tensor.name}'"
        virtual, physical = pair
        if physical % LINE:
            raise Misuse(
                Code.BAD_PHY_ADDR_ALIGNMENT, f"{name}: {physical:#x} is not a multiple of {LINE} bytes"
            )
        if memory.find(physical, 1) is None:
            raise not_ours(physical, size)
        if memory.find(physical, size) is None:
            raise Misuse(
                Code.ILLEGAL_TENSOR_BUFFER_SIZE,
                f"{name}: the buffer at {physical:#x} has fewer than {size} bytes",
            )
        found = memory.mapping_at(virtual, size)
        if found is None or found[0].buffer.freed:
            raise Misuse(Code.BADADDR, f"{name}: {size} bytes at {virtual:#x} are not mapped")
        mapping, offset = found
        if mapping.physical + offset != physical:
            raise Misuse(
                Code.BADADDR, f"{name}: {virtual:#x} is mapped to another address than {physical:#x}"
            )
        return Place(tensor, mapping, offset, size, channels=False)


class Channel:
    """One channel of the device; batches of up to `batch_limit`."""

    def __init__(self, number: int, image: Image, batch_limit: int) -> None:
        self.number = number
        self.image = image
        self.batch_limit = batch_limit
        one_buffer = image.header.batch_mode == "one_buf"
        self.inputs = Side("input", image.inputs, one_buffer=one_buffer)
        self.outputs = Side("output", image.outputs, one_buffer=one_buffer)

    def side(self, kind: str) -> Side:
        """Of the kind "input" or "output"."""
        return self.inputs if kind == "input" else self.outputs

    def not_put_back(self) -> Iterator[str]:
        """What the program has taken and still has."""
        for side in (self.inputs, self.outputs):
            for _ in filter(lambda each: each.taken, side.sets):
                yield f"{side.kind} tensors of channel {self.number} were not put back"

    def run(
        self,
        memory: Memory,
        given: list[Pair],
        wanted: list[Pair],
        batch: int,
        objection: Callable[[str], None],
    ) -> None:
        """Run a batch; `objection` is told what a board would not notice."""
        inputs = self.inputs.places(memory, given, batch)
        outputs = self.outputs.places(memory, wanted, batch)
        feeds = _split(inputs, [_fetch(memory, place, objection) for place in inputs], self.image.inputs)
        try:
            results = [self.image.run(feed) for feed in feeds]
        except Exception as error:  # noqa: BLE001 - whatever onnxruntime raises for a network that it cannot run
            raise Refused(Code.INVOKE, f"the network cannot be run: {error}") from None
        if self.image.header.inplace_input_buf:
            for place in inputs:
                if place.tensor.format == "FP32":
                    memory.store(place.mapping, place.offset, bytes([SPOILED]) * place.size)
        for place, data in zip(outputs, _joined(outputs, results), strict=True):
            _deliver(memory, place, data)


def _fetch(memory: Memory, place: Place, objection: Callable[[str], None]) -> bytearray:
    """What the IPU reads: the library itself reads FP32 inputs, all others are read from memory."""
    name = f"input '{place.tensor.name}'"
    if place.tensor.format == "FP32":
        data = memory.load(place.mapping, place.offset, place.size)
        words = np.frombuffer(data, np.uint32)
        if np.any(words == _word(SPOILED)):
            objection(f"{name} was overwritten by the run before and not filled again")
        if np.any(words == _word(FRESH)):
            objection(f"{name} was not filled")
        return data
    memory.settle(place.mapping.buffer)
    if place.mapping.cached and memory.differs(place.mapping, place.offset, place.size):
        objection(f"{name} was written and not flushed: the IPU reads what was in memory before")
    return place.mapping.buffer.data[place.start : place.start + place.size]


def _deliver(memory: Memory, place: Place, data: bytes) -> None:
    if place.channels or not place.mapping.cached:
        memory.store(place.mapping, place.offset, data)
    else:  # the CPU sees it after a flush of the program's
        place.mapping.buffer.data[place.start : place.start + place.size] = data


def _word(byte: int) -> int:
    return int.from_bytes(bytes([byte] * 4), "little")


def _split(
    places: list[Place], contents: list[bytearray], tensors: Sequence[Tensor]
) -> list[dict[str, npt.NDArray[Any]]]:
    """Arrays by name, for each run of the batch."""
    runs: dict[str, list[npt.NDArray[Any]]] = {tensor.name: [] for tensor in tensors}
    for place, content in zip(places, contents, strict=True):
        shape = (-1, *place.tensor.shape)
        runs[place.tensor.name].extend(np.frombuffer(content, place.tensor.dtype).reshape(shape))
    return [dict(zip(runs, arrays, strict=True)) for arrays in zip(*runs.values(), strict=True)]


def _joined(places: list[Place], results: list[dict[str, npt.NDArray[Any]]]) -> list[bytes]:
    """Bytes for each place, of the results of each run of the batch."""
    queues = {place.tensor.name: [result[place.tensor.name] for result in results] for place in places}
    parts = []
    for place in places:
        count = place.size // place.tensor.size
        taken, queues[place.tensor.name] = (
            queues[place.tensor.name][:count],
            queues[place.tensor.name][count:],
        )
        parts.append(b"".join(array.tobytes() for array in taken))
    return parts
