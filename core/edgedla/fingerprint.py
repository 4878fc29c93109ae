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
def of_package(name: str) -> str:
    module = sys.modules.get(name)
    spec = module.__spec__ if module else find_spec(name)
    if spec is None or spec.origin is None:
        return name
    origin = Path(spec.origin)
    files = [origin]
    if spec.submodule_search_locations:
        files = sorted(path for path in origin.parent.rglob("*") if path.suffix in CODE)
    return digest(*(part for path in files for part in (path.name, sha256(path))))
