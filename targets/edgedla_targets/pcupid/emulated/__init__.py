"""An emulated toolchain for pcupid: the vendor's entry points, files and refusals; numbers by onnxruntime.

`SDK` stands for a toolchain folder (`source cfg_env.sh`, then its scripts), `OPENDLA` for a model zoo to
copy. What it imitates, and how sure that is, stands in `BEHAVIOUR.md`. Nothing it makes runs on a board.
"""

from __future__ import annotations

import sys
from pathlib import Path

SDK = Path(__file__).parent / "sdk"
OPENDLA = Path(__file__).parent / "opendla"


def environment() -> dict[str, str]:
    """Variables for a shell that sources the emulated `cfg_env.sh`: its `python3` is then this Python."""
    return {"EDGEDLA_PYTHON": sys.executable}
