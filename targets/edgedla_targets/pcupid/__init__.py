"""The plugin `pcupid`: SigmaStar's pcupid IPU, by the vendor's toolchain or by an emulated one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla import hookimpl

if TYPE_CHECKING:
    from edgedla import Converter, Target
    from edgedla_targets.pcupid.options import PcupidOptions


EDGEDLA_CONTRACT = (1, 1)


@hookimpl
def edgedla_converters() -> list[type[Converter]]:
    """From a simplified graph to the board's image."""
    from edgedla_targets.pcupid.converters import (
        FixedSimFromFloatSim,
        FloatSimFromSafeOnnx,
        ImageFromFixedSim,
        SafeOnnxFromOnnx,
    )

    return [SafeOnnxFromOnnx, FloatSimFromSafeOnnx, FixedSimFromFloatSim, ImageFromFixedSim]


@hookimpl
def edgedla_targets() -> list[type[Target[PcupidOptions]]]:
    """The pcupid target."""
    from edgedla_targets.pcupid.target import Pcupid

    return [Pcupid]
