"""The real program on the emulated board, behind a real ssh server on loopback."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from deploy_bench import PROGRAM, Bench, changed
from edgedla.artifacts import MANIFEST, Manifest, read_json, sha256
from edgedla.errors import DeviceError, GateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from throwaway import Result

    Command = Callable[..., Result]


@pytest.mark.slow
def test_first_second_and_the_same_again(edgedla: Command, bench: Bench) -> None:
    answer = edgedla(*bench.words(), "--json").json
    data, first = answer["data"], answer["data"]["release"]
    assert {key: data[key] for key in ("model", "target", "host", "dir")} == {
        "model": "eat_sed",
        "target": "pcupid",
        "host": "board",
        "dir": str(bench.there),
    }
    assert (data["previous"], data["copied"], data["rolled_back"]) == (None, True, False)
    assert data["self_test"]["failed"] == []
    assert data["self_test"]["passed"] >= 8
    assert "board is the emulated board, no hardware" in answer["warnings"]
    assert bench.links == {"current": first}

    (heard,) = data["results"]
    recording = bench.bundle / "src/golden/clip_0.wav"
    simulated = edgedla("run", "--bundle", bench.bundle, "--board", "simulator", "-i", recording, "--json")
    (python,) = simulated.json["data"]["results"]
    assert (heard["label"], heard["class_id"]) == (python["label"], python["class_id"])
    assert heard["score"] == pytest.approx(python["score"], abs=1e-3)

    second = bench.put(bench.another())
    assert (second.failure, second.previous, second.copied) == (None, first, True)
    assert bench.links == {"current": second.release, "previous": first}

    before = {path: path.stat().st_ctime_ns for path in (bench.there / "current/").rglob("*")}
    again = edgedla(*bench.words(bench.bundle.with_name("another")))
    assert f"{second.release} is there already" in again.err
    assert "copying" not in again.err
    assert re.search(r"clip_0\.wav\t" + heard["label"], again.out)
    assert {path: path.stat().st_ctime_ns for path in (bench.there / "current/").rglob("*")} == before
    assert bench.links == {"current": second.release, "previous": first}
    assert {path.name for path in bench.there.iterdir()} == {"current", "previous", "releases", "history"}
    assert bench.board.faults == []


def test_a_release_is_what_was_built_and_named_after_it(bench: Bench) -> None:
    done = bench.put()
    folder = bench.there / "releases" / done.release
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    assert sums == {name: sha256(folder / name) for name in sums}
    assert {"eat.img", "prog_sed_eat", "golden/clip_0.wav"} <= sums.keys()
    listed = {artifact.sha256 for artifact in read_json(bench.bundle / MANIFEST, Manifest, "").artifacts}
    assert set(sums.values()) <= listed
    assert os.access(folder / "prog_sed_eat", os.X_OK)
    copy = bench.bundle.with_name("copy")
    shutil.copytree(bench.bundle, copy)
    again = bench.put(copy)
    assert (again.release, again.copied) == (done.release, False)


def test_goes_below_the_login_folder_where_nothing_else_is_said(edgedla: Command, bench: Bench) -> None:
    home = bench.folder / "home"
    home.mkdir()
    with bench.other_host(command=f"cd '{home}' && eval \"$SSH_ORIGINAL_COMMAND\"") as host:
        data = edgedla(*bench.words(host=host)[:-2], "--json").json["data"]
    assert data["dir"] == "edgedla/eat_sed"
    assert (home / "edgedla/eat_sed/current").readlink().name == data["release"]


def test_old_releases_are_removed(bench: Bench) -> None:
    bench.put(keep=1)
    second = bench.put(bench.another(), keep=1).release
    third = bench.put(bench.another("third"), keep=1).release
    assert bench.releases == {second, third}
    assert bench.links == {"current": third, "previous": second}


def test_a_dry_run_prints_what_would_be_typed(edgedla: Command, bench: Bench) -> None:
    commands = edgedla(*bench.words(), "--dry-run", "--json").json["data"]["commands"]
    assert len(commands) == 3
    assert not bench.there.exists()
    assert not list((bench.bundle / "logs").glob("deploy-*"))
    done = subprocess.run(["/bin/sh", "-c", commands[0]], capture_output=True, text=True, check=True)
    assert {"edgedla 1", f"machine {os.uname().machine}", "board emulated"} <= set(done.stdout.splitlines())
    assert edgedla(*bench.words(), "--dry-run").out.splitlines()[0] == commands[0]


def test_numbers_that_part_after_the_switch_are_rolled_back(bench: Bench) -> None:
    first, second = bench.put(), bench.another()

    def spoil(count: int) -> bool:
        if count == 2:  # the self-test through the link: meanwhile the disk has rotted
            tensor = next((bench.there / "current/golden").glob("clip_0.*.f32"))
            tensor.write_bytes(bytes(tensor.stat().st_size))
        return True

    with bench.failing_host(spoil) as host:
        done = bench.put(second, host)
    assert isinstance(done.failure, GateError)
    assert "the self-test after the switch" in done.failure.message
    assert f"rolled back: {first.release} is at work again" in done.failure.message
    assert done.rolled_back
    assert any("clip_0: the network answers as in the build" in line for line in done.self_test.failed)
    assert bench.links == {"current": first.release}
    # A damaged release is found out, and copied again.
    mended = bench.put(second)
    assert (mended.failure, mended.copied) == (None, True)


def test_a_board_that_breaks_after_the_switch_is_rolled_back(edgedla: Command, bench: Bench) -> None:
    with bench.failing_host(lambda count: count == 1) as host:
        answer = edgedla(*bench.words(host=host), "--json", code=4).json
    assert answer["error"]["code"] == "device"
    assert "the self-test after the switch: the program exited with 4" in answer["error"]["message"]
    assert "rolled back: nothing is at work again" in answer["error"]["message"]
    assert answer["data"]["rolled_back"]
    assert answer["data"]["results"] == []
    assert bench.links == {}


def test_a_board_that_breaks_in_the_run_is_rolled_back(bench: Bench) -> None:
    with bench.failing_host(lambda count: count < 3) as host:
        done = bench.put(host=host)
    assert isinstance(done.failure, DeviceError)
    assert "the run on a golden clip: the program exited with 4" in done.failure.message
    assert done.rolled_back
    assert bench.links == {}


def test_what_fails_before_the_switch_changes_nothing(edgedla: Command, bench: Bench) -> None:
    first = bench.put()
    other = changed(bench.another(), PROGRAM, lambda data: data.replace(b"clip_0", b"clip_9"))
    result = edgedla(*bench.words(other), code=1)
    assert "the self-test before the switch" in result.err
    assert f"{first.release} stays at work" in result.err
    assert "not ok" in result.err
    assert bench.links == {"current": first.release}
