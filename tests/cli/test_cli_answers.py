"""What every verb owes: one JSON object, clean streams, the exit status of its kind, and a log of a bug."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from throwaway import BEEP, Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Site

    Command = Callable[..., Result]

ENVELOPE = {"schema", "ok", "exit_code", "data", "warnings", "error"}


def check(result: Result, verb: str) -> Any:
    """The one object on stdout, held against the envelope and the exit status."""
    answer = json.loads(result.out)
    assert answer.keys() == ENVELOPE
    assert answer["schema"] == f"edgedla.{verb}/1"
    assert (answer["exit_code"], answer["ok"]) == (result.code, result.code == 0)
    assert (answer["error"] is None) == answer["ok"]
    if answer["error"]:
        assert answer["error"].keys() == {"code", "message", "hint"}
        assert f"error: {answer['error']['message']}" in result.err
    assert "Traceback" not in result.err
    return answer


@pytest.mark.usefixtures("beep")
@pytest.mark.parametrize(
    ("verb", "words", "data"),
    [
        ("list-targets", (), {"targets"}),
        ("list-models", (), {"models"}),
        ("list-plugins", (), {"plugins"}),
        ("doctor", (), {"edgedla", "python", "checks"}),
        ("config-show", ("config", "show"), {"settings"}),
        ("completion", ("completion", "zsh"), {"shell", "script"}),
        ("build", ("build", "beep"), {"model", "target", "toolchain", "out", "artifacts", "stages", "gates"}),
        ("build", ("build", "beep", "--dry-run"), {"model", "target", "out", "stages", "route", "commands"}),
        ("run", ("run", "-i", "a.txt"), {"model", "target", "toolchain", "board", "results", "failed"}),
    ],
)
def test_success(edgedla: Command, work: Path, verb: str, words: tuple[str, ...], data: set[str]) -> None:
    (work / "a.txt").write_text("1")
    result = edgedla(*(words or (verb,)), "--json")
    assert check(result, verb)["data"].keys() == data


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize(
    ("verb", "words", "hint"),
    [
        ("run", ["run", "--bogus"], "edgedla run --help"),
        ("run", ["run", "--top-k", "x"], "edgedla run --help"),
        ("run", ["run", "-i"], "edgedla run --help"),
        ("build", ["build"], "edgedla build --help"),
        ("build", ["build", "a", "b"], "edgedla build --help"),
        ("bench", ["bench", "--repeats", "0"], "edgedla bench --help"),
        ("deploy", ["deploy"], "edgedla deploy --help"),
        ("completion", ["completion"], "edgedla completion --help"),
        ("config", ["config", "shw"], "edgedla config --help"),
        ("config-show", ["config", "show", "--set"], "edgedla config show --help"),
        ("usage", ["bild"], "did you mean 'build'?"),
        ("usage", [], "options stand after the verb"),
    ],
)
def test_what_the_parser_refuses(edgedla: Command, verb: str, words: list[str], hint: str) -> None:
    # `-i` and `--set` take the next word for their value, so `--json` goes first there.
    place = 2 if words[:1] == ["config"] else 1
    answer = check(edgedla(*words[:place], "--json", *words[place:], code=2), verb)
    assert hint in answer["error"]["hint"]


def test_json_after_a_double_dash_is_an_argument(edgedla: Command) -> None:
    assert edgedla("build", "--", "--json", "x", code=2).out == ""


FAILURES = [
    ("UsageError('broken')", 2, "usage"),
    ("GateError('broken')", 1, "gate"),
    ("ToolchainError('broken')", 3, "toolchain"),
    ("DeviceError('broken')", 4, "device"),
    ("PrerequisiteError('broken')", 5, "prerequisite"),
    ("KeyboardInterrupt", 130, "interrupted"),
    ("ImportError('broken') from KeyboardInterrupt()", 130, "interrupted"),  # in a library written in C
    ("MemoryError", 4, "device"),
    ("ZeroDivisionError('broken')", 101, "bug"),
    ("SystemExit(0)", 101, "bug"),
    ("RecursionError", 101, "bug"),
    ("OSError(5, 'broken')", 101, "bug"),
]


def plant(site: Site, where: str, error: str) -> None:
    """`beep` with a method that raises as soon as it is called."""
    head = re.search(rf"    def {where}\(.*\n", BEEP)
    assert head
    source = BEEP.replace(head[0], f"{head[0]}        raise {error}\n")
    source = source.replace(
        "import Model,", "import GateError, ToolchainError, DeviceError, PrerequisiteError, Model,"
    )
    (site.folder / "edgedla_beep.py").write_text(source)


@pytest.mark.usefixtures("beep")
@pytest.mark.parametrize(("error", "code", "kind"), FAILURES)
def test_each_failure_has_its_status(edgedla: Command, site: Site, error: str, code: int, kind: str) -> None:
    plant(site, "postprocess", error)
    (site.folder.parent / "work/a.txt").write_text("1")
    answer = check(edgedla("run", "-i", "a.txt", "--json", code=code), "run")
    assert answer["error"]["code"] == kind
    assert answer["data"]["model"] == "beep"


def test_a_gate_that_says_no(edgedla: Command, site: Site) -> None:
    site.add("beep", BEEP.replace('name="prob", shape=(1, 2)', 'name="prob", shape=(1, 3)'))
    result = edgedla("build", "beep", "--json", code=1)
    answer = check(result, "build")
    assert "its spec says prob float32 (1, 3)" in answer["error"]["message"]
    assert answer["data"]["stages"] == []


EXPORT = "    def export(self, checkpoint, path):\n"


@pytest.mark.parametrize("does", ["path.write_bytes(checkpoint.read_bytes())", "pass"])
def test_an_export_that_is_no_onnx_file(edgedla: Command, site: Site, work: Path, does: str) -> None:
    site.add("beep", BEEP.replace(EXPORT, f"{EXPORT}        {does}\n        return\n"))
    (work / "weights.pt").write_text("no network")
    said = edgedla("build", "beep", "--checkpoint", "weights.pt", code=1).err
    assert "model 'beep' exported no ONNX file from the checkpoint weights.pt" in said


TOOL = """
from edgedla import Target, hookimpl


