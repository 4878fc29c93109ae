"""Messages between the client library and the board; `lib/edla_board.h` says what they look like."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, TypeAlias

from edgedla_targets.pcupid.emulated.board.refusals import Code, Misuse

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

PROTOCOL = 1
HELLO, CALL, ANSWER = 1, 2, 3  # from the program
DONE, READ_MEMORY, WRITE_MEMORY, MAP, UNMAP, READ_IMAGE = 1, 2, 3, 4, 5, 6  # to it
MESSAGE_LIMIT = 65536  # bytes of a hello or a call; answers are as long as what was asked for
PIECE = 262144  # bytes of an image that can be asked for at once
TEXT_LIMIT = 2000  # bytes of a text for people
NAME_LIMIT = 64
_HEAD = struct.Struct("<II")
_LENGTH = struct.Struct("<I")
_HELLO = struct.Struct("<5I")
_DONE = struct.Struct("<iI")

Value: TypeAlias = int | float | str
Tensor: TypeAlias = tuple[int, int]  # where the CPU sees it, where it is


class WireError(Exception):
    """The other side sent what is no message, or is gone."""


class Hello:
    """What the program was compiled for."""

    def __init__(self, payload: bytes) -> None:
        if len(payload) != _HELLO.size:
            raise WireError(f"a greeting of {len(payload)} bytes")
        words = _HELLO.unpack(payload)
        self.protocol, self.sys_version, self.most_inputs, self.most_outputs, self.most_dimensions = words


class Call:
    """A function and its arguments, to be taken one by one."""

    def __init__(self, payload: bytes) -> None:
        end = _LENGTH.size + int.from_bytes(payload[: _LENGTH.size], "little")
        name, arguments = payload[_LENGTH.size : end], payload[end:]
        if end > len(payload) or len(name) > NAME_LIMIT or len(arguments) % 8:
            raise WireError(f"a call that cannot be understood, of {len(payload)} bytes")
        self.name = name.decode("ascii", "backslashreplace")
        self._numbers: list[int] = list(struct.unpack(f"<{len(arguments) // 8}Q", arguments))
        self._next = 0

    def number(self) -> int:
        """The next argument, unsigned."""
        if not self._numbers:
            raise Misuse(Code.BADADDR, "a pointer is NULL")
        if self._next == len(self._numbers):
            raise WireError(f"{self.name}: too few arguments")
        self._next += 1
        return self._numbers[self._next - 1]

    def signed(self) -> int:
        """The next argument, signed."""
        value = self.number()
        return value - (1 << 64) if value >> 63 else value

    def tensors(self, count: int) -> list[Tensor]:
        """This many tensors."""
        return [(self.number(), self.number()) for _ in range(count)]

    def vector(self, most: int) -> tuple[int, list[Tensor]]:
        """The count that the program has set, and as many tensors as there can be."""
        count = self.number()
        return count, self.tensors(min(count, most))

    def end(self) -> None:
        """WireError where there are more arguments than were taken."""
        if self._next != len(self._numbers):
            raise WireError(f"{self.name}: {len(self._numbers)} arguments instead of {self._next}")


class Link:
    """A connected socket as frames."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def receive(self, kind: int, limit: int) -> bytearray | None:
        """The payload of the next message, at most `limit` bytes; `None` where the program has ended."""
        head = self._read(_HEAD.size, may_end=True)
        if head is None:
            return None
        size, found = _HEAD.unpack(head)
        if found != kind or size > limit:
            raise WireError(f"a message of kind {found} and {size} bytes where one of kind {kind} is due")
        return self._read(size)

    def ask(self, kind: int, payload: bytes, limit: int) -> bytearray:
        """What the program answers, at most `limit` bytes."""
        self.send(kind, payload)
        answer = self.receive(ANSWER, limit)
        if answer is None:
            raise WireError("the program is gone")
        return answer

    def send(self, kind: int, *payload: bytes | bytearray) -> None:
        """One message."""
        try:
            self._socket.sendall(b"".join((_HEAD.pack(sum(map(len, payload)), kind), *payload)))
        except OSError as error:
            raise WireError(f"the program is gone: {error.strerror}") from None

    def done(self, result: int, text: str, values: Sequence[Value]) -> None:
        """The end of a call; on the program's side `text` goes to stderr."""
        words = text.encode(errors="backslashreplace")[:TEXT_LIMIT]
        self.send(DONE, _DONE.pack(result, len(words)) + words + b"".join(map(_packed, values)))

    def _read(self, size: int, *, may_end: bool = False) -> bytearray | None:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            try:
                count = self._socket.recv_into(view)
            except OSError as error:
                raise WireError(f"the program is gone: {error.strerror}") from None
            if count == 0:
                if may_end and len(view) == size:
                    return None
                raise WireError("the program is gone in the middle of a message")
            view = view[count:]
        return data


def _packed(value: Value) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        return struct.pack("<Q", len(text)) + text
    if isinstance(value, float):
        return struct.pack("<fI", value, 0)
    return struct.pack("<Q", value % (1 << 64))
