"""Runs the vendor's tools: real, emulated or recorded, natively or in Docker, with or without the zoo."""

from __future__ import annotations

from edgedla_targets.pcupid.vendor.find import RouteOptions, find_route
from edgedla_targets.pcupid.vendor.job import Job, Route

__all__ = ["Job", "Route", "RouteOptions", "find_route"]
