"""In Docker: the exact command line, and what becomes of the container; docker itself is a stand-in."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import standin
from edgedla.errors import EdgedlaError, PrerequisiteError, ToolchainError, UsageError
from edgedla_targets.pcupid.vendor import find_route
from edgedla_targets.pcupid.vendor.place import SCRIPT, container

if TYPE_CHECKING:
    from edgedla_targets.pcupid.vendor.job import Job, Route

IMAGE = "sgs_docker:v1.8"


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = standin.docker(tmp_path / "docker-bin")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    return standin.toolchain(tmp_path / "my, tools")  # a comma ends a field of --mount


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return standin.job(tmp_path / 'wörk "here"')


def route(vendor: Path, **more: object) -> Route:
    choice = standin.Choice(toolchain=str(vendor), docker_image=IMAGE, **more)  # type: ignore[arg-type] # any
    return find_route(choice, standin.tools(vendor.parent))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_command_line(docker: Path, vendor: Path, job: Job) -> None:
    route(vendor).float_sim(job)
    scratch = job.folder / ".work" / "float_sim"
    run = next(words for words in standin.calls(docker) if words[0] == "run")
    assert run == [
        *("run", "--rm", "--pull", "never", "--network", "none", "--name", container(scratch)),
        *("--user", f"{os.getuid()}:{os.getgid()}"),
        *("--mount", f'type=bind,"source={vendor}",target=/edgedla/toolchain,readonly'),
        *("--mount", 'type=bind,"source={}",target=/edgedla/job'.format(str(scratch).replace('"', '""'))),
        *("--workdir", "/edgedla/job"),
        *("--env", "LC_ALL=C.UTF-8", "--env", "PYTHONUNBUFFERED=1", "--env", "HOME=/edgedla/job"),
        *("--entrypoint", "bash", IMAGE, "-c", SCRIPT, "edgedla", "/edgedla/toolchain", "/edgedla/job"),
        *("python3", "/edgedla/toolchain/Scripts/ConvertTool/ConvertTool.py", "onnx"),
        *("--model_file", "./eat_sim.onnx", "--input_shape", "1,1,1,114688"),
        *("--input_config", "./input_config.ini", "--output_file", "./eat_float.sim"),
        *("--soc_version", "pcupid"),
    ]


def test_the_results_are_those_of_a_native_run(docker: Path, vendor: Path, job: Job, tmp_path: Path) -> None:
    native = standin.job(tmp_path / "native")
    find_route(standin.Choice(toolchain=str(vendor)), standin.tools(tmp_path)).image(native)
    in_docker = route(vendor)
    assert in_docker.image(job).read_bytes() == native.image_path.read_bytes()
    assert in_docker.simulate(job, job.float_path, job.samples)[2].stat().st_size
    names = {words[words.index("--name") + 1] for words in standin.calls(docker) if words[0] == "run"}
    assert len(names) == 4, "one container for each step"


def test_the_image_is_part_of_the_identity(docker: Path, vendor: Path, tmp_path: Path) -> None:
    identity = route(vendor).identity()
    assert identity.endswith(f"docker {IMAGE} {'5' * 12}")
    assert standin.calls(docker) == [["image", "inspect", "--format", "{{.Id}}", IMAGE]]
    assert not (tmp_path / "logs").exists(), "questions leave no logs"


@pytest.mark.parametrize(
    ("refusal", "answer"),
    [
        ("Cannot connect to the Docker daemon at unix:///x.", "E-PCU-080 systemctl"),
        ("permission denied while trying to connect to the Docker daemon socket at x", "E-PCU-081 usermod"),
        ("Error response from daemon: No such image: sgs_docker:v1.8", f"E-PCU-082 {IMAGE}"),
        ("unheard of", "E-PCU-095 info"),
    ],
)
def test_docker_that_does_not_work(docker: Path, vendor: Path, job: Job, refusal: str, answer: str) -> None:
    (docker / "refuse-image").write_text(f"1 {refusal}")
    with pytest.raises(PrerequisiteError) as caught:
        route(vendor).float_sim(job)
    code, word = answer.split()
    assert caught.value.message.startswith(f"{code}: ")
    assert refusal in caught.value.message
    assert word in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        ('Conflict. The container name "/edgedla-1" is already in use by container "2"', "E-PCU-083"),
        ('invalid mount config for type "bind": bind source path does not exist: /x', "E-PCU-084"),
        ("something else", "E-PCU-095"),
    ],
)
def test_docker_that_does_not_start_it(docker: Path, vendor: Path, job: Job, refusal: str, code: str) -> None:
    (docker / "refuse-run").write_text(f"125 docker: Error response from daemon: {refusal}")
    with pytest.raises(PrerequisiteError, match=f"^{code}: "):
        route(vendor).float_sim(job)


def test_no_docker_at_all(vendor: Path, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrerequisiteError, match="'docker' is not on PATH"):
        route(vendor).float_sim(job)


@pytest.mark.usefixtures("docker")
def test_a_failure_inside_is_a_failure_of_the_tool(vendor: Path, job: Job) -> None:
    standin.fault(vendor, "ConvertTool.py", "print('not support group conv.'); sys.exit(0)")
    with pytest.raises(ToolchainError, match=r"^E-PCU-009: .* ConvertTool\.py exited with 0"):
        route(vendor).float_sim(job)
    standin.fault(vendor, "ConvertTool.py", "os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(ToolchainError, match=r"^E-PCU-071: .* was killed by SIGKILL"):
        route(vendor).float_sim(job)


@pytest.mark.parametrize("ending", ["timeout", "ctrl-c"])
def test_the_container_is_killed(docker: Path, vendor: Path, job: Job, ending: str) -> None:
    program = "pathlib.Path('pid').write_text(f'{os.getpid()}\\n'); signal.pause()"
    standin.fault(vendor, "ConvertTool.py", program)
    scratch = job.folder / ".work" / "float_sim"

    def press() -> None:
        while not (scratch / "pid").exists():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    expected: type[BaseException] = ToolchainError
    if ending == "ctrl-c":
        expected = KeyboardInterrupt
        threading.Thread(target=press).start()
    with pytest.raises(expected):
        route(vendor, timeout=60 if ending == "ctrl-c" else 1.0).float_sim(job)
    assert standin.calls(docker)[-1] == ["kill", container(scratch)]
    time.sleep(0.1)
    assert not alive(int((scratch / "pid").read_text()))
    (vendor / "faults" / "ConvertTool.py").unlink()
    assert route(vendor).float_sim(job).is_file(), "the job goes on"


def test_a_kill_that_fails_hides_nothing(docker: Path, vendor: Path, job: Job) -> None:
    standin.fault(vendor, "ConvertTool.py", "time.sleep(3)")
    (docker / "refuse-kill").write_text("1 Error response from daemon: No such container")
    with pytest.raises(ToolchainError, match="E-PCU-091"):
        route(vendor, timeout=0.5).float_sim(job)


def test_the_plan_does_the_same(docker: Path, vendor: Path, tmp_path: Path) -> None:
    by_hand, by_us = (standin.job(tmp_path / name) for name in ("by hand", "by us"))
    made = route(vendor)
    lines = made.plan(by_hand)
    assert not (docker / "calls.jsonl").exists(), "a plan asks nothing"
    standin.typed(lines)
    assert made.image(by_us).read_bytes() == by_hand.image_path.read_bytes()


def test_the_client_takes_the_command_line(vendor: Path, job: Job, tmp_path: Path) -> None:
    """A real docker, where there is one, gets as far as its daemon: it understands every word."""
    if shutil.which("docker") is None:
        return
    line = next(line for line in route(vendor).plan(job) if "docker run" in line)
    job.folder.joinpath(".work", "float_sim").mkdir(parents=True)
    environment = os.environ | {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    done = subprocess.run(
        ["bash", "-c", line],  # noqa: S607 - as one would type it
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "connect" in done.stderr, done.stderr


@pytest.mark.parametrize("which", ["toolchain", "job"])
def test_colons_are_refused(vendor: Path, tmp_path: Path, which: str) -> None:
    folder = tmp_path / "a:b"
    folder.mkdir()
    tools = standin.toolchain(folder / "tools") if which == "toolchain" else vendor
    with pytest.raises(UsageError, match="has a ':' in its path"):
        route(tools).float_sim(standin.job(folder if which == "job" else tmp_path))


def test_every_error_is_one_for_people(docker: Path, vendor: Path, job: Job) -> None:
    (docker / "docker").write_text("garbage without a first line")
    with pytest.raises(EdgedlaError):
        route(vendor).float_sim(job)
