"""Every command of README.md and docs/ is run as it stands there, and has to answer what stands below it.

Those of a translation are its original's, to the letter (test_docs_translations.py), and are run there.
A page begins in an empty folder. Fenced blocks are taken in their order:

* ```python title=NAME, ```toml title=NAME and so on are written to a file of that name. A pyproject.toml with
  an entry point of edgedla is installed, in so far as its folder is put on the path with its metadata; so is
  one that a command writes.
* ```console runs each line that begins with `$ ` in a terminal of 200 columns. The lines below it are what it
  prints: `…` stands for anything, alone on a line for any lines; blanks count as one; seconds and sizes are
  any, other numbers with a fraction have to be near. `exit=N` is the status of the last command, 0 if not
  given; with `any-numbers` all numbers are any; with `no-run reason="…"` the block is left out.
* `<!-- given NAME: SOURCE -->` puts a file or folder there: a path in the repository, `the first run` (what
  `edgedla run` left in build/) or `three clips` (three bundled clips in one recording).
"""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from once import once

ROOT = Path(__file__).parents[2]
TRANSLATIONS = ROOT / "docs/zh"
PAGES = [
    ROOT / "README.md",
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if not page.is_relative_to(TRANSLATIONS)),
]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
WALK_THROUGH = "docs/how-to/walk-through-ppocr.md"  # run where its needs are: see run_walk_through.py
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GIVEN = re.compile(r"^<!-- given (\S+): (.+) -->$", re.MULTILINE)
FIRST = "edgedla run --target onnxruntime"
SAMPLES = ROOT / "plugins/eat_sed/edgedla_eat_sed/samples"
VARYING = r"\d+\.\d s\b|\d+(?:\.\d)? [kM]?B\b"  # seconds, sizes
FRACTION = r"\d+\.\d+"
NEAR = 0.01
HEARTBEAT = ": still at work"
ANY_NUMBER = r"\d[\d.]*(?:e[-+]\d+)?"


@dataclass(frozen=True)
class Block:
    language: str
    title: str
    exit_code: int
    any_numbers: bool
    reason: str | None  # why it is not run
    body: str

    @property
    def steps(self) -> list[tuple[str, str]]:
        """Commands, and what stands below each."""
        parts = re.split(r"^\$ (.*)\n", self.body, flags=re.MULTILINE)
        assert not parts[0].strip(), f"output before any command: {parts[0]}"
        return list(zip(parts[1::2], parts[2::2], strict=True))


def blocks(text: str) -> list[Block]:
    return [block(language, info, body) for language, info, body in FENCE.findall(text)]


def block(language: str, info: str, body: str) -> Block:
    words = dict(word.partition("=")[::2] for word in shlex.split(info))
    unknown = words.keys() - {"title", "exit", "any-numbers", "no-run", "reason"}
    assert not unknown, f"unknown words after ```{language}: {unknown}"
    reason = words.get("reason") if "no-run" in words else None
    assert ("no-run" in words) == bool(reason), "no-run needs its reason, and a reason its no-run"
    return Block(
        language, words.get("title", ""), int(words.get("exit", 0)), "any-numbers" in words, reason, body
    )


def environment(folder: Path) -> dict[str, str]:
    """An environment away from any configuration, with the plugins that lie in `folder` installed."""
    home = folder / ".home"
    plugins = [str(file.parent) for file in sorted(folder.rglob("pyproject.toml"))]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("EDGEDLA_", "XDG_"))}
    return kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([*plugins, *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_CONFIG_HOME": str(home),
        "XDG_CACHE_HOME": str(home),
        "COLUMNS": "200",
        "LINES": "40",
        "NO_COLOR": "1",
        "CI": "1",  # no spinner
    }


def type_in(command: str, folder: Path) -> tuple[int, str]:
    """Run a command in a terminal; its exit status, and what was to be read there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        ["/bin/bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: read(ours), b""))
    os.close(ours)
    return process.returncode, re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode()).replace("\r\n", "\n")


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return b""


def compact(text: str) -> list[str]:
    """Lines without surplus blanks, and without what a build says only where it takes long."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in lines if line and not line.endswith(HEARTBEAT)]


def pattern(expected: str, *, any_numbers: bool) -> str:
    """A regular expression over compact lines; numbers to compare are its groups."""
    part = any_number if any_numbers else near_number
    cut = f"({ANY_NUMBER})" if any_numbers else f"({VARYING}|{FRACTION})"
    lines = [
        "(?:.*\n)*?" if line == "…" else "".join(map(part, re.split(cut, line))) + "\n"
        for line in compact(expected)
    ]
    return "".join(lines)


def any_number(part: str) -> str:
    return ANY_NUMBER if re.fullmatch(ANY_NUMBER, part) else literal(part)


def near_number(part: str) -> str:
    if re.fullmatch(VARYING, part):
        return f"(?:{VARYING})"
    return f"({FRACTION})" if re.fullmatch(FRACTION, part) else literal(part)


def literal(text: str) -> str:
    return re.escape(text).replace("…", ".*")


def check(expected: str, shown: str, *, any_numbers: bool) -> None:
    found = re.fullmatch(
        pattern(expected, any_numbers=any_numbers), "".join(f"{line}\n" for line in compact(shown))
    )
    assert found, f"the page says\n{expected}\nand there was\n{shown}"
    told = [number for number in re.findall(f"{VARYING}|({FRACTION})", expected) if number]
    for said, was in zip(told, found.groups(), strict=not any_numbers):
        assert abs(float(said) - float(was)) <= NEAR, f"{said} was {was} in\n{shown}"


def install(project: Path) -> None:
    """What pip would leave of a pyproject.toml that names entry points of edgedla."""
    about = tomllib.loads(project.read_text())["project"]
    points = about["entry-points"]["edgedla"]
    info = project.parent / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
    if info.exists():
        return
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n"
    )
    lines = [f"{name} = {value}" for name, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[edgedla]", *lines, ""]))


def write(folder: Path, found: Block) -> None:
    path = folder / found.title
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found.body)
    if path.name == "pyproject.toml":
        install(path)


