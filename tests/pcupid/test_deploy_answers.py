"""What boards say, believed no further than it goes: hosts, folders, programs, self-tests, results."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgedla.errors import DeviceError, EdgedlaError, GateError, UsageError
from edgedla_targets.pcupid.deploy import elf
from edgedla_targets.pcupid.deploy.answer import Answer, Tap, read, results
from edgedla_targets.pcupid.deploy.host import Host, check_folder
from edgedla_targets.pcupid.deploy.payload import LINKED, Payload
from edgedla_targets.pcupid.deploy.ssh import check_host
from edgedla_targets.pcupid.deploy.verdict import judge

if TYPE_CHECKING:
    from pathlib import Path

ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=300)
RESULT = {
    "index": 0,
    "input": "golden/clip_0.wav",
    "class_id": 0,
    "label": "dog",
    "score": 0.875,
    "top": [{"class_id": 0, "label": "dog", "score": 0.875}],
    "ms": {"pre": 1.5, "net": 2.5, "post": 0.5},
    "runs": [{"pre": 1.5, "net": 2.5, "post": 0.5}],
    "warnings": [],
}


def program_answer(result: dict[str, Any]) -> str:
    rest = {"ok": True, "exit_code": 0, "program": "prog", "model": "eat_sed", "image_sha256": "0"}
    end = {"failed": [], "peak_memory_bytes": 1, "error": None}
    return json.dumps({"schema": "edgedla.board/1", **rest, "results": [result], **end})


# Host and folder


@pytest.mark.parametrize(
    "host", ["board", "root@10.0.0.2", "a.b-c_d@board.local", "root@fe80::1%eth0", "::1", "u@B-1.example.org"]
)
def test_hosts(host: str) -> None:
    assert check_host(host) == host


@pytest.mark.parametrize(
    "host",
    [
        "",
        "-oProxyCommand=touch owned",
        "root@-x",
        "-x@board",
        "a b",
        "a\nb",
        "a;b",
        "$(a)",
        "`a`",
        "a@b@c",
        "a/b",
    ],
)
def test_what_could_be_taken_for_something_else_is_no_host(host: str) -> None:
    with pytest.raises(UsageError, match="not of the form USER@ADDRESS"):
        check_host(host)


@given(ANY_TEXT)
def test_no_host_is_more_than_one_plain_word(host: str) -> None:
    try:
        check_host(host)
    except UsageError:
        return
    assert shlex.quote(host).strip("'") == host
    assert not host.startswith("-")
    assert "@-" not in host


@pytest.mark.parametrize(
    ("folder", "taken"),
    [
        ("edgedla/eat_sed", "./edgedla/eat_sed"),
        ("/data//edgedla/", "/data/edgedla"),
        ("./-x/it's $HOME", "./-x/it's $HOME"),
        ("-rf", "./-rf"),
    ],
)
def test_folders(folder: str, taken: str) -> None:
    assert check_folder(folder) == taken


@pytest.mark.parametrize("folder", ["", "/", ".", "~", "~/x", "a/../b", "..", "a\nb", "a\0b", "a\x1b[2Jb"])
def test_what_could_be_another_place_is_no_folder(folder: str) -> None:
    with pytest.raises(UsageError, match="--dir"):
        check_folder(folder)


@given(ANY_TEXT)
def test_no_folder_is_an_option_or_leads_upwards(folder: str) -> None:
    try:
        taken = check_folder(folder)
    except UsageError:
        return
    assert taken.startswith(("/", "./"))
    assert ".." not in taken.split("/")
    assert "\n" not in taken
    assert check_folder(taken) == taken


# Programs


def program(path: Path, number: int, bits: int, text: bytes = b"") -> Path:
    path.write_bytes(struct.pack("<4sBB10xHH", b"\x7fELF", bits // 32, 1, 2, number) + bytes(44) + text)
    return path


@pytest.mark.parametrize(
    ("number", "bits", "runs", "not_on"),
    [
        (183, 64, ["aarch64", "arm64"], ["armv7l", "armv8l", "x86_64", "", "riscv64"]),
        (40, 32, ["armv7l", "armv5tejl", "armv8l", "aarch64"], ["x86_64", "i686", ""]),
        (62, 64, ["x86_64"], ["i686", "aarch64", "ia64"]),
        (3, 32, ["i386", "i686", "x86_64"], ["aarch64"]),
        (8, 32, [], ["mips", "aarch64"]),
    ],
)
def test_which_kernels_run_a_program(
    tmp_path: Path, number: int, bits: int, runs: list[str], not_on: list[str]
) -> None:
    machine = elf.machine(program(tmp_path / "p", number, bits))
    assert [name for name in [*runs, *not_on] if machine.runs_on(name)] == runs


@pytest.mark.parametrize(
    "data", [b"", b"\x7fELF", b"#!/bin/sh\n" * 9, b"MZ" + bytes(60), b"\x7fELF\x02\x02" + bytes(60)]
)
def test_what_is_no_program_for_linux_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "p").write_bytes(data)
    with pytest.raises(UsageError, match="no program for Linux"):
        elf.machine(tmp_path / "p")


# What a host is held against


def payload(folder: Path, *, image: bytes = b"vendor's", text: bytes = b"") -> Payload:
    (folder / "image").write_bytes(image)
    files = {"prog": program(folder / "prog", 183, 64, text), "eat.img": folder / "image"}
    return Payload(
        "eat_sed", files, dict.fromkeys(files, "0"), "prog", "eat.img", "golden/clip_0.wav", tensor=False
    )


def host(**said: str) -> Host:
    lines = {"machine": "aarch64", "free": "100000"} | {key.rstrip("_"): value for key, value in said.items()}
    return Host.of("board", Answer([f"{name} {value}" for name, value in lines.items() if value]))


def test_a_host_that_fits_is_admitted(tmp_path: Path) -> None:
    given_ = payload(tmp_path)
    assert not given_.emulated
    host().admit(given_)
    host(free="").admit(given_)
    host(free="lots").admit(given_)
    host(free="5", there="1").admit(given_)
    host(free="9" * 400).admit(given_)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"machine": "armv7l"}, "prog is a program for 64-bit ARM, and board is 'armv7l'"),
        ({"missing": "tar"}, "board lacks tar"),
        ({"foreign": "/x/current"}, "/x/current is no link of a deployment"),
        ({"unwritable": "mkdir: Read-only file system"}, "nothing can be written: mkdir: Read-only"),
        ({"free": "1000"}, r"board has 1024000 bytes free in that folder, 10\d+ are needed"),
    ],
)
def test_a_host_that_does_not_fit_is_refused(tmp_path: Path, said: dict[str, str], message: str) -> None:
    with pytest.raises(DeviceError, match=message):
        host(**said).admit(payload(tmp_path))


@pytest.mark.parametrize(
    ("image", "text", "message"),
    [
        (b"EDLAIMG1" + bytes(60), b"", "eat.img is of the emulated toolchain"),
        (b"vendor's", b"\0" + LINKED + b"\0", "prog is linked against the libraries of the emulated board"),
    ],
)
def test_what_is_emulated_goes_to_the_emulated_board_alone(
    tmp_path: Path, image: bytes, text: bytes, message: str
) -> None:
    given_ = payload(tmp_path, image=image, text=text)
    host(board="emulated").admit(given_)
    with pytest.raises(DeviceError, match=message) as caught:
        host().admit(given_)
    hint = caught.value.hint or ""
    assert all(word in hint for word in ("edgedla build eat_sed", "--toolchain", "--sdk", "--cross-compile"))


# Answers


@given(st.lists(ANY_TEXT))
def test_an_answer_is_whole_or_none(tmp_path_factory: pytest.TempPathFactory, noise: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "answer"
    plain = [line for line in noise if "\n" not in line and line not in ("edgedla 1", "end 1")]
    path.write_text("\n".join([*plain, "edgedla 1", "machine a b", *plain, "end 1", *plain]), newline="")
    answer = read(path)
    assert answer is not None
    assert answer.all("machine")[0] == "a b"
    for cut in (["edgedla 1", *plain], [*plain, "end 1"], plain):
        path.write_text("\n".join(cut), newline="")
        assert read(path) is None


@given(st.binary(max_size=400))
def test_any_bytes_are_no_answer(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes"
    path.write_bytes(data)
    assert read(path) is None


@given(
    st.lists(ANY_TEXT | st.sampled_from(["1..2", "ok 1", "not ok 2", "1..99999999999999999999", "Bail out!"]))
)
def test_no_self_test_is_whole_unless_it_did_what_it_planned(lines: list[str]) -> None:
    tap = Tap.parse(lines)
    if tap.whole:
        assert any(line.startswith(f"1..{tap.passed + len(tap.failed)}") for line in map(str.lstrip, lines))


@given(ANY_TEXT)
def test_text_is_no_result(text: str) -> None:
    assert results([text]) is None


@pytest.mark.parametrize(
    "change",
    [
        {"score": "NaN"},
        {"score": float("inf")},
        {"label": 7},
        {"top": None},
        {"ms": {"pre": 1.0}},
        {"class_id": "zero"},
        {"more": 1},
    ],
)
def test_a_result_of_another_shape_is_none(change: dict[str, Any]) -> None:
    told = {key: value for key, value in RESULT.items() if key not in ("index", "runs", "warnings")}
    assert results([program_answer(RESULT)]) == (told,)
    assert results([program_answer(RESULT | change)]) is None
    assert results([program_answer(RESULT).replace("board/1", "board/2")]) is None
    assert results([program_answer(RESULT)[:-1]]) is None


# Verdicts

YES = ["1..1", "ok 1 - image"]
NO = ["1..2", "ok 1 - image", "not ok 2 - clip_0 \x1b[2Jclass", "  ---", '  message: "it is 3"', "  ..."]
DONE = {
    "in-place": (0, YES),
    "linked": (0, YES),
    "run": (0, [program_answer(RESULT)]),
}


def answer(phases: dict[str, tuple[int, list[str]]], said: str = "", *states: str) -> Answer:
    lines = [f"{name}.out {line}" for name, (_, out) in phases.items() for line in out]
    lines += [f"{name}.exit {status}" for name, (status, _) in phases.items()]
    return Answer([*lines, *([f"linked.err {said}"] if said else []), *states])


def failure(tmp_path: Path, given_: Answer) -> EdgedlaError:
    found = judge(given_, host(), "edgedla/eat_sed", payload(tmp_path)).failure
    assert found is not None
    return found


def test_success(tmp_path: Path) -> None:
    done = judge(answer(DONE, "", "done 1", "current a", "previous b"), host(), "x", payload(tmp_path))
    assert done.failure is None
    assert (done.previous, done.copied, done.rolled_back) == ("b", True, False)
    assert (done.self_test.passed, done.self_test.failed) == (1, ())
    assert done.results[0]["label"] == "dog"
    silent = {name: DONE[name] for name in ("in-place", "linked")}
    without = dataclasses.replace(payload(tmp_path), clip="")
    assert judge(answer(silent, "", "done 1"), host(), "x", without).failure is None
    assert done.warnings == ()


def test_a_self_test_that_says_no_is_a_gate_with_its_lines(tmp_path: Path) -> None:
    given_ = answer({"in-place": (0, YES), "linked": (1, NO)}, "", "rolled-back 1", "current former")
    done = judge(given_, host(), "x", payload(tmp_path))
    assert isinstance(done.failure, GateError)
    assert done.failure.message == (
        "board: the self-test after the switch: 1 of 2 checks failed; rolled back: former is at work again:\n"
        'not ok 2 - clip_0 class: "it is 3"'
    )
    assert done.rolled_back
    assert (done.self_test.passed, done.self_test.failed) == (1, ('not ok 2 - clip_0 class: "it is 3"',))


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (
            answer({"in-place": (4, [])}, "", "in-place.err error: no IPU", "current a"),
            "exited with 4: no IPU; a stays",
        ),
        (answer({"in-place": (127, [])}), "cannot be started there; nothing stays at work"),
        (answer({"in-place": (139, [])}), "killed by signal 11"),
        (answer({"in-place": (137, [])}, "", "in-place.late 600"), "at work for 600 s and was stopped"),
        (answer({"in-place": (0, ["hello"])}), "what it printed is no TAP"),
        (answer(DONE | {"run": (0, ["{}"])}, "", "done 1"), "a golden clip: what it printed is no result"),
        (
            answer(DONE | {"run": (2, [])}, "", "stuck 1", "current new"),
            "could not be brought back, new is at work",
        ),
        (answer(DONE), "broke off and does not say why"),
        (answer({}), "broke off"),
        (answer({}, "", "locked 77"), r"another deployment is at work in that folder \(process 77\)"),
        (answer({}, "", "gone abc"), "is not there any more"),
        (answer({}, "", "unwritable ./x"), "./x cannot be written"),
        (
            answer({"in-place": (0, YES), "linked": (0, YES), "run": (9, [])}, "", "run.exit " + "9" * 300),
            "exited with 9",
        ),
    ],
)
def test_a_board_that_failed_says_how(tmp_path: Path, given_: Answer, message: str) -> None:
    found = failure(tmp_path, given_)
    assert isinstance(found, DeviceError)
    assert re.search(message, found.message), found.message


def test_what_is_not_usual_is_said(tmp_path: Path) -> None:
    given_ = answer(DONE, "", "done 1", "two-steps current")
    done = judge(given_, host(board="emulated"), "x", payload(tmp_path))
    assert done.warnings == (
        "board is the emulated board, no hardware",
        "board: its mv knows no -T, so the link was missing for a moment while it was switched",
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["in-place", "linked", "run", "done", "current", "stuck", "locked"]),
            st.sampled_from(["", ".out", ".err", ".exit", ".late"]),
            ANY_TEXT,
        )
    )
)
def test_whatever_a_board_says_is_judged(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str, str]]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    lines = [f"{name}{part} {text}" for name, part, text in said]
    done = judge(Answer(lines), host(), "x", payload(folder))
    assert done.failure is not None
    assert "\x1b" not in done.failure.message
