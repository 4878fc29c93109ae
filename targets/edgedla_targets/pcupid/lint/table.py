"""All rules, in the order of their numbers."""

from __future__ import annotations

from edgedla_targets.pcupid.lint.rules import (
    convolutions,
    data,
    elementwise,
    matrices,
    model,
    operators,
    pooling,
    ranks,
    speed,
)

GROUPS = (
    ("The model", model.RULES),
    ("Operators", operators.RULES),
    ("Dimensions", ranks.RULES),
    ("Convolutions", convolutions.RULES),
    ("Moving data", data.RULES),
    ("Element-wise arithmetic", elementwise.RULES),
    ("Matrix products, softmax, reductions", matrices.RULES),
    ("Pooling and resizing", pooling.RULES),
    ("Speed", speed.RULES),
)

RULES = tuple(rule for _, rules in GROUPS for rule in rules)
