"""What a stage's key takes of the code: the sources that ran and the versions of the libraries they used.

Sources are hashed rather than trusting version numbers, so that a plugin under development never reuses
what its former self made.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from edgedla.artifacts import digest, sha256

# Those that decide what an artifact holds.
LIBRARIES = ("numpy", "onnx", "onnxruntime", "onnxsim", "torch")
CODE = (".py", ".j2", ".c", ".h", ".sh", ".toml", ".json", ".safetensors", ".onnx")


def core() -> str:
    """Digest of edgedla's own sources and of the library versions."""
    return digest(of_package("edgedla"), *(f"{name} {number}" for name, number in versions().items()))


def of(kind: type) -> str:
    """Digest of the package a plugin's class lives in."""
    return of_package(kind.__module__.partition(".")[0])


@cache
def versions() -> dict[str, str]:
    """Installed versions of the libraries that have a hand in an artifact; missing ones are left out."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def of_templates(name: str) -> str:
    """Digest of all files of a package that files are rendered from or copied out of."""
    return _of_package(name, ())


@cache
def of_package(name: str) -> str:
    """Digest of a package's sources, or of the one module that it is."""
    return _of_package(name, CODE)


def _of_package(name: str, suffixes: tuple[str, ...]) -> str:
    module = sys.modules.get(name)
    spec = module.__spec__ if module else find_spec(name)
    if spec is None:
        return name
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    files = sorted(path for folder in folders for path in folder.rglob("*") if _counts(path, suffixes))
    if not folders and spec.origin:
        files = [Path(spec.origin)]
    return digest(name, *(part for path in files for part in (path.name, sha256(path))))


def _counts(path: Path, suffixes: tuple[str, ...]) -> bool:
    if suffixes and path.suffix not in suffixes:
        return False
    return path.suffix != ".pyc" and path.is_file()
