"""What is not deployed: what is refused before anything is copied, and what breaks while it is at work."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from deploy_bench import IMAGE, PROGRAM, Bench, changed, script, wait_for
from edgedla import Target
from edgedla.artifacts import MANIFEST, Manifest, read_json, to_json
from edgedla.config import Config
from edgedla.deployment import Place
from edgedla.errors import DeviceError, PrerequisiteError, UsageError
from edgedla.spec import Options
from edgedla.toolchain import Toolchain
from edgedla.workspace import Workspace
from sshd import KEYGEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from throwaway import Result

    Command = Callable[..., Result]


# Before anything is copied


def test_what_is_emulated_is_refused_by_any_other_host(edgedla: Command, bench: Bench) -> None:
    with bench.other_host(board="") as host:
        error = edgedla(*bench.words(host=host), "--json", code=4).json["error"]
        assert "eat.img is of the emulated toolchain" in error["message"]
        assert all(word in error["hint"] for word in ("--toolchain", "--sdk", "--cross-compile"))
        # The vendor's image alone does not help: the program is linked against emulated libraries.
        vendor = changed(bench.another(), IMAGE, lambda data: b"whatever" + data)
        assert (
            "prog_sed_eat is linked against the libraries of the emu" in bench.refused(vendor, host).message
        )
    with bench.other_host(board=bench.folder) as host:  # a folder is no socket
        bench.refused(host=host)
    assert not bench.there.exists()


def test_a_program_for_another_machine_is_refused(bench: Bench) -> None:
    alien = changed(bench.another(), PROGRAM, lambda data: data[:18] + b"\xb7\0" + data[20:])
    message = bench.refused(alien).message
    assert f"prog_sed_eat is a program for 64-bit ARM, and board is '{os.uname().machine}'" in message


@pytest.mark.parametrize("name", [PROGRAM, IMAGE, "src/golden/clip_0.wav"])
def test_a_damaged_bundle_is_refused(bench: Bench, name: str) -> None:
    (bench.bundle / name).write_bytes(b"other")
    error = bench.refused()
    assert error.exit_code == 2
    assert f"{name}: its hash does not match manifest.json" in error.message
    (bench.bundle / name).unlink()
    assert f"{name}: No such file" in bench.refused().message


def test_a_bundle_without_a_program_is_refused(bench: Bench) -> None:
    manifest = read_json(bench.bundle / MANIFEST, Manifest, "")
    rest = tuple(artifact for artifact in manifest.artifacts if artifact.kind != "program")
    (bench.bundle / MANIFEST).write_bytes(to_json(manifest.model_copy(update={"artifacts": rest})))
    assert "lists no program" in bench.refused().message


def test_who_is_not_let_in_is_told_why(bench: Bench) -> None:
    other, none, changed_keys = (bench.folder / name for name in ("other", "none", "changed"))
    subprocess.run([KEYGEN, "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    none.touch()
    changed_keys.write_text(f"[127.0.0.1]:{bench.host.port} {other.with_suffix('.pub').read_text()}")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        cases: dict[str, dict[str, object]] = {
            "does not let this user in": {"key": other},
            "the host's key is not known here": {"known": none},
            "shows another key than before": {"known": changed_keys},
            "nothing answers on that port": {"port": closed.getsockname()[1]},
        }
        for message, values in cases.items():
            error = bench.refused(config=bench.host.client("changed", **values))
            assert message in error.message
            assert error.exit_code == 4
            assert error.hint


def test_a_configuration_that_ssh_does_not_take_is_named(bench: Bench) -> None:
    config = bench.folder / "config"
    config.write_text("Bogus yes\n")
    error = bench.refused(config=config)
    assert error.exit_code == 2
    assert str(config) in error.message


def test_a_folder_that_cannot_be_written_is_refused(bench: Bench) -> None:
    assert "nothing can be written" in bench.refused(there="/proc/edgedla").message


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--host", "-oProxyCommand=touch owned", "not of the form USER@ADDRESS"),
        ("--dir", "a\nb", "not a folder's name"),
        ("--dir", "../elsewhere", "not a folder of its own"),
        ("--ssh-config", "nowhere", "there is no such file"),
        ("--keep", "0", "--keep"),
        ("--target", "onnxruntime", "not 'onnxruntime'"),
    ],
)
def test_what_is_misused_is_said(
    edgedla: Command, bench: Bench, option: str, value: str, message: str
) -> None:
    result = edgedla(*bench.words(), option, value, code=2)
    assert message in result.err
    assert not list(bench.folder.rglob("owned"))


def test_without_ssh_the_package_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(bench.folder))
    with pytest.raises(PrerequisiteError, match="ssh") as caught:
        bench.put()
    assert "openssh-client" in (caught.value.hint or "")


def test_a_target_without_boards_says_so(bench: Bench) -> None:
    class Nowhere(Target[Options]):
        name = "nowhere"

    opened = Workspace(Config.load(cwd=bench.folder, environ={})).open(bench.bundle, "")
    place = Place("board", "x", None, 3, Toolchain(bench.folder), lambda _: None)
    with pytest.raises(UsageError, match="target 'nowhere' has no boards"):
        Nowhere(Options()).deploy(opened, place)


def test_a_host_that_answers_something_else_is_no_board(bench: Bench) -> None:
    with bench.other_host(command="echo Welcome; cat >/dev/null") as host:
        assert "did not answer as a POSIX shell does" in bench.refused(host=host).message


# While it is at work


@pytest.mark.parametrize(
    ("how", "code", "message"), [("interrupt", 130, b"interrupted"), ("drop", 4, b"the connection was lost")]
)
def test_a_copy_that_is_cut_off_leaves_things_as_they_were(
    bench: Bench, how: str, code: int, message: bytes
) -> None:
    first, second = bench.put(), bench.another()
    own, began, go = (bench.folder / name for name in ("own", "began", "go"))
    wait = f"while [ ! -e {go} ]; do sleep 0.05; done"
    script(own / "tar", f': >{began}\n{wait}\nexec {bench.programs}/tar "$@"\n')
    with bench.other_host(programs=own) as host:
        process = bench.start(second, host)
        wait_for(began.exists)
        if how == "interrupt":
            process.send_signal(signal.SIGINT)
        else:
            host.drop()
        _, err = process.communicate(timeout=60)
        assert process.returncode == code, err
        assert message in err
        assert bench.links == {"current": first.release}
        go.touch()
        wait_for(lambda: bench.releases == {first.release})
    assert bench.put(second).failure is None


def test_a_disk_that_is_full_is_named(bench: Bench) -> None:
    own = bench.folder / "own"
    script(own / "df", "echo head\necho /dev/root 9 9 100 99% /\n")
    with bench.other_host(programs=own) as host:
        assert "board has 102400 bytes free in that folder" in bench.refused(host=host).message
        (own / "df").unlink()
        script(own / "tar", "echo 'tar: write error: No space left on device' >&2\nexit 1\n")
        with pytest.raises(DeviceError, match="No space left on device") as caught:
            bench.put(host=host)
    assert "make room" in (caught.value.hint or "")
    assert bench.releases == set()


def test_two_and_more_at_once(bench: Bench) -> None:
    other = bench.another()
    processes = [bench.start(bundle) for bundle in (bench.bundle, other, bench.bundle)]
    codes = []
    for process in processes:
        _, err = process.communicate(timeout=120)
        codes.append(process.returncode)
        assert process.returncode == 0 or b"another deployment is at work" in err, err
    assert set(codes) <= {0, 4}
    assert 0 in codes
    assert {path.name for path in bench.there.iterdir()} <= {"current", "previous", "releases", "history"}
    assert set(bench.links.values()) <= bench.releases
    assert all(re.fullmatch(r"[0-9a-f]{16}", name) for name in bench.releases)
    assert bench.put().failure is None