class Tool(Target):
    name = "tool"

    def compile(self, context):
        context.run("sh", "-c", "echo first line; echo out of cheese >&2; exit 7")


@hookimpl
def edgedla_targets():
    return [Tool]
"""


@pytest.mark.usefixtures("beep")
def test_a_toolchain_that_fails_shows_its_last_lines_and_its_log(
    edgedla: Command, site: Site, work: Path
) -> None:
    site.add("tool", TOOL)
    result = edgedla("build", "beep", "--target", "tool", "--json", code=3)
    answer = check(result, "build")
    assert answer["error"]["message"] == "sh exited with 7"
    assert [stage["name"] for stage in answer["data"]["stages"]][-1] == "codegen"
    log = work / "build/beep/tool/logs/compile.log"
    assert f"log:  {log}\n" in result.err
    assert "  | out of cheese\n" in result.err
    assert "first line\nout of cheese\n" in log.read_text()


def test_a_missing_requirement(edgedla: Command, site: Site) -> None:
    need = 'Requirement(kind="program", name="unheard_of", purpose="dreaming", hint="apt install unheard-of")'
    source = BEEP.replace("import Model,", "import Requirement, Model,")
    site.add("beep", source.replace("    suffixes =", f"    requires = ({need},)\n    suffixes ="))
    answer = check(edgedla("build", "beep", "--json", code=5), "build")
    assert answer["error"]["hint"] == "apt install unheard-of"
    (row,) = (row for row in edgedla("list-models", "--json").json["data"]["models"] if row["name"] == "beep")
    assert row["status"] == "missing"
    assert "apt install unheard-of" in row["reason"]


@pytest.mark.parametrize("where", ["export", "samples", "spec", "preprocess"])
def test_a_bug_leaves_its_traceback_in_a_log_and_none_on_the_screen(
    edgedla: Command, site: Site, work: Path, tmp_path: Path, where: str
) -> None:
    site.beep()
    plant(site, where, "ZeroDivisionError('a planted one')")
    (work / "a.txt").write_text("1")
    result = (
        edgedla("run", "beep", "-i", "a.txt", code=101)
        if where == "preprocess"
        else edgedla("build", "beep", code=101)
    )
    assert "bug in the plugin 'beep' of edgedla-beep 1.0: ZeroDivisionError: a planted one" in result.err
    assert "hint: pip install --upgrade edgedla-beep, or report it with the log" in result.err
    assert "Traceback" not in result.err
    log = tmp_path / "cache/logs/bug.log"
    assert str(log) in result.err
    assert f"in {where}" in log.read_text()


@pytest.mark.usefixtures("beep")
def test_debug_shows_the_traceback(edgedla: Command, site: Site) -> None:
    plant(site, "spec", "ZeroDivisionError('a planted one')")
    assert "Traceback" in edgedla("build", "beep", "--debug", code=101).err


NOISY = """
import ctypes, os, subprocess, sys
print("python")
sys.__stdout__.write("past redirection\\n")
os.write(1, b"descriptor\\n")
ctypes.CDLL(None).puts(b"C library")
ctypes.CDLL(None).fflush(None)
subprocess.run(["echo", "child"])
"""


@pytest.mark.usefixtures("beep")
@pytest.mark.parametrize("json_too", [True, False])
def test_what_a_plugin_prints_is_no_data(edgedla: Command, site: Site, work: Path, json_too: bool) -> None:  # noqa: FBT001 - a parameter
    site.add("noisy", NOISY)
    (work / "a.txt").write_text("1")
    result = edgedla("run", "beep", "-i", "a.txt", *(["--json"] if json_too else []))
    if json_too:
        check(result, "run")
    else:
        assert result.out.startswith("a.txt\tbeep\t")
        assert result.out.count("\n") == 1
    for line in ("python", "past redirection", "descriptor", "C library", "child"):
        assert f"{line}\n" in result.err


@pytest.mark.usefixtures("beep")
def test_an_answer_that_json_cannot_hold_is_a_bug_in_json(edgedla: Command, site: Site) -> None:
    need = "SimpleNamespace(met=lambda: False, name='x', purpose='y', hint={1, 2})"
    source = BEEP.replace("    suffixes =", f"    requires = ({need},)\n    suffixes =")
    (site.folder / "edgedla_beep.py").write_text(f"from types import SimpleNamespace\n{source}")
    answer = check(edgedla("doctor", "--json", code=101), "doctor")
    assert answer["data"] == {}


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "edgedla", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_an_interruption(site: Site, work: Path, number: signal.Signals) -> None:
    site.beep()
    plant(site, "export", "(__import__('pathlib').Path('began').touch(), __import__('time').sleep(60))")
    process = start("build", "beep", "--json")
    for _ in range(300):
        if (work / "began").exists():
            break
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    answer = check(Result(process.returncode, out, err), "build")
    assert answer["error"]["code"] == "interrupted"


@pytest.mark.usefixtures("work")
def test_an_interruption_before_the_verb_is_answered_too() -> None:
    code = (
        "import sys, edgedla.cli.app as app\n"
        "def stop(verb): raise KeyboardInterrupt\n"
        "app._load = stop\n"
        "from edgedla.cli import main\n"
        "sys.exit(main(['doctor', '--json']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    check(Result(done.returncode, done.stdout, done.stderr), "usage")
    assert done.returncode == 130


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full"])
def test_streams_that_are_closed_or_full(closed: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m edgedla list-targets --json {closed}', sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    if "full" in closed:
        assert done.returncode == 2
        assert "cannot write to stdout: No space left on device" in done.stderr
    else:
        assert done.returncode == 0


@pytest.mark.usefixtures("work")
def test_a_current_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["/bin/sh", "-c", 'rmdir ../gone; "$0" -m edgedla list-targets', sys.executable],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "error: the current folder does not exist any more" in done.stderr
