"""The model zoo's route over a stand-in zoo: a private copy, results wherever the day puts them."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import standin
from edgedla.errors import ToolchainError, UsageError
from edgedla_targets.pcupid.vendor import find_route

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla_targets.pcupid.vendor.job import Job, Route


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    return standin.toolchain(tmp_path / "tools of mine")


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    return standin.zoo(tmp_path / "my zoo")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return standin.job(tmp_path / "work place")


def route(vendor: Path, zoo: Path, **more: object) -> Route:
    choice = standin.Choice(toolchain=str(vendor), opendla=str(zoo), **more)  # type: ignore[arg-type] # any
    return find_route(choice, standin.tools(vendor.parent))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_one_run_makes_all_three_and_the_tree_is_only_read(vendor: Path, zoo: Path, job: Job) -> None:
    before = contents(zoo)
    made = route(vendor, zoo)
    assert made.float_sim(job) == job.float_path
    assert job.float_path.read_bytes() == hashlib.sha256(b"graph" + b"ConvertTool").digest() * 64
    standin.fault(vendor, "ConvertTool.py", "sys.exit('was run again')")
    assert made.fixed_sim(job) == job.fixed_path
    assert made.image(job) == job.image_path
    assert contents(zoo) == before


def test_only_what_is_needed_is_copied(vendor: Path, zoo: Path, job: Job) -> None:
    (zoo / "huge.tar").write_text("x")
    standin.fault(vendor, "ConvertTool.py", "sys.exit(1)")
    with pytest.raises(ToolchainError, match=r"convert: convert\.sh"):
        route(vendor, zoo).float_sim(job)
    copy = job.folder / ".work" / "convert"
    found = {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()}
    ours = ("input_config.ini", "preprocess.py", "onnx/eat_sim.onnx")
    samples = ("dog.npy", "cat.npy", "rain.npy")
    assert found == {
        *("convert.sh", "config/sed_eat.cfg", "sed/eat/convert.sh"),
        *(f"sed/eat/{name}" for name in ours),
        *(f"sed/eat/quant_data/{name}" for name in samples),
    }
    assert (copy / "config/sed_eat.cfg").read_text() == "CHIP_LIST=pcupid\n", "ours, not the zoo's"


def test_float_networks_are_simulated_by_the_script(
    vendor: Path, zoo: Path, job: Job, tmp_path: Path
) -> None:
    made = route(vendor, zoo)
    path = made.float_sim(job)
    texts = made.simulate(job, path, [job.samples[2], job.samples[0]])
    wanted = [hashlib.sha256(path.read_bytes() + word).hexdigest() for word in (b"drip", b"bark")]
    assert [text.read_text() for text in texts] == wanted
    log = next((tmp_path / "logs").glob("pcupid-simulate-float*")).read_text()
    assert " convert.sh -a sed/eat -c config/sed_eat.cfg -p " in log
    assert log.splitlines()[0].endswith(" -s true")


@pytest.mark.parametrize("which", ["fixed_sim", "image"])
def test_others_by_the_simulator(vendor: Path, zoo: Path, job: Job, which: str) -> None:
    made = route(vendor, zoo)
    path: Path = getattr(made, which)(job)
    texts = made.simulate(job, path, job.samples)
    assert texts[1].read_text() == hashlib.sha256(path.read_bytes() + b"meow").hexdigest()


@pytest.mark.parametrize("form", ["%Y%m%d", "%Y-%m-%d", "%m%d"])
def test_the_simulation_finds_the_day_whatever_its_form(vendor: Path, zoo: Path, job: Job, form: str) -> None:
    today = datetime.now().astimezone()
    (zoo / "convert.sh").write_text(standin.ZOO.replace("%Y%m%d", form))
    made = route(vendor, zoo)
    path = made.float_sim(job)
    # The script asks for the date after midnight.
    (zoo / "convert.sh").write_text(standin.ZOO.replace("%Y%m%d", (today + timedelta(days=1)).strftime(form)))
    assert made.simulate(job, path, job.samples)[0].is_file()


def test_a_conversion_over_midnight_leaves_two_folders(vendor: Path, zoo: Path, job: Job) -> None:
    later = 'mkdir -p ../../output/pcupid_20990101; cp "$folder"/eat_float.sim ../../output/pcupid_20990101\n'
    script = standin.ZOO_MODEL.replace("[ -n", later + "NEXT_DAY=$PWD/../../output/pcupid_20990101\n[ -n")
    (zoo / "sed" / "eat" / "convert.sh").write_text(script)
    made = route(vendor, zoo)
    assert made.image(job).is_file()
    assert job.fixed_path.is_file()


@pytest.mark.parametrize("name", ["eat.img.img", "eat_fixed.sim_sgsimg.img"])
def test_other_names_of_the_image(vendor: Path, zoo: Path, job: Job, name: str) -> None:
    script = zoo / "sed" / "eat" / "convert.sh"
    script.write_text(standin.ZOO_MODEL.replace('"$folder/eat.img"', f'"$folder/{name}"'))
    assert route(vendor, zoo).image(job) == job.image_path


def test_a_failure_in_the_middle_names_the_tool_s_message(vendor: Path, zoo: Path, job: Job) -> None:
    standin.fault(
        vendor, "calibrator.py", "raise AttributeError(\"module 'p' has no attribute 'image_preprocess'\")"
    )
    with pytest.raises(ToolchainError, match=r"^E-PCU-050: .* left no eat_fixed\.sim"):
        route(vendor, zoo).image(job)
    assert not list(job.folder.glob("eat*")), "all three or none"


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "E-PCU-071"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "E-PCU-092"),
        ("raise OSError(28, 'No space left on device')", "E-PCU-070"),
    ],
)
def test_half_an_image_is_none_though_the_script_exits_with_0(
    vendor: Path, zoo: Path, job: Job, ending: str, code: str
) -> None:
    standin.fault(vendor, "compiler.py", f"pathlib.Path(option('-o')).write_text('half'); {ending}")
    (zoo / "convert.sh").write_text(standin.ZOO + "exit 0\n")
    with pytest.raises(ToolchainError, match=f"^{code}: .* exited with 0 and may have left half a file"):
        route(vendor, zoo).image(job)
    assert not job.image_path.exists()


def test_an_algorithm_that_the_zoo_does_not_have(vendor: Path, zoo: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no folder sed/other"):
        route(vendor, zoo).float_sim(standin.job(tmp_path, algorithm="sed/other"))


def test_line_ends_of_windows(vendor: Path, zoo: Path, job: Job) -> None:
    (zoo / "convert.sh").write_text("cd /\r\n\r\necho done\r\n", newline="")
    with pytest.raises(ToolchainError, match=r"^E-PCU-038: "):
        route(vendor, zoo).float_sim(job)


def test_the_plan_does_the_same(vendor: Path, zoo: Path, tmp_path: Path) -> None:
    by_hand, by_us = (standin.job(tmp_path / name) for name in ("by hand", "by us"))
    made = route(vendor, zoo)
    lines = made.plan(by_hand)
    standin.typed(lines)
    assert made.image(by_us).read_bytes() == by_hand.image_path.read_bytes()
    assert by_us.float_path.read_bytes() == by_hand.float_path.read_bytes()


def test_in_docker(
    vendor: Path, zoo: Path, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = standin.docker(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{docker}:{os.environ['PATH']}")
    made = route(vendor, zoo, docker_image="sgs_docker:v1.8")
    path = made.float_sim(job)
    assert made.simulate(job, path, job.samples)[0].is_file()
    run = next(words for words in standin.calls(docker) if words[0] == "run")
    assert run[-10:] == [
        *("bash", "convert.sh", "-a", "sed/eat", "-c", "config/sed_eat.cfg", "-p", "/edgedla/toolchain"),
        *("-s", "false"),
    ]
    assert str(zoo) not in " ".join(run), "only the private copy is mounted"
