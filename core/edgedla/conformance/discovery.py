"""Being found costs next to nothing: measured in fresh interpreters, beside edgedla's own import."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from edgedla.conformance.case import BrokenRuleError
from edgedla.plugins import GROUP

if TYPE_CHECKING:
    from edgedla.conformance.case import Case

HEAVY = (
    "torch",
    "tensorflow",
    "onnx",
    "onnxruntime",
    "onnxsim",
    "numpy",
    "scipy",
    "jinja2",
    "soundfile",
    "soxr",
    "PIL",
    "cv2",
)
"""What takes longer to import than a list may take to be shown."""
LIMIT = 1.0  # times the import of edgedla itself, measured in the same process
ROUNDS = 3
PROBE = """
import json, sys, time
name, value, group = sys.argv[1:]
begin = time.perf_counter()
import edgedla.plugins, edgedla.spec
from importlib.metadata import EntryPoint
middle = time.perf_counter()
before = set(sys.modules)
plugin = EntryPoint(name, value, group).load()
for hook in ("edgedla_models", "edgedla_converters", "edgedla_targets"):
    if hasattr(plugin, hook):
        list(getattr(plugin, hook)())
end = time.perf_counter()
new = sorted({module.partition(".")[0] for module in set(sys.modules) - before})
print()
print(json.dumps({"own": middle - begin, "plugin": end - middle, "new": new}))
"""


def import_time(case: Case) -> str:
    """Import and hooks together, as a ratio, the median of several."""
    found = _measured(case)
    ratio = median(each["plugin"] / each["own"] for each in found)
    text = f"{ratio:.2f} times the import of edgedla itself"
    if ratio > LIMIT:
        raise BrokenRuleError(f"{text}; at most {LIMIT:g}")
    return text


def light_import(case: Case) -> str:
    """None of the libraries of `HEAVY` is imported by being found."""
    heavy = sorted({name for each in _measured(case) for name in each["new"]} & set(HEAVY))
    if heavy:
        raise BrokenRuleError(
            f"being found imports {', '.join(heavy)}",
            f"move `import {heavy[0]}` into the method that needs it",
        )
    return "imports nothing heavy"


def _measured(case: Case) -> list[dict[str, Any]]:
    measured: list[dict[str, Any]] = case.bench.once("discovery", lambda: _measure(case))
    return measured


def _measure(case: Case) -> list[dict[str, Any]]:
    import json

    plugin = case.subject.plugin
    rounds = [case.bench.python("-c", PROBE, plugin.name, plugin.module, GROUP) for _ in range(ROUNDS)]
    for ran in rounds:
        if ran.code:
            raise BrokenRuleError(f"a fresh interpreter cannot import it: {ran.failure}")
    return [json.loads(ran.out.splitlines()[-1]) for ran in rounds]
