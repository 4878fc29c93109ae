"""edgedla takes a trained network to an edge board and proves on the way that it still says the same thing.

The names a plugin author needs; each is imported on first use, so that `import edgedla` costs nothing
(PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgedla.converter import Converter
    from edgedla.errors import (
        DeviceError,
        EdgedlaError,
        GateError,
        PrerequisiteError,
        ToolchainError,
        UsageError,
    )
    from edgedla.hookspecs import hookimpl
    from edgedla.model import Model, Window
    from edgedla.opened import OpenBundle, open_bundle
    from edgedla.requirement import TORCH, Requirement
    from edgedla.runner import Feed, OnnxRunner, Runner
    from edgedla.spec import (
        AudioInput,
        ImageInput,
        ModelSpec,
        Options,
        Prediction,
        Reading,
        Region,
        Score,
        TensorSpec,
        Tolerance,
        Verdict,
    )
    from edgedla.target import Target

__version__ = "0.1.0"
CONTRACT = (1, 1)
"""Version of the plugin contract; docs/reference/hooks.md says what changes it."""

_HOME = {
    "Converter": "converter",
    "DeviceError": "errors",
    "EdgedlaError": "errors",
    "GateError": "errors",
    "PrerequisiteError": "errors",
    "ToolchainError": "errors",
    "UsageError": "errors",
    "hookimpl": "hookspecs",
    "Model": "model",
    "Window": "model",
    "OpenBundle": "opened",
    "open_bundle": "opened",
    "TORCH": "requirement",
    "Requirement": "requirement",
    "Feed": "runner",
    "OnnxRunner": "runner",
    "Runner": "runner",
    "AudioInput": "spec",
    "ImageInput": "spec",
    "ModelSpec": "spec",
    "Options": "spec",
    "Prediction": "spec",
    "Reading": "spec",
    "Region": "spec",
    "Score": "spec",
    "TensorSpec": "spec",
    "Tolerance": "spec",
    "Verdict": "spec",
    "Target": "target",
}

__all__ = [
    "CONTRACT",
    "TORCH",
    "AudioInput",
    "Converter",
    "DeviceError",
    "EdgedlaError",
    "Feed",
    "GateError",
    "ImageInput",
    "Model",
    "ModelSpec",
    "OnnxRunner",
    "OpenBundle",
    "Options",
    "Prediction",
    "PrerequisiteError",
    "Reading",
    "Region",
    "Requirement",
    "Runner",
    "Score",
    "Target",
    "TensorSpec",
    "Tolerance",
    "ToolchainError",
    "UsageError",
    "Verdict",
    "Window",
    "hookimpl",
    "open_bundle",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'edgedla' has no attribute '{name}'")
    return getattr(import_module(f"edgedla.{_HOME[name]}"), name)
