"""The shortest chain of converters from one artifact format to another."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgedla.converter import Converter

START = "onnx"


def find_route(converters: Iterable[type[Converter]], accepts: str) -> tuple[type[Converter], ...]:
    """Converters that lead from `onnx` to `accepts`, fewest first, ties by name; empty where it is `onnx`.

    Raises:
        UsageError: No chain leads there; names the formats that can be reached.
    """
    by_source: dict[str, list[type[Converter]]] = {}
    for converter in sorted(converters, key=lambda found: found.name):
        by_source.setdefault(converter.source, []).append(converter)
    routes: dict[str, tuple[type[Converter], ...]] = {START: ()}
    waiting = deque([START])
    while waiting:
        source = waiting.popleft()
        for converter in by_source.get(source, []):
            if converter.result not in routes:
                routes[converter.result] = (*routes[source], converter)
                waiting.append(converter.result)
    if accepts not in routes:
        raise UsageError(
            f"no chain of converters leads from '{START}' to '{accepts}'; "
            f"it can become {', '.join(sorted(routes))}",
            hint="edgedla list-plugins shows whether the plugin that brings the converter is broken",
        )
    return routes[accepts]
