"""The model plugin `eat_sed`. Importing it costs nothing; the work is in `plugin`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgedla.hookspecs import hookimpl

if TYPE_CHECKING:
    from edgedla.model import Model


EDGEDLA_CONTRACT = (1, 1)


@hookimpl
def edgedla_models() -> list[type[Model[Any]]]:
    """The one model of this plugin."""
    from edgedla_eat_sed.plugin import EatSed

    return [EatSed]
