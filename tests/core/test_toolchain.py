"""Other programs, really started: what is logged, what is believed, and that nothing of them stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgedla import toolchain
from edgedla.errors import PrerequisiteError, ToolchainError
from edgedla.log import LINE_LIMIT
from edgedla.toolchain import Completed, Toolchain, quote


@pytest.fixture
def tools(tmp_path: Path) -> Toolchain:
    return Toolchain(log_dir=tmp_path / "logs")


def sh(tools: Toolchain, cwd: Path, script: str, **more: object) -> Completed:
    return tools.run(["sh", "-c", script], name="step", cwd=cwd, **more)  # type: ignore[arg-type] # any of run's


def python(tools: Toolchain, cwd: Path, program: str, **more: object) -> Completed:
    return tools.run([sys.executable, "-c", program], name="step", cwd=cwd, **more)  # type: ignore[arg-type] # same


def failure(tools: Toolchain, cwd: Path, script: str, **more: object) -> ToolchainError:
    with pytest.raises(ToolchainError) as caught:
        sh(tools, cwd, script, **more)
    return caught.value


def log(tools: Toolchain) -> str:
    return (tools.log_dir / "step.log").read_bytes().decode()


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and only not yet reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(path: Path) -> str:
    for _ in range(500):
        if path.exists() and path.read_text().endswith("\n"):
            return path.read_text()
        time.sleep(0.02)
    raise AssertionError(f"{path} was never written")


def gone(path: Path) -> bool:
    """Whether the process whose number a script wrote has ended, given a moment."""
    pid = int(wait_for(path))
    for _ in range(100):
        if not alive(pid):
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "PATIENCE", 0.3)
    monkeypatch.setattr(toolchain, "LINGER", 0.3)


# What is found and logged


def test_finds_a_program_by_its_absolute_path(
    tools: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mytool").write_text("#!/bin/sh\n")
    (tmp_path / "mytool").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".")
    found = tools.find("mytool", hint="")
    assert found.is_absolute()
    assert found.samefile(tmp_path / "mytool")


def test_missing_program_is_a_prerequisite_with_what_brings_it(tools: Toolchain) -> None:
    with pytest.raises(PrerequisiteError, match="'no-such-tool' is not on PATH") as caught:
        tools.find("no-such-tool", hint="apt-get install no-such-tool")
    assert caught.value.hint == "apt-get install no-such-tool"


def test_both_streams_go_to_the_log_in_order_under_the_command_line(tools: Toolchain, tmp_path: Path) -> None:
    done = sh(tools, tmp_path, "echo one; echo two >&2; echo 'drei ä'")
    assert log(tools) == "sh -c 'echo one; echo two >&2; echo '\"'\"'drei ä'\"'\"''\none\ntwo\ndrei ä\n"
    assert done.exit_code == 0
    assert done.log == tools.log_dir / "step.log"
    assert done.tail == ("one", "two", "drei ä")
    assert done.argv == ("sh", "-c", "echo one; echo two >&2; echo 'drei ä'")


def test_output_is_in_the_log_while_the_program_still_runs(tools: Toolchain, tmp_path: Path) -> None:
    script = (
        f"echo early; for i in $(seq 200); do grep -q '^early' {quote([tools.log_dir / 'step.log'])} "
        "&& exit 0; sleep 0.02; done; exit 1"
    )
    assert sh(tools, tmp_path, script).exit_code == 0


def test_runs_in_the_folder_with_the_variables_added_and_no_input(tools: Toolchain, tmp_path: Path) -> None:
    done = sh(tools, tmp_path, 'pwd; echo "$ONE"; test -n "$PATH" && cat; echo end', env={"ONE": "a b"})
    assert done.tail == (str(tmp_path), "a b", "end")


def test_reads_a_file_and_leaves_its_output_in_another(tools: Toolchain, tmp_path: Path) -> None:
    source, sink = tmp_path / "in", tmp_path / "out"
    source.write_bytes(b"\x00\xff given")
    done = sh(tools, tmp_path, "cat; echo aside >&2", stdin=source, stdout=sink)
    assert sink.read_bytes() == b"\x00\xff given"
    assert done.tail == ("aside",)
    assert log(tools).splitlines()[1:] == ["aside"]


@pytest.mark.parametrize("which", ["stdin", "stdout"])
def test_file_that_cannot_be_opened_is_named(tools: Toolchain, tmp_path: Path, which: str) -> None:
    error = failure(tools, tmp_path, "touch ran", **{which: tmp_path / "none/file"})
    assert error.message == f"{tmp_path / 'none/file'}: cannot be opened: No such file or directory"
    assert not (tmp_path / "ran").exists()


def test_arguments_reach_the_program_as_they_are(tools: Toolchain, tmp_path: Path) -> None:
    words = ["a b", "$HOME", "*", "'", '"', "", "\n", ";ls", "ü", os.fsdecode(b"\xff"), "-n"]
    program = "import os, sys; open('words', 'wb').write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))"
    tools.run([sys.executable, "-c", program, *words, Path("p q")], name="step", cwd=tmp_path)
    assert (tmp_path / "words").read_bytes() == b"\0".join(map(os.fsencode, [*words, "p q"]))


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1, max_size=4))
def test_quoted_words_are_the_same_words_to_a_shell(words: list[str]) -> None:
    script = f"printf '%s\\0' {quote(words)}"
    output = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True).stdout
    assert output == "".join(f"{word}\0" for word in words).encode()


def test_control_sequences_stay_in_the_log_and_out_of_the_tail(tools: Toolchain, tmp_path: Path) -> None:
    text = (
        r"\033[31mred\033[0m \033]0;title\007bell\007\n 10%%\r 50%%\r100%%\nwindows\r\n\033Mx\ttab\302\233y\n"
    )
    done = sh(tools, tmp_path, f"printf '{text}'")
    assert done.tail == ("red bell", "100%", "windows", "Mx\ttaby")
    assert "\x1b[31mred\x1b[0m" in log(tools)
    assert " 10%\r 50%\r100%\nwindows\r\n" in log(tools)


def test_tail_is_the_last_twenty_lines_and_the_unfinished_one(tools: Toolchain, tmp_path: Path) -> None:
    done = sh(tools, tmp_path, "seq 100; printf unfinished")
    assert done.tail == (*(str(number) for number in range(82, 101)), "unfinished")


def test_characters_cut_in_two_by_a_pipe_are_whole(tools: Toolchain, tmp_path: Path) -> None:
    program = (
        "import os, time\nfor byte in '猫🎵'.encode(): os.write(1, bytes([byte])); time.sleep(0.01)\n"
        "os.write(1, '\\nö'.encode()[:2])"
    )
    done = python(tools, tmp_path, program)
    assert done.tail[0] == "猫🎵"
    assert log(tools).split("\n")[-2] == "猫🎵"


def test_binary_junk_is_survived_and_the_log_stays_text(tools: Toolchain, tmp_path: Path) -> None:
    program = (
        "import os, random; random.seed(1); os.write(1, random.randbytes(60000)); os.write(1, b'\\nend\\n')"
    )
    done = python(tools, tmp_path, program)
    assert done.tail[-1] == "end"
    assert all(line.isprintable() or "\t" in line for line in map(ascii, done.tail))
    assert "\N{REPLACEMENT CHARACTER}" in log(tools)


def test_megabytes_on_both_streams_do_not_block(tools: Toolchain, tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "for i in range(20000):\n    print('o' * 200); print('e' * 200, file=sys.stderr)\n"
        "print('last')"
    )
    assert python(tools, tmp_path, program, timeout=60).tail[-1] == "last"
    assert len(log(tools)) > 40000 * 200


def test_one_endless_line_does_not_pile_up_in_memory(tools: Toolchain, tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        done = sh(tools, tmp_path, "head -c 20000000 /dev/zero | tr '\\0' x")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert len(log(tools)) > 20_000_000
    assert [len(line) for line in done.tail] == [LINE_LIMIT]


def test_older_log_of_the_name_is_replaced(tools: Toolchain, tmp_path: Path) -> None:
    sh(tools, tmp_path, "echo long long long output")
    sh(tools, tmp_path, "echo new")
    assert log(tools) == "sh -c 'echo new'\nnew\n"


# Ends


def test_exit_status_is_an_error_with_command_log_and_tail(tools: Toolchain, tmp_path: Path) -> None:
    error = failure(tools, tmp_path, "echo reason; exit 3")
    assert error.message == "sh exited with 3"
    assert error.argv == ("sh", "-c", "echo reason; exit 3")
    assert error.log == tools.log_dir / "step.log"
    assert error.tail == ("reason",)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("kill -KILL $$", "sh was killed by SIGKILL; out of memory?"),
        ("kill -SEGV $$", "sh was killed by SIGSEGV"),
        ("sh -c 'kill -KILL $$'; exit $?", "sh exited with 137 (128 + SIGKILL; out of memory?)"),
        ("exit 139", "sh exited with 139 (128 + SIGSEGV)"),
        ("exit 128", "sh exited with 128"),
        ("exit 255", "sh exited with 255"),
    ],
)
def test_signals_are_named(tools: Toolchain, tmp_path: Path, script: str, message: str) -> None:
    assert failure(tools, tmp_path, script).message == message


def test_signal_without_a_name_has_its_number(tools: Toolchain, tmp_path: Path) -> None:
    program = f"import os; os.kill(os.getpid(), {signal.SIGRTMIN + 3})"
    with pytest.raises(ToolchainError, match=f"was killed by signal {signal.SIGRTMIN + 3}$"):
        python(tools, tmp_path, program)


def test_missing_program_is_a_prerequisite(tools: Toolchain, tmp_path: Path) -> None:
    for program in ("no-such-tool", "./no-such-tool", tmp_path / "no-such-tool"):
        with pytest.raises(PrerequisiteError, match="no-such-tool'"):
            tools.run([program], name="step", cwd=tmp_path)


def test_program_is_looked_up_on_the_path_it_is_given(tools: Toolchain, tmp_path: Path) -> None:
    script = tmp_path / "bin" / "only-here"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\necho found\n")
    script.chmod(0o755)
    done = tools.run(["only-here"], name="step", cwd=tmp_path, env={"PATH": str(script.parent)})
    assert done.tail == ("found",)


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (b"#!/bin/sh\n", 0o644, "Permission denied"),
        (b"\x7fELF junk", 0o755, "Exec format error"),
        (b"no shebang\n", 0o755, "Exec format error"),
        (
            b"#!/no/such/interpreter\n",
            0o755,
            "the interpreter in its first line, or its loader, does not exist",
        ),
    ],
)
def test_program_that_cannot_be_started_says_why(
    tools: Toolchain, tmp_path: Path, content: bytes, mode: int, reason: str
) -> None:
    program = tmp_path / "tool"
    program.write_bytes(content)
    program.chmod(mode)
    with pytest.raises(ToolchainError) as caught:
        tools.run(["./tool"], name="step", cwd=tmp_path)
    assert caught.value.message == f"cannot start ./tool: {reason}"


def test_missing_folder_is_not_blamed_on_the_program(tools: Toolchain, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=f"there is no folder {tmp_path}/nowhere to run it in"):
        sh(tools, tmp_path / "nowhere", "true")


def test_words_no_program_can_be_given_are_an_error(tools: Toolchain, tmp_path: Path) -> None:
    assert "embedded null byte" in failure(tools, tmp_path, "a\0b").message
    assert "Argument list too long" in failure(tools, tmp_path, "x" * 5_000_000).message


# Results


def test_fresh_results_are_accepted(tools: Toolchain, tmp_path: Path) -> None:
    expect = [Path("a.img"), tmp_path / "b.img"]
    assert sh(tools, tmp_path, "echo 1 > a.img; echo 2 > b.img", expect=expect).exit_code == 0


def test_missing_result_is_an_error_though_the_program_is_content(tools: Toolchain, tmp_path: Path) -> None:
    error = failure(tools, tmp_path, "echo 'all done'; echo 1 > a", expect=[Path("a"), Path("b.img")])
    assert error.message == "sh exited with 0 but left no b.img"
    assert error.tail == ("all done",)


def test_empty_result_and_folder_do_not_count(tools: Toolchain, tmp_path: Path) -> None:
    assert "left an empty a.img" in failure(tools, tmp_path, ": > a.img", expect=[Path("a.img")]).message
    assert "left no folder" in failure(tools, tmp_path, "mkdir folder", expect=[Path("folder")]).message


@pytest.mark.parametrize("script", ["true", "cat a.img", "chmod 777 a.img", "ln a.img b.img"])
def test_stale_result_does_not_count(tools: Toolchain, tmp_path: Path, script: str) -> None:
    (tmp_path / "a.img").write_text("old")
    assert failure(tools, tmp_path, script, expect=[Path("a.img")]).message.endswith("but left the old a.img")


@pytest.mark.parametrize(
    "script",
    [
        "printf old > a.img",
        "printf old > b && mv b a.img",
        "cp -p a.img b; rm a.img; printf new > c; mv b a.img",
        "printf newer > a.img; touch -r stamp a.img",
    ],
)
def test_rewritten_result_counts_even_with_the_same_content(
    tools: Toolchain, tmp_path: Path, script: str
) -> None:
    for name in ("a.img", "stamp"):
        (tmp_path / name).write_text("old")
        os.utime(tmp_path / name, ns=(10**18, 10**18))
    assert sh(tools, tmp_path, script, expect=[Path("a.img")]).exit_code == 0


def test_exit_status_of_a_liar_can_be_left_out_of_account(tools: Toolchain, tmp_path: Path) -> None:
    expect = [Path("a.img")]
    done = sh(tools, tmp_path, "echo 1 > a.img; exit 3", expect=expect, trust_exit=False)
    assert done.exit_code == 3
    error = failure(tools, tmp_path, "exit 3", expect=expect, trust_exit=False)
    assert error.message == "sh exited with 3 and left the old a.img"
    assert "exited with 3" in failure(tools, tmp_path, "echo 22 > a.img; exit 3", expect=expect).message


# Time, Ctrl-C, and what stays behind


@pytest.mark.usefixtures("impatient")
def test_time_limit_stops_the_program_and_its_children(tools: Toolchain, tmp_path: Path) -> None:
    began = time.monotonic()
    error = failure(tools, tmp_path, "echo begun; sleep 60 & echo $! > pid; wait", timeout=0.5)
    assert error.message == "sh did not end within 0.5 s and was stopped"
    assert error.tail == ("begun",)
    assert time.monotonic() - began < 5
    assert gone(tmp_path / "pid")


@pytest.mark.usefixtures("impatient")
def test_who_does_not_heed_termination_is_killed(tools: Toolchain, tmp_path: Path) -> None:
    script = "trap '' TERM; (while :; do sleep 0.1; done) & echo $! > pid; while :; do sleep 0.1; done"
    assert "did not end" in failure(tools, tmp_path, script, timeout=0.3).message
    assert gone(tmp_path / "pid")


def test_who_heeds_termination_may_clean_up(tools: Toolchain, tmp_path: Path) -> None:
    script = "trap 'echo cleaning; echo done > cleaned; exit 0' TERM; while :; do sleep 0.05; done"
    error = failure(tools, tmp_path, script, timeout=0.5)
    assert error.tail[-1] == "cleaning"
    assert (tmp_path / "cleaned").exists()


def test_time_limit_holds_while_output_floods_in(tools: Toolchain, tmp_path: Path) -> None:
    began = time.monotonic()
    failure(tools, tmp_path, "while :; do echo flood; done", timeout=0.3)
    assert time.monotonic() - began < 4


def test_time_limit_holds_for_a_program_that_closed_its_output(tools: Toolchain, tmp_path: Path) -> None:
    assert "did not end" in failure(tools, tmp_path, "exec >&- 2>&-; sleep 60", timeout=0.3).message


def test_program_that_closed_its_output_is_waited_for(tools: Toolchain, tmp_path: Path) -> None:
    sh(tools, tmp_path, "exec >&- 2>&-; sleep 0.3; echo 1 > late", expect=[Path("late")])


@pytest.mark.usefixtures("impatient")
def test_child_left_in_the_background_neither_blocks_nor_stays(tools: Toolchain, tmp_path: Path) -> None:
    began = time.monotonic()
    done = sh(tools, tmp_path, "sleep 60 & echo $! > pid; echo end")
    assert done.tail == ("end",)
    assert time.monotonic() - began < 5
    assert gone(tmp_path / "pid")


def test_last_words_of_a_child_left_in_the_background_are_kept(tools: Toolchain, tmp_path: Path) -> None:
    assert sh(tools, tmp_path, "(sleep 0.2; echo last) & true").tail == ("last",)


@pytest.mark.usefixtures("impatient")
def test_process_that_left_the_group_with_our_pipe_does_not_block(tools: Toolchain, tmp_path: Path) -> None:
    began = time.monotonic()
    sh(tools, tmp_path, "setsid sleep 60 & echo $! > pid")
    assert time.monotonic() - began < 5
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


INTERRUPTED = """
import sys
from pathlib import Path
from edgedla import toolchain
from edgedla.toolchain import Toolchain

