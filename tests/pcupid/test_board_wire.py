"""Whatever comes over the socket: the board goes on for others, and a program ends in order."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from board_images import plain
from board_programs import BANNER, SANITIZERS, compiled, run
from edgedla_targets.pcupid.emulated.board import Board

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELLO = struct.pack("<II5I", 20, 1, 1, 3, 60, 60, 10)
NAMES = [
    *("MI_SYS_Init", "MI_SYS_Exit", "MI_SYS_MMA_Alloc", "MI_SYS_MMA_Free", "MI_SYS_Mmap", "MI_SYS_Munmap"),
    *("MI_SYS_FlushInvCache", "MI_SYS_Va2Pa", "MI_SYS_MemcpyPa", "MI_IPU_GetOfflineModeStaticInfo"),
    *("MI_IPU_CreateDevice", "MI_IPU_DestroyDevice", "MI_IPU_CreateCHN", "MI_IPU_CreateCHNWithUserMem"),
    *("MI_IPU_DestroyCHN", "MI_IPU_GetInOutTensorDesc", "MI_IPU_GetInputTensors", "MI_IPU_PutInputTensors"),
    *("MI_IPU_Invoke", "MI_IPU_GetInputTensors2", "MI_IPU_PutOutputTensors2", "MI_IPU_Invoke2", "MI_Nothing"),
]
NUMBER = st.one_of(st.integers(0, 3), st.integers(0, 2**64 - 1), st.just(0x2000_0000), st.just(0x1000))
CALLS = st.lists(st.tuples(st.sampled_from(NAMES), st.lists(NUMBER, max_size=8)), max_size=12)
ANSWERS = st.lists(st.one_of(st.binary(max_size=64), st.just(struct.pack("<Q", 0x1000))), max_size=8)
QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    with Board() as board:
        yield board


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plain(tmp_path_factory.mktemp("image") / "plain.img")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cases = {
        "right": "take(image); memset(in.astArrayTensors[0].ptTensorData[0], 1, 160);"
        "OK(MI_IPU_Invoke(channel, &in, &out)); finish();",
        "any": "MI_PHY p = 0; void *v; SAY(INIT()); SAY(ALLOC(64, &p)); SAY(MI_SYS_Mmap(p, 64, &v, 1));"
        "SAY(MI_IPU_GetInOutTensorDesc(0, &descriptor)); SAY(MI_IPU_GetInputTensors(0, &in));"
        "SAY(create(image, 1, 1));",
    }
    return compiled(tmp_path_factory.mktemp("wire"), cases, "new", ("gcc",), *SANITIZERS)


def frame(kind: int, payload: bytes) -> bytes:
    return struct.pack("<II", len(payload), kind) + payload


def call(name: str, numbers: list[int]) -> bytes:
    return frame(2, struct.pack("<I", len(name)) + name.encode() + struct.pack(f"<{len(numbers)}Q", *numbers))


def say(board: Board, data: bytes) -> None:
    """Send all that the board takes, hear all that it says, and end."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(board.environment["EDGEDLA_BOARD"])
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass


def sane(faults: list[str]) -> bool:
    """Objections to what was sent, and no failure of the emulator's own."""
    return not any("emulator itself failed" in fault for fault in faults)


@QUICK
@given(data=st.binary(max_size=400))
def test_random_bytes_do_no_harm(data: bytes, board: Board) -> None:
    say(board, data)
    say(board, HELLO + data)
    assert sane(board.faults)


@QUICK
@given(calls=CALLS, answers=ANSWERS, cut=st.integers(0, 40))
def test_calls_with_any_arguments_do_no_harm(
    calls: list[tuple[str, list[int]]], answers: list[bytes], cut: int, board: Board
) -> None:
    """Answers come where the board has asked for something, and where it has not."""
    begun = [call("MI_SYS_Init", [0]), call("MI_SYS_MMA_Alloc", [0, 256]), call("MI_IPU_CreateDevice", [64])]
    mixed = [
        part for pair in zip(calls, answers, strict=False) for part in (call(*pair[0]), frame(3, pair[1]))
    ]
    rest = [call(*each) for each in calls[len(answers) :]]
    data = HELLO + b"".join([*begun, *mixed, *rest])
    say(board, data[: len(data) - cut])
    assert sane(board.faults)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "a message of kind .* where one of kind 1 is due"),
        (HELLO[:12], "the program is gone in the middle of a message"),
        (frame(1, b"1234"), "a greeting of 4 bytes"),
        (frame(1, struct.pack("<5I", 9, 3, 60, 60, 10)), "libraries of protocol 9, this board speaks 1"),
        (HELLO + frame(2, b"\xff\xff\xff\xff"), "a call that cannot be understood, of 4 bytes"),
        (HELLO + struct.pack("<II", 1 << 31, 2), "a message of kind 2 and 2147483648 bytes"),
        (HELLO + call("MI_SYS_Init", [0]) + call("MI_Nothing", []), "there is no function 'MI_Nothing'"),
        (HELLO + call("MI_SYS_Init", [0, 0]), "MI_SYS_Init: 2 arguments instead of 1"),
        (
            HELLO + call("MI_SYS_Init", [0]) + call("MI_SYS_MMA_Alloc", [0]),
            "MI_SYS_MMA_Alloc: too few arguments",
        ),
    ],
)
def test_what_is_no_message_is_a_fault(data: bytes, complaint: str) -> None:
    with Board() as board:
        say(board, data)
        assert re.search(complaint, board.faults[0]), board.faults


