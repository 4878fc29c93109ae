"""The files of a new model plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.scaffold.text import MODEL, common, shared, text
from edgedla.toolchain import quote

if TYPE_CHECKING:
    from edgedla.scaffold.names import Names
    from edgedla.scaffold.plan import Plan

SUFFIXES = {
    "audio": (".wav", ".flac", ".ogg"),
    "image": (".png", ".jpg", ".jpeg", ".bmp", ".webp"),
    "tensor": (".npy", ".bin"),
}
LIBRARIES = {"audio": ("soundfile>=0.13", "soxr>=0.5"), "image": ("pillow>=11",), "tensor": ()}
UNTYPED = {"audio": ("soundfile", "soxr"), "image": (), "tensor": ()}
IMPORTS = {"audio": {"AudioInput"}, "image": {"ImageInput"}, "tensor": set()}


def model_files(names: Names, plan: Plan) -> dict[str, bytes]:
    """Contents by path below the distribution's folder."""
    values, package = _values(names, plan), names.package
    files = {
        **common(names, values),
        "README.md": text(MODEL, "README.md", values),
        f"{package}/__init__.py": text(MODEL, "plugin.py", values),
        f"tests/test_{names.stem}.py": text(MODEL, "test_plugin.py", values),
    }
    if plan.labels:
        files[f"{package}/labels.txt"] = "".join(f"{label}\n" for label in plan.labels)
    if plan.graph is None:
        files[f"{package}/network.py"] = text(MODEL, "network.py", values)
    data = {name: content.encode() for name, content in files.items()}
    if plan.graph is not None:
        data[f"{package}/{names.stem}.onnx"] = plan.graph
    return data | {f"{package}/samples/{name}": content for name, content in plan.samples.items()}


def _values(names: Names, plan: Plan) -> dict[str, object]:
    kind, several = plan.kind, len(plan.inputs) > 1
    imports = {"Model", "ModelSpec", "TensorSpec", "UsageError", "hookimpl"} | IMPORTS[kind]
    imports |= {"Prediction", "Score"} if plan.labels else set()
    return {
        **shared(names, "model", (*LIBRARIES[kind], "numpy>=2.0", "onnx>=1.18"), UNTYPED[kind]),
        "summary": plan.summary,
        "input_kind": kind,
        "imports": sorted(imports),
        "inputs": plan.inputs,
        "outputs": plan.outputs,
        "opset": plan.opset,
        "labels": plan.labels,
        "scores": plan.scores,
        "licence": plan.licence,
        "rate": plan.rate,
        "mean": plan.mean,
        "std": plan.std,
        "suffixes": (".npz",) if several else SUFFIXES[kind],
        "graph_file": f"{names.stem}.onnx" if plan.graph is not None else "",
        "source": quote([plan.source]),
        "guessed": plan.guessed,
        "changed": plan.changed,
        "samples": sorted(plan.samples),
        "build": f"edgedla build {names.plugin} --target onnxruntime",
        "test_dependencies": ("edgedla[onnx,pcupid]", "pytest>=8.3"),
    }
