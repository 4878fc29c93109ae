"""Text of a new plugin's files, and the values and filters that their templates share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edgedla import CONTRACT, __version__
from edgedla.render import render, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment

    from edgedla.scaffold.names import Names
    from edgedla.spec import TensorSpec

ANY, MODEL, TARGET = (f"edgedla_templates.{kind}_plugin" for kind in ("any", "model", "target"))


def common(names: Names, values: Mapping[str, object]) -> dict[str, str]:
    """The files that every plugin has, by path."""
    return {
        "pyproject.toml": text(ANY, "pyproject.toml", values),
        "LICENSE": text(ANY, "LICENSE", values),
        ".gitignore": text(ANY, "gitignore", values),
        ".github/workflows/test.yml": text(ANY, "test.yml", values),
        f"{names.package}/py.typed": "",
    }


def shared(names: Names, kind: str, libraries: Sequence[str], untyped: Sequence[str]) -> dict[str, object]:
    """What the templates of `common`, and those of every plugin, may name."""
    return {
        "names": names,
        "class_name": names.class_name(kind),
        "kind": kind,
        "contract": CONTRACT,
        "dependencies": (f"edgedla>={__version__}", *libraries),
        "untyped": tuple(untyped),
    }


def text(package: str, name: str, values: Mapping[str, object]) -> str:
    """A rendered file."""
    return render(f"{name}.j2", values, package=package, configure=_configure)


def py(value: str) -> str:
    r"""A Python string, in the quotes that formatters like.

    >>> print(py("it's"), py('say "hi"'), py("line\n"))
    "it's" 'say "hi"' "line\n"
    """
    written = repr(value)
    if written.startswith("'") and '"' not in value:
        return f'"{written[1:-1]}"'
    return written


def md(value: str) -> str:
    r"""Text of a file from anywhere for a table or paragraph in Markdown, as the characters it is made of.

    >>> print(md("a|b <i>\n[x](y)"))
    a\|b \<i\> \[x\](y)
    """
    one_line = " ".join(str(visible(value)).split())
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", one_line)


def code(value: str) -> str:
    """The same between backticks, which escape everything but themselves."""
    return " ".join(str(visible(value)).split()).replace("`", "'")


def docstring(value: str) -> str:
    """Text of a file from anywhere as a docstring's line, without what could end it.

    >>> print(docstring('sounds of "dogs".'))
    Sounds of 'dogs'
    """
    words = value.replace("\\", "/").replace('"', "'").removesuffix(".")
    return words[:1].upper() + words[1:]


def sized(shape: Sequence[int]) -> str:
    """A shape as Python writes it.

    >>> sized([1]), sized([1, 2])
    ('(1,)', '(1, 2)')
    """
    return str(tuple(shape))


def tensor_spec(tensor: TensorSpec) -> str:
    """The line of `spec()` for a tensor."""
    dtype = "" if tensor.dtype == "float32" else f', dtype="{tensor.dtype}"'
    return f'TensorSpec(name="{tensor.name}", shape={sized(tensor.shape)}{dtype})'


def _configure(env: Environment) -> None:
    env.filters |= {
        "py": py,
        "md": md,
        "code": code,
        "docstring": docstring,
        "sized": sized,
        "spec": tensor_spec,
    }
