"""The cache between CPU and memory, against a model of it that knows nothing but lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgedla_targets.pcupid.emulated.board.memory import FRESH, LINE, MEMORY, Memory
from edgedla_targets.pcupid.emulated.board.refusals import Code, Refused

SIZE = 3 * LINE + 10  # the last line is not whole


@dataclass
class Cpu:
    """A program's memory, as bytes by address."""

    areas: dict[int, bytearray] = field(default_factory=dict)

    def read(self, address: int, size: int) -> bytearray:
        start, area = self._found(address)
        return area[address - start : address - start + size]

    def write(self, address: int, data: bytes | bytearray) -> None:
        start, area = self._found(address)
        area[address - start : address - start + len(data)] = data

    def map(self, size: int) -> int:
        address = 0x1000 * (len(self.areas) + 1)
        self.areas[address] = bytearray(size)
        return address

    def unmap(self, address: int) -> None:
        del self.areas[address]

    def _found(self, address: int) -> tuple[int, bytearray]:
        return next(
            (start, area) for start, area in self.areas.items() if start <= address < start + len(area)
        )


RANGE = st.tuples(st.integers(0, SIZE - 1), st.integers(1, SIZE)).map(
    lambda pair: (pair[0], min(pair[1], SIZE - pair[0]))
)
STEP = st.tuples(st.sampled_from(["cpu", "device", "flush"]), RANGE, st.integers(0, 255))


@given(st.lists(STEP, max_size=30))
def test_a_cached_mapping_is_a_write_back_cache(steps: list[tuple[str, tuple[int, int], int]]) -> None:
    cpu = Cpu()
    memory = Memory(cpu)
    buffer = memory.allocate(SIZE, "a buffer")
    mapping = memory.map(buffer, 0, SIZE)
    view, behind, agreed = (bytearray([FRESH] * SIZE) for _ in range(3))
    for what, (start, size), byte in steps:
        data = bytes([byte]) * size
        if what == "cpu":
            view[start : start + size] = data
            cpu.write(mapping.address + start, data)
        elif what == "device":
            behind[start : start + size] = data
            buffer.data[start : start + size] = data
        else:
            for line in range(start // LINE, (start + size - 1) // LINE + 1):
                part = slice(line * LINE, min((line + 1) * LINE, SIZE))
                if view[part] != agreed[part]:
                    behind[part] = view[part]
                view[part] = agreed[part] = behind[part]
            memory.flush(mapping, start, size)
        assert cpu.read(mapping.address, SIZE) == view
        assert buffer.data == behind


@given(st.lists(STEP, max_size=20))
def test_a_mapping_without_cache_is_memory_itself(steps: list[tuple[str, tuple[int, int], int]]) -> None:
    cpu = Cpu()
    memory = Memory(cpu)
    buffer = memory.allocate(SIZE, "a buffer")
    mapping = memory.map(buffer, 0, SIZE, cached=False)
    expected = bytearray(buffer.data)
    for what, (start, size), byte in steps:
        expected[start : start + size] = bytes([byte]) * size
        if what == "device":
            buffer.data[start : start + size] = bytes([byte]) * size
        else:
            cpu.write(mapping.address + start, bytes([byte]) * size)
        memory.settle(buffer)  # as each call of the board does
        assert cpu.read(mapping.address, SIZE) == buffer.data == expected


def test_two_mappings_of_one_buffer_see_each_other_after_flushes() -> None:
    cpu = Cpu()
    memory = Memory(cpu)
    buffer = memory.allocate(128, "a buffer")
    one, other = memory.map(buffer, 0, 128), memory.map(buffer, 64, 64)
    cpu.write(one.address + 64, b"x")
    memory.flush(one, 64, 1)
    assert cpu.read(other.address, 1)[0] == FRESH
    memory.flush(other, 0, 64)
    assert cpu.read(other.address, 1) == b"x"


def test_what_was_written_without_a_cache_is_there_after_it_is_unmapped() -> None:
    cpu = Cpu()
    memory = Memory(cpu)
    buffer = memory.allocate(64, "a buffer")
    for cached, kept in ((True, bytes([FRESH])), (False, b"x")):
        mapping = memory.map(buffer, 0, 64, cached=cached)
        cpu.write(mapping.address, b"x")
        memory.unmap(mapping)
        assert buffer.data[:1] == kept
    assert cpu.areas == {}


def test_addresses_are_aligned_and_never_used_twice_and_memory_has_an_end() -> None:
    memory = Memory(Cpu())
    found = []
    for size in (1, 64, 4096, 4097):
        buffer = memory.allocate(size, "a buffer")
        found.append((buffer.address, buffer.end))
        memory.free(buffer)
    assert all(start % LINE == 0 for start, _ in found)
    assert all(end < start for (_, end), (start, _) in pairwise(found))
    memory.allocate(MEMORY, "all of it")
    with pytest.raises(Refused, match="1 bytes for one more: 0 of") as refused:
        memory.allocate(1, "one more")
    assert refused.value.code == Code.NOMEM
