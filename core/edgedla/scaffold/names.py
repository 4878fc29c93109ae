"""The names that a plugin's name leads to, and whether it may have it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 40
"""Characters: the name comes back in those of files, folders, tensors and C functions."""
FORM = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")


@dataclass(frozen=True)
class Names:
    """What a plugin called `plugin` calls its distribution, its package, its class and its artifacts."""

    plugin: str

    @property
    def distribution(self) -> str:
        """For pip."""
        return f"edgedla-{self.plugin}"

    @property
    def package(self) -> str:
        """For Python."""
        return f"edgedla_{self.stem}"

    @property
    def stem(self) -> str:
        """For artifacts, and in C."""
        return self.plugin.replace("-", "_")

    def class_name(self, kind: str = "") -> str:
        """Of the class, which ends with its kind so that it is never one of edgedla's own."""
        return "".join(word.capitalize() for word in (*self.stem.split("_"), kind))


def names_for(name: str, taken: Mapping[str, str]) -> Names:
    """All names of a new plugin; `taken` says whose each name is that there is already.

    Raises:
        UsageError: It is no name, or taken.
    """
    if not FORM.fullmatch(name) or len(name) > LONGEST:
        raise UsageError(
            f"'{name}' cannot be the name of a plugin: a lower-case letter, then letters and digits, "
            f"single - or _ between them, at most {LONGEST} characters",
            hint=_corrected(name),
        )
    if name in taken:
        raise UsageError(f"the name '{name}' is taken by {taken[name]}", hint="edgedla list-plugins")
    names = Names(name)
    if find_spec(names.package):
        raise UsageError(
            f"there is a Python package '{names.package}' already", hint="take another name, or uninstall it"
        )
    return names


def _corrected(name: str) -> str | None:
    words = "_".join(re.findall("[a-z0-9]+", name.lower()))
    proposal = words.lstrip("0123456789_")[:LONGEST].strip("_")
    return f"perhaps '{proposal}'" if proposal else None
