"""The board's memory as one program has it: buffers with physical addresses, and what the CPU sees of them.

Between CPU and memory there is a cache. What the CPU writes reaches memory when it is flushed, and what
devices write reaches the CPU then; a mapping without a cache is made equal at every call instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from edgedla_targets.pcupid.emulated.board.refusals import Code, Misuse, Refused

LINE = 64  # bytes of a cache line, and the alignment that the IPU wants
PAGE = 4096
START = 0x2000_0000  # of physical memory; freed addresses are not used again
MEMORY = 128 << 20  # bytes for one program
FRESH = 0xA5  # every byte of memory that nobody has written to


class Cpu(Protocol):
    """The memory of the program."""

    def read(self, address: int, size: int) -> bytearray:
        """What the program has there."""

    def write(self, address: int, data: bytes | bytearray) -> None:
        """Change it."""

    def map(self, size: int) -> int:
        """The address of new memory in the program; Refused where there is none."""

    def unmap(self, address: int) -> None:
        """Take it away."""


@dataclass(eq=False)
class Buffer:
    """Physical memory, whoever it belongs to."""

    address: int
    data: bytearray
    label: str  # for messages
    programs: bool  # allocated by the program, which must free it
    freed: bool = False

    @property
    def end(self) -> int:
        """The address behind its last byte."""
        return self.address + len(self.data)


@dataclass(eq=False)
class Mapping:
    """Where the CPU sees a part of a buffer."""

    address: int
    buffer: Buffer
    offset: int
    size: int
    cached: bool
    programs: bool  # made by the program, which must take it away
    seen: bytearray = field(repr=False)  # what the CPU had there when both sides last agreed

    @property
    def physical(self) -> int:
        """The physical address behind its first byte."""
        return self.buffer.address + self.offset


class Memory:
    """All buffers and mappings of one program."""

    def __init__(self, cpu: Cpu) -> None:
        self._cpu = cpu
        self._next = START
        self.buffers: dict[int, Buffer] = {}
        self.mappings: dict[int, Mapping] = {}

    def allocate(self, size: int, label: str, *, programs: bool = False) -> Buffer:
        """A new buffer; Refused where memory is exhausted."""
        used = sum(len(buffer.data) for buffer in self.buffers.values())
        if used + size > MEMORY:
            raise Refused(Code.NOMEM, f"{size} bytes for {label}: {MEMORY - used} of {MEMORY} are left")
        buffer = Buffer(self._next, bytearray([FRESH]) * size, label, programs)
        self._next += -(-size // PAGE) * PAGE + PAGE
        self.buffers[buffer.address] = buffer
        return buffer

    def free(self, buffer: Buffer) -> None:
        """Give a buffer back."""
        del self.buffers[buffer.address]
        buffer.freed = True

    def find(self, address: int, size: int) -> tuple[Buffer, int] | None:
        """The buffer that holds these physical bytes, and where in it they begin."""
        for buffer in self.buffers.values():
            if buffer.address <= address and address + size <= buffer.end:
                return buffer, address - buffer.address
        return None

    def map(
        self, buffer: Buffer, offset: int, size: int, *, cached: bool = True, programs: bool = False
    ) -> Mapping:
        """Show the CPU a part of a buffer."""
        self.settle(buffer)
        content = buffer.data[offset : offset + size]
        mapping = Mapping(self._cpu.map(size), buffer, offset, size, cached, programs, content)
        self._cpu.write(mapping.address, content)
        self.mappings[mapping.address] = mapping
        return mapping

    def unmap(self, mapping: Mapping) -> None:
        """Take it away; what was written and not flushed is lost."""
        if not mapping.cached:
            self.flush(mapping, 0, mapping.size)
        del self.mappings[mapping.address]
        self._cpu.unmap(mapping.address)

    def mapping_at(self, address: int, size: int) -> tuple[Mapping, int] | None:
        """The mapping that holds these bytes of the program, and where in it they begin."""
        for mapping in self.mappings.values():
            offset = address - mapping.address
            if offset >= 0 and offset + size <= mapping.size:
                return mapping, offset
        return None

    def flush(self, mapping: Mapping, offset: int, size: int) -> None:
        """Lines that the CPU has changed go to memory; then the CPU sees what is there."""
        if mapping.buffer.freed:
            return
        start, end = _lines(mapping, offset, size)
        view, seen = self._cpu.read(mapping.address + start, end - start), mapping.seen[start:end]
        memory = mapping.buffer.data[mapping.offset + start : mapping.offset + end]
        merged = _merged(view, seen, memory)
        if merged != view:
            self._cpu.write(mapping.address + start, merged)
        self._set(mapping, start, merged)

    def unflushed(self, buffer: Buffer) -> bool:
        """Whether the CPU has changed any of it since it was last flushed, wherever it is mapped."""
        mapped = [mapping for mapping in self.mappings.values() if mapping.buffer is buffer]
        return any(self.differs(mapping, 0, mapping.size) for mapping in mapped)

    def differs(self, mapping: Mapping, offset: int, size: int) -> bool:
        """Whether the CPU has changed any of these bytes since they were last flushed."""
        return self._cpu.read(mapping.address + offset, size) != mapping.seen[offset : offset + size]

    def settle(self, buffer: Buffer) -> None:
        """Mappings without a cache agree with memory."""
        for mapping in self.mappings.values():
            if mapping.buffer is buffer and not mapping.cached:
                self.flush(mapping, 0, mapping.size)

    def load(self, mapping: Mapping, offset: int, size: int) -> bytearray:
        """What the CPU has there, which is in memory too from now on."""
        view = self._cpu.read(mapping.address + offset, size)
        self._set(mapping, offset, view)
        return view

    def store(self, mapping: Mapping, offset: int, data: bytes | bytearray) -> None:
        """Change memory, and what the CPU sees of it."""
        self._set(mapping, offset, data)
        self._cpu.write(mapping.address + offset, data)

    @staticmethod
    def _set(mapping: Mapping, offset: int, data: bytes | bytearray) -> None:
        start = mapping.offset + offset
        mapping.buffer.data[start : start + len(data)] = data
        mapping.seen[offset : offset + len(data)] = data


def _lines(mapping: Mapping, offset: int, size: int) -> tuple[int, int]:
    """The cache lines that hold these bytes, as far as they are in the mapping."""
    start = offset // LINE * LINE
    return start, min(-(-(offset + size) // LINE) * LINE, mapping.size)


def _merged(view: bytearray, seen: bytearray, memory: bytearray) -> bytes:
    """Memory, with the lines that the CPU has changed."""
    if view == seen:
        return bytes(memory)
    bytes_of_cpu = np.frombuffer(view, np.uint8)
    changed = np.flatnonzero(bytes_of_cpu != np.frombuffer(seen, np.uint8)) // LINE
    dirty = np.zeros(-(-len(view) // LINE), np.bool_)
    dirty[changed] = True
    mask = np.repeat(dirty, LINE)[: len(view)]
    return np.where(mask, bytes_of_cpu, np.frombuffer(memory, np.uint8)).tobytes()


def not_ours(address: int, size: int) -> Misuse:
    """What is said of physical addresses at which the program has no memory, or too little."""
    return Misuse(
        Code.BADADDR, f"{size} bytes at the physical address {address:#x} are not memory of this program"
    )
