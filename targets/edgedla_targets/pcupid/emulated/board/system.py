"""MI_SYS: memory that programs allocate, map and flush."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.emulated.board.memory import Memory, not_ours
from edgedla_targets.pcupid.emulated.board.refusals import Code, Misuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edgedla_targets.pcupid.emulated.board.memory import Buffer, Mapping
    from edgedla_targets.pcupid.emulated.board.wire import Call, Value


class System:
    """The calls, but for those that begin and end everything."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def alloc(self, call: Call) -> Sequence[Value]:
        """MI_SYS_MMA_Alloc."""
        _, size = call.number(), call.number()
        call.end()
        if size == 0:
            raise Misuse(Code.NOMEM, "0 bytes asked for")
        return (self._memory.allocate(size, "an MMA buffer", programs=True).address,)

    def free(self, call: Call) -> Sequence[Value]:
        """MI_SYS_MMA_Free."""
        _, address = call.number(), call.number()
        call.end()
        buffer = self._memory.buffers.get(address)
        if buffer is None:
            raise Misuse(Code.BADADDR, f"no buffer begins at {address:#x}, or it is freed already")
        if not buffer.programs:
            raise Misuse(
                Code.BADADDR, f"{address:#x} is {buffer.label}, which was not allocated by the program"
            )
        mapped = [mapping for mapping in self._memory.mappings.values() if mapping.buffer is buffer]
        self._memory.free(buffer)
        if mapped:
            raise Misuse(Code.BADADDR, f"the buffer at {address:#x} is still mapped")
        return ()

    def mmap(self, call: Call) -> Sequence[Value]:
        """MI_SYS_Mmap."""
        address, size, cached = call.number(), call.number(), call.number()
        call.end()
        buffer, offset = self._found(address, size)
        mapping = self._memory.map(buffer, offset, size, cached=bool(cached), programs=True)
        return (mapping.address,)

    def munmap(self, call: Call) -> Sequence[Value]:
        """MI_SYS_Munmap."""
        address, size = call.number(), call.number()
        call.end()
        mapping = self._memory.mappings.get(address)
        if mapping is None or not mapping.programs:
            raise Misuse(Code.BADADDR, f"MI_SYS_Mmap gave no {address:#x}, or it is unmapped already")
        if mapping.size != size:
            raise Misuse(Code.BADADDR, f"{size} bytes at {address:#x}, where {mapping.size} are mapped")
        self._memory.unmap(mapping)
        return ()

    def flush(self, call: Call) -> Sequence[Value]:
        """MI_SYS_FlushInvCache."""
        address, size = call.number(), call.number()
        call.end()
        mapping, offset = self._mapped(address, size)
        self._memory.flush(mapping, offset, size)
        return ()

    def physical(self, call: Call) -> Sequence[Value]:
        """MI_SYS_Va2Pa."""
        address = call.number()
        call.end()
        mapping, offset = self._mapped(address, 1)
        return (mapping.physical + offset,)

    def copy(self, call: Call) -> Sequence[Value]:
        """MI_SYS_MemcpyPa."""
        _, to, start, size = (call.number() for _ in range(4))
        call.end()
        target, target_offset = self._found(to, size)
        source, source_offset = self._found(start, size)
        self._memory.settle(source)
        self._memory.settle(target)
        content = source.data[source_offset : source_offset + size]
        target.data[target_offset : target_offset + size] = content
        self._memory.settle(target)
        return ()

    def leaks(self) -> Iterator[str]:
        """What the program has not given back."""
        for mapping in self._memory.mappings.values():
            if mapping.programs:
                yield f"{mapping.size} bytes at {mapping.physical:#x} are still mapped"
        for buffer in self._memory.buffers.values():
            if buffer.programs:
                yield f"the buffer of {len(buffer.data)} bytes at {buffer.address:#x} was not freed"

    def _found(self, address: int, size: int) -> tuple[Buffer, int]:
        found = self._memory.find(address, size) if size else None
        if found is None:
            raise not_ours(address, size)
        return found

    def _mapped(self, address: int, size: int) -> tuple[Mapping, int]:
        found = self._memory.mapping_at(address, size) if size else None
        if found is None or found[0].buffer.freed:
            raise Misuse(Code.BADADDR, f"{size} bytes at {address:#x} are not mapped")
        return found
