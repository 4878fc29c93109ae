"""Imports point down only, and heavy libraries never stand at the top of a module that discovery imports."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import edgedla

ROOT = Path(edgedla.__file__).parent
# Lower may not import higher; modules of one layer may import each other.
LAYERS = [
    {"errors"},
    {"bounded"},
    {"spec", "hookspecs", "runner", "requirement", "deployment"},
    {"model", "trainer", "converter", "target", "registry", "export"},
    {
        "render",
        "toolchain",
        "log",
        "compare",
        "artifacts",
        "clips",
        "context",
        "config",
        "sources",
        "route",
        "fingerprint",
    },
    {"dataset", "inputs", "licences", "statistics", "confusion", "sound", "scaffold"},
    {"plugins", "quarantine"},
    {"ladder", "stages", "pipeline"},
    {"workspace"},
    {"predict", "bench", "opened"},
    {"rungs", "evaluate", "cluster", "robustness", "calibration"},
    {"conformance"},
    {"report"},
    {"cli", "testing"},
]
HEAVY = {"torch", "onnx", "onnxruntime", "onnxsim", "numpy", "jinja2", "soundfile", "soxr", "yaml", "PIL"}
FILES = sorted(path for path in ROOT.rglob("*.py") if path.name not in ("__init__.py", "__main__.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def layer(name: str) -> int:
    return next(index for index, names in enumerate(LAYERS) if name in names)


def runtime_imports(tree: ast.Module) -> list[tuple[str, bool]]:
    """Dotted module names with whether they stand at the top level; those for type checkers left out."""
    found = []
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found += [(name, node in tree.body) for name in names]
    return found


def test_every_module_has_its_layer() -> None:
    assert {name_of(path) for path in FILES} <= set().union(*LAYERS)
    assert {name_of(path) for path in FILES} >= set().union(*LAYERS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    own = layer(name_of(path))
    for name, _ in runtime_imports(ast.parse(path.read_text())):
        parts = name.split(".")
        if parts[0] == "edgedla" and len(parts) > 1 and (ROOT / parts[1]).with_suffix(".py").exists():
            assert layer(parts[1]) <= own, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_imports_stay_inside_functions(path: Path) -> None:
    top = {name.split(".")[0] for name, is_top in runtime_imports(ast.parse(path.read_text())) if is_top}
    assert not top & HEAVY


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_one_door_to_other_programs() -> None:
    users = {
        name_of(path)
        for path in FILES
        for name, _ in runtime_imports(ast.parse(path.read_text()))
        if name.split(".")[0] == "subprocess"
    }
    assert users == {"toolchain"}
