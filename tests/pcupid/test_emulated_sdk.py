"""The emulated SDK and model zoo as a user meets them: by shell, from anywhere, our Python not on PATH."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from edgedla_targets.pcupid.emulated import OPENDLA, SDK, environment
from edgedla_targets.pcupid.emulated.image import Image
from emulated_bench import Bench, ini, listener

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A job in a folder with a blank in its name."""
    bench = Bench(tmp_path / "a job")
    bench.samples()
    bench.put("net.onnx", listener())
    bench.put("net.ini", ini())
    return bench


def shell(command: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A command in a bash whose PATH has no Python of ours, and which knows no package paths."""
    kept = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "LANG": "C.UTF-8"}
    words = ["bash", "-c", command]
    return subprocess.run(
        words, cwd=cwd, env=kept | env, capture_output=True, text=True, timeout=120, check=False
    )


ALL_STEPS = """
cd '{sdk}' && source cfg_env.sh && cd '{job}' &&
python3 "$SGS_IPU_DIR/Scripts/ConvertTool/ConvertTool.py" onnx --model_file net.onnx \
    --input_shape 1,1,1,64 --input_config net.ini --output_file net_float.sim --soc_version pcupid &&
python3 "$SGS_IPU_DIR/Scripts/calibrator/calibrator.py" -i quant_data -m net_float.sim \
    --input_config net.ini -n preprocess.py --soc_version pcupid &&
python3 "$SGS_IPU_DIR/Scripts/calibrator/compiler.py" -m net_fixed.sim -o net.img
"""


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Path]:
    """The SDK as in a `pip install --target` folder with a blank in its name, all of it read-only."""
    import edgedla
    import edgedla_targets

    root = tmp_path / "site packages"
    for package in (edgedla, edgedla_targets):
        shutil.copytree(
            package.__path__[0], root / package.__name__, ignore=shutil.ignore_patterns("__pycache__")
        )
    files = [root, *root.rglob("*")]
    for path in files:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    yield root / "edgedla_targets/pcupid/emulated/sdk"
    for path in files:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


def test_sourced_in_its_own_folder_it_runs_all_steps(bench: Bench, installed: Path) -> None:
    before = sorted(installed.rglob("*"))
    steps = ALL_STEPS.format(sdk=installed, job=bench.folder)
    done = shell(steps, bench.folder.parent, **environment())
    assert done.returncode == 0, done.stderr
    assert Image.load(bench.folder / "net.img").header.kind == "offline"
    assert done.stdout.count("edgedla emulated toolchain: not SigmaStar's") == 3
    assert sorted(installed.rglob("*")) == before


def test_sourced_elsewhere_it_says_so(tmp_path: Path) -> None:
    done = shell(f"source '{SDK}/cfg_env.sh' || echo refused", tmp_path)
    assert done.stdout == "refused\n"
    assert "must be sourced in its own folder" in done.stderr


def test_the_environment_is_the_vendors(tmp_path: Path) -> None:
    command = f"cd '{SDK}' && source cfg_env.sh && echo \"$SGS_IPU_DIR|$PYTHONPATH|$LD_LIBRARY_PATH\""
    done = shell(command, tmp_path, PYTHONPATH="/mine", LD_LIBRARY_PATH="/libs")
    home, modules, libraries = done.stdout.strip().split("|")
    assert home == str(SDK)
    assert modules.split(":")[:2] == [f"{SDK}/Scripts", "/mine"]
    assert libraries == f"{SDK}/libs/x86_64:/libs"


def fake_python(path: Path, name: str) -> None:
    path.mkdir(parents=True)
    program = path / "python3"
    program.write_text(f'#!/bin/sh\necho {name} "$@"\n')
    program.chmod(0o755)


def test_which_python_the_scripts_get(tmp_path: Path) -> None:
    """The one named; else the one the package is installed in; else the next on PATH, and never itself."""
    package = tmp_path / "venv/lib/python3.11/site-packages/edgedla_targets/pcupid/emulated"
    shutil.copytree(SDK, package / "sdk")
    shim = package / "sdk/bin/python3"
    fake_python(tmp_path / "named", "named")
    fake_python(tmp_path / "next", "next")
    path = f"{shim.parent}:{tmp_path / 'next'}:/usr/bin:/bin"
    command = "python3 -c 'a b'"
    assert shell(command, tmp_path, PATH=path).stdout == "next -c a b\n"
    fake_python(tmp_path / "venv/bin", "own")
    assert shell(command, tmp_path, PATH=path).stdout == "own -c a b\n"
    named = str(tmp_path / "named/python3")
    assert shell(command, tmp_path, PATH=path, EDGEDLA_PYTHON=named).stdout == "named -c a b\n"


def test_its_python_is_the_one_that_runs_edgedla() -> None:
    assert environment() == {"EDGEDLA_PYTHON": sys.executable}
    assert os.access(SDK / "bin/python3", os.X_OK)


CFG = """CHIP_LIST={quote}pcupid{end}
Model_LIST={quote}net{end}
INPUT_SIZE_LIST={quote}0{end}
INPUT_INI_LIST={quote}input_config.ini{end}
CLASS_NUM_LIST={quote}5{end}
SAVE_NAME_LIST={quote}{name}{end}
QUANT_DATA_PATH=quant_data
"""


@pytest.mark.parametrize(("quote", "end", "name"), [('"', '"', "ear"), ("(", ")", "ear.img")])
def test_the_model_zoo(quote: str, end: str, name: str, bench: Bench) -> None:
    zoo = bench.folder / "my zoo"
    shutil.copytree(OPENDLA, zoo)
    (zoo / "config/sed_ear.cfg").write_text(CFG.format(quote=quote, end=end, name=name))
    place = zoo / "sed/eat"
    (place / "onnx").mkdir()
    shutil.copy(bench.folder / "net.onnx", place / "onnx/net.onnx")
    shutil.copy(bench.folder / "net.ini", place / "input_config.ini")
    shutil.copy(bench.folder / "preprocess.py", place)
    shutil.copytree(bench.folder / "quant_data", place / "quant_data")
    call = f"bash convert.sh -a sed/eat -c config/sed_ear.cfg -p '{SDK}' -s"
    done = shell(f"{call} false && {call} true", zoo, **environment())
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (zoo / "output").iterdir()
    assert re.fullmatch(r"pcupid_\d{8}", folder.name)
    names = {path.name for path in folder.iterdir()}
    assert {"ear.img", "ear_float.sim", "ear_fixed.sim"} <= names, done.stdout + done.stderr
    assert (place / "log/output/unknown_ear_float.sim_s2.npy.txt").stat().st_size


def test_the_model_zoo_hides_failures_as_the_vendors(bench: Bench) -> None:
    zoo = bench.folder / "zoo"
    shutil.copytree(OPENDLA, zoo)
    call = f"bash convert.sh -a sed/eat -c config/sed_eat.cfg -p '{SDK}'"
    done = shell(call, zoo, **environment())
    assert done.returncode == 0
    assert "can not find ini file" in done.stderr + done.stdout
    assert not list(zoo.glob("output/*/*.img"))
    assert shell("bash convert.sh -a sed/eat", zoo).returncode == 1
