"""A model's spec is the truth: the same for the same options, and what its graph really does."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from edgedla.conformance.case import BrokenRuleError
from edgedla.spec import ModelSpec

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.conformance.case import Case
    from edgedla.model import Model
    from edgedla.runner import Feed


def spec(case: Case) -> str:
    """`spec()` is a ModelSpec and nothing but a function of the options."""
    first, again = case.instance(), case.instance()
    found = [first.spec(), first.spec(), again.spec()]
    if not isinstance(found[0], ModelSpec):
        raise BrokenRuleError(f"spec() returns {type(found[0]).__name__}, not a ModelSpec")
    if found[0] != found[1] or found[0] != found[2]:
        keys = [
            key for key in ModelSpec.model_fields if len({repr(getattr(each, key)) for each in found}) > 1
        ]
        raise BrokenRuleError(f"spec() changes from call to call: {', '.join(keys)}")
    return f"{_tensors(found[0].inputs)} → {_tensors(found[0].outputs)}"


def graph(case: Case) -> str:
    """The exported graph has the spec's inputs and outputs, and answers a sample with all of them."""
    import onnx

    from edgedla.runner import OnnxRunner
    from edgedla.stages.export import check_interface

    model, path = case.instance(), exported(case)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    check_interface(onnx.load(path), model.spec(), model.name)
    feed = next(iter(islice(model.samples(1), 1)), None)
    if feed is None:
        raise BrokenRuleError("samples() yields nothing, so that nothing can be verified")
    check_feed("samples()", feed, model.spec().inputs)
    with OnnxRunner(path) as runner:
        check_feed("the graph", runner.run(feed), model.spec().outputs)
    return f"{path.name}, {path.stat().st_size} bytes"


def exported(case: Case) -> Path:
    """The graph, exported by this process."""

    def export() -> Path:
        model: Model[Any] = case.instance()
        path: Path = case.bench.folder / "exported" / case.kind.name / f"{model.spec().stem}.onnx"
        path.parent.mkdir(parents=True, exist_ok=True)  # of the same rule, failed before
        model.export(None, path)
        return path

    made: Path = case.bench.once(f"export {case.kind.name}", export)
    return made


def check_feed(who: str, feed: Feed, expected: Any) -> None:
    """Raise BrokenRuleError where names, shapes or dtypes are not the spec's, or a value is no number."""
    import numpy as np

    have = {name: f"{value.dtype.name} {value.shape}" for name, value in feed.items()}
    want = {each.name: f"{each.dtype} {each.shape}" for each in expected}
    if have != want:
        raise BrokenRuleError(f"{who} gives {_listed(have)}; spec() says {_listed(want)}")
    bad = [name for name, value in feed.items() if not np.isfinite(value).all()]
    if bad:
        raise BrokenRuleError(f"{who} gives values that are no numbers in {', '.join(bad)}")


def _listed(tensors: dict[str, str]) -> str:
    return ", ".join(f"{name} {form}" for name, form in sorted(tensors.items())) or "nothing"


def _tensors(found: Any) -> str:
    return ", ".join(f"{each.name} {each.shape}" for each in found)
