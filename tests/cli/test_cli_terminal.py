"""On a terminal and off it: tables, colours, how much is said, pipes that end, and completion."""

from __future__ import annotations

import fcntl
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

import pytest

from throwaway import Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., Result]

ESCAPE = "\x1b["
COLOUR = ("NO_COLOR", "FORCE_COLOR", "CI", "TERM", "COLUMNS", "LINES")


def on_terminal(*words: str, columns: int = 80, environment: dict[str, str] | None = None) -> Result:
    """A command whose stdout and stderr are one terminal; all it shows is in `out`."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in COLOUR}
    with subprocess.Popen(
        [sys.executable, "-m", "edgedla", *words],
        env=kept | {"TERM": "xterm"} | (environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
    ) as process:
        os.close(follower)
        shown = b"".join(iter(lambda: _read(leader), b""))
    os.close(leader)
    return Result(process.returncode, shown.decode().replace("\r\n", "\n"), "")


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


@pytest.fixture(autouse=True)
def installed(beep: Path, sounds: Path) -> None:
    """`beep` with its bundle, for commands that this process starts itself."""
    assert beep.is_dir()
    assert sounds.is_dir()


def test_a_table_on_a_terminal_and_tabs_off_it(edgedla: Command) -> None:
    shown = on_terminal("run", "-i", "sounds", environment={"NO_COLOR": "1"}).out
    lines = [line.split() for line in shown.splitlines()]
    assert lines[0] == ["input", "label", "score", "then"]
    assert [line[:2] for line in lines[1:]] == [
        ["sounds/a.txt", "beep"],
        ["sounds/b.txt", "beep"],
        ["sounds/deep/c.txt", "beep"],
    ]
    assert "\t" not in shown
    plain = edgedla("run", "-i", "sounds").out
    assert [line.split("\t")[0] for line in plain.splitlines()] == [line[0] for line in lines[1:]]


def test_a_table_keeps_names_as_they_are_and_whole(work: Path) -> None:
    name = "[bold]" + "x" * 60 + ":smile:.txt"
    (work / name).write_text("1")
    wide, narrow = (on_terminal("run", "-i", name, columns=columns).out for columns in (120, 40))
    assert f"\n{name} " in wide
    assert max(map(len, narrow.splitlines()[1:])) <= 40
    assert sum(line.count("x") for line in narrow.splitlines()) == 61  # of `.txt`, too


@pytest.mark.parametrize(
    ("environment", "words", "colored"),
    [
        ({}, (), True),
        ({"NO_COLOR": "1"}, (), False),
        ({"NO_COLOR": ""}, (), True),
        ({}, ("--no-color",), False),
        ({"TERM": "dumb"}, (), False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, (), False),
        ({"FORCE_COLOR": "1"}, ("--no-color",), False),
    ],
)
def test_colour_on_a_terminal(environment: dict[str, str], words: tuple[str, ...], colored: bool) -> None:  # noqa: FBT001 - a parameter
    for command in (("run", "-i", "nothing.txt"), ("list-targets",)):
        shown = on_terminal(*command, *words, environment=environment).out
        assert (ESCAPE in shown) == colored


@pytest.mark.parametrize(("force", "colored"), [("1", True), ("", False)])
def test_colour_off_a_terminal(edgedla: Command, force: str, colored: bool) -> None:  # noqa: FBT001 - a parameter
    result = edgedla("run", "-i", "nothing.txt", code=2, env={"FORCE_COLOR": force, "NO_COLOR": ""})
    assert (ESCAPE in result.err) == colored
    assert ESCAPE not in edgedla("list-targets", env={"FORCE_COLOR": force}).out


def test_an_option_that_the_parser_refuses_is_coloured_alike() -> None:
    assert on_terminal("run", "--bogus").out.startswith(f"{ESCAPE}1;31merror: no such option: --bogus")
    assert ESCAPE not in on_terminal("run", "--bogus", "--no-color").out


@pytest.mark.parametrize(
    ("environment", "turns"), [({}, True), ({"CI": "true"}, False), ({"TERM": "dumb"}, False)]
)
def test_long_work_turns_a_spinner_on_a_terminal_only(environment: dict[str, str], turns: bool) -> None:  # noqa: FBT001 - a parameter
    shown = on_terminal("build", "beep", environment=environment).out
    assert ("\x1b[?25l" in shown) == turns  # the cursor is hidden while it turns
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h")
    assert "simplify  reused " in shown or "simplify  run " in shown


def test_quiet_and_verbose(edgedla: Command) -> None:
    said = {word: edgedla("build", "beep", word).err for word in ("-q", "--no-color", "-v", "-vv")}
    assert said["-q"] == ""
    assert "export    re" in said["--no-color"]
    assert "export …" not in said["--no-color"]
    assert "export …" in said["-v"]
    assert "Python 3." not in said["-v"]
    assert "Python 3." in said["-vv"]
    assert "error: " in edgedla("run", "-q", "-i", "nothing.txt", code=2).err


@pytest.mark.parametrize("command", ["run -i many", "run -i many --json", "list-targets", "--help"])
def test_a_pipe_that_ends_early(work: Path, command: str) -> None:
    (work / "many").mkdir()
    for index in range(50):
        (work / f"many/{index:02}{'x' * 200}.txt").write_text("1")
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m edgedla {command} | head -n 1', sys.executable],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_a_reader_that_is_gone_before_the_first_line() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "edgedla", "list-targets"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (130, "")


def test_control_characters_of_a_name_do_not_reach_the_terminal(edgedla: Command, work: Path) -> None:
    (work / "a\x1b]0;title\x07.txt").write_text("no number")
    for result in (
        edgedla("run", "-i", "a\x1b]0;title\x07.txt", code=2),
        on_terminal("run", "-i", "a\x1b]0;title\x07.txt", environment={"NO_COLOR": "1"}),
    ):
        assert "a\\x1b]0;title\\x07.txt" in result.out + result.err
        assert "\x1b" not in result.out + result.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(edgedla: Command, work: Path, shell: str) -> None:
    script = edgedla("completion", shell).out
    assert f"_EDGEDLA_COMPLETE=complete_{shell}" in script
    (work / "script").write_text(script)
    if program := shutil.which(shell):  # bash is everywhere; the others where somebody uses them
        subprocess.run([program, "-n", "script"], check=True)


ASKED = {
    "bash": {"COMP_WORDS": "{words}", "COMP_CWORD": "{index}"},
    "zsh": {"_TYPER_COMPLETE_ARGS": "{words}"},
    "fish": {"_TYPER_COMPLETE_ARGS": "{words}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
}


@pytest.mark.parametrize("shell", list(ASKED))
@pytest.mark.parametrize(
    ("words", "expected"),
    [("edgedla li", "list-models"), ("edgedla run --thr", "--threshold"), ("edgedla config s", "show")],
)
def test_completing(edgedla: Command, shell: str, words: str, expected: str) -> None:
    index = len(words.split()) - 1
    environment = {key: value.format(words=words, index=index) for key, value in ASKED[shell].items()}
    result = edgedla(env=environment | {"_EDGEDLA_COMPLETE": f"complete_{shell}"})
    assert expected in result.out
    assert "--json" not in result.out


def test_bash_completes_with_the_script(edgedla: Command, work: Path) -> None:
    (work / "edgedla").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m edgedla "$@"\n')
    (work / "edgedla").chmod(0o755)
    (work / "script").write_text(edgedla("completion", "bash").out)
    ask = 'COMP_WORDS=(edgedla list); COMP_CWORD=1; _edgedla_completion edgedla; echo "${COMPREPLY[*]}"'
    done = subprocess.run(
        ["/bin/bash", "-c", f"source script; {ask}"],
        env=os.environ | {"PATH": f"{work}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["list-targets", "list-models", "list-plugins"]
