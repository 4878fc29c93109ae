"""The settings of a checkpoint (`args.yml`, JSON or safetensors metadata), read as data and nothing else.

Upstream writes `args.yml` with `yaml.dump` from an `argparse.Namespace`, so it is full of tags that name
Python objects. Here YAML is only parsed to its node graph; tags are dropped, and no constructor ever runs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from edgedla.errors import UsageError
from edgedla_eat_sed.files import open_regular

if TYPE_CHECKING:
    from pathlib import Path

    import yaml

MAX_BYTES = 65536
MAX_NODES = 10_000  # aliases counted as often as they are used: a small file can unfold to billions
MAX_DEPTH = 16
MAX_INT = 2**63
METADATA_KEY = "config"


def read_config(path: Path) -> dict[str, Any]:
    """The settings in `path` as one flat mapping; mappings one level down are merged into it.

    Raises:
        UsageError: The file cannot be read, is not a mapping, or says two things of one key.
    """
    try:
        return _flat(_read(path), path)
    # Parsers answer a hostile file with nearly anything, among them RecursionError and OverflowError.
    except (OSError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else _first_line(error)
        raise UsageError(f"the settings in {path} cannot be read: {reason}") from error


def _read(path: Path) -> Any:
    text = _metadata(path) if path.suffix == ".safetensors" else _bounded(path)
    if len(text) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES} bytes")
    return json.loads(text) if path.suffix in {".json", ".safetensors"} else _yaml_data(text)


def _bounded(path: Path) -> bytes:
    with open_regular(path) as file:
        return file.read(MAX_BYTES + 1)


def _metadata(path: Path) -> bytes:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="numpy") as tensors:
            metadata: dict[str, str] = tensors.metadata() or {}
            return metadata.get(METADATA_KEY, "{}").encode()
    except SafetensorError as error:
        raise ValueError(f"not a safetensors file ({error})") from error


def _yaml_data(text: bytes) -> Any:
    import yaml

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML ({' '.join(str(error).split())})") from error
    return None if node is None else _Plain().data(node, 0)


class _Plain:
    """Turns YAML nodes into lists, dicts and scalars, counting what it makes."""

    def __init__(self) -> None:
        self._made = 0

    def data(self, node: yaml.Node, depth: int) -> Any:
        from yaml import MappingNode, SequenceNode

        self._made += 1
        if self._made > MAX_NODES or depth > MAX_DEPTH:
            raise ValueError(f"it unfolds to more than {MAX_NODES} values or {MAX_DEPTH} levels")
        if isinstance(node, SequenceNode):
            return [self.data(item, depth + 1) for item in node.value]
        if isinstance(node, MappingNode):
            return {str(self.data(key, depth + 1)): self.data(value, depth + 1) for key, value in node.value}
        return _scalar(node)


def _scalar(node: Any) -> Any:
    """An int, float, bool or null where YAML sees one; everything else stays text."""
    from yaml.constructor import SafeConstructor

    constructor = SafeConstructor()
    readers = {
        "tag:yaml.org,2002:int": constructor.construct_yaml_int,
        "tag:yaml.org,2002:float": constructor.construct_yaml_float,
        "tag:yaml.org,2002:bool": constructor.construct_yaml_bool,
        "tag:yaml.org,2002:null": constructor.construct_yaml_null,
    }
    value = readers[node.tag](node) if node.tag in readers else node.value
    if isinstance(value, int) and abs(value) > MAX_INT:
        raise ValueError("a number is out of range")
    return value


def _flat(data: Any, path: Path) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise UsageError(f"{path} holds no settings: expected a mapping, found {type(data).__name__}")
    flat = {key: value for key, value in data.items() if not isinstance(value, dict)}
    for inner in (value for value in data.values() if isinstance(value, dict)):
        for key, value in inner.items():
            if key in flat and flat[key] != value:
                raise UsageError(f"{path} says two things of '{key}': {flat[key]!r} and {value!r}")
            flat[key] = value
    return flat


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