def perform(found: Block, folder: Path) -> None:
    for number, (command, expected) in enumerate(found.steps, 1):
        code, shown = type_in(command, folder)
        for project in folder.glob("*/pyproject.toml"):  # what `edgedla new` wrote
            install(project)
        wanted = found.exit_code if number == len(found.steps) else 0
        assert code == wanted, f"$ {command}\nended with {code}, expected {wanted}:\n{shown}"
        if expected.strip():
            check(expected, shown, any_numbers=found.any_numbers)


def give(folder: Path, name: str, source: str, first: Path) -> None:
    if source == "the first run":
        free = shutil.ignore_patterns(".lock")  # a link to it would be locked for all pages at once
        shutil.copytree(first / "build", folder / name, copy_function=os.link, ignore=free)
    elif source == "three clips":
        write_three_clips(folder / name)
    else:
        (folder / name).parent.mkdir(exist_ok=True)
        assert (ROOT / source).exists(), source
        (folder / name).symlink_to(ROOT / source)


def write_three_clips(path: Path) -> None:
    import numpy as np
    import soundfile

    names = ("1-30226-A-0.ogg", "1-34119-A-1.ogg", "1-59324-A-21.ogg")
    clips = [soundfile.read(SAMPLES / name) for name in names]
    soundfile.write(path, np.concatenate([sound for sound, _ in clips]), clips[0][1])


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which README's first command has done the main job; `shown.txt` is what it printed."""
    return once(tmp_path_factory, "first", run_first)


def run_first(folder: Path) -> None:
    code, shown = type_in(FIRST, folder)
    assert code == 0, shown
    (folder / "shown.txt").write_text(shown)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name != WALK_THROUGH])
def test_page_does_what_it_says(name: str, tmp_path: Path, first_run: Path) -> None:
    text = (ROOT / name).read_text()
    for target, source in GIVEN.findall(text):
        give(tmp_path, target, source, first_run)
    for found in blocks(text):
        if found.title:
            write(tmp_path, found)
        elif found.language == "console" and not found.reason:
            perform(found, tmp_path)


@pytest.mark.slow
def test_readme_shows_what_its_first_command_prints(first_run: Path) -> None:
    setup = next(found for found in blocks((ROOT / "README.md").read_text()) if found.reason)
    command, expected = setup.steps[0]
    assert command.endswith(f"&& .venv/bin/{FIRST}")
    check(expected, (first_run / "shown.txt").read_text(), any_numbers=False)


@pytest.mark.parametrize("name", NAMES)
def test_blocks_are_what_they_say(name: str) -> None:
    for found in blocks((ROOT / name).read_text()):
        if found.language == "python":
            compile(found.body, name, "exec")
        elif found.language == "toml":
            tomllib.loads(found.body)
        elif found.language == "json":
            json.loads(found.body)
        elif found.language == "console":
            assert found.steps, f"{name}: a console block without a command"
        else:
            assert found.language in {"text", "ini"}, f"{name}: nothing checks ```{found.language}"


def test_few_blocks_are_left_out() -> None:
    left_out = [found for page in PAGES for found in blocks(page.read_text()) if found.reason]
    assert len(left_out) <= 16


def test_the_check_can_fail() -> None:
    check("dog  0.875 in 3.4 s\n…\nend\n", "dog 0.876   in 9.9 s\nx\ny\nend\n", any_numbers=False)
    for wrong in ("cat 0.875 in 3.4 s\n", "dog 0.975 in 3.4 s\n", "dog 0.875 in 3.4 s\nmore\n", ""):
        with pytest.raises(AssertionError):
            check("dog 0.875 in 3.4 s\n", wrong, any_numbers=False)
    check("net 30.54 1.2e-07\n", "net 9 3\n", any_numbers=True)
