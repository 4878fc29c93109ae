"""Names to classes: what plugins bring, and what was probably meant by a name nobody knows."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")


class TakenError(ValueError):
    """A class has the name of another one, which `plugin` brought."""

    def __init__(self, message: str, plugin: str) -> None:
        super().__init__(message)
        self.plugin = plugin


class Registry(Generic[T]):
    """The classes of one kind, by the name each carries, and the plugin that brought it."""

    def __init__(self, kind: str, base: type[Any]) -> None:
        self.kind = kind
        self._base = base
        self._classes: dict[str, type[T]] = {}
        self._plugins: dict[str, str] = {}

    def add(self, found: object, plugin: str) -> None:
        """Take in a class.

        Raises:
            TypeError: It is no class of this kind, or an incomplete one.
            TakenError: Another class has its name.
            ValueError: Its name is not a name.
        """
        if not (isinstance(found, type) and issubclass(found, self._base)):
            raise TypeError(f"{found!r} is not a class derived from {self._base.__name__}")
        missing = sorted(getattr(found, "__abstractmethods__", ()))
        if missing:
            raise TypeError(f"{self.kind} class {found.__name__} does not implement {', '.join(missing)}")
        name = getattr(found, "name", None)
        if not (isinstance(name, str) and re.fullmatch(r"[a-z0-9_-]+", name)):
            raise ValueError(
                f"{self.kind} class {found.__name__} needs a `name` of lower-case letters, digits, - and _, "
                f"not {name!r}"
            )
        _check_face(f"{self.kind} class {found.__name__}", found)
        if name in self._classes:
            first = self._plugins[name]
            raise TakenError(
                f"{self.kind} '{name}' is brought by two plugins, '{first}' and '{plugin}'", first
            )
        self._classes[name] = found
        self._plugins[name] = plugin

    def get(self, name: str) -> type[T]:
        """The class of this name.

        Raises:
            UsageError: There is none; the hint names what there is.
        """
        if name not in self._classes:
            raise UsageError(f"no {self.kind} named '{name}'", hint=advice(name, self, f"{self.kind}s"))
        return self._classes[name]

    def plugin_of(self, name: str) -> str:
        """The plugin that brought the class of this name."""
        self.get(name)
        return self._plugins[name]

    def items(self) -> list[tuple[str, type[T]]]:
        """Names and classes, sorted by name."""
        return sorted(self._classes.items())

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._classes))

    def __len__(self) -> int:
        return len(self._classes)

    def __contains__(self, name: object) -> bool:
        return name in self._classes


def _check_face(who: str, found: type[Any]) -> None:
    """Raise TypeError where lists and configuration, which show all classes, could not show this one."""
    from edgedla.spec import Options  # pydantic, for which the help page need not wait

    if not isinstance(getattr(found, "summary", ""), str):
        raise TypeError(f"{who}: `summary` is no text but {found.summary!r}")
    options = getattr(found, "Options", Options)
    if not (isinstance(options, type) and issubclass(options, Options)):
        raise TypeError(f"{who}: Options does not derive from Options")
    unset = [key for key, field in options.model_fields.items() if field.is_required()]
    if unset:
        raise TypeError(f"{who}: no default for {', '.join(unset)}")


def suggest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to a misspelt one, whatever its case; `None` where none is near."""
    by_lower = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[near[0]] if near else None


def advice(name: str, known: Iterable[str], plural: str) -> str:
    """A hint for an unknown name: the nearest known one, and all of them."""
    names = sorted(known)
    near = suggest(name, names)
    meant = f"did you mean '{near}'? " if near else ""
    return f"{meant}{plural}: {', '.join(names) or 'none'}"
