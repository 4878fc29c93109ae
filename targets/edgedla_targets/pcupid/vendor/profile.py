"""Command lines of one toolchain generation, from a TOML file."""

from __future__ import annotations

import string
import tomllib
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PositiveFloat, ValidationError

from edgedla.errors import UsageError
from edgedla.spec import Spec

SHIPPED = Path(__file__).with_name("profiles")
ZOO = Path(__file__).with_name("opendla.toml")
# What a command line or a file name pattern may mention as {name}.
KNOWN = {
    *("toolchain", "chip", "shapes", "level", "processes", "stem", "algorithm", "onnx", "ini", "cfg"),
    *("preprocess", "samples", "float", "fixed", "image", "save", "file", "kind", "sample", "date"),
}


def _mentions(text: str) -> str:
    try:
        found = [name for _, name, *more in string.Formatter().parse(text) if name is not None]
        odd = [more for _, name, *more in string.Formatter().parse(text) if name is not None and any(more)]
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None
    unknown = sorted(set(found) - KNOWN)
    if unknown or odd:
        raise ValueError(
            f"{text!r} mentions {{{(unknown or found)[0]}}}; known are {', '.join(sorted(KNOWN))}"
        )
    return text


def _inside(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{text!r} leads out of its folder")
    return text


Word = Annotated[str, AfterValidator(_mentions)]
RelativePath = Annotated[str, Field(min_length=1), AfterValidator(_inside)]
Pattern = Annotated[str, Field(min_length=1), AfterValidator(_inside), AfterValidator(_mentions)]


class Tool(Spec):
    """One program: its script in the toolchain, its arguments, the files that prove it worked."""

    script: RelativePath
    argv: tuple[Word, ...]
    results: tuple[Pattern, ...] = Field(min_length=1)  # of one file each; the first that is there counts
    seconds: PositiveFloat


class Zoo(Spec):
    """An OpenDLAModel tree: what is copied of it, where our files go, how its script is called."""

    keep: tuple[Pattern, ...]  # glob patterns of what the private copy needs
    leave: tuple[str, ...]  # names of folders that it does not
    onnx: Pattern
    ini: Pattern
    preprocess: Pattern
    samples: Pattern
    cfg: Pattern
    convert: tuple[Word, ...]
    simulate: tuple[Word, ...]
    float_sim: tuple[Pattern, ...] = Field(min_length=1)
    fixed_sim: tuple[Pattern, ...] = Field(min_length=1)
    image: tuple[Pattern, ...] = Field(min_length=1)
    simulated: Pattern  # where the script looks for a network to simulate
    texts: tuple[Pattern, ...] = Field(min_length=1)
    dates: tuple[str, ...] = Field(min_length=1)  # strftime forms of {date}
    seconds: PositiveFloat


@cache
def known_zoo() -> Zoo:
    """What is known of all model zoos."""
    return Zoo.model_validate(_read(ZOO))


class Detect(Spec):
    """How a tree of this generation is told from others: any one of these. The lowest order goes first."""

    order: int
    folders: tuple[str, ...] = ()  # patterns of the top folder's name
    files: tuple[RelativePath, ...] = ()  # that exist
    contains: dict[RelativePath, str] = Field(default={})  # file → text in it


class Profile(Spec):
    """One generation of the vendor's tools."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    summary: str
    python: str = Field(min_length=1)
    environment: dict[str, str] = Field(
        default={}
    )  # added natively; {python} is the interpreter that runs edgedla
    versions: tuple[str, ...]  # patterns of the files that say which release it is
    detect: Detect
    float_sim: Tool
    fixed_sim: Tool
    image: Tool
    simulate: Tool
    opendla: Zoo = Field(default_factory=known_zoo)

    @property
    def scripts(self) -> list[str]:
        """All scripts that a toolchain of this profile must have."""
        tools = (self.float_sim, self.fixed_sim, self.image, self.simulate)
        return list(dict.fromkeys(tool.script for tool in tools))


def load(path: Path) -> Profile:
    """Read one profile.

    Raises:
        UsageError: The file is missing, no TOML, or says what a profile does not know.
    """
    try:
        return Profile.model_validate(_read(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "file"
        message = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{path}: {place}: {message}", hint=_HINT) from None


def shipped() -> dict[str, Profile]:
    """The profiles that come with edgedla, by name, in the order in which they are tried."""
    found = [load(path) for path in sorted(SHIPPED.glob("*.toml"))]
    return {each.name: each for each in sorted(found, key=lambda each: each.detect.order)}


def choose(wanted: str, tree: Path) -> Profile:
    """The profile of that name or file; for `auto` the first that recognises the tree.

    Raises:
        UsageError: There is no such profile, or none recognises the tree.
    """
    known = shipped()
    if wanted in known:
        return known[wanted]
    if wanted != "auto" and (wanted.endswith(".toml") or "/" in wanted):
        return load(Path(wanted).expanduser())
    if wanted != "auto":
        raise UsageError(f"no profile named '{wanted}'", hint=f"{', '.join(known)}, auto, or a .toml file")
    for each in known.values():
        if recognises(each.detect, tree):
            return each
    raise UsageError(f"no profile knows the toolchain in {tree}", hint=f"name one: {', '.join(known)}")


def recognises(detect: Detect, tree: Path) -> bool:
    """Whether a tree shows one of the marks."""
    return (
        any(PurePosixPath(tree.name).match(pattern) for pattern in detect.folders)
        or any((tree / name).exists() for name in detect.files)
        or any(_holds(tree / name, text) for name, text in detect.contains.items())
    )


_HINT = f"the shipped ones are examples: {SHIPPED.name}/ in edgedla_targets.pcupid.vendor"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"profile {path}: {error.strerror}", hint=_HINT) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"profile {path}: {error}", hint=_HINT) from None


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and text.encode() in path.read_bytes()
