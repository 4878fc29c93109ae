"""One program on the board: from its greeting to its end, call by call."""

from __future__ import annotations

import struct
from functools import partial
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.emulated.board import wire
from edgedla_targets.pcupid.emulated.board.batch import Batches
from edgedla_targets.pcupid.emulated.board.device import Device
from edgedla_targets.pcupid.emulated.board.ipu import Ipu
from edgedla_targets.pcupid.emulated.board.memory import Memory
from edgedla_targets.pcupid.emulated.board.refusals import SYS_FAILED, Code, Misuse, Refused, number
from edgedla_targets.pcupid.emulated.board.system import System
from edgedla_targets.pcupid.emulated.board.wire import Call, Hello, WireError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgedla_targets.pcupid.emulated.board.images import Images
    from edgedla_targets.pcupid.emulated.board.wire import Link, Value

INIT, EXIT = "MI_SYS_Init", "MI_SYS_Exit"


class Program:
    """Serves one connection; `fault` is told what the board objects to."""

    def __init__(self, link: Link, images: Images, fault: Callable[[str], None]) -> None:
        self._link = link
        self._images = images
        self._fault = fault
        self._name = ""  # of the call under way
        self._said: list[str] = []  # in the call under way
        self._ready = False  # between MI_SYS_Init and MI_SYS_Exit

    def serve(self) -> None:
        """Until the program ends; what it leaves behind is a fault."""
        try:
            greeting = self._link.receive(wire.HELLO, wire.MESSAGE_LIMIT)
            if greeting is None:
                return
            self._greet(Hello(bytes(greeting)))
            while (payload := self._link.receive(wire.CALL, wire.MESSAGE_LIMIT)) is not None:
                self._answer(Call(bytes(payload)))
        except WireError as error:
            self._fault(f"{self._name or 'connection'}: {error}")
        finally:
            self._name = "exit"
            if self._ready:
                self._object("the program ended without MI_SYS_Exit")
                self._leave()

    def _greet(self, hello: Hello) -> None:
        if hello.protocol != wire.PROTOCOL:
            raise WireError(f"libraries of protocol {hello.protocol}, this board speaks {wire.PROTOCOL}")
        self._hello = hello
        self._start()

    def _start(self) -> None:
        memory = Memory(_Cpu(self._link))
        system = self._system = System(memory)
        device = self._device = Device(memory)
        ipu = Ipu(device, memory, self._images, self._hello, self._read_image, self._object)
        batches = Batches(device, memory, self._object)
        self._calls: dict[str, Callable[[Call], Sequence[Value]]] = {
            "MI_SYS_MMA_Alloc": system.alloc,
            "MI_SYS_MMA_Free": system.free,
            "MI_SYS_Mmap": system.mmap,
            "MI_SYS_Munmap": system.munmap,
            "MI_SYS_FlushInvCache": system.flush,
            "MI_SYS_Va2Pa": system.physical,
            "MI_SYS_MemcpyPa": system.copy,
            "MI_IPU_GetOfflineModeStaticInfo": ipu.information,
            "MI_IPU_CreateDevice": ipu.create_device,
            "MI_IPU_DestroyDevice": ipu.destroy_device,
            "MI_IPU_CreateCHN": ipu.create_channel,
            "MI_IPU_CreateCHNWithUserMem": ipu.create_channel_from_memory,
            "MI_IPU_DestroyCHN": ipu.destroy_channel,
            "MI_IPU_GetInOutTensorDesc": ipu.describe,
            "MI_IPU_GetInputTensors": partial(ipu.get, kind="input"),
            "MI_IPU_GetOutputTensors": partial(ipu.get, kind="output"),
            "MI_IPU_PutInputTensors": partial(ipu.put, kind="input"),
            "MI_IPU_PutOutputTensors": partial(ipu.put, kind="output"),
            "MI_IPU_Invoke": ipu.invoke,
            "MI_IPU_GetInputTensors2": partial(batches.get, kind="input"),
            "MI_IPU_GetOutputTensors2": partial(batches.get, kind="output"),
            "MI_IPU_PutInputTensors2": partial(batches.put, kind="input"),
            "MI_IPU_PutOutputTensors2": partial(batches.put, kind="output"),
            "MI_IPU_Invoke2": batches.invoke,
            "MI_IPU_Invoke2Custom": partial(batches.invoke, custom=True),
        }

    def _answer(self, call: Call) -> None:
        self._name, self._said = call.name, []
        try:
            result, values = 0, self._do(call)
        except Refused as refused:
            result, values = self._number(refused), ()
            if isinstance(refused, Misuse):
                self._object(refused.reason)
            else:
                self._said.append(f"{call.name}: {refused.reason}")
        self._link.done(result, "\nemulated board: ".join(self._said), values)

    def _do(self, call: Call) -> Sequence[Value]:
        if call.name == INIT:
            return self._init(call)
        if not self._ready:
            raise Misuse(Code.FAILED, f"called before {INIT}, or after {EXIT}")
        if call.name == EXIT:
            call.number()
            call.end()
            self._leave()
            return ()
        if call.name not in self._calls:
            raise WireError(f"there is no function {call.name!r}")
        return self._calls[call.name](call)

    def _init(self, call: Call) -> Sequence[Value]:
        call.number()
        call.end()
        if self._ready:
            raise Misuse(Code.FAILED, "called twice")
        self._ready = True
        return ()

    def _leave(self) -> None:
        for leak in (*self._device.leaks(), *self._system.leaks()):
            self._object(leak)
        self._ready = False
        self._start()

    def _number(self, refused: Refused) -> int:
        if self._name.startswith("MI_SYS_"):
            return SYS_FAILED
        return number(refused.code, self._hello.sys_version)

    def _object(self, sentence: str) -> None:
        self._said.append(f"{self._name}: {sentence}")
        self._fault(self._said[-1])

    def _read_image(self, offset: int, size: int) -> bytearray:
        answer = self._link.ask(wire.READ_IMAGE, struct.pack("<II", offset, size), size)
        if len(answer) not in (0, size):
            raise WireError(f"{self._name}: {len(answer)} bytes of an image where {size} were asked for")
        return answer


class _Cpu:
    """The program's memory, at the other end of the connection."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def read(self, address: int, size: int) -> bytearray:
        data = self._link.ask(wire.READ_MEMORY, struct.pack("<QI", address, size), size)
        if len(data) != size:
            raise WireError(f"{len(data)} bytes of memory where {size} were asked for")
        return data

    def write(self, address: int, data: bytes | bytearray) -> None:
        self._link.send(wire.WRITE_MEMORY, struct.pack("<Q", address), data)

    def map(self, size: int) -> int:
        address = int.from_bytes(self._link.ask(wire.MAP, struct.pack("<I", size), 8), "little")
        if not address:
            raise Refused(Code.NOMEM, f"no {size} bytes of memory in the program")
        return address

    def unmap(self, address: int) -> None:
        self._link.send(wire.UNMAP, struct.pack("<Q", address))
