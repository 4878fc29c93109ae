"""Stand-ins for the vendor's tools and for docker, small enough to fail in every way one wants."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from edgedla.toolchain import Toolchain
from edgedla_targets.pcupid.vendor.job import Job

if TYPE_CHECKING:
    from pathlib import Path

# What a script does before it does its work: a fault goes here. `argv` are its arguments.
TOOL = """\
# takes --soc_version
import hashlib, os, pathlib, signal, sys, time
argv = sys.argv[1:]
def option(*names):
    return next((argv[argv.index(name) + 1] for name in names if name in argv), None)
if "SGS_IPU_DIR" not in os.environ:
    raise OSError("SGS_IPU_DIR is not set")
fault = pathlib.Path(os.environ["SGS_IPU_DIR"], "faults", pathlib.Path(sys.argv[0]).name)
name = pathlib.Path(sys.argv[0]).stem
print(name, "works")
if fault.exists():
    exec(fault.read_text())
source = pathlib.Path(option("--model_file", "-m"))
samples = option("-i")
data = [source.read_bytes(), name.encode(), (option("--quant_level") or "").encode()]
if samples:
    entries = sorted(pathlib.Path(samples).iterdir()) if os.path.isdir(samples) else [
        pathlib.Path(line) for line in pathlib.Path(samples).read_text().split("\\n")]
    data += [entry.read_bytes() for entry in entries]
if name == "simulator":
    pathlib.Path("log/output").mkdir(parents=True, exist_ok=True)
    for entry in entries:
        text = hashlib.sha256(source.read_bytes() + entry.read_bytes()).hexdigest()
        pathlib.Path(f"log/output/unknown_{source.name}_{entry.name}.txt").write_text(text)
else:
    output = pathlib.Path(option("--output_file", "-o"))
    output.with_name("Debug_" + output.name).write_bytes(b"not this one")
    output.write_bytes(hashlib.sha256(b"".join(data)).digest() * 64)
"""
ENVIRONMENT = """\
[ -f ./cfg_env.sh ] || { echo "wrong folder"; return 1; }
export SGS_IPU_DIR="$PWD"
export PYTHONPATH="$PWD/Scripts:$PYTHONPATH"
[ -n "$NEVER_SET" ] && echo "a last command that fails"
"""
SCRIPTS = ("ConvertTool/ConvertTool.py", "calibrator/calibrator.py", "calibrator/compiler.py")
ZOO = """\
while getopts "a:c:p:s:" option; do case $option in
    a) algorithm=$OPTARG ;; c) config=$OPTARG ;; p) toolchain=$OPTARG ;; s) simulate=$OPTARG ;; esac; done
. "./$config"
day=$(cat day 2>/dev/null || date +%Y%m%d)
export folder="$PWD/output/${CHIP_LIST}_$day" toolchain algorithm simulate
mkdir -p "$folder"
cd "$algorithm" && bash convert.sh
"""
ZOO_MODEL = """\
scripts="$toolchain/Scripts"
if [ "$simulate" = true ]; then
    python3 "$scripts/calibrator/simulator.py" -i quant_data -m "$folder/eat_float.sim" -n preprocess.py
    exit
