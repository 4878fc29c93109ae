"""Rules of pooling and resizing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.lint.rule import Hit, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgedla_targets.pcupid.lint.graph import Graph

LARGEST_SIDE = 255
AREA_2023 = 6144
AREA_2025 = 12288
MODES = ("nearest", "linear")
COORDINATES = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
PUBLISHED = "S1.0.9 manual, DLA SDK Support; Op Support page"


def _side(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("MaxPool", "AveragePool"):
        side = max(node.numbers("kernel_shape") or (0,))
        if side > LARGEST_SIDE:
            yield Hit(f"{node.op} with a side of {side}", node)


def _area(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("AveragePool"):
        area = math.prod(node.numbers("kernel_shape") or ())
        if area > AREA_2025:
            yield Hit(f"AveragePool of an area of {area}", node)


def _older_area(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("AveragePool"):
        area = math.prod(node.numbers("kernel_shape") or ())
        if AREA_2023 < area <= AREA_2025:
            yield Hit(f"AveragePool of an area of {area}", node)


def _global_area(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("GlobalAveragePool"):
        data = node.input(0)
        shape = data.static if data else None
        area = math.prod(shape[2:]) if shape else 0
        if area > AREA_2025:
            yield Hit(f"GlobalAveragePool of an area of {area}", node)


def _mode(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("Resize", "Upsample"):
        mode = node.text("mode", "nearest")
        if mode not in MODES:
            yield Hit(f"{node.op} with mode {mode}", node)


def _coordinates(graph: Graph) -> Iterator[Hit]:
    for node in graph.of("Resize"):
        mode = node.text("coordinate_transformation_mode", "half_pixel")
        if mode not in COORDINATES:
            yield Hit(f"Resize with the coordinates of {mode}", node)


RULES = (
    Rule(
        "IPU062",
        "error",
        "Sides of pooling",
        "sides of MaxPool and AveragePool at most 255",
        PUBLISHED,
        "documented",
        "pool in two steps",
        _side,
    ),
    Rule(
        "IPU063",
        "error",
        "Area of AveragePool",
        "kernel height x width at most 12288",
        PUBLISHED,
        "documented",
        "pool in two steps",
        _area,
    ),
    Rule(
        "IPU064",
        "warning",
        "Area of AveragePool, older tools",
        "kernel height x width at most 6144 with S1.0.9",
        PUBLISHED,
        "documented",
        "pool in two steps",
        _older_area,
    ),
    Rule(
        "IPU065",
        "error",
        "Area of GlobalAveragePool",
        "height x width at most 12288",
        PUBLISHED,
        "documented",
        "an AveragePool before it",
        _global_area,
    ),
    Rule(
        "IPU066",
        "error",
        "Mode of Resize",
        "Resize and Upsample of mode nearest or linear",
        PUBLISHED,
        "documented",
        "take mode linear, or resize on the CPU",
        _mode,
    ),
    Rule(
        "IPU067",
        "warning",
        "Coordinates of Resize",
        "coordinates of half_pixel, pytorch_half_pixel, align_corners or asymmetric; which of them each mode "
        "takes is not published",
        "S1.0.9 manual, DLA SDK Support says that they are restricted",
        "likely",
        "take asymmetric for nearest, half_pixel for linear",
        _coordinates,
    ),
)