def test_others_are_served_all_the_while(board: Board, program: Path, image: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(board.environment["EDGEDLA_BOARD"])
        silent.sendall(HELLO[:7])
        before = len(board.faults)
        done = run(board, program, "right", image)
        assert (done.code, done.err) == (0, BANNER)
        assert len(board.faults) == before


def test_a_board_that_ends_lets_go_of_everybody() -> None:
    before = set(threading.enumerate())
    with Board() as board, socket.socket(socket.AF_UNIX) as client:
        path = board.environment["EDGEDLA_BOARD"]
        client.connect(path)
        client.sendall(HELLO + call("MI_SYS_Init", [0]))
        assert client.recv(16, socket.MSG_WAITALL) == frame(1, bytes(8))
    assert board.faults == ["exit: the program ended without MI_SYS_Exit"]
    assert set(threading.enumerate()) <= before
    with pytest.raises(FileNotFoundError), socket.socket(socket.AF_UNIX) as client:
        client.connect(path)


def answering(path: Path, data: bytes) -> threading.Thread:
    """Something else than a board: it hears a greeting and a call, and then says `data`, whatever comes."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        with listener, listener.accept()[0] as client, contextlib.suppress(OSError):
            client.recv(1)
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


DONE = frame(1, bytes(8))
LIES = {
    "nothing": b"",
    "short": frame(1, bytes(7)),
    "text": frame(1, struct.pack("<iI", 0, 9)),
    "long": struct.pack("<II", 1 << 30, 1) + bytes(1 << 19),
    "kind": frame(7, b""),
    "read": frame(2, struct.pack("<QI", 0x1000, 8)),
    "write": frame(3, struct.pack("<Q", 0x1000) + bytes(8)),
    "write_short": frame(3, bytes(7)),
    "map_all": frame(4, struct.pack("<I", 0)) + frame(4, bytes(3)),
    "unmap": frame(5, struct.pack("<Q", 0x1000)),
    "image": frame(6, struct.pack("<II", 0, 8)),
    "values": DONE + frame(1, bytes(8)),
    "more_values": DONE + frame(1, bytes(24)),
    "name": DONE * 3 + frame(1, bytes(8) + struct.pack("<7Q", 1, 2, 3, 4, 5, 300, 0)),
    "counts": frame(1, bytes(8) + struct.pack("<2Q", 2**63, 2**63)) * 6,
}


@pytest.mark.parametrize("lie", LIES)
def test_answers_that_are_lies_end_the_connection_and_not_the_program(
    lie: str, program: Path, tmp_path: Path
) -> None:
    thread = answering(tmp_path / "s", LIES[lie])
    done = run(None, program, "any", "-", environment={"EDGEDLA_BOARD": str(tmp_path / "s")})
    thread.join()
    assert done.code == 0, done.err  # the sanitizers have found nothing
    assert done.numbers[-1] == 25
    assert "Sanitizer" not in done.err
    assert done.err.count("emulated board: ") == 2, done.err  # who it is, and that it is gone


@settings(QUICK, max_examples=25)
@given(
    data=st.binary(max_size=200),
    kinds=st.lists(st.tuples(st.integers(1, 6), st.binary(max_size=40)), max_size=6),
)
def test_random_answers_never_break_a_program(
    data: bytes, kinds: list[tuple[int, bytes]], program: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("s") / "s"
    thread = answering(path, b"".join(frame(*each) for each in kinds) + data)
    done = run(None, program, "any", "-", environment={"EDGEDLA_BOARD": str(path)})
    thread.join()
    assert done.code == 0, done.err
    assert done.numbers[-1] == 25


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "the environment variable EDGEDLA_BOARD names none"),
        ("", "the environment variable EDGEDLA_BOARD names none"),
        ("/nowhere/board", "nobody serves the socket in EDGEDLA_BOARD"),
        ("/" + "x" * 200, "the path in EDGEDLA_BOARD is too long for a socket"),
    ],
)
def test_without_a_board_all_calls_fail_and_the_reason_is_said_once(
    value: str | None, reason: str, program: Path
) -> None:
    done = run(None, program, "any", "-", environment={} if value is None else {"EDGEDLA_BOARD": value})
    assert done.numbers == [-1, -1, -1, 25, 25, 25]
    assert done.err.startswith(BANNER + f"emulated board: {reason}")
    assert done.err.count("\n") == 2
