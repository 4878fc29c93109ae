"""The safe form: rewrites after which an ONNX graph passes the IPU tools without being refused or misread."""

from __future__ import annotations

from edgedla_targets.pcupid.safe.legalise import make_safe

__all__ = ["make_safe"]
