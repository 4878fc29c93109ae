"""`python -m edgedla_targets.pcupid.emulated.board`: exit status, faults, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from board_images import plain
from board_programs import BANNER, compiled

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = [sys.executable, "-m", "edgedla_targets.pcupid.emulated.board"]
CASES = {
    "right": 'OK(INIT()); OK(EXIT()); puts("done");',
    "status": "OK(INIT()); OK(EXIT()); exit(7);",
    "wrong": "SAY(EXIT());",
    "leak": "start(image, 1);",
    "killed": "abort();",
    "chip": "OK(INIT()); OK(device(1 << 20)); SAY(create(image, 1, 1));"
    "OK(MI_IPU_DestroyDevice()); OK(EXIT());",
    "waits": 'OK(INIT()); puts("waiting"); fflush(stdout); getchar();',
}
LEFT = [
    "the program ended without MI_SYS_Exit",
    "channel 0 was not destroyed",
    "the device was not destroyed",
]
# Exit status, what the program says, what the board objects to.
ENDS: dict[str, tuple[int, str, list[str]]] = {
    "right": (0, "done\n", []),
    "status": (7, "", []),
    "killed": (128 + signal.SIGABRT, "", []),
    "leak": (4, "", [f"exit: {each}" for each in LEFT]),
    "wrong": (4, "-1\n", ["MI_SYS_Exit: called before MI_SYS_Init, or after MI_SYS_Exit"]),
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("command"), CASES, "new")


def board(folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        env=os.environ | {"TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def left(folder: Path) -> list[str]:
    """Folders of sockets; onnxruntime leaves a file of its own in the temporary folder."""
    return [path.name for path in folder.iterdir() if path.name.startswith("edla-")]


@pytest.mark.parametrize("case", ENDS)
def test_exit_status_is_the_programs_unless_the_board_objects(
    case: str, program: Path, tmp_path: Path
) -> None:
    code, out, faults = ENDS[case]
    image = plain(tmp_path / "plain.img")
    done = board(tmp_path, "--", program, case, image)
    assert (done.returncode, done.stdout) == (code, out)
    said = [line.removeprefix("fault: ") for line in done.stderr.splitlines() if line.startswith("fault: ")]
    assert said == faults
    assert left(tmp_path) == []


def test_a_board_of_another_chip(program: Path, tmp_path: Path) -> None:
    done = board(tmp_path, "--chip", "mochi", "--", program, "chip", plain(tmp_path / "x.img"))
    assert (done.returncode, done.stdout) == (0, "54\n")
    assert "made for the chip 'pcupid', this is 'mochi'" in done.stderr


def test_words_that_it_does_not_understand(program: Path, tmp_path: Path) -> None:
    assert board(tmp_path).returncode == 2
    assert board(tmp_path, "--chip", "none", "--", program).returncode == 2
    missing = board(tmp_path, "--", "no-such-program")
    assert (missing.returncode, missing.stderr) == (5, "error: there is no program 'no-such-program'\n")
    assert left(tmp_path) == []


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A temporary folder whose name leaves room for that of a socket, as `tmp_path` need not."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_nothing_is_left_when_it_is_interrupted(
    number: signal.Signals, code: int, program: Path, short_folder: Path
) -> None:
    with subprocess.Popen(
        [*COMMAND, "--", str(program), "waits", "-"],
        env=os.environ | {"TMPDIR": str(short_folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"waiting\n"
        assert [path.name for path in short_folder.rglob("board")] == ["board"]
        running.send_signal(number)
        assert running.wait(timeout=30) == code
        assert running.stderr is not None
        assert running.stderr.read().decode().startswith(BANNER)
    assert left(short_folder) == []


def test_a_long_temporary_folder_is_not_used_for_the_socket(program: Path, tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 90)
    folder.mkdir()
    done = board(folder, "--", program, "right", "-")
    assert (done.returncode, done.stdout) == (0, "done\n")
    assert left(folder) == []
