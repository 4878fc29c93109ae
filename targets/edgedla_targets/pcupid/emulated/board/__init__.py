"""The emulated board: headers and libraries for C programs, and what answers their calls.

`HEADERS` and `LIBRARY_SOURCES` are what a board's SDK would bring; a program that is compiled with them is
run with `Board.environment`. What is imitated, and how sure that is, stands in `../BEHAVIOUR.md`. No hardware
is in it.
"""

from __future__ import annotations

from pathlib import Path

from edgedla_targets.pcupid.emulated.board.server import Board

__all__ = ["HEADERS", "LIBRARY_SOURCES", "Board"]

_FOLDER = Path(__file__).parent
# Include folders: the newest shape of the headers that is known, and the oldest.
HEADERS = {shape: _FOLDER / "include" / shape for shape in ("new", "old")}
# C sources of each library; they include the headers of either shape. libmi_ipu needs libmi_sys.
LIBRARY_SOURCES = {
    library: tuple(_FOLDER / "lib" / f"{name}.c" for name in names)
    for library, names in {
        "mi_sys": ("edla_board", "edla_board_area", "mi_sys"),
        "mi_ipu": ("edla_board_ipu", "mi_ipu", "mi_ipu_batch"),
    }.items()
}