toolchain.PATIENCE = 0.5
try:
    Toolchain(log_dir=Path("logs")).run(["sh", "-c", sys.argv[1]], name="step", cwd=Path.cwd())
except KeyboardInterrupt:
    print("interrupted")
    sys.exit(130)
"""


def interrupt(cwd: Path, script: str, times: int = 1) -> tuple[int, str]:
    """Press Ctrl-C while a process of its own runs a script; its exit status and output."""
    command = [sys.executable, "-c", INTERRUPTED, script]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, text=True) as process:
        wait_for(cwd / "pid")
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.2)
        output, _ = process.communicate(timeout=30)
        return process.returncode, output


def test_ctrl_c_goes_on_after_the_program_has_cleaned_up(tmp_path: Path) -> None:
    script = (
        "trap 'echo > cleaned; kill $child; exit' INT; sleep 60 & child=$!; echo $child > pid; wait $child"
    )
    assert interrupt(tmp_path, script) == (130, "interrupted\n")
    assert gone(tmp_path / "pid")
    assert (tmp_path / "cleaned").exists()


def test_ctrl_c_ends_a_program_that_heeds_only_termination(tmp_path: Path) -> None:
    script = "trap '' INT; trap 'echo > terminated; exit' TERM; echo $$ > pid; while :; do sleep 0.05; done"
    assert interrupt(tmp_path, script) == (130, "interrupted\n")
    assert (tmp_path / "terminated").exists()


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_kills_what_heeds_nothing(tmp_path: Path, times: int) -> None:
    script = "trap '' INT TERM; (while :; do sleep 0.1; done) & echo $! > pid; while :; do sleep 0.1; done"
    assert interrupt(tmp_path, script, times) == (130, "interrupted\n")
    assert gone(tmp_path / "pid")


def test_ctrl_c_while_the_program_starts_stops_it(
    tools: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen, before = subprocess.Popen, signal.getsignal(signal.SIGINT)

    def start(*words: Any, **more: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*words, **more))
        os.kill(os.getpid(), signal.SIGINT)  # Ctrl-C before anybody knows of the new process
        time.sleep(0.1)
        return started[0]

    monkeypatch.setattr(toolchain, "Popen", start)
    try:
        with pytest.raises(KeyboardInterrupt):
            sh(tools, tmp_path, "sleep 60")
        assert not alive(started[0].pid)
    finally:
        started[0].kill()
        started[0].wait()
    assert signal.getsignal(signal.SIGINT) is before


def test_interrupts_are_as_before_whatever_happened(tools: Toolchain, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    sh(tools, tmp_path, "true")
    failure(tools, tmp_path, "exit 1")
    with pytest.raises(PrerequisiteError):
        tools.run(["no-such-tool"], name="step", cwd=tmp_path)
    assert signal.getsignal(signal.SIGINT) is before


def test_program_inherits_that_interrupts_are_ignored(tools: Toolchain, tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert sh(tools, tmp_path, "kill -INT $$; echo survived").tail == ("survived",)
    finally:
        signal.signal(signal.SIGINT, before)
    assert "SIGINT" in failure(tools, tmp_path, "kill -INT $$; echo survived").message


def test_programs_are_run_from_other_threads_too(tools: Toolchain, tmp_path: Path) -> None:
    def run(number: int) -> Completed:
        return tools.run(["sh", "-c", f"echo {number}"], name=f"step{number}", cwd=tmp_path)

    with ThreadPoolExecutor(4) as pool:
        assert [done.tail for done in pool.map(run, range(8))] == [(str(number),) for number in range(8)]


# Logs that cannot be written


def test_full_disk_is_named_before_anything_runs(tools: Toolchain, tmp_path: Path) -> None:
    tools.log_dir.mkdir()
    (tools.log_dir / "step.log").symlink_to("/dev/full")
    error = failure(tools, tmp_path, "echo > ran")
    assert error.message == f"cannot write the log {tools.log_dir}/step.log: No space left on device"
    assert not (tmp_path / "ran").exists()


def test_disk_that_fills_up_stops_the_program(tmp_path: Path) -> None:
    limited = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from edgedla.toolchain import Toolchain; from edgedla.errors import ToolchainError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))\n"
        "try:\n    Toolchain(Path('logs')).run(['sh', '-c', sys.argv[1]], name='step', cwd=Path.cwd())\n"
        "except ToolchainError as error: print(error)"
    )
    script = "echo $$ > pid; while :; do echo flood flood flood; done"
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", limited, script]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "cannot write the log logs/step.log: File too large\n"
    assert done.stderr == ""
    assert gone(tmp_path / "pid")


def test_log_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    error = failure(Toolchain(log_dir=tmp_path / "file" / "logs"), tmp_path, "true")
    assert error.message == f"cannot write the log {tmp_path}/file/logs/step.log: Not a directory"


# Dry run


def test_dry_run_says_what_to_type_and_does_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    folder = tmp_path / "a b"
    folder.mkdir()
    tools = Toolchain(log_dir=tmp_path / "logs", dry_run=True, echo=said.append)
    words: list[str | Path] = ["sh", "-c", 'echo "$X $Y" > ran', Path("c d")]
    done = tools.run(words, name="step", cwd=folder, env={"X": "1 2", "Y": "$Z"}, expect=[Path("ran")])
    assert done.exit_code == 0
    assert list(tmp_path.iterdir()) == [folder]
    assert list(folder.iterdir()) == []
    assert len(said) == 1
    subprocess.run(["/bin/sh", "-c", said[0]], check=True)
    assert (folder / "ran").read_text() == "1 2 $Z\n"


def test_dry_run_names_the_files_that_are_read_and_written(tmp_path: Path) -> None:
    said: list[str] = []
    tools = Toolchain(log_dir=tmp_path / "logs", dry_run=True, echo=said.append)
    (tmp_path / "a b").write_text("given")
    tools.run(["cat"], name="step", cwd=tmp_path, stdin=tmp_path / "a b", stdout=tmp_path / "$c")
    subprocess.run(["/bin/sh", "-c", said[0]], check=True)
    assert (tmp_path / "$c").read_text() == "given"


def test_dry_run_talks_to_stderr_by_default(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Toolchain(log_dir=tmp_path, dry_run=True).run(["true"], name="step", cwd=Path("x"))
    assert capsys.readouterr() == ("", "cd x && true\n")