fi
float="$folder/eat_float.sim"
python3 "$scripts/ConvertTool/ConvertTool.py" onnx --model_file onnx/eat_sim.onnx --output_file "$float"
[ -n "$NEXT_DAY" ] && folder=$NEXT_DAY
python3 "$scripts/calibrator/calibrator.py" -i quant_data -m "$float" -o "$folder/eat_fixed.sim"
python3 "$scripts/calibrator/compiler.py" -m "$folder/eat_fixed.sim" -o "$folder/eat.img"
"""
DOCKER = '''\
#!PYTHON
"""Checks a docker command line word by word and runs what would run in the container."""
import json, os, pathlib, signal, subprocess, sys
here = pathlib.Path(__file__).parent
with open(here / "calls.jsonl", "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
refusal = here / f"refuse-{sys.argv[1]}"
if refusal.exists():
    code, _, text = refusal.read_text().partition(" ")
    print(text, file=sys.stderr)
    sys.exit(int(code))
if sys.argv[1] == "image":
    assert sys.argv[2:-1] == ["inspect", "--format", "{{.Id}}"], sys.argv
    print("sha256:" + "5" * 64)
elif sys.argv[1] == "kill":
    try:
        os.killpg(int((here / sys.argv[2]).read_text()), signal.SIGKILL)
    except ProcessLookupError:
        sys.exit("No such container")
else:
    words, mounts, env, flags = sys.argv[2:], {}, {}, {}
    while words[0].startswith("-"):
        word = words.pop(0)
        if word == "--rm":
            continue
        value = words.pop(0)
        if word == "--mount":
            import csv
            fields = next(csv.reader([value]))
            parts = dict(field.partition("=")[::2] for field in fields)
            assert parts.pop("type") == "bind"
            assert os.path.isdir(parts["source"]), parts
            mounts[parts["target"]] = parts["source"]
        elif word == "--env":
            env.__setitem__(*value.split("=", 1))
        else:
            flags[word] = value
    assert flags.pop("--user") == f"{os.getuid()}:{os.getgid()}"
    def inside(text):
        for target, source in mounts.items():
            text = text.replace(target, source)
        return text
    command = [flags["--entrypoint"], *[inside(word) for word in words[1:]]]
    env = {key: inside(value) for key, value in env.items()} | {"PATH": os.environ["PATH"]}
    # The container is no child of the client: killing the client leaves it alone.
    child = subprocess.Popen(command, cwd=inside(flags["--workdir"]), env=env, start_new_session=True)
    (here / flags["--name"]).write_text(str(child.pid))
    code = child.wait()
    sys.exit(128 - code if code < 0 else code)
'''


@dataclass(frozen=True)
class Choice:
    """The options that lead to a route."""

    toolchain: str = "auto"
    opendla: str = ""
    docker_image: str = ""
    profile: str = "auto"
    record: str = ""
    timeout: float = 60.0


def toolchain(folder: Path) -> Path:
    """A toolchain whose results are hashes of what they are made of."""
    for name in (*SCRIPTS, "calibrator/simulator.py"):
        script = folder / "Scripts" / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(TOOL)
    (folder / "faults").mkdir()
    (folder / "cfg_env.sh").write_text(ENVIRONMENT)
    (folder / "version.txt").write_text("S21.0.5\n")
    return folder


def fault(tools: Path, script: str, program: str) -> None:
    """Let one script do something else first."""
    (tools / "faults" / script).write_text(dedent(program))


def zoo(folder: Path) -> Path:
    """A model zoo with sed/eat, and with files of earlier runs that must not be taken for results."""
    for name in ("config", "sed/eat/onnx", "sed/eat/log/output", "output/pcupid_20200101", "vad"):
        (folder / name).mkdir(parents=True)
    (folder / "convert.sh").write_text(ZOO)
    (folder / "config" / "sed_eat.cfg").write_text("CHIP_LIST=other\n")
    (folder / "sed" / "eat" / "convert.sh").write_text(ZOO_MODEL)
    (folder / "sed" / "eat" / "onnx" / "old.onnx").write_text("old")
    (folder / "sed" / "eat" / "log" / "output" / "unknown_eat_float.sim_dog.npy.txt").write_text("old")
    for name in ("eat_float.sim", "eat_fixed.sim", "eat.img"):
        (folder / "output" / "pcupid_20200101" / name).write_text("old")
    return folder


def docker(folder: Path) -> Path:
    """A program `docker` in a folder for PATH; what it was called with stands in calls.jsonl beside it."""
    folder.mkdir()
    (folder / "docker").write_text(DOCKER.replace("PYTHON", sys.executable))
    (folder / "docker").chmod(0o755)
    return folder


def calls(folder: Path) -> list[list[str]]:
    """All command lines that the stand-in docker was called with."""
    return [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]


def typed(lines: list[str], env: dict[str, str] | None = None) -> None:
    """Type lines into bash; the first that fails is a failure."""
    subprocess.run(
        ["bash", "-e"],  # noqa: S607 - as one would type it
        input="\n".join(lines),
        text=True,
        check=True,
        env=env,
        stdout=subprocess.DEVNULL,
    )


def tools(folder: Path, **more: Any) -> Toolchain:
    """The door to other programs, with its logs in a folder."""
    return Toolchain(log_dir=folder / "logs", echo=more.pop("echo", lambda _: None), **more)


def job(root: Path, **more: Any) -> Job:
    """A job with three samples; its files stand apart from its folder."""
    inputs = root / "inputs"
    (root / "job").mkdir(parents=True, exist_ok=True)
    inputs.mkdir(exist_ok=True)
    contents = {
        "eat_sim.onnx": "graph",
        "input_config.ini": "[INPUT_CONFIG]\n",
        "sed_eat.cfg": "CHIP_LIST=pcupid\n",
        "preprocess.py": "def image_preprocess(path, norm=True): ...\n",
        "dog.npy": "bark",
        "cat.npy": "meow",
        "rain.npy": "drip",
    }
    for name, text in contents.items():
        if not (inputs / name).exists():
            (inputs / name).write_text(text)
            (inputs / name).chmod(0o444)
    values: dict[str, Any] = {
        "folder": root / "job",
        "stem": "eat",
        "onnx": inputs / "eat_sim.onnx",
        "input_config": inputs / "input_config.ini",
        "model_config": inputs / "sed_eat.cfg",
        "algorithm": "sed/eat",
        "preprocess": (inputs / "preprocess.py",),
        "samples": tuple(inputs / f"{name}.npy" for name in ("dog", "cat", "rain")),
        "input_shapes": ((1, 1, 1, 114688),),
        "chip": "pcupid",
        "image_name": "eat.img",
    }
    return Job(**(values | more))
