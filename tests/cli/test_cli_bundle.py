"""`edgedla run --bundle`: a folder from anywhere, moved, damaged or planted."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result, Site

    Command = Callable[..., Result]


@pytest.fixture
def moved(beep: Path, work: Path) -> Path:
    """A bundle in a folder of an awkward name, and nothing else built."""
    target = work / "für [dich] x"
    shutil.move(beep, target)
    (work / "a.txt").write_text("1")
    return target


def network(bundle: Path) -> Path:
    """The file that is run: the last artifact of a graph."""
    artifacts = json.loads((bundle / "manifest.json").read_text())["artifacts"]
    name: str = [item["path"] for item in artifacts if item["path"].endswith(".onnx")][-1]
    return bundle / name


def change(bundle: Path, **values: Any) -> None:
    path = bundle / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def refused(edgedla: Command, bundle: Path, *words: str, code: int = 2) -> str:
    result = edgedla("run", "--bundle", bundle, "-i", "a.txt", *words, "--json", code=code)
    assert result.json["data"] == {}
    error = result.json["error"]
    return f"{error['message']}\n{error['hint']}"


def test_a_bundle_runs_where_it_was_moved_to(edgedla: Command, moved: Path) -> None:
    for words in ((), ("beep",), ("--target", "onnxruntime")):
        assert edgedla("run", *words, "--bundle", moved, "-i", "a.txt").out.startswith("a.txt\tbeep")


@pytest.mark.parametrize("words", [("eat_sed",), ("--target", "nowhere")])
def test_names_that_contradict_the_bundle(edgedla: Command, moved: Path, words: tuple[str, ...]) -> None:
    assert f"not '{words[-1]}'\nleave out the" in refused(edgedla, moved, *words)


def test_no_bundle_at_all(edgedla: Command, work: Path) -> None:
    (work / "a.txt").write_text("1")
    (work / "empty").mkdir()
    for name in ("nothing", "empty", "a.txt"):
        assert "edgedla build MODEL --out DIR makes a bundle" in refused(edgedla, work / name)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Invalid JSON"),
        ("{", "Invalid JSON"),
        ("[]", "should be an object"),
        ('{"schema": "edgedla.manifest/9"}', "schema"),
        ("\0" * 10_000, "Invalid JSON"),
        ("[" * 100_000, "Invalid JSON"),
    ],
)
def test_a_damaged_manifest(edgedla: Command, moved: Path, text: str, reason: str) -> None:
    (moved / "manifest.json").write_text(text)
    assert reason in refused(edgedla, moved)


@pytest.mark.parametrize("path", ["../beep.onnx", "/etc/passwd", "onnx/../../beep.onnx", "..", ""])
def test_paths_that_lead_out(edgedla: Command, moved: Path, path: str) -> None:
    artifacts = json.loads((moved / "manifest.json").read_text())["artifacts"]
    change(moved, artifacts=[artifact | {"path": path} for artifact in artifacts])
    assert "leads out of the bundle" in refused(edgedla, moved)


def test_no_network_listed(edgedla: Command, moved: Path) -> None:
    change(moved, artifacts=[])
    assert "lists no artifact of kind" in refused(edgedla, moved)


def test_the_network_is_missing(edgedla: Command, moved: Path) -> None:
    network(moved).unlink()
    assert ".onnx: No such file" in refused(edgedla, moved)


@pytest.mark.parametrize("same_size", [True, False])
def test_the_network_is_another(edgedla: Command, moved: Path, same_size: bool) -> None:  # noqa: FBT001 - a parameter
    path = network(moved)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + (bytes([data[-1] ^ 1]) if same_size else b""))
    assert "its hash does not match manifest.json" in refused(edgedla, moved)


def test_a_damaged_build_is_mended_by_the_command_that_is_named(
    edgedla: Command, beep: Path, work: Path
) -> None:
    (work / "a.txt").write_text("1")
    network(beep).write_bytes(b"damaged")
    assert "hint: build it again: edgedla build MODEL" in edgedla("run", "-i", "a.txt", code=2).err
    edgedla("build", "beep")
    edgedla("run", "-i", "a.txt")


def test_options_of_another_version(edgedla: Command, moved: Path) -> None:
    model = json.loads((moved / "manifest.json").read_text())["model"]
    change(moved, model=model | {"options": {"colour": "red"}})
    assert "option 'colour' does not fit the installed plugin" in refused(edgedla, moved)


def test_the_plugin_is_not_installed(edgedla: Command, site: Site, moved: Path) -> None:
    shutil.rmtree(site.folder / "edgedla_beep-1.0.dist-info")
    message = refused(edgedla, moved, code=5)
    assert "model 'beep' comes from edgedla-beep 1.0, which is not here" in message
    assert "edgedla list-plugins" in message


def test_the_plugin_is_broken(edgedla: Command, site: Site, moved: Path) -> None:
    (site.folder / "edgedla_beep.py").write_text("import nothing_of_that_name\n")
    assert "which is broken: ModuleNotFoundError" in refused(edgedla, moved, code=5)
