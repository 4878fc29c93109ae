"""Where configuration values stand: `--set`, environment variables, TOML files.

Each source answers for a section and a key; the section of edgedla's own settings is the empty one.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from edgedla.errors import UsageError
from edgedla.registry import advice

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

CORE = ""
MAX_BYTES = 1_000_000  # of a configuration file; anything larger is something else
PREFIX = "EDGEDLA_"

Known: TypeAlias = "Mapping[str, Collection[str]]"
"""Sections, `CORE` among them, and the keys of each."""


@dataclass(frozen=True)
class Given:
    """A value as it was found; `text` means that its type is still to be read from it."""

    value: object
    origin: str
    where: str  # the origin, and the line where it is a file
    text: bool


class Source(Protocol):
    """One place where values stand."""

    def find(self, section: str, key: str) -> Given | None:
        """The value given here."""
        ...

    def check(self, known: Known, tolerated: Collection[str]) -> None:
        """Raise UsageError for a section or key that is neither known nor of a tolerated section."""
        ...


@dataclass(frozen=True)
class Overrides:
    """`--set section.key=value`; the last one counts."""

    values: dict[tuple[str, str], str]

    @classmethod
    def parse(cls, options: Sequence[str]) -> Overrides:
        """The options' values.

        Raises:
            UsageError: One is not of this form.
        """
        values = {}
        for option in options:
            form = re.fullmatch(r"([^.=]+)\.([^=]+)=(.*)", option, re.DOTALL)
            if form is None:
                raise UsageError(
                    f"--set {option!r} is not of the form SECTION.KEY=VALUE",
                    hint="the section is the name of a model or target: --set eat_sed.window=centre",
                )
            values[form[1].strip(), form[2].strip()] = form[3]
        return cls(values)

    def find(self, section: str, key: str) -> Given | None:
        """The value given here."""
        value = self.values.get((section, key))
        return None if value is None else Given(value, "--set", "--set", text=True)

    def check(self, known: Known, tolerated: Collection[str]) -> None:
        """Raise UsageError for the first unknown section or key."""
        for section, key in self.values:
            if section not in tolerated:
                _check_key("--set", section, key, known)


@dataclass(frozen=True)
class Environment:
    """`EDGEDLA_KEY` for edgedla's own settings, `EDGEDLA_SECTION__KEY` for all others."""

    variables: Mapping[str, str]

    def find(self, section: str, key: str) -> Given | None:
        """The value given here."""
        name = _variable(section, key)
        value = self.variables.get(name)
        return None if value is None else Given(value, name, name, text=True)

    def check(self, known: Known, tolerated: Collection[str]) -> None:
        """Raise UsageError for the first variable that begins like ours and is none."""
        names = {_variable(section, key) for section, keys in known.items() for key in keys}
        passed = tuple(_variable(section, "") for section in tolerated)
        for name in sorted(self.variables):
            if name.startswith(PREFIX) and name not in names and not name.startswith(passed):
                raise UsageError(
                    f"environment variable {name!r} sets nothing", hint=advice(name, names, "variables")
                )


@dataclass(frozen=True)
class File:
    """A TOML file, or the table of one that is ours."""

    origin: str
    table: Mapping[str, Any]
    text: str = field(repr=False)
    prefix: tuple[str, ...] = ()  # of our table

    def find(self, section: str, key: str) -> Given | None:
        """The value given here."""
        table = self.table if section == CORE else self.table.get(section)
        if not isinstance(table, Mapping) or key not in table:
            return None
        path = (key,) if section == CORE else (section, key)
        return Given(table[key], self.origin, self._where(*path), text=False)

    def check(self, known: Known, tolerated: Collection[str]) -> None:
        """Raise UsageError for the first unknown section or key, or a section that is no table."""
        for name, content in self.table.items():
            if name in known[CORE] or name in tolerated:
                continue
            if isinstance(content, Mapping):
                for key in content or [None]:
                    where = self._where(name, key) if key and name in known else self._where(name)
                    _check_key(where, name, key, known)
            elif name in known:
                raise UsageError(f"{self._where(name)}: {name}: expected a table, found {content!r}")
            else:
                _check_key(self._where(name), CORE, name, known)

    def _where(self, *path: str) -> str:
        line = _find_line(self.text, (*self.prefix, *path))
        if line is None and len(path) > 1:  # within an inline table
            line = _find_line(self.text, (*self.prefix, *path[:-1]))
        return f"{self.origin}:{line}" if line else self.origin


