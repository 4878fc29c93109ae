"""1-D convolutions as 2-D ones of height 1, region by region.

The vendor's front end drops the dilation of a dense Conv1d without a word and cannot split a grouped one; the
path of 2-D convolutions is exact. Whole regions change rank, so that no Reshape stands between convolutions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.pcupid.safe.graph import Editor, is_op
from edgedla_targets.pcupid.safe.moves import CHANNEL_NORMS, ELEMENTWISE, POOLS, Move, apply, plan
from edgedla_targets.pcupid.safe.parts import border, connected, feeds_output, producers, signals, users
from edgedla_targets.pcupid.safe.rank import RankChange
from edgedla_targets.pcupid.safe.reshapes import merge_reshapes

if TYPE_CHECKING:
    import onnx_ir as ir

HEIGHT = RankChange(rank=3, position=2, insert=True)
"""(N, C, W) to (N, C, 1, W)."""

SEEDS = {"Conv", "ConvTranspose", "InstanceNormalization"} | POOLS
LIGHT = ELEMENTWISE | CHANNEL_NORMS | {"Pad"}
"""Taken along at the ends of a region, where they cost no further Reshape."""


def raise_conv1d(model: ir.Model) -> int:
    """Regions of 1-D convolutions and pools, in rank 4."""
    nodes = tuple(model.graph)
    moves = {node: move for node in nodes if (move := plan(node, HEIGHT)) is not None}
    seeds = [node for node in moves if node.op_type in SEEDS]
    if not seeds:
        return 0
    region = _grow(nodes, moves, set(seeds))
    editor = Editor(model.graph)
    for node in nodes:
        if node in region:
            apply(editor, node, HEIGHT, moves[node])
    merge_reshapes(model)
    return len(seeds)


def _grow(nodes: tuple[ir.Node, ...], moves: dict[ir.Node, Move], seeds: set[ir.Node]) -> set[ir.Node]:
    """Everything between two seeds that can be moved, and what is light round them."""
    after, before = set(seeds), set(seeds)
    for node in nodes:
        if node in moves and not after.isdisjoint(producers(node)):
            after.add(node)
    for node in reversed(nodes):
        if node in moves and not before.isdisjoint(users(node)):
            before.add(node)
    region = after & before
    light = [node for node in nodes if node in moves and node.op_type in LIGHT]
    _add_framed(region, light)
    _add_ends(region, light)
    return region


def _add_framed(region: set[ir.Node], light: list[ir.Node]) -> None:
    """Light parts at the region with only Reshapes on their other sides: the new rank costs nothing."""
    for part in connected(node for node in light if node not in region):
        before, after = border(part)
        others = {node for node in (*before, *after) if node not in region}
        at_region = len(others) < len({*before, *after})
        if at_region and all(is_op(node, "Reshape") for node in others) and not any(map(feeds_output, part)):
            region |= part


def _add_ends(region: set[ir.Node], light: list[ir.Node]) -> None:
    """Light nodes that only the region feeds, or that have one signal and feed only the region."""
    for node in light:
        if producers(node) and region.issuperset(producers(node)):
            region.add(node)
    for node in reversed(light):
        if (
            len(signals(node)) == 1
            and users(node)
            and region.issuperset(users(node))
            and not feeds_output(node)
        ):
            region.add(node)
