"""The model plugin `ppocr`: finds lines of text in a picture, and reads them. Importing it costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgedla import hookimpl

if TYPE_CHECKING:
    from edgedla import Model

EDGEDLA_CONTRACT = (1, 1)  # of edgedla's plugins: regions, readings, image inputs


@hookimpl
def edgedla_models() -> list[type[Model[Any]]]:
    """Detection and recognition."""
    from edgedla_ppocr.detector import PpocrDet
    from edgedla_ppocr.recogniser import PpocrRec

    return [PpocrDet, PpocrRec]
