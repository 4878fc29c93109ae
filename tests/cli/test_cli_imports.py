"""What answers at once must import nothing heavy, however many plugins are installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from throwaway import BEEP

if TYPE_CHECKING:
    from pathlib import Path

    from throwaway import Site

HEAVY = {"torch", "onnx", "onnxruntime", "onnxsim", "numpy", "jinja2", "soundfile", "soxr", "yaml"}
LIGHT = HEAVY | {"pydantic", "rich", "pluggy", "platformdirs", "filelock", "edgedla.workspace"}
PROBE = """
import atexit, json, sys
from edgedla.cli import main
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
sys.exit(main())
"""


def imported(*words: str, **environment: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_imports_next_to_nothing(word: str) -> None:
    assert not imported(word) & LIGHT


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize(
    "words", ["", "run --help", "build --help", "bench --help", "deploy --help", "new model --help", "config"]
)
def test_help_of_a_verb_imports_nothing_heavy(words: str) -> None:
    assert not imported(*words.split()) & HEAVY


@pytest.mark.usefixtures("work")
def test_completing_a_verb_imports_nothing_heavy() -> None:
    completing = {"_EDGEDLA_COMPLETE": "complete_bash", "COMP_WORDS": "edgedla li", "COMP_CWORD": "1"}
    assert not imported(**completing) & HEAVY
    assert not imported("completion", "bash") & HEAVY


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize("words", ["list-targets", "list-models", "list-plugins", "doctor", "config show"])
def test_lists_import_nothing_heavy_with_twenty_plugins(site: Site, words: str) -> None:
    for index in range(20):
        site.add(f"beep{index}", BEEP.replace('name = "beep"', f'name = "beep{index}"'))
    found = imported(*words.split())
    assert "edgedla_beep19" in found
    assert not found & HEAVY


def test_the_probe_finds_what_is_heavy(site: Site, work: Path) -> None:
    assert work.is_dir()
    site.add("rash", "import numpy\n")
    assert imported("list-plugins") & HEAVY == {"numpy"}
