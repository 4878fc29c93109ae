"""`edgedla new`: distributions that install, pass their own tests and build as they are written."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from odd_graphs import picture, row, two_inputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from throwaway import Result, Site

    Command = Callable[..., Result]

ROOT = Path(__file__).parents[2]
HERE = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"


def files_below(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_it_says_what_it_wrote_and_what_to_type_next(edgedla: Command, work: Path) -> None:
    result = edgedla("new", "model", "bark", "--audio")
    assert sorted(result.out.splitlines()) == [
        f"edgedla-bark/{name}" for name in files_below(work / "edgedla-bark")
    ]
    assert "next: pip install -e ./edgedla-bark\n      edgedla check-plugin bark\n" in result.err
    assert (
        "      edgedla build bark --target onnxruntime\n      edgedla build bark --target pcupid\n"
        in result.err
    )
    assert "the network is an example" in result.err


def test_json_lists_every_guess(edgedla: Command, work: Path) -> None:
    (work / "net.onnx").write_bytes(two_inputs().SerializeToString())
    answer = edgedla("new", "model", "sum", "--from-onnx", "net.onnx", "--json").json
    data = answer["data"]
    assert answer["schema"] == "edgedla.new-model/1"
    assert (data["name"], data["distribution"], data["package"]) == ("sum", "edgedla-sum", "edgedla_sum")
    assert data["files"] == files_below(work / "edgedla-sum")
    assert data["input"] == "tensor"
    assert {each["what"] for each in data["guessed"]} == {
        "batch of 'a/0'",
        "batch of 'b:0'",
        "meaning of the outputs",
        "samples",
        "licence of the weights",
    }
    assert all(
        each.keys() == {"what", "value", "why", "where"} and all(each.values()) for each in data["guessed"]
    )
    assert len(data["changed"]) == 2 + 3  # sizes of two inputs, names of all tensors but `classes`
    readme = (work / "edgedla-sum/README.md").read_text()
    assert all(f"| {each['what'].replace('_', chr(92) + '_')} |" in readme for each in data["guessed"])


def test_what_to_type_next_can_be_typed(edgedla: Command) -> None:
    data = edgedla("new", "model", "bark", "--out", "it's/a dog", "--json").json["data"]
    assert shlex.split(data["next"][0]) == ["pip", "install", "-e", "./it's/a dog"]


def test_a_file_may_be_called_anything(edgedla: Command, work: Path) -> None:
    place = os.fsdecode(b"a \xff'\"b.onnx")
    (work / place).write_bytes(row().SerializeToString())
    edgedla("new", "model", "any", "--from-onnx", place, "-q")
    compile((work / "edgedla-any/edgedla_any/__init__.py").read_text(), "any", "exec")
    (work / "of mine.onnx").write_bytes(row().SerializeToString())
    edgedla("new", "model", "mine", "--from-onnx", "of mine.onnx", "-q")
    readme = (work / "edgedla-mine/README.md").read_text()
    assert "`edgedla new model mine --from-onnx 'of mine.onnx'`" in readme


def test_shapes_are_given_by_name(edgedla: Command, work: Path) -> None:
    (work / "net.onnx").write_bytes(picture((None, 3, None, None)).SerializeToString())
    words = (
        "new",
        "model",
        "pic",
        "--from-onnx",
        "net.onnx",
        "--shape",
        "picture=1,3,32,48",
        "--out",
        "mine",
    )
    assert edgedla(*words, "--json").json["data"]["out"] == "mine"
    assert "HEIGHT, WIDTH = 32, 48" in (work / "mine/edgedla_pic/__init__.py").read_text()


REFUSED = {
    "new model eat_sed": "taken by a plugin of edgedla",
    "new target pcupid": "taken by a plugin of edgedla",
    "new target image_from_fixed_sim": "taken by a converter of edgedla",
    "new model target": "taken by a setting of edgedla",
    "new model Big": "hint: perhaps 'big'",
    "new model a --audio --image": "--audio and --image",
    "new model a --audoi": "No such option",
    "new modle a": "No such command",
    "new model a --from-onnx gone.onnx": "No such file",
    "new model a --from-onnx text.onnx": "not an ONNX file",
    "new model a --from-onnx net.onnx --audio": "no recording of shape",
    "new model a --from-onnx net.onnx --shape x": "--shape 'x' is not of the form",
    "new model a --from-onnx net.onnx --shape x=0,4": "--shape 'x=0,4' is not of the form",
    "new model a --shape x=1": "hint: --from-onnx FILE",
    "new model a --out full": "the folder is not empty, there is 'mine.txt'",
    "new target a --out net.onnx": "it is no folder",
    "new target a --out net.onnx/a": "cannot be written",
}


def test_what_is_refused_leaves_nothing(edgedla: Command, work: Path) -> None:
    (work / "net.onnx").write_bytes(row().SerializeToString())
    (work / "text.onnx").write_text("no network")
    (work / "full").mkdir()
    (work / "full/mine.txt").write_text("mine")
    before = sorted(work.rglob("*"))
    for words, reason in REFUSED.items():
        said = edgedla(*words.split(), code=2).err
        assert reason.lower() in said.lower(), said
        assert "Traceback" not in said
    assert sorted(work.rglob("*")) == before


def test_the_name_of_a_plugin_that_is_installed(edgedla: Command, site: Site) -> None:
    site.beep()
    assert "taken by a plugin of edgedla-beep" in edgedla("new", "target", "beep", code=2).err
    disabled = {"EDGEDLA_DISABLE_PLUGINS": "beep"}
    assert "edgedla-beep" in edgedla("new", "target", "beep", code=2, env=disabled).err
    site.add("broken", "raise OSError\n")
    assert "taken by a plugin of edgedla-broken" in edgedla("new", "target", "broken", code=2).err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_nothing(work: Path, tmp_path: Path, number: signal.Signals) -> None:
    """The signal comes when the last file has been written, before they get their places."""
    script = (
        "import os, pathlib, sys\n"
        "write = pathlib.Path.write_bytes\n"
        "def stopping(self, data):\n"
        "    write(self, data)\n"
        "    if self.name == 'red.png':\n"
        f"        os.kill(os.getpid(), {int(number)})\n"
        "pathlib.Path.write_bytes = stopping\n"
        "from edgedla.cli import main\n"
        "sys.exit(main())\n"
    )
    (tmp_path / "stopping.py").write_text(script)
    done = subprocess.run(
        [sys.executable, tmp_path / "stopping.py", "new", "model", "mine", "--image"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert (done.returncode, list(work.iterdir())) == (130, []), done.stderr
    assert "interrupted" in done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One distribution of each kind, `edgedla-NAME`."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "two.onnx").write_bytes(two_inputs().SerializeToString())
    (folder / "row.onnx").write_bytes(row().SerializeToString())
    for words in (
        "model ear --audio",
        "model eye --image",
        "model slope",
        "model two --from-onnx two.onnx",
        "model row --from-onnx row.onnx",
        "target my-board",
    ):
        run([sys.executable, "-m", "edgedla", "new", *words.split()], folder)
    return folder


def run(words: list[Any], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("EDGEDLA_")}
    own = {"XDG_CONFIG_HOME": str(folder / "none"), "EDGEDLA_CACHE_DIR": str(folder / ".cache")}
    done = subprocess.run(
        words,
        cwd=folder,
        env=kept | own | environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, f"{words}:\n{done.stdout}\n{done.stderr}"
    return done


def test_generated_code_keeps_our_own_rules(made: Path) -> None:
    """Those of ruff; what a distribution may do otherwise is that its tests start programs, as ours do."""
    folders = [str(folder) for folder in made.glob("edgedla-*")]
    ours = ["--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    own = ["--config", f"src={folders}", "--config", 'lint.isort.known-third-party=["edgedla"]']
    tests = [
        word
        for rule in ("INP001", "D", "PLR2004", "S603", "TID251")
        for word in ("--per-file-ignores", f"**/tests/*:{rule}")
    ]
    run([sys.executable, "-m", "ruff", "check", *ours, *own, *tests, *folders], made)
    run([sys.executable, "-m", "ruff", "format", "--check", *ours, *folders], made)
    for module in made.glob("edgedla-*/edgedla_*/__init__.py"):
        assert len(module.read_text().splitlines()) <= 120, module


@pytest.mark.slow
def test_generated_code_is_typed(made: Path) -> None:
    modules = [*made.glob("edgedla-*/edgedla_*"), *made.glob("edgedla-*/tests/*.py")]
    settings = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache")]
    places = os.pathsep.join(
        str(folder) for each in made.glob("edgedla-*") for folder in (each, each / "tests")
    )
    run([sys.executable, "-m", "mypy", *settings, *map(str, modules)], ROOT, MYPYPATH=places)


@pytest.fixture(scope="module")
def python(made: Path) -> Path:
    """An interpreter of its own with all of them installed by pip, beside what is installed here."""
    venv = made / "venv"
    run([sys.executable, "-m", "venv", "--without-pip", venv], made)
    interpreter = venv / "bin/python"
    place = run(
        [interpreter, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], made
    ).stdout.strip()
    (Path(place) / "here.pth").write_text(HERE)
    offline = ["--no-build-isolation", "--no-deps", "--no-index", "--disable-pip-version-check"]
    pip = [sys.executable, "-m", "pip", "--python", interpreter, "install", "-q", *offline]
    run([*pip, *sorted(made.glob("edgedla-*"))], made)
    return interpreter


WITHOUT_RULES = ("-o", "edgedla_plugin=")
"""The rules of `edgedla check-plugin`, a build or two each time, are run for three of the six."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "words", "least"),
    [
        ("ear", (), 20),
        ("two", (), 18),
        ("my-board", (), 16),
        ("eye", (*WITHOUT_RULES, "-k", "pcupid"), 1),
        ("slope", (*WITHOUT_RULES, "-k", "pcupid"), 1),
        ("row", WITHOUT_RULES, 2),
    ],
)
def test_its_own_tests_pass(
    python: Path, tmp_path: Path, name: str, words: tuple[str, ...], least: int
) -> None:
    folder, installed = tmp_path / "dist", shutil.ignore_patterns("edgedla_*", "build")
    shutil.copytree(python.parents[2] / f"edgedla-{name}", folder, ignore=installed)
    own = ["-q", "-p", "no:cacheprovider", "--basetemp", tmp_path / "t"]
    shown = run([python, "-m", "pytest", *own, *words], folder).stdout
    assert int(re.findall(r"(\d+) passed", shown)[0]) >= least, shown


@pytest.mark.slow
def test_a_network_of_two_inputs_is_built_for_the_board(python: Path, tmp_path: Path) -> None:
    shown = run([python, "-m", "edgedla", "build", "two", "--target", "pcupid"], tmp_path).stderr
    assert "postprocess() of the model's plugin; then edgedla run two --target pcupid" in shown
