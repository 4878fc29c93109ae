"""Record a run, play it back without the tools, and refuse whatever was not recorded."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import standin
from edgedla.errors import UsageError
from edgedla_targets.pcupid.vendor import find_route
from edgedla_targets.pcupid.vendor.recording import scrub

if TYPE_CHECKING:
    from edgedla_targets.pcupid.vendor.job import Job, Route


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    return standin.toolchain(tmp_path / "tools")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return standin.job(tmp_path)


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    return tmp_path / "tape"


def recorder(vendor: Path, tape: Path, **more: str) -> Route:
    choice = standin.Choice(toolchain=str(vendor), record=str(tape), **more)  # type: ignore[arg-type] # any
    return find_route(choice, standin.tools(tape.parent))


def player(tape: Path) -> Route:
    return find_route(standin.Choice(toolchain=f"replay:{tape}"), standin.tools(tape.parent))


def record_all(vendor: Path, tape: Path, job: Job, **more: str) -> dict[str, bytes]:
    """Every result of a job and the answers of all three, as recorded."""
    route = recorder(vendor, tape, **more)
    paths = [route.float_sim(job), route.fixed_sim(job), route.image(job)]
    texts = [text for path in paths for text in route.simulate(job, path, job.samples)]
    return {path.relative_to(job.folder).name: path.read_bytes() for path in [*paths, *texts]}


def again(job: Job, folder: Path) -> Job:
    """The same inputs elsewhere."""
    shutil.copytree(job.onnx.parent, folder / "inputs")
    return standin.job(folder)


def index(tape: Path) -> Any:
    return json.loads((tape / "recording.json").read_text())


@pytest.mark.parametrize("way", ["direct", "zoo"])
def test_a_replay_is_byte_for_byte_the_run(
    vendor: Path, tape: Path, job: Job, tmp_path: Path, way: str
) -> None:
    more = {"opendla": str(standin.zoo(tmp_path / "zoo"))} if way == "zoo" else {}
    made = record_all(vendor, tape, job, **more)
    shutil.rmtree(vendor)
    other = again(job, tmp_path / "elsewhere")
    route = player(tape)
    paths = [route.float_sim(other), route.fixed_sim(other), route.image(other)]
    assert [path.read_bytes() for path in paths] == [made[path.name] for path in paths]
    for path in paths:
        forward = route.simulate(other, path, other.samples)
        backward = route.simulate(other, path, other.samples[::-1])
        assert [text.read_bytes() for text in forward] == [text.read_bytes() for text in backward[::-1]]
        wanted = [
            hashlib.sha256(path.read_bytes() + word).hexdigest() for word in (b"bark", b"meow", b"drip")
        ]
        assert [text.read_text() for text in forward] == wanted


def test_a_recording_says_what_it_is_of(vendor: Path, tape: Path, job: Job) -> None:
    route = recorder(vendor, tape)
    route.float_sim(job)
    assert index(tape)["identity"] == route.identity()
    played = player(tape)
    assert played.identity().startswith(f"replay of {route.identity()} ")
    assert [line[0] for line in played.plan(job)] == ["#"]
    before = played.identity()
    route.fixed_sim(job)
    assert player(tape).identity() != before


def test_a_recording_has_command_lines_and_logs(vendor: Path, tape: Path, job: Job) -> None:
    recorder(vendor, tape).fixed_sim(job)
    runs = index(tape)["conversions"][0]["runs"]
    assert [run["argv"][1].rsplit("/", 1)[1] for run in runs] == ["ConvertTool.py", "calibrator.py"]
    assert runs[0]["argv"][:2] == ["python3", "TOOLCHAIN/Scripts/ConvertTool/ConvertTool.py"]
    assert "ConvertTool works" in (tape / "files" / runs[0]["log"]).read_text()


def test_a_recording_names_no_machine(vendor: Path, tape: Path, job: Job, tmp_path: Path) -> None:
    here = "print(os.environ['SGS_IPU_DIR'], os.getcwd(), '/usr/lib/x.so', '/fc/Gemm_0', '/home/me/a b.txt')"
    for script in ("ConvertTool.py", "calibrator.py", "compiler.py", "simulator.py"):
        standin.fault(vendor, script, here)
    record_all(vendor, tape, job)
    everything = b"\n".join(path.read_bytes() for path in tape.rglob("*") if path.is_file())
    for name in (tmp_path, vendor, Path.home() / "x", "/usr/", "/home/"):
        assert os.fsencode(str(name)) not in everything
    assert b"PATH/x.so /fc/Gemm_0 PATH/a b.txt" in everything
    assert b"TOOLCHAIN JOB/.work/float_sim" in everything


def test_users_and_hosts_are_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        pw_name = "alice"

    monkeypatch.setattr("pwd.getpwuid", lambda _: Entry)
    monkeypatch.setattr("socket.gethostname", lambda: "workstation-7")
    text = "alice@workstation-7: /home/alice/x and /opt/alice's, malice"
    assert scrub(text, {"/opt": "OPT"}) == "USER@HOST: PATH/x and OPT/USER's, malice"


def test_a_path_inside_a_result_is_warned_of(vendor: Path, tape: Path, job: Job, tmp_path: Path) -> None:
    standin.fault(
        vendor,
        "ConvertTool.py",
        "source = 0; pathlib.Path('eat_float.sim').write_text(os.getcwd()); sys.exit()",
    )
    said: list[str] = []
    tools = standin.tools(tmp_path, echo=said.append)
    find_route(standin.Choice(toolchain=str(vendor), profile="s21", record=str(tape)), tools).float_sim(job)
    assert len(said) == 1
    assert said[0].startswith("warning: a recorded file holds a path of this machine")


def _file(job: Job, name: str) -> Path:
    if name == "sample":
        return job.samples[1]
    return job.preprocess[0] if name == "preprocess" else Path(getattr(job, name))


@pytest.mark.parametrize("name", ["onnx", "input_config", "preprocess", "sample"])
def test_inputs_that_were_not_seen_are_refused(
    vendor: Path, tape: Path, job: Job, tmp_path: Path, name: str
) -> None:
    recorder(vendor, tape).fixed_sim(job)
    other = again(job, tmp_path / "elsewhere")
    path = _file(other, name)
    path.chmod(0o644)
    path.write_text("something else")
    with pytest.raises(UsageError) as caught:
        player(tape).fixed_sim(other)
    recorded = hashlib.sha256(_file(job, name).read_bytes())
    assert str(path) in caught.value.message
    assert hashlib.sha256(b"something else").hexdigest() in caught.value.message
    assert recorded.hexdigest() in caught.value.message
    assert not other.fixed_path.exists()


def test_a_change_that_a_step_never_saw_does_not_matter(
    vendor: Path, tape: Path, job: Job, tmp_path: Path
) -> None:
    recorder(vendor, tape).float_sim(job)
    other = again(job, tmp_path / "elsewhere")
    other.samples[0].chmod(0o644)
    other.samples[0].write_text("something else")
    assert player(tape).float_sim(other).read_bytes() == job.float_path.read_bytes()


@pytest.mark.parametrize(
    ("key", "given", "recorded"),
    [
        ("chip", "iford", "pcupid"),
        ("quant_level", "L1", "L5"),
        ("input_shapes", "1,2", "1,1,1,114688"),
    ],
)
def test_settings_that_were_not_seen_are_refused(vendor: Path, key: str, given: str, recorded: str) -> None:
    tape, root = vendor.parent / "tape", vendor.parent
    recorder(vendor, tape).image(standin.job(root))
    value = ((1, 2),) if key == "input_shapes" else given
    with pytest.raises(UsageError, match=f"{key} is {given}, recorded was {recorded}"):
        player(tape).image(standin.job(root, **{key: value}))


def test_more_and_fewer_samples_are_refused(vendor: Path, tape: Path, job: Job, tmp_path: Path) -> None:
    recorder(vendor, tape).fixed_sim(job)
    fewer = standin.job(tmp_path, samples=job.samples[:2])
    with pytest.raises(UsageError, match="there is no sample 2"):
        player(tape).fixed_sim(fewer)
    (tmp_path / "more.npy").write_text("x")
    more = standin.job(tmp_path, samples=(*job.samples, tmp_path / "more.npy"))
    with pytest.raises(UsageError, match=r"more\.npy \(sample 3\).*recorded was no such sample"):
        player(tape).fixed_sim(more)


def test_an_unknown_sample_is_refused(vendor: Path, tape: Path, job: Job, tmp_path: Path) -> None:
    route = recorder(vendor, tape)
    route.simulate(job, route.float_sim(job), job.samples)
    (tmp_path / "new.npy").write_text("x")
    with pytest.raises(UsageError, match=r"new\.npy \(sample\) has sha256 2d71"):
        player(tape).simulate(job, job.float_path, [job.samples[0], tmp_path / "new.npy"])


def test_what_was_not_recorded_at_all(vendor: Path, tape: Path, job: Job) -> None:
    recorder(vendor, tape).float_sim(job)
    with pytest.raises(UsageError, match="nothing of the kind was recorded"):
        player(tape).image(job)


def test_recordings_grow_and_replace(vendor: Path, tape: Path, job: Job, tmp_path: Path) -> None:
    recorder(vendor, tape).float_sim(job)
    recorder(vendor, tape).float_sim(job)
    assert len(index(tape)["conversions"]) == 1
    recorder(vendor, tape).float_sim(standin.job(tmp_path, chip="iford"))
    recorder(vendor, tape).fixed_sim(job)
    assert len(index(tape)["conversions"]) == 3
    assert player(tape).float_sim(job).is_file()


def test_one_recording_is_of_one_toolchain(vendor: Path, tape: Path, job: Job) -> None:
    recorder(vendor, tape).float_sim(job)
    (vendor / "version.txt").write_text("another\n")
    with pytest.raises(UsageError, match="is a recording of 's21 "):
        recorder(vendor, tape).float_sim(job)


def test_a_replay_cannot_be_recorded(tape: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be recorded"):
        find_route(standin.Choice(toolchain=f"replay:{tape}", record="x"), standin.tools(tmp_path))


def test_a_dry_run_records_nothing(vendor: Path, tape: Path, job: Job, tmp_path: Path) -> None:
    choice = standin.Choice(toolchain=str(vendor), record=str(tape))
    find_route(choice, standin.tools(tmp_path, dry_run=True)).image(job)
    assert not tape.exists()


# What is written over the text of recording.json: pattern, and what takes its place.
EDITS = {
    "half an index": (r"(?s)(.*)\n.*\n.*\n", r"\1"),
    "no object": (r"(?s).+", "[]"),
    "another schema": (r"recording/1", "recording/2"),
    "a path for a hash": (r'"[0-9a-f]{64}"', '"../../secret"'),
    "an unknown key": (r'"identity"', '"more": 1, "identity"'),
    "a setting for the terminal": (r'"pcupid"', r'"\\u001b[31m"'),
    "a line for the terminal": (r'"s21', r'"s21\\u001b[31m'),
}


def damage(tape: Path, how: str) -> None:
    path = tape / "recording.json"
    stored = tape / "files" / index(tape)["conversions"][0]["result"]
    if how in EDITS:
        text = path.read_text()
        path.write_text(re.sub(*EDITS[how], text, count=1))
        assert path.read_text() != text
    elif how == "a changed file":
        stored.write_bytes(stored.read_bytes()[:-1] + b"?")
    elif how == "a link":
        stored.rename(tape / "real")
        stored.symlink_to(tape / "real")
    else:
        (path if how == "no index" else stored).unlink()


@pytest.mark.parametrize("how", [*EDITS, "no index", "no file", "a changed file", "a link"])
def test_damaged_recordings_are_refused(vendor: Path, tape: Path, job: Job, how: str) -> None:
    recorder(vendor, tape).float_sim(job)
    assert player(tape).float_sim(job).is_file()
    damage(tape, how)
    with pytest.raises(UsageError) as caught:
        player(tape)
    assert str(tape) in caught.value.message
    assert caught.value.hint


def test_a_file_changed_while_it_is_played(vendor: Path, tape: Path, job: Job) -> None:
    recorder(vendor, tape).float_sim(job)
    route = player(tape)
    damage(tape, "a changed file")
    with pytest.raises(UsageError, match="was changed while it was played"):
        route.float_sim(job)
