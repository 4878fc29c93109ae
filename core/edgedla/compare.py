"""How far two runs of the same tensors are apart, and whether that is within tolerance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.spec import Metrics, Tolerance, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from edgedla.runner import Feed

    Array = npt.NDArray[np.float64]


def measure(reference: Sequence[Feed], candidate: Sequence[Feed], *, classes: bool) -> Metrics:
    """Metrics over samples; each feed holds all outputs of one sample.

    `max_abs` is the largest absolute difference, `cosine` the lowest cosine similarity of any sample,
    `snr_db` 10·log10(Σ reference² / Σ difference²) over everything, `top1_agree` the share of samples whose
    first output has its maximum at the same place (`None` unless `classes`).

    Raises:
        ValueError: Names, shapes or counts differ, or a value is not finite; says which.
    """
    import numpy as np

    pairs = [_flatten(a, b) for a, b in zip(reference, candidate, strict=True)]
    difference = np.concatenate([b - a for a, b in pairs])
    signal = np.concatenate([a for a, _ in pairs])
    noise = float(np.sum(difference**2))
    return Metrics(
        max_abs=float(np.max(np.abs(difference))),
        cosine=min(_cosine(a, b) for a, b in pairs),
        snr_db=None if noise == 0 else 10 * float(np.log10(max(np.sum(signal**2), 1e-300) / noise)),
        top1_agree=_top1_agreement(reference, candidate) if classes else None,
    )


def judge(metrics: Metrics, tolerance: Tolerance) -> Verdict:
    """Whether the metrics stay within the tolerance; the reason names the figure that does not."""
    reasons = []
    if tolerance.max_abs is not None and metrics.max_abs > tolerance.max_abs:
        reasons.append(f"max abs difference {metrics.max_abs:.3g} is above {tolerance.max_abs:.3g}")
    if metrics.top1_agree is not None and metrics.top1_agree < tolerance.top1:
        reasons.append(f"class agreement {metrics.top1_agree:.1%} is below {tolerance.top1:.1%}")
    lowest, found = tolerance.snr_db, metrics.snr_db
    if lowest is not None and found is not None and found < lowest:
        reasons.append(f"signal-to-noise ratio {found:.1f} dB is below {lowest:.1f} dB")
    return Verdict(ok=not reasons, metrics=metrics, reason="; ".join(reasons))


def _flatten(reference: Feed, candidate: Feed) -> tuple[Array, Array]:
    import numpy as np

    if reference.keys() != candidate.keys():
        raise ValueError(f"outputs are {sorted(candidate)}, expected {sorted(reference)}")
    for name, array in reference.items():
        if array.shape != candidate[name].shape:
            raise ValueError(f"output '{name}' has shape {candidate[name].shape}, expected {array.shape}")
    flat = [
        np.concatenate([feed[name].astype(np.float64).ravel() for name in reference])
        for feed in (reference, candidate)
    ]
    for side, array in zip(("reference", "candidate"), flat, strict=True):
        if not np.isfinite(array).all():
            raise ValueError(f"the {side} has values that are not finite")
    return flat[0], flat[1]


def _cosine(a: Array, b: Array) -> float:
    import numpy as np

    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    if norms == 0:
        return 1.0 if np.array_equal(a, b) else 0.0
    return float(a @ b) / norms


def _top1_agreement(reference: Sequence[Feed], candidate: Sequence[Feed]) -> float:
    same = 0
    for a, b in zip(reference, candidate, strict=True):
        name = next(iter(a))
        same += int(a[name].argmax() == b[name].argmax())
    return same / len(reference)
