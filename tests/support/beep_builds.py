"""Builds of `beep` in this process, and a target that generates and compiles a program for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from edgedla.config import Config
from edgedla.workspace import Wish, Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.pipeline import Build

HOSTCC = '''
"""Build for the host compiler: a small target with a converter and a template of its own."""

from edgedla import Converter, Target, hookimpl


class ArrayFromOnnx(Converter):
    name, source, result = "array_from_onnx", "onnx", "c_array"

    def convert(self, path, context):
        out = context.dir("convert") / "weights.h"
        data = ", ".join(map(str, path.read_bytes()))
        out.write_text(f"static const unsigned char weights[] = {{{data}}};\\n")
        return out


class HostCc(Target):
    name, accepts = "hostcc", "c_array"
    sources, templates = ("main.c",), "hostcc_templates"

    def compile(self, context):
        exe, main = context.dir("compile") / "demo", context.dir("codegen") / "main.c"
        context.run("cc", "-std=c99", "-Wall", "-Werror", "-I", context.dir("convert"), "-o", exe, main)
        return [exe]


@hookimpl
def edgedla_converters():
    return [ArrayFromOnnx]


@hookimpl
def edgedla_targets():
    return [HostCc]
'''
MAIN_C = """#include <stdio.h>
#include "weights.h"
int main(void) {
{% for label in spec.labels %}
    puts({{ label | c_string }});
{% endfor %}
    return sizeof weights > 0 ? 0 : 1;
}
"""


def prepare(target: str = "onnxruntime", **wish: Any) -> Build:
    space = Workspace(Config.load(cwd=wish.pop("cwd"), environ=os.environ))
    return space.build(Wish("beep", target, **wish), lambda _: None, fresh=False)


def run(work: Path, target: str = "onnxruntime", **wish: Any) -> Build:
    made = prepare(target, cwd=work, **wish)
    made.run(lambda _: None)
    return made


def statuses(made: Build) -> dict[str, str]:
    return {report.name: report.status for report in made.stages}
