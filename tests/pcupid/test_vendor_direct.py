"""The direct route over stand-in scripts: what is believed, what is kept, what a failure says."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import standin
from edgedla.errors import PrerequisiteError, ToolchainError, UsageError
from edgedla_targets.pcupid.vendor import find_route

if TYPE_CHECKING:
    from edgedla_targets.pcupid.vendor.job import Job, Route

HALF = "pathlib.Path('eat_float.sim').write_text('half'); "
LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (999, 999)); "


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    return standin.toolchain(tmp_path / "my tool's chain")  # a blank and a quote


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return standin.job(tmp_path / "my $work")


def route(vendor: Path, **more: object) -> Route:
    choice = standin.Choice(toolchain=str(vendor), **more)  # type: ignore[arg-type] # any of its fields
    return find_route(choice, standin.tools(vendor.parent))


def failure(route: Route, job: Job) -> ToolchainError:
    with pytest.raises(ToolchainError) as caught:
        route.float_sim(job)
    assert not list(job.folder.glob("*.sim"))
    return caught.value


def test_all_results_stand_in_the_job_folder(vendor: Path, job: Job) -> None:
    made = route(vendor)
    paths = [made.float_sim(job), made.fixed_sim(job), made.image(job)]
    assert paths == [job.folder / name for name in ("eat_float.sim", "eat_fixed.sim", "eat.img")]
    # The stand-ins hash what they are given, in order: the graph, then the float model with all samples …
    float_sim = hashlib.sha256(b"graph" + b"ConvertTool").digest() * 64
    assert paths[0].read_bytes() == float_sim
    fixed = hashlib.sha256(float_sim + b"calibrator" + b"L5" + b"bark" + b"meow" + b"drip").digest() * 64
    assert paths[1].read_bytes() == fixed
    assert paths[2].read_bytes() == hashlib.sha256(fixed + b"compiler").digest() * 64
    assert not list((job.folder / ".work").iterdir())


def test_the_image_alone_makes_what_it_needs(vendor: Path, job: Job) -> None:
    assert route(vendor).image(job).is_file()
    assert job.float_path.is_file()
    assert job.fixed_path.is_file()


def test_what_is_done_is_not_done_again(vendor: Path, job: Job) -> None:
    route(vendor).image(job)
    for script in ("ConvertTool.py", "calibrator.py", "compiler.py"):
        standin.fault(vendor, script, "sys.exit('was run again')")
    assert route(vendor).image(job).is_file()


@pytest.mark.parametrize("change", ["onnx", "input_config", "result", "record"])
def test_what_has_changed_is_done_again(vendor: Path, job: Job, change: str) -> None:
    route(vendor).float_sim(job)
    before = job.float_path.read_bytes()
    path = {
        "onnx": job.onnx,
        "input_config": job.input_config,
        "result": job.float_path,
        "record": job.folder / ".made" / "float_sim.json",
    }[change]
    path.chmod(0o644)
    path.write_bytes(b"other")
    standin.fault(vendor, "ConvertTool.py", "pathlib.Path(os.environ['SGS_IPU_DIR'], 'ran').touch()")
    route(vendor).float_sim(job)
    assert (vendor / "ran").exists()
    assert (job.float_path.read_bytes() == before) == (change != "onnx")


def test_another_release_is_another_identity(vendor: Path, tmp_path: Path) -> None:
    before = route(vendor).identity()
    assert before.startswith("s21 ")
    assert str(tmp_path) not in before
    (vendor / "version.txt").write_text("S21.0.6\n")
    after = route(vendor).identity()
    assert after != before
    (vendor / "Scripts" / "calibrator" / "simulator.py").write_text(standin.TOOL + "\n")
    assert route(vendor).identity() not in (before, after)


def test_inputs_are_copies(vendor: Path, job: Job) -> None:
    rewrite = "pathlib.Path(option('--input_config')).write_text('rewritten'); pathlib.Path('stray').touch()"
    standin.fault(vendor, "ConvertTool.py", rewrite)
    before = {path: path.read_bytes() for path in job.onnx.parent.iterdir()}
    route(vendor).float_sim(job)
    assert {path: path.read_bytes() for path in job.onnx.parent.iterdir()} == before
    assert sorted(path.name for path in job.folder.iterdir()) == [".made", ".work", "eat_float.sim"]


def test_samples_are_simulated_in_order(vendor: Path, job: Job) -> None:
    made = route(vendor)
    path = made.float_sim(job)
    texts = made.simulate(job, path, job.samples[::-1])
    expected = [hashlib.sha256(path.read_bytes() + word).hexdigest() for word in (b"drip", b"meow", b"bark")]
    assert [text.read_text() for text in texts] == expected
    again = made.simulate(job, path, job.samples[:1])
    assert again[0].read_text() == expected[2]
    assert texts[2].read_text() == expected[2], "an answer that was given stays"


def test_awkward_sample_names_are_replaced(vendor: Path, job: Job, tmp_path: Path) -> None:
    names = ["dög.npy", "a b.npy", "x:y.npy", "sub/dög.npy", "-n.npy"]
    samples = [tmp_path / name for name in names]
    (tmp_path / "sub").mkdir()
    for index, sample in enumerate(samples):
        sample.write_text(str(index))
    standin.fault(vendor, "simulator.py", "assert all(c.isascii() for c in os.listdir('.'))")
    made = route(vendor)
    path = made.float_sim(job)
    texts = [text.read_text() for text in made.simulate(job, path, samples)]
    wanted = [hashlib.sha256(path.read_bytes() + str(index).encode()).hexdigest() for index in range(5)]
    assert texts == wanted


def test_results_left_by_a_crash_in_output_are_found(vendor: Path, job: Job) -> None:
    program = "import atexit, shutil; atexit.register(lambda: shutil.move('log/output', 'output'))"
    standin.fault(vendor, "simulator.py", program)
    made = route(vendor)
    assert made.simulate(job, made.float_sim(job), job.samples)[0].is_file()


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("print('Unsupported ONNX opset version: 14. The maximum'); sys.exit(0)", "E-PCU-001"),
        ("print('Mace does not support onnx op type Erf yet'); sys.exit(1)", "E-PCU-003"),
        ("sys.exit(0)", "E-PCU-094"),
        ("raise ZeroDivisionError", "E-PCU-093"),
        ("pathlib.Path('Debug_eat_float.sim').touch(); sys.exit(0)", "E-PCU-094"),
        ("pathlib.Path('eat_float.sim').touch(); sys.exit(0)", "E-PCU-094"),
        ("pathlib.Path('eat_float.sim').symlink_to('eat_sim.onnx'); sys.exit(0)", "E-PCU-094"),
        ("pathlib.Path('eat_float.sim').mkdir(); sys.exit(0)", "E-PCU-094"),
        ("os.write(1, bytes(range(256)) * 999); sys.exit(0)", "E-PCU-094"),
        (
            "os.write(1, b'\\xff\\x1b[31mMace does not support onnx op type \\x1b[1mErf yet'); sys.exit()",
            "E-PCU-003",
        ),
        (
            "pathlib.Path('eat_float.sim').write_text('half'); os.kill(os.getpid(), signal.SIGKILL)",
            "E-PCU-071",
        ),
        (
            "pathlib.Path('eat_float.sim').write_text('half'); os.kill(os.getpid(), signal.SIGSEGV)",
            "E-PCU-092",
        ),
        ("pathlib.Path('eat_float.sim').write_text('half'); sys.exit(137)", "E-PCU-071"),
        (
            "pathlib.Path('eat_float.sim').write_text('half'); raise OSError(28, 'No space left on device')",
            "E-PCU-070",
        ),
        ("pathlib.Path('eat_float.sim').write_text('half'); raise ZeroDivisionError", "E-PCU-093"),
        (LIMIT + "pathlib.Path('eat_float.sim').open('wb').write(bytes(99999))", "E-PCU-070"),
        (
            "os.environ.pop('SGS_IPU_DIR'); raise OSError('Run source cfg_env.sh in top directory')",
            "E-PCU-030",
        ),
    ],
)
def test_a_failure_has_a_code_and_leaves_nothing(vendor: Path, job: Job, program: str, code: str) -> None:
    standin.fault(vendor, "ConvertTool.py", program)
    error = failure(route(vendor), job)
    assert error.message.startswith(f"{code}: ")
    assert "float_sim: ConvertTool.py " in error.message
    assert str(error.log) in error.message
    assert error.hint
    assert error.argv[0] == "bash"
    assert error.log is not None
    assert error.log.is_file()


def test_an_intermediate_file_is_named(vendor: Path, job: Job) -> None:
    standin.fault(
        vendor, "ConvertTool.py", "pathlib.Path('Debug_eat_float.sim').write_text('x'); sys.exit(0)"
    )
    message = failure(route(vendor), job).message
    assert "exited with 0 and left no eat_float.sim, only its intermediate Debug_eat_float.sim" in message


def test_a_result_counts_whatever_the_exit_status(vendor: Path, job: Job) -> None:
    standin.fault(vendor, "ConvertTool.py", "import atexit; atexit.register(lambda: os._exit(3))")
    assert route(vendor).float_sim(job).stat().st_size


def test_a_file_from_before_is_no_result(vendor: Path, job: Job) -> None:
    job.float_path.write_text("from before")
    scratch = job.folder / ".work" / "float_sim"
    scratch.mkdir(parents=True)
    (scratch / "eat_float.sim").write_text("from an interrupted run")
    standin.fault(vendor, "ConvertTool.py", "sys.exit(0)")
    with pytest.raises(ToolchainError, match="E-PCU-094"):
        route(vendor).float_sim(job)
    assert job.float_path.read_text() == "from before"


def test_an_old_name_of_the_image_is_known(vendor: Path, job: Job) -> None:
    standin.fault(vendor, "compiler.py", "argv[argv.index('-o') + 1] = option('-m') + '_sgsimg.img'")
    assert route(vendor).image(job) == job.image_path


def test_a_tool_that_hangs_is_stopped(vendor: Path, job: Job) -> None:
    standin.fault(vendor, "ConvertTool.py", "time.sleep(60)")
    started = time.monotonic()
    error = failure(route(vendor, timeout=0.5), job)
    assert error.message.startswith("E-PCU-091: ")
    assert "did not end within 0.5 s" in error.message
    assert time.monotonic() - started < 10


def test_a_calibrator_that_hangs_in_its_analysis(vendor: Path, job: Job) -> None:
    standin.fault(vendor, "calibrator.py", "print('Start to analysis model...', flush=True); time.sleep(60)")
    with pytest.raises(ToolchainError, match="E-PCU-059"):
        route(vendor, timeout=0.7).fixed_sim(job)
    assert job.float_path.is_file(), "what was finished is kept"


def test_ctrl_c_leaves_a_job_that_goes_on(vendor: Path, job: Job) -> None:
    program = "pathlib.Path('eat_fixed.sim').write_text('half'); pathlib.Path('up').touch(); time.sleep(60)"
    standin.fault(vendor, "calibrator.py", program)
    up = job.folder / ".work" / "fixed_sim" / "up"

    def press() -> None:
        while not up.exists():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        route(vendor).image(job)
    assert not job.fixed_path.exists()
    (vendor / "faults" / "calibrator.py").unlink()
    standin.fault(vendor, "ConvertTool.py", "sys.exit('was run again')")
    assert route(vendor).image(job).is_file()


def test_no_room_for_the_inputs(vendor: Path, job: Job, tmp_path: Path) -> None:
    program = (
        "import resource, sys; from pathlib import Path; import standin\n"
        "from edgedla.errors import ToolchainError\n"
        "from edgedla_targets.pcupid.vendor import find_route\n"
        "root = Path(sys.argv[1]); job = standin.job(root / 'my $work')\n"
        "job.onnx.chmod(0o644); job.onnx.write_bytes(bytes(100000))\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9999, 9999))\n"
        "choice = standin.Choice(toolchain=sys.argv[2])\n"
        "try: find_route(choice, standin.tools(root)).float_sim(job)\n"
        "except ToolchainError as error: print(error.message)\n"
    )
    words = [sys.executable, "-c", program, str(tmp_path), str(vendor)]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("E-PCU-070: ")
    assert not job.float_path.exists()


def test_a_python_that_is_not_there(vendor: Path, job: Job, tmp_path: Path) -> None:
    shipped = Path(sys.modules["edgedla_targets.pcupid.vendor.profile"].__file__ or "").parent
    text = (shipped / "profiles" / "s21.toml").read_text().replace('"python3"', '"python3.99"')
    (tmp_path / "own.toml").write_text(text)
    error = failure(route(vendor, profile=str(tmp_path / "own.toml")), job)
    assert error.message.startswith("E-PCU-036: there is no python3.99")


def test_an_environment_that_cannot_be_sourced(vendor: Path, job: Job) -> None:
    (vendor / "cfg_env.sh").write_text("exit 7\n")
    assert "exited with 7 and left no" in failure(route(vendor), job).message


def test_without_bash_nothing_runs(
    vendor: Path, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = route(vendor)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrerequisiteError, match="'bash' is not on PATH"):
        made.float_sim(job)


def test_the_plan_does_the_same(vendor: Path, tmp_path: Path) -> None:
    by_hand, by_us = (standin.job(tmp_path / name) for name in ("it's by hand", "by us"))
    made = route(vendor)
    lines = made.plan(by_hand)
    assert not list(by_hand.folder.iterdir()), "a plan touches nothing"
    made.image(by_us)
    standin.typed(lines)
    for name in ("eat_float.sim", "eat_fixed.sim", "eat.img"):
        assert (by_hand.folder / name).read_bytes() == (by_us.folder / name).read_bytes()


def test_a_dry_run_only_says_it(vendor: Path, job: Job, tmp_path: Path) -> None:
    said: list[str] = []
    tools = standin.tools(tmp_path, dry_run=True, echo=said.append)
    made = find_route(standin.Choice(toolchain=str(vendor), profile="s21"), tools)
    assert made.image(job) == job.image_path
    assert said == made.plan(job)
    assert not list(job.folder.iterdir())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": ()}, "no calibration samples"),
        ({"samples": (Path("/nowhere/dog.npy"),)}, "no such file"),
        ({"stem": "a b"}, "stem 'a b'"),
        ({"image_name": "../eat.img"}, "image_name"),
        ({"chip": "pcupid; rm"}, "chip"),
        ({"quant_level": ""}, "quant_level"),
        ({"algorithm": "../eat"}, "algorithm"),
        ({"folder": Path("relative")}, "not absolute"),
        ({"folder": Path("/a:b")}, "':'"),
        ({"folder": Path("/a\nb")}, "control character"),
    ],
)
def test_what_the_tools_would_choke_on_is_refused(
    vendor: Path, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        route(vendor).float_sim(standin.job(tmp_path, **change))


@pytest.mark.parametrize("name", ["my-prep.py", "my.prep.py", "preprocess.txt"])
def test_a_preprocess_name_that_cannot_be_imported(vendor: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    with pytest.raises(UsageError, match="cannot be imported"):
        route(vendor).float_sim(standin.job(tmp_path, preprocess=(tmp_path / name,)))


def test_samples_of_other_suffixes_are_refused(vendor: Path, job: Job, tmp_path: Path) -> None:
    (tmp_path / "dog.wav").write_text("x")
    made = route(vendor)
    with pytest.raises(UsageError, match=r"must be \.npy"):
        made.simulate(job, made.float_sim(job), [tmp_path / "dog.wav"])
    with pytest.raises(UsageError, match="no samples"):
        made.simulate(job, job.float_path, [])
    with pytest.raises(UsageError, match="can only simulate"):
        made.simulate(job, job.onnx, job.samples)
