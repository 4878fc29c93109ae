"""From the network's logits to classes and scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgedla.errors import GateError, UsageError
from edgedla.spec import Prediction, Score

if TYPE_CHECKING:
    import numpy.typing as npt


def prediction(logits: npt.NDArray[Any], labels: tuple[str, ...]) -> Prediction:
    """Softmax of `(1, n)` or `(n,)` logits: all classes, best first, equal ones by class id. Scores sum to 1.

    Raises:
        UsageError: There are not as many labels as logits.
        GateError: A logit is NaN or infinite.
    """
    import numpy as np

    values = np.asarray(logits, np.float64)
    if values.shape not in {(len(labels),), (1, len(labels))}:
        raise UsageError(f"outputs of shape {values.shape} do not fit {len(labels)} labels")
    values = values.reshape(-1)
    if not np.isfinite(values).all():
        raise GateError(f"the network answered with a logit that is no number: {values.tolist()}")
    scores = np.exp(values - values.max())  # of the differences, so that no exponential overflows
    scores /= scores.sum()
    order = np.argsort(-values, kind="stable").tolist()
    return Prediction(top=tuple(Score(class_id=i, label=labels[i], score=float(scores[i])) for i in order))
