"""Writes what the reference takes from the code, between `<!-- generated: NAME -->` and `<!-- end -->`.

python tests/docs/write_reference.py            write the pages
python tests/docs/write_reference.py --check    change nothing; status 1 if a page is out of date
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

import typer

from edgedla import errors
from edgedla.artifacts import Manifest
from edgedla.cli.app import app
from edgedla.config import CoreOptions
from edgedla.conformance.rules import RULES
from edgedla.pipeline import STAGES
from edgedla.plugins import Plugins
from edgedla.spec import Spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pydantic.fields import FieldInfo

    from edgedla.spec import Options

DOCS = Path(__file__).parents[2] / "docs"
REGION = re.compile(r"(<!-- generated: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
LIMITS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "multiple_of": "multiple of"}
# A default that depends on who asks.
TOLD = {"cache_dir": "the user's cache folder for edgedla"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def cli() -> str:
    top = typer.main.get_command(app)
    return "\n".join(verb(words, command) for words, command in commands(top, "edgedla"))


def commands(command: Any, words: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "list_commands"):
        yield words, command
        return
    for name in command.list_commands(None):
        yield from commands(command.get_command(None, name), f"{words} {name}")


def verb(words: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    usage = " ".join([words, *(argument(each) for each in arguments), "[OPTIONS]"])
    rows = [(parameter(each), each.help or "", default(each)) for each in command.params]
    text = inspect.cleandoc(command.help or "")
    return f"## {words}\n\n{text}\n\n```text\n{usage}\n```\n\n{table(('', 'what it does', 'default'), rows)}"


def argument(each: Any) -> str:
    name = each.name.upper()
    return name if each.required else f"[{name}]"


def parameter(each: Any) -> str:
    if each.param_type_name == "argument":
        return f"`{each.name.upper()}`"
    flags = ", ".join(f"`{flag}`" for flag in sorted(each.opts, key=len, reverse=True))
    if each.is_flag or each.count:
        return flags
    return f"{flags} {each.metavar or value_name(each.type_descriptor.annotation)}"


def value_name(annotation: Any) -> str:
    kind = get_args(annotation)[0] if get_origin(annotation) is list else annotation
    return {str: "TEXT", int: "N", float: "X", Path: "PATH"}[kind]


def default(each: Any) -> str:
    told = each.default is not None and not each.is_eager and not getattr(each, "is_flag", False)
    return str(each.default) if told and not getattr(each, "count", False) else ""


def options(kind: type[Options], section: str) -> str:
    rows = [
        (
            f"`{key}`",
            accepted(field),
            TOLD.get(key) or shown(field.default),
            f"`{variable(section, key)}`",
            field.description or "",
        )
        for key, field in kind.model_fields.items()
    ]
    return table(("key", "takes", "default", "environment variable", "what it is"), rows)


def accepted(field: FieldInfo) -> str:
    limits = [f"{LIMITS[key]} {value}" for each in field.metadata for key, value in limit(each)]
    return ", ".join([type_name(field.annotation), *limits])


def limit(each: Any) -> list[tuple[str, Any]]:
    return [(key, getattr(each, key)) for key in LIMITS if getattr(each, key, None) is not None]


def type_name(annotation: Any) -> str:
    arguments = get_args(annotation)
    if not arguments:
        return {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}[
            annotation.__name__
        ]
    if get_origin(annotation) is tuple:
        return f"list of {plural(type_name(arguments[0]))}"
    if all(isinstance(each, str) for each in arguments):
        return " or ".join(f"`{each}`" for each in arguments if each)
    return type_name(arguments[0])  # Annotated


def plural(name: str) -> str:
    return name if name == "text" or name.startswith("`") else f"{name}s"


def shown(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"`{text}`" if text else ""


def variable(section: str, key: str) -> str:
    return "EDGEDLA_" + f"{section}__{key}".strip("_").replace("-", "_").upper()


def sections() -> str:
    plugins = Plugins()
    rows = [
        (f"`[{name}]`", registry.kind, link(name))
        for registry in (plugins.models, plugins.targets)
        for name in registry
        if plugins.origin(registry, name).distribution == "edgedla"
    ]
    rows += [
        (f"`[{name}_train]`", "trainer", link(name).replace(".md)", ".md#training)"))
        for name in plugins.models
        if plugins.model(name).trainer() and plugins.origin(plugins.models, name).distribution == "edgedla"
    ]
    return table(("section", "is a", "its keys"), rows)


def link(name: str) -> str:
    return f"[{name}.md]({name}.md)" if (DOCS / f"reference/{name}.md").is_file() else ""


def exit_codes() -> str:
    classes = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    kinds = [kind for kind in classes if issubclass(kind, errors.EdgedlaError)]
    rows = [("0", "", "Done.")]
    rows += [
        (str(kind.exit_code), f"`{kind.code}`", inspect.cleandoc(kind.__doc__ or "").splitlines()[0])
        for kind in sorted(kinds, key=lambda kind: kind.exit_code)
        if kind is not errors.EdgedlaError
    ]
    rows += [
        (str(errors.BUG), "`bug`", "A bug in edgedla or a plugin, or no memory left."),
        (str(errors.INTERRUPTED), "`interrupted`", "Interrupted by Ctrl-C, or by a reader that went away."),
    ]
    return table(("status", "`error.code`", "meaning"), rows)


def manifest(former: str) -> str:
    """Keys and types from the code; what they mean is kept from the page, and empty for a new key."""
    meanings = dict(re.findall(r"^\| `(.+?)` \|.*?\| (.*) \|$", former, re.MULTILINE))
    rows = [(f"`{key}`", kind, meanings.get(key, "")) for key, kind in manifest_keys(Manifest, "", depth=0)]
    return table(("key", "type", "meaning"), rows)


def manifest_keys(kind: type[Spec], prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    for name, field in kind.model_fields.items():
        key, inner = f"{prefix}{field.alias or name}", field.annotation
        many = get_origin(inner) is tuple
        item: Any = get_args(inner)[0] if many else inner
        nested = isinstance(item, type) and issubclass(item, Spec) and depth == 0
        yield key, json_type(inner)
        if nested:
            yield from manifest_keys(item, f"{key}[]." if many else f"{key}.", depth + 1)


def json_type(annotation: Any) -> str:
    arguments, origin = get_args(annotation), get_origin(annotation)
    if origin is tuple:
        return "list"
    if origin is dict or (isinstance(annotation, type) and issubclass(annotation, Spec)):
        return "object"
    if arguments and all(isinstance(each, str) for each in arguments):
        return f"`{json.dumps(arguments[0])}`"
    if any(isinstance(each, type) and issubclass(each, Spec) for each in arguments):
        return "object or null"
    names = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
    kinds = [each for each in arguments or (annotation,) if each in names]
    return " or ".join(names[kind] for kind in kinds)


def recipe(model: str) -> type[Options]:
    trainer = Plugins().model(model).trainer()
    assert trainer is not None
    return trainer.Options


def presets() -> str:
    from edgedla_eat_sed.settings import PRESETS

    keys = list(PRESETS["S"])
    rows = [(f"`{size}`", *(str(values[key]) for key in keys)) for size, values in PRESETS.items()]
    return table(("`size`", *(f"`{key}`" for key in keys)), rows)


def suffixes() -> str:
    names = ", ".join(f"`{name}`" for name in Plugins().model("eat_sed").suffixes)
    return f"Of a folder, the files with these suffixes are taken: {names}.\n"


def layers() -> str:
    """From the test that holds the imports to it, highest first."""
    tree = ast.parse((DOCS.parent / "tests/core/test_layers.py").read_text())
    assigned = {
        ast.unparse(each.targets[0]): each.value for each in tree.body if isinstance(each, ast.Assign)
    }
    found = re.findall(r"\{(.*?)\}", ast.unparse(assigned["LAYERS"]))
    lines = [each.replace("'", "") for each in reversed(found)]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def stages() -> str:
    rows = [
        (f"`{name}`", sys.modules[stage.__module__].__doc__ or "", inspect.getdoc(stage) or "")
        for name, stage in STAGES.items()
    ]
    firsts = [(name, about.splitlines()[0], leaves.splitlines()[0]) for name, about, leaves in rows]
    return table(("stage", "what it does", "what it leaves"), firsts)


def plugin_rules() -> str:
    rows = [
        (f"`{rule.id}`", rule.title, rule.why, rule.remedy, "model, target" if rule.of == "both" else rule.of)
        for rule in RULES
    ]
    return table(("rule", "what is asked", "why", "what to do", "of each"), rows)


GENERATED: dict[str, Callable[[], str]] = {
    "cli": cli,
    "core-options": lambda: options(CoreOptions, ""),
    "eat_sed-options": lambda: options(Plugins().model("eat_sed").Options, "eat_sed"),
    "eat_sed-train": lambda: options(recipe("eat_sed"), "eat_sed_train"),
    "onnxruntime-options": lambda: options(Plugins().target("onnxruntime").Options, "onnxruntime"),
    "sections": sections,
    "exit-codes": exit_codes,
    "stages": stages,
    "eat_sed-presets": presets,
    "eat_sed-suffixes": suffixes,
    "layers": layers,
    "plugin-rules": plugin_rules,
}


def main(words: Sequence[str]) -> int:
    """Write or check all pages; the exit status."""
    stale = []
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text()
        new = REGION.sub(lambda found: f"{found[1]}\n{generate(found[2], found[0])}\n{found[3]}", text)
        if new != text:
            stale.append(page.relative_to(DOCS.parent).as_posix())
            if "--check" not in words:
                page.write_text(new)
    for name in stale:
        sys.stdout.write(f"{name} {'is out of date' if '--check' in words else 'written'}\n")
    return 1 if stale and "--check" in words else 0


def generate(name: str, former: str) -> str:
    """The content of a region; `former` is what stood there."""
    return manifest(former) if name == "manifest" else GENERATED[name]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
