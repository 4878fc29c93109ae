"""The scripts that a board runs, here under two shells, with stand-ins for the program that fail at will."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import tarfile
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import edgedla_targets.pcupid.deploy
from edgedla_targets.pcupid.deploy.answer import Answer, read
from sshd import applets

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPTS = Path(edgedla_targets.pcupid.deploy.__file__).parent
GOOD = """\
case $1 in
    --self-test) printf 'TAP version 13\\n1..2\\nok 1 - image\\nok 2 - clip\\n' ;;
    *) echo '{"answer": "dog"}' ;;
esac
"""
BREAKS_LINKED = f'case $0$1 in */current/*--self-test) echo "not ok 1 - image"; exit 1 ;; esac\n{GOOD}'
CANNOT_RUN = f'case $1 in --self-test) ;; *) echo "error: no IPU" >&2; exit 4 ;; esac\n{GOOD}'
ONE, TWO, THREE = "1" * 16, "2" * 16, "3" * 16
LATE = 4321  # seconds that nothing here takes


@dataclass(frozen=True)
class Board:
    """A folder of releases, and the shell that works on it."""

    folder: Path
    path: str
    answers: Path

    def put(self, release: str, program: str = GOOD, image: bytes = b"image") -> Path:
        """A release as a copy leaves it."""
        place = self.folder / "releases" / release
        (place / "golden").mkdir(parents=True)
        (place / "prog").write_text(f"#!/bin/sh\n{program}")
        (place / "prog").chmod(0o755)
        (place / "eat.img").write_bytes(image)
        (place / "SHA256SUMS").write_text(f"{sha256(image).hexdigest()}  eat.img\n")
        with (self.folder / "history").open("a") as history:
            history.write(f"{release}\n")
        return place

    def start(self, script: str, *words: str | Path, text: bytes | None = None) -> subprocess.Popen[bytes]:
        """A shell that reads the script from its stdin, as over ssh."""
        process = subprocess.Popen(
            ["sh", "-s", self.folder, *words],  # noqa: S607 - the shell is what is chosen by PATH
            env={"PATH": self.path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write((SCRIPTS / f"{script}.sh").read_bytes() if text is None else text)
        process.stdin.close()
        process.stdin = None
        return process

    def ask(self, script: str, *words: str | Path) -> Answer:
        out, err = self.start(script, *words).communicate(timeout=60)
        self.answers.write_bytes(out)
        answer = read(self.answers)
        assert answer is not None, (out, err)
        return answer

    def activate(self, release: str, keep: int = 3, seconds: int = LATE) -> Answer:
        return self.ask("activate", *words(release, keep, seconds))

    def copy(self, release: str, archive: bytes) -> subprocess.CompletedProcess[bytes]:
        text = (SCRIPTS / "copy.sh").read_text()
        return subprocess.run(
            ["sh", "-c", text, "edgedla", self.folder, release],  # noqa: S607 - as above
            env={"PATH": self.path},
            input=archive,
            capture_output=True,
            check=False,
        )

    @property
    def links(self) -> dict[str, str]:
        return {path.name: str(path.readlink()) for path in self.folder.iterdir() if path.is_symlink()}

    @property
    def releases(self) -> set[str]:
        return {path.name for path in (self.folder / "releases").iterdir()}


def words(release: str, keep: int = 3, seconds: int = LATE) -> list[str]:
    return [release, str(keep), str(seconds), "prog", "eat.img", "golden/clip_0.wav"]


def links(current: str = "", previous: str = "") -> dict[str, str]:
    named = {"current": current, "previous": previous}
    return {name: f"releases/{release}" for name, release in named.items() if release}


@pytest.fixture(params=["busybox", "debian"])
def board(request: pytest.FixtureRequest, tmp_path: Path) -> Board:
    path = "/usr/bin:/bin" if request.param == "debian" else str(applets(tmp_path / "applets"))
    folder = tmp_path / "a 'board' $HOME"
    folder.mkdir()
    return Board(folder, path, tmp_path / "answer")


# Activation


def test_switches_after_the_self_test_and_keeps_the_former_release(board: Board) -> None:
    board.put(ONE)
    first = board.activate(ONE)
    assert first.all("in-place.out") == ["TAP version 13", "1..2", "ok 1 - image", "ok 2 - clip"]
    assert first.all("run.out") == ['{"answer": "dog"}']
    assert (first.get("done"), first.get("current"), first.get("previous")) == ("1", ONE, "")
    assert board.links == links(ONE)
    board.put(TWO)
    second = board.activate(TWO)
    assert (second.get("done"), second.get("current"), second.get("previous")) == ("1", TWO, ONE)
    assert board.links == links(TWO, ONE)
    again = board.activate(TWO)
    assert again.get("done") == "1"
    assert board.links == links(TWO, ONE)
    assert {path.name for path in board.folder.iterdir()} == {"current", "previous", "releases", "history"}


def test_the_former_release_can_be_deployed_again(board: Board) -> None:
    for release in (ONE, TWO):
        board.put(release)
        board.activate(release)
    assert board.activate(ONE).get("done") == "1"
    assert board.links == links(ONE, TWO)


@pytest.mark.parametrize("program", [BREAKS_LINKED, CANNOT_RUN])
def test_what_fails_after_the_switch_is_taken_back(board: Board, program: str) -> None:
    for release in (ONE, TWO):
        board.put(release)
        board.activate(release)
    board.put(THREE, program)
    answer = board.activate(THREE)
    assert answer.get("rolled-back") == "1"
    assert answer.get("current") == TWO
    assert not answer.get("done")
    assert board.links == links(TWO, ONE)


def test_without_a_former_release_there_is_none_afterwards(board: Board) -> None:
    board.put(ONE, BREAKS_LINKED)
    answer = board.activate(ONE)
    assert answer.get("rolled-back") == "1"
    assert board.links == {}


LIES = {
    "nothing": "exit 0",
    "no plan": "echo 'ok 1'",
    "more planned than done": "printf '1..3\\nok 1\\nok 2\\n'",
    "a failure and a good exit status": "printf '1..2\\nok 1\\nnot ok 2\\n'",
    "an exit status and no failure": "printf '1..1\\nok 1\\n'; exit 1",
    "bailed out": "printf '1..1\\nok 1\\nBail out! too hot\\n'",
    "a plan of nothing": "printf '1..0\\n'",
    "a plan that is no number": "printf '1..x\\nok 1\\n'",
    "binary junk": "head -c 3000 /dev/urandom",
    "no program": "exec /nowhere",
}


@pytest.mark.parametrize("program", LIES.values(), ids=LIES.keys())
def test_nothing_is_switched_unless_the_self_test_says_yes_to_all_it_planned(
    board: Board, program: str
) -> None:
    board.put(ONE)
    board.activate(ONE)
    board.put(TWO, program)
    answer = board.activate(TWO)
    assert not answer.get("done")
    assert not answer.all("linked.exit")
    assert board.links == links(ONE)


def test_a_program_that_hangs_is_stopped(board: Board) -> None:
    board.put(ONE, "exec sleep 4444")
    answer = board.activate(ONE, seconds=1)
    assert (answer.get("in-place.late"), answer.get("in-place.exit")) == ("1", "137")
    assert board.links == {}


def test_nothing_stays_behind_that_waits_for_a_program(board: Board) -> None:
    board.put(ONE)
    for _ in range(5):
        board.activate(ONE, seconds=LATE)
    assert not running(f"sleep {LATE}")


def test_one_at_a_time(board: Board) -> None:
    board.put(ONE, f"sleep 0.3; {GOOD}")
    board.put(TWO)
    process = board.start("activate", *words(ONE))
    wait_for((board.folder / ".lock").is_symlink)
    other = board.activate(TWO)
    assert other.get("locked") == (board.folder / ".lock").readlink().name.split(".")[0]
    assert not other.all("in-place.exit")
    process.communicate(timeout=60)
    assert board.links == links(ONE)


@pytest.mark.parametrize("holder", ["999999999.{boot}", "{alive}.another-boot", "junk", "{alive}"])
def test_a_lock_of_who_is_gone_does_not_count(board: Board, holder: str) -> None:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    (board.folder / ".lock").symlink_to(holder.format(boot=boot, alive=os.getpid()))
    board.put(ONE)
    assert board.activate(ONE).get("done") == "1"
    assert board.links == links(ONE)


def test_a_mv_without_t_is_said(board: Board, tmp_path: Path) -> None:
    simple = tmp_path / "simple"
    simple.mkdir()
    real = subprocess.run(
        ["sh", "-c", "command -v mv"],  # noqa: S607 - by that PATH
        env={"PATH": board.path},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    (simple / "mv").write_text(f'#!/bin/sh\n[ "$1" = -T ] && exit 1\nexec {real} "$@"\n')
    (simple / "mv").chmod(0o755)
    old = Board(board.folder, f"{simple}:{board.path}", board.answers)
    for release in (ONE, TWO):
        old.put(release)
        answer = old.activate(release)
    assert answer.all("two-steps") == ["previous", "current"]
    assert board.links == links(TWO, ONE)


def test_old_releases_go_and_those_at_work_stay(board: Board) -> None:
    names = [f"{index:016x}" for index in range(6)]
    for name in names:
        board.put(name)
        board.activate(name, keep=10)
    (board.folder / "keepsake").mkdir()
    with (board.folder / "history").open("a") as history:
        history.write("../keepsake\n..\n\n*\n")
    board.put(ONE)
    board.activate(ONE, keep=3)
    assert board.releases == {names[4], names[5], ONE}
    board.activate(names[4], keep=1)
    assert board.releases == {names[4], ONE}
    assert board.links == links(names[4], ONE)
    assert (board.folder / "keepsake").is_dir()
    assert "keepsake" not in (board.folder / "history").read_text()


def test_a_release_that_vanished_is_missed(board: Board) -> None:
    board.put(ONE)
    board.activate(ONE)
    answer = board.activate(TWO)
    assert answer.get("gone") == TWO
    assert board.links == links(ONE)


def test_goes_on_to_its_end_when_nobody_listens_any_more(board: Board, tmp_path: Path) -> None:
    board.put(ONE)
    board.activate(ONE)
    go = tmp_path / "go"
    board.put(TWO, f"while [ ! -e {go} ]; do sleep 0.05; done\n{BREAKS_LINKED}")
    board.put(THREE, f"while [ ! -e {go} ]; do sleep 0.05; done\n{GOOD}")
    for release, expected in ((TWO, links(ONE)), (THREE, links(THREE, ONE))):
        go.unlink(missing_ok=True)
        process = board.start("activate", *words(release))
        wait_for((board.folder / ".scratch/out").exists)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stderr.close()
        process.send_signal(signal.SIGHUP)
        go.touch()
        process.wait(60)
        assert board.links == expected
        assert not (board.folder / ".scratch").exists()


def test_a_script_that_is_cut_off_does_nothing(board: Board) -> None:
    board.put(ONE)
    before = sorted(board.folder.rglob("*"))
    text = (SCRIPTS / "activate.sh").read_bytes()
    end = text.index(b'main "$@" </dev/null')
    for size in [*range(0, end, 211), end, end + 4]:
        board.start("activate", *words(ONE), text=text[:size]).communicate(timeout=60)
        assert sorted(board.folder.rglob("*")) == before, text[:size][-80:]


# What the host is asked


def test_a_host_says_what_it_is_and_stays_as_it_was(board: Board) -> None:
    below = Board(board.folder / "not/there yet", board.path, board.answers)
    answer = below.ask("check", ONE)
    assert answer.get("machine") == os.uname().machine
    assert not answer.all("missing")
    assert not answer.all("unwritable")
    assert not answer.all("board")
    free = os.statvfs(board.folder)
    assert int(answer.get("free")) == pytest.approx(free.f_bavail * free.f_frsize / 1024, rel=0.1)
    assert list(board.folder.iterdir()) == []


def test_a_host_says_which_releases_are_at_work_and_whether_one_is_whole(board: Board) -> None:
    for release in (ONE, TWO):
        place = board.put(release)
        board.activate(release)
    answer = board.ask("check", TWO)
    assert (answer.get("current"), answer.get("previous"), answer.get("there")) == (TWO, ONE, TWO)
    assert not board.ask("check", THREE).get("there")
    (place / "eat.img").write_bytes(b"imagE")
    assert not board.ask("check", TWO).get("there")
    (place / "SHA256SUMS").unlink()
    assert not board.ask("check", TWO).get("there")


def test_what_stands_in_the_way_is_named(board: Board) -> None:
    (board.folder / "current").mkdir()
    (board.folder / "file").touch()
    assert board.ask("check", ONE).get("foreign") == f"{board.folder}/current"
    below = Board(board.folder / "file/below", board.path, board.answers)
    assert below.ask("check", ONE).get("unwritable") == f"{board.folder}/file is no folder"
    system = Board(Path("/proc/edgedla"), board.path, board.answers)
    assert "/proc" in system.ask("check", ONE).get("unwritable")


def test_programs_that_are_missing_are_named(board: Board, tmp_path: Path) -> None:
    few = applets(tmp_path / "few")
    for name in ("tar", "df"):
        (few / name).unlink()
    assert Board(board.folder, str(few), board.answers).ask("check", ONE).all("missing") == ["df", "tar"]


def test_the_emulated_board_is_told_by_its_socket(board: Board, tmp_path: Path) -> None:
    text = (SCRIPTS / "check.sh").read_text()
    with socket.socket(socket.AF_UNIX) as served:
        served.bind(str(tmp_path / "s"))
        (tmp_path / "file").touch()
        for name, expected in (("s", True), ("file", False), ("none", False)):
            head = f"export EDGEDLA_BOARD='{tmp_path / name}'\n"
            out, _ = board.start("check", ONE, text=(head + text).encode()).communicate(timeout=60)
            assert (b"board emulated" in out) == expected


def test_copies_that_were_cut_off_are_taken_away_and_those_at_work_are_not(board: Board) -> None:
    for pid in (999999999, os.getpid()):
        (board.folder / f"releases/{ONE}.partial.{pid}/golden").mkdir(parents=True)
    board.ask("check", ONE)
    assert board.releases == {f"{ONE}.partial.{os.getpid()}"}


# Copying


def archive(image: bytes = b"image" * 1000, *, whole: bool = True) -> bytes:
    sums = f"{sha256(image).hexdigest()}  eat.img\n".encode()
    files = [("eat.img", image), *([("SHA256SUMS", sums)] if whole else [])]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def test_a_copy_has_its_name_only_when_it_is_whole(board: Board) -> None:
    packed = archive()
    sums = packed.index(b"SHA256SUMS") + 512  # where the last file's contents begin
    for size in (0, 100, 512, 3000, 512 + 5120, sums - 512, sums):
        assert board.copy(ONE, packed[:size]).returncode == 1, size
        assert board.releases == set()
    assert board.copy(ONE, archive(whole=False)).returncode == 1
    assert board.copy(ONE, b"no archive" * 1000).returncode == 1
    assert board.releases == set()
    done = board.copy(ONE, packed)
    assert done.returncode == 0, done.stderr
    assert board.releases == {ONE}
    assert (board.folder / "history").read_text().split() == [ONE]


def test_a_damaged_release_is_replaced_and_a_whole_one_stays(board: Board) -> None:
    board.copy(ONE, archive())
    image = board.folder / "releases" / ONE / "eat.img"
    first = image.stat().st_ino
    assert board.copy(ONE, archive()).returncode == 0
    assert image.stat().st_ino == first
    image.write_bytes(b"rotten")
    assert board.copy(ONE, archive()).returncode == 0
    assert image.read_bytes() == b"image" * 1000
    assert board.releases == {ONE}


def running(command: str) -> bool:
    found = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    return any(
        line.replace(b"\0", b" ").strip().decode("utf-8", "replace").endswith(command) for line in found
    )


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it has not come to that")