def project_file(cwd: Path, home: Path | None) -> File | None:
    """The nearest `edgedla.toml`, or `[tool.edgedla]` of a pyproject.toml, from `cwd` upwards.

    The search ends at the root of a repository, at home, and before a folder that anybody may write to:
    configuration decides what is run.
    """
    for folder in (cwd, *cwd.parents):
        if folder != cwd and _is_public(folder):
            return None
        found = _file_of(folder, cwd)
        if found or folder == home or os.path.lexists(folder / ".git"):
            return found
    return None


def read_file(path: Path, shown: str) -> File:
    """A configuration file; messages call it `shown`.

    Raises:
        UsageError: It cannot be read, is too large, or is not TOML.
    """
    text = _read(path, shown)
    return File(shown, _parse(text, shown), text)


def _is_public(folder: Path) -> bool:
    try:
        return bool(folder.stat().st_mode & stat.S_IWOTH)
    except OSError:  # not to be looked at, so not to be trusted
        return True


def _file_of(folder: Path, cwd: Path) -> File | None:
    own, shared = folder / "edgedla.toml", folder / "pyproject.toml"
    if os.path.lexists(own):
        return read_file(own, _shown(own, cwd))
    if not os.path.isfile(shared):  # noqa: PTH113 - is_file raises where access is denied
        return None
    shown = _shown(shared, cwd)
    text = _read(shared, shown)
    if "edgedla" not in text:  # then whatever is wrong with it is not our business
        return None
    tool = _parse(text, shown).get("tool")
    table = tool.get("edgedla") if isinstance(tool, Mapping) else None
    return File(shown, table, text, ("tool", "edgedla")) if isinstance(table, Mapping) else None


def _shown(path: Path, cwd: Path) -> str:
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)


def _read(path: Path, shown: str) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would keep us waiting
            raise UsageError(f"{shown} is not a file")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {shown}: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise UsageError(f"{shown} is larger than {MAX_BYTES} bytes; that is no configuration file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{shown}:{line}: not UTF-8: {error.reason}") from error


def _parse(text: str, shown: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise UsageError(f"{shown} is not TOML: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{shown} is nested too deeply") from error


def _variable(section: str, key: str) -> str:
    """The environment variable of a key; a hyphen cannot stand in one."""
    name = f"{section}__{key}" if section else key
    return PREFIX + name.replace("-", "_").upper()


def _check_key(where: str, section: str, key: str | None, known: Known) -> None:
    if section not in known:
        sections = [name for name in known if name != CORE]
        raise UsageError(
            f"{where}: no model or target named '{section}'", hint=advice(section, sections, "sections")
        )
    if key is not None and key not in known[section]:
        owner = f"'{section}'" if section else "edgedla"
        raise UsageError(f"{where}: {owner} has no key '{key}'", hint=advice(key, known[section], "keys"))


def _find_line(text: str, path: tuple[str, ...]) -> int | None:
    """The line on which a key or table is written; `None` in forms rarer than `[table]` and `key =`."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            names = table = _names(header[1])
        elif pair := re.match(r"\s*([\w.\"' -]+)=", line):
            names = (*table, *_names(pair[1]))
        else:
            continue
        if names[: len(path)] == path:
            return number
    return None


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip(" \t\"'") for part in dotted.split("."))
