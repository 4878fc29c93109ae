"""Rendered files read back: a template may be the user's, and the vendor's parsers give no reasons.

These readers are stricter than the vendor's: what one release of the tools chokes on is refused here.
"""

from __future__ import annotations

import ast
import re
import shlex
from configparser import ConfigParser
from configparser import Error as IniError

from edgedla.errors import UsageError

OLD_MEAN = ("mean_red", "mean_green", "mean_blue")
ALIASES = {"output_formats": "output_layouts"}
REQUIRED = {
    "INPUT_CONFIG": ("inputs", "training_input_formats", "input_formats", "quantizations"),
    "OUTPUT_CONFIG": ("outputs", "dequantizations"),
    "CONV_CONFIG": (),
}
PYTHON = (3, 7)  # of the vendor's containers, 3.7 and 3.8


def read_ini(text: str, place: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """Sections of an `input_config.ini`, each value split at its commas; unknown sections are left out.

    Raises:
        UsageError: The text is no such file; says what the vendor's tools would stumble over.
    """
    _check_bytes(text, place)
    parser = ConfigParser(allow_no_value=True)
    try:
        parser.read_string(text)
        found = {name: dict(parser[name]) for name in REQUIRED if parser.has_section(name)}
    except IniError as error:
        raise UsageError(f"{place}: not an ini file: {' '.join(str(error).split())}") from error
    _check_complete(found, place)
    return {
        name: {
            ALIASES.get(key, key): _split(value, f"{place}: {key}") for key, value in _modern(keys).items()
        }
        for name, keys in found.items()
    }


def read_cfg(text: str, place: str) -> dict[str, tuple[str, ...]]:
    """The lists of an OpenDLA `.cfg`: `KEY=word`, `KEY="several words"` or `KEY=(several words)`.

    Raises:
        UsageError: A line is none of these.
    """
    _check_bytes(text, place)
    return dict(
        _assignment(line, f"{place}:{number}")
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip() and not line.lstrip().startswith("#")
    )


def check_preprocess(text: str, place: str) -> None:
    """Refuse a preprocess module that the vendor's interpreter cannot load or call.

    Raises:
        UsageError: It is no Python of that age, or has no `image_preprocess(path, norm)`.
    """
    try:
        tree = ast.parse(text, feature_version=PYTHON)
    except SyntaxError as error:
        raise UsageError(
            f"{place}:{error.lineno}: not Python {PYTHON[0]}.{PYTHON[1]}: {error.msg}"
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UsageError(f"{place}: not Python: {error}") from error
    functions = {node.name: node.args for node in tree.body if isinstance(node, ast.FunctionDef)}
    arguments = functions.get("image_preprocess")
    if arguments is None or [each.arg for each in arguments.args][1:2] != ["norm"]:
        raise UsageError(
            f"{place}: image_preprocess(path, norm) is missing; the tools give norm by place and by name"
        )


def _check_bytes(text: str, place: str) -> None:
    if text.startswith("\ufeff"):
        raise UsageError(f"{place}: begins with a byte order mark, which the tools take for text")
    if "\r" in text:
        raise UsageError(f"{place}: has carriage returns; lines end with a line feed alone")


def _check_complete(found: dict[str, dict[str, str]], place: str) -> None:
    for section, keys in REQUIRED.items():
        if section not in found and keys:
            raise UsageError(f"{place}: section [{section}] is missing")
        for key in keys:
            if key not in found[section]:
                raise UsageError(
                    f"{place}: [{section}] has no {key}; without it some tools stop, others rewrite the file"
                )


def _modern(keys: dict[str, str]) -> dict[str, str]:
    """Keys with the old spelling of `mean`, one key per channel, in the present one."""
    if not all(key in keys for key in OLD_MEAN):
        return keys
    mean = ":".join((keys[key] or "").removesuffix(";").strip() for key in OLD_MEAN)
    return {"mean": mean, **{key: value for key, value in keys.items() if key not in OLD_MEAN}}


def _split(value: str | None, place: str) -> tuple[str, ...]:
    if not value:
        raise UsageError(f"{place}: has no value")
    words = value.removesuffix(";")
    if found := re.search(r"[;#]", words):
        raise UsageError(f"{place}: '{found[0]}' in the value; a comment stands on a line of its own")
    if re.search(r"\s", words):
        raise UsageError(f"{place}: a blank in '{words}'; the tools take it for part of a name")
    if "" in (parts := tuple(words.split(","))):
        raise UsageError(f"{place}: an empty entry in '{words}'")
    return parts


def _assignment(line: str, place: str) -> tuple[str, tuple[str, ...]]:
    found = re.fullmatch(r"\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)", line)
    if not found:
        raise UsageError(f"{place}: expected KEY=value, found '{line.strip()}'")
    key, value = found[1], found[2].strip()
    if bad := re.search(r"[$`;&|<>\\]", value):
        raise UsageError(f"{place}: {key}: '{bad[0]}' means something to the shell that reads this file")
    inner = value[1:-1] if value.startswith("(") and value.endswith(")") else value
    try:
        words = shlex.split(inner)
    except ValueError as error:
        raise UsageError(f"{place}: {key}: {str(error).lower()}") from error
    if inner is value and len(words) > 1 and not re.fullmatch(r"\"[^\"]*\"|'[^']*'", value):
        raise UsageError(f"{place}: {key}: several words need quotes or brackets around them all")
    return key, tuple(word for each in words for word in each.split())
