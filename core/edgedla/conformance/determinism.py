"""The same again: equal options and files give equal bytes, in another process too."""

from __future__ import annotations

from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

from edgedla.conformance.builds import built
from edgedla.conformance.case import BrokenRuleError, NotApplicableError
from edgedla.conformance.graphs import check_feed, exported

if TYPE_CHECKING:
    from edgedla.conformance.case import Case
    from edgedla.runner import Feed

SAMPLES = 3


def deterministic_export(case: Case) -> str:
    """The graph that this process exports is, byte for byte, that of a build in another one."""
    found = built(case)
    if found.ran.code:
        raise NotApplicableError(f"it is not built: {found.ran.failure}")
    mine = exported(case)
    theirs = found.root / "onnx" / mine.name
    if mine.read_bytes() != theirs.read_bytes():
        raise BrokenRuleError(
            f"two exports of {mine.name} differ", "seed what is random, and write no clock and no path"
        )
    return "two exports, the same bytes"


def deterministic_inputs(case: Case) -> str:
    """`samples` and `preprocess` give the same numbers when they are called again."""
    first, again = case.instance(), case.instance()
    mine, theirs = _samples(first), _samples(again)
    none: Feed = {}
    for one, other in zip_longest(mine, theirs, fillvalue=none):
        _compare("samples()", one, other)
    files = list(islice(first.sample_files(), SAMPLES))
    for path in files:
        feed = first.preprocess(path)
        check_feed(f"preprocess({path.name})", feed, first.spec().inputs)
        _compare(f"preprocess({path.name})", feed, again.preprocess(path))
    return f"{len(mine)} samples and {len(files)} files, the same numbers twice"


def _samples(model: Any) -> list[Feed]:
    return list(islice(model.samples(SAMPLES), SAMPLES))


def _compare(what: str, one: Feed, other: Feed) -> None:
    import numpy as np

    if one.keys() != other.keys() or any(not np.array_equal(one[name], other[name]) for name in one):
        raise BrokenRuleError(f"{what} gives other numbers the second time", "seed what is random")
