"""Rewrites that make stock onnxruntime faster on the CPU: plain ONNX operators, exact but for rounding.

Each matches by structure, never by name, and leaves graphs without its pattern alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla_targets.onnxruntime_cpu.graph import is_plain
from edgedla_targets.onnxruntime_cpu.layer_norm import spell_squares
from edgedla_targets.onnxruntime_cpu.needed_rows import keep_needed_rows
from edgedla_targets.onnxruntime_cpu.row_regions import cut_into_rows
from edgedla_targets.onnxruntime_cpu.winograd import winograd_down

if TYPE_CHECKING:
    from edgedla_targets.onnxruntime_cpu.graph import Model


def tidy(model: Model) -> Model:
    """The rewrites that help float32 and int8 alike."""
    return keep_needed_rows(spell_squares(model)) if is_plain(model) else model


def accelerate(model: Model) -> Model:
    """All rewrites for float32."""
    return winograd_down(cut_into_rows(tidy(model))) if is_plain(model) else model
