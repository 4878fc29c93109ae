"""The rules, one group per module; each module lists its own in `RULES`."""

from __future__ import annotations
