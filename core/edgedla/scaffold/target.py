"""The files of a new target plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.scaffold.text import TARGET, common, shared, text

if TYPE_CHECKING:
    from edgedla.scaffold.names import Names

SOURCES = ("labels.h", "main.c")
"""What the new target generates, by templates of its own."""


def target_files(names: Names) -> dict[str, bytes]:
    """Contents by path below the distribution's folder."""
    values = {
        **shared(names, "target", ("onnxruntime>=1.22", "pydantic>=2.10"), ("onnxruntime",)),
        "build": f"edgedla build eat_sed --target {names.plugin}",
        "test_dependencies": ("edgedla[torch]", "pytest>=8.3"),
    }
    files = {
        **common(names, values),
        "README.md": text(TARGET, "README.md", values),
        f"{names.package}/__init__.py": text(TARGET, "plugin.py", values),
        **{f"{names.package}/{name}.j2": text(TARGET, name, values).lstrip("\n") for name in SOURCES},
        f"tests/test_{names.stem}.py": text(TARGET, "test_plugin.py", values),
    }
    return {name: content.encode() for name, content in files.items()}
