"""It works: a model is built for the CPU, a target takes a model and says what its reference says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.compare import judge, measure
from edgedla.conformance.builds import built, pair
from edgedla.conformance.case import BrokenRuleError, NotApplicableError
from edgedla.conformance.tiny import Named
from edgedla.route import find_route
from edgedla.runner import OnnxRunner
from edgedla.spec import Options, Tolerance

if TYPE_CHECKING:
    from edgedla.conformance.case import Case


def builds(case: Case) -> str:
    """The model for the target `onnxruntime`, or the kit's own model for the target, to the last stage."""
    ran = built(case).ran
    if ran.code:
        raise BrokenRuleError(f"{' for '.join(pair(case))}: {ran.failure}")
    data = ran.json["data"]
    return f"{' for '.join(pair(case))}, {len(data['artifacts'])} files"


def agrees(case: Case) -> str:
    """What the target runs gives the answers of the graph it was made of."""
    from edgedla.artifacts import MANIFEST, Manifest

    found = built(case)
    if found.ran.code:
        raise NotApplicableError(f"it is not built: {found.ran.failure}")
    manifest = Manifest.model_validate_json((found.root / MANIFEST).read_bytes())
    target = case.instance()
    runner = target.runner(manifest.path_of(target.accepts, found.root))
    if runner is None:
        raise NotApplicableError("runner() gives nothing that runs on this machine")
    feeds = list(Named(Options()).samples(4))
    try:
        answers = runner.run_all(feeds)
    finally:
        runner.close()
    with OnnxRunner(found.root / "onnx/tiny.onnx") as reference:
        metrics = measure(reference.run_all(feeds), answers, classes=True)
    verdict = judge(metrics, _tolerance(case, target.accepts))
    if not verdict.ok:
        raise BrokenRuleError(f"runner() parts from the graph it was made of: {verdict.reason}")
    return f"max abs difference {metrics.max_abs:.2e}, same class on {metrics.top1_agree or 0:.0%} of samples"


def _tolerance(case: Case, accepts: str) -> Tolerance:
    """What all converters of the route together may change; never more than the answer itself."""
    known = [kind for _, kind in case.subject.plugins.converters.items()]
    steps = [Tolerance(), *(kind.tolerance for kind in find_route(known, accepts))]
    limits = [step.max_abs for step in steps]
    return Tolerance(
        max_abs=None if None in limits else sum(limit or 0 for limit in limits),
        top1=min(step.top1 for step in steps),
        snr_db=0.0,
    )
