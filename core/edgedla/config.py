"""Configuration: every value checked against its type, and where it comes from.

Strongest first: command line, environment, project file, user file, default. Files hold edgedla's own
settings at the top level and one table per model or target, whose keys are the fields of its `Options`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, TypeVar, Union, get_args, get_origin

from pydantic import Field, NonNegativeInt, TypeAdapter, ValidationError

from edgedla.errors import UsageError
from edgedla.sources import CORE, Environment, Given, Overrides, Source, project_file, read_file
from edgedla.spec import Options

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

OptionsT = TypeVar("OptionsT", bound=Options)


def _cache_dir() -> str:
    from platformdirs import user_cache_dir

    return user_cache_dir("edgedla")


class CoreOptions(Options):
    """Settings of edgedla itself."""

    target: str = Field(default="", description="target of commands that are given none")
    build_dir: str = Field(default="build", min_length=1, description="folder of all builds")
    jobs: NonNegativeInt = Field(default=0, description="things done at once; 0: as many as there are cores")
    disable_plugins: tuple[str, ...] = Field(default=(), description="plugins that are not loaded")
    strict_plugins: bool = Field(default=False, description="a broken plugin is an error")
    cache_dir: str = Field(default_factory=_cache_dir, min_length=1, description="folder of cached files")


@dataclass(frozen=True)
class Setting:
    """A key with its effective value and where that comes from."""

    key: str
    value: object
    origin: str


@dataclass(frozen=True)
class Config:
    """What the sources say, strongest first; validated when asked for."""

    sources: tuple[Source, ...]

    @classmethod
    def load(
        cls,
        *,
        overrides: Sequence[str] = (),
        cwd: Path,
        environ: Mapping[str, str],
        user_file: Path | None = None,
    ) -> Config:
        """Read all sources; plugins are not needed yet.

        Args:
            overrides: The values of `--set`, each `section.key=value`.
            cwd: Where the search for a project file begins.
            environ: Environment variables.
            user_file: Instead of `config.toml` in the user's configuration folder. It need not exist.

        Raises:
            UsageError: A file cannot be read or is not TOML, or `--set` has another form.
        """
        home = Path(environ["HOME"]) if environ.get("HOME") else None
        project = project_file(cwd.absolute(), home)
        user_path = user_file or _user_file()
        user = read_file(user_path, str(user_path)) if os.path.lexists(user_path) else None
        files = (file for file in (project, user) if file is not None)
        return cls((Overrides.parse(overrides), Environment(environ), *files))

    def core(self) -> CoreOptions:
        """Settings of edgedla itself."""
        return self.options(CORE, CoreOptions)

    def options(
        self, section: str, kind: type[OptionsT], extra: Mapping[str, object] | None = None
    ) -> OptionsT:
        """Validated options of a section; its `model_fields_set` are those that somebody gave.

        Args:
            section: Name of the model or target.
            kind: Its `Options` class.
            extra: Values of explicit command line flags, already of their type; stronger than all else.

        Raises:
            UsageError: A value is wrong; names the key, where it was given, what was expected and found.
        """
        flags = extra or {}
        given = {key: each for key, each in self._given(section, kind).items() if key not in flags}
        native = {
            key: _native(_label(section, key), each, kind.model_fields[key]) for key, each in given.items()
        }
        try:
            return kind.model_validate({**native, **flags})
        except ValidationError as error:
            for key, value in flags.items():
                given[key] = Given(value, "command line", "command line", text=False)
            raise UsageError(_complaint(section, given, error.errors())) from error

    def check_sections(self, known: Mapping[str, type[Options]], quarantined: Collection[str] = ()) -> None:
        """Refuse what configures nothing.

        Args:
            known: All models and targets with their `Options`.
            quarantined: Plugins that did not load: what their sections should hold, nobody knows.

        Raises:
            UsageError: A section or key is unknown; names where it stands and what may be meant.
        """
        keys = {CORE: CoreOptions.model_fields.keys()}
        keys |= {section: kind.model_fields.keys() for section, kind in known.items()}
        tolerated = ({*quarantined, *self.core().disable_plugins}) - keys.keys()
        for source in self.sources:
            source.check(keys, tolerated)

    def settings(self, known: Mapping[str, type[Options]]) -> list[Setting]:
        """Every key there is: edgedla's own first, then by section."""
        sections: list[tuple[str, type[Options]]] = [(CORE, CoreOptions), *sorted(known.items())]
        return [setting for section, kind in sections for setting in self._settings(section, kind)]

    def _settings(self, section: str, kind: type[Options]) -> list[Setting]:
        given, options = self._given(section, kind), self.options(section, kind)
        return [
            Setting(
                _label(section, key), getattr(options, key), given[key].origin if key in given else "default"
            )
            for key in kind.model_fields
        ]

    def _given(self, section: str, kind: type[Options]) -> dict[str, Given]:
        """The strongest source's value of each key that any source gives."""
        found = {}
        for key in kind.model_fields:
            for source in self.sources:
                if given := source.find(section, key):
                    found[key] = given
                    break
        return found


def _user_file() -> Path:
    from platformdirs import user_config_path

    return user_config_path("edgedla") / "config.toml"


def _label(section: str, key: str) -> str:
    return f"{section}.{key}" if section else key


def _native(label: str, given: Given, field: FieldInfo) -> object:
    """A value in the form its field validates: text is left to pydantic, TOML has types of its own."""
    if given.text:
        text = str(given.value)
        return _split(text) if _is_sequence(field.annotation) else text
    adapter: TypeAdapter[object] = TypeAdapter(field.rebuild_annotation())
    try:
        # JSON, because only there a strict validator takes an array for a tuple and a string for a path.
        return adapter.validate_json(json.dumps(given.value, default=str), strict=True)
    except ValidationError as error:
        raise UsageError(_sentence(label, given, error.errors())) from error


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")] if text.strip() else []


def _is_sequence(annotation: object) -> bool:
    origin = get_origin(annotation) or annotation
    if origin in (Union, UnionType, Annotated):
        return any(_is_sequence(each) for each in get_args(annotation))
    return (
        isinstance(origin, type)
        and issubclass(origin, Sequence | AbstractSet)
        and not issubclass(origin, str | bytes)
    )


def _complaint(section: str, given: Mapping[str, Given], errors: list[ErrorDetails]) -> str:
    """The first wrong key, or what is wrong with all of them together."""
    place = errors[0]["loc"][:1]
    if not place:
        origins = sorted({each.origin for each in given.values()})
        return f"{section or 'edgedla'}: {_reason(errors[0])} (given by {', '.join(origins) or 'default'})"
    key = str(place[0])
    found = given.get(key, Given(errors[0]["input"], "default", "default", text=False))
    return _sentence(_label(section, key), found, [error for error in errors if error["loc"][:1] == place])


def _sentence(label: str, given: Given, errors: list[ErrorDetails]) -> str:
    reasons = dict.fromkeys(_reason(error) for error in errors)
    return f"{given.where}: {label}: {' or '.join(reasons)}, found {_shorten(given.value)}"


def _reason(error: ErrorDetails) -> str:
    reason = error["msg"].removeprefix("Value error, ")
    return reason.replace("Input should be", "expected", 1)


def _shorten(value: object) -> str:
    """A value as Python writes it, cut where it is long."""
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."  # noqa: PLR2004 - a line of a terminal
