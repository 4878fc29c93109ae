"""Apply the rules until none applies, and prove that the graph still computes the same."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import onnx
import onnx_ir as ir
from onnx_ir.passes import common

from edgedla.errors import GateError
from edgedla_targets.pcupid.safe.load import first_line, read_proto, to_ir
from edgedla_targets.pcupid.safe.rules import RULES, Rule
from edgedla_targets.pcupid.safe.verify import Limit, Reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_ROUNDS = 8


def make_safe(source: Path, path: Path) -> list[str]:
    """Write the safe form of the ONNX file `source` to `path`.

    Inputs and outputs keep their order, shapes and types, and their names where these are plain words. The
    result is the same byte for byte whenever the source is; a source that is safe already is copied.

    Returns:
        One line for each change on reading and for each rule that applied: its name and how often it did.

    Raises:
        UsageError: `source` is unreadable, has free dimensions, or holds something that no rule can express.
        GateError: The result computes something else on random inputs; names the rule after which it does.
    """
    proto, changes = read_proto(source)
    original = proto.SerializeToString()  # the graph below shares its tensors with `proto`, names included
    model = to_ir(proto)
    counts: Counter[Rule] = Counter()
    for rule, count in apply_rules(model):
        counts[rule] += count
    changes += [f"{rule.name}: {counts[rule]}" for rule in RULES if counts[rule]]
    if not changes:
        path.write_bytes(source.read_bytes())
        return []
    result = to_bytes(model)
    _check(original, result)
    _compare(original, result)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(result)
    partial.replace(path)
    return changes


def apply_rules(model: ir.Model) -> Iterator[tuple[Rule, int]]:
    """Apply the rules in order, again and again; each that changed something, when it has.

    Raises:
        GateError: The rules undo each other's work.
    """
    for _ in range(MOST_ROUNDS):
        applied = False
        for rule in RULES:
            count = rule.apply(model)
            if count:
                applied = True
                yield rule, count
        if not applied:
            return
    raise GateError(f"the rules do not come to rest within {MOST_ROUNDS} rounds")


def to_bytes(model: ir.Model) -> bytes:
    """The model as an ONNX file without notes of the exporter, which may name folders of its machine."""
    common.ClearMetadataAndDocStringPass()(model)
    common.RemoveUnusedOpsetsPass()(model)
    content: bytes = ir.serde.serialize_model(model).SerializeToString(deterministic=True)
    return content


def _check(original: bytes, result: bytes) -> None:
    """Sound by the rules of ONNX, and the same interface as before."""
    proto, made = onnx.load_model_from_string(original), onnx.load_model_from_string(result)
    try:
        onnx.checker.check_model(made, full_check=True)
    # The checker and the shape inference behind it have no common base of their errors.
    except Exception as error:
        raise GateError(f"the rewritten graph is not sound: {first_line(error)}") from error
    constants = {tensor.name for tensor in proto.graph.initializer}
    before = [value.type for value in proto.graph.input if value.name not in constants]
    if before != [value.type for value in made.graph.input]:
        raise GateError("the rewritten graph has other inputs than its source")


def _compare(original: bytes, result: bytes) -> None:
    proto = onnx.load_model_from_string(original)
    for node in proto.graph.node:
        node.ClearField("name")  # onnxruntime refuses equal ones, which the rules mend
    source = proto.SerializeToString()
    reference = Reference(source)
    difference, limit = reference.difference(result), Limit(source, reference)
    if limit.allows(difference):
        return
    culprit = _culprit(original, reference, limit)
    raise GateError(
        f"the rewritten graph differs by {difference:.2g} of its output's scale "
        f"(limit {limit.value:.2g}), since rule {culprit}",
        hint="use the graph as it was exported, and report the rule with the graph",
    )


def _culprit(original: bytes, reference: Reference, limit: Limit) -> str:
    """Number and name of the rule after which the numbers part."""
    model = to_ir(onnx.load_model_from_string(original))
    for rule, _ in apply_rules(model):
        if not limit.allows(reference.difference(to_bytes(model))):
            return f"{rule.number} '{rule.name}'"
    return "0 'reading'"
