"""The reference says what the code says, constraints.txt pins what is installed, .ci/run runs the README."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

import pluggy
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from edgedla import __version__, hookspecs

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests/docs/write_reference.py"
COMMANDS = re.compile(r"^\$ (.*\.venv/bin/.*)$", re.MULTILINE)


def page(name: str) -> str:
    return (ROOT / name).read_text()


def signatures() -> set[str]:
    """Every hook that the live manager knows, as `name(argument, …)`."""
    manager = pluggy.PluginManager("edgedla")
    manager.add_hookspecs(hookspecs)
    names = [name for name in vars(manager.hook) if name.startswith("edgedla_")]
    return {f"{name}({', '.join(inspect.signature(getattr(hookspecs, name)).parameters)})" for name in names}


def pins() -> dict[str, str]:
    lines = [line for line in page("constraints.txt").splitlines() if line and not line.startswith("#")]
    found = [re.fullmatch(r"([\w.-]+)==([\w.]+)", line) for line in lines]
    assert all(found), f"names and versions only: {lines}"
    return {canonicalize_name(pin[1]): pin[2] for pin in found if pin}


def needs(name: str, extras: frozenset[str], seen: dict[str, bool]) -> dict[str, bool]:
    """Everything that `name` asks for, itself left out, and whether it is pinned by whoever asks for it."""
    for need in map(Requirement, requires(name) or []):
        wanted = need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras)
        if wanted and canonicalize_name(need.name) not in seen:
            seen[canonicalize_name(need.name)] = any(each.operator == "==" for each in need.specifier)
            needs(need.name, frozenset({"", *need.extras}), seen)
    return seen


def everything() -> dict[str, bool]:
    extras = metadata("edgedla").get_all("Provides-Extra", [])
    return needs("edgedla", frozenset({"", *extras}), {})


def test_generated_pages_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}python {SCRIPT.relative_to(ROOT)}"


def test_every_hook_is_described_with_its_arguments() -> None:
    described = re.findall(r"^### `(.*)`$", page("docs/reference/hooks.md"), re.MULTILINE)
    assert len(described) == len(set(described))
    assert set(described) == signatures()


def test_every_key_of_the_manifest_is_described() -> None:
    rows = re.findall(r"^\| `(.+?)` \|.*?\| *(.*?) *\|$", page("docs/reference/manifest.md"), re.MULTILINE)
    assert [key for key, meaning in rows if not meaning] == []
    assert "rungs[].max_abs" in dict(rows)


def test_eat_is_told_from_its_namesake_in_the_first_line() -> None:
    first = page("docs/reference/eat_sed.md").splitlines()[0]
    for words in ("End-to-end Audio Transformer", "2204.11479", "SoundNetRaw", "not the", "2401.03497"):
        assert words in first


def test_the_changelog_speaks_of_this_version() -> None:
    assert re.search(rf"^## {re.escape(__version__)}$", page("docs/changelog.md"), re.MULTILINE)


def test_readme_has_two_commands_and_ci_runs_them() -> None:
    first, second = COMMANDS.findall(page("README.md"))
    assert first.startswith("python3 -m venv .venv && .venv/bin/pip install -c constraints.txt ")
    assert first.endswith(" && .venv/bin/edgedla run --target onnxruntime")
    assert second.endswith(" && .venv/bin/pytest -n 2 --dist worksteal")
    script = page(".ci/run")
    assert r"sed -n 's/^\$ \(.*\.venv\/bin\/.*\)$/\1/p' README.md" in script
    assert '"${commands[0]}"' in script
    assert '"${commands[1]}"' in script
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def test_everything_installed_is_pinned() -> None:
    found = everything()
    assert {"torch", "numpy", "pytest", "mypy"} <= found.keys()
    assert [name for name, exact in found.items() if not exact and name not in pins()] == []


def test_pins_are_pins_of_something() -> None:
    builders = {"editables", "hatchling", "tomlkit", "trove-classifiers"}
    assert pins().keys() - everything().keys() - builders == set()


@pytest.mark.parametrize("name", ["torch", "numpy", "onnxruntime"])
def test_pinned_versions_are_those_tested(name: str) -> None:
    try:
        found = version(name).partition("+")[0]
    except PackageNotFoundError:
        pytest.fail(f"{name} is not installed")
    assert pins()[name] == found
