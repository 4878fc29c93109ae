"""A model plugin and a target plugin that break no rule, and for each rule one that does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from throwaway import BEEP

if TYPE_CHECKING:
    from pathlib import Path

    from throwaway import Site

SIMPLIFIER = "def simplify(graph):\n    return graph, True\n"
ABOUT = "A plugin that the tests plant. It is here to be held against every rule there is, and to keep each."
PAPERS = f"License-Expression: CC0-1.0\n\n{ABOUT}\n"
CONTRACT = "EDGEDLA_CONTRACT = (1, 1)\n"


def altered(source: str, *changes: tuple[str, str]) -> str:
    """`source` with each change made, which has to fit."""
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source


FILES = """    def sample_files(self):
        return [Path(__file__).with_name("sample.txt")]

"""
MODEL = altered(
    BEEP,
    ("from edgedla import", "from pathlib import Path\n\nfrom edgedla import"),
    ("\n\nclass Beep(Model):\n", f'\n\n{CONTRACT}\n\nclass Beep(Model):\n    """One matrix product."""\n\n'),
    ('stem="beep",', 'stem="beep",\n            licence="CC0-1.0",'),
    ("    def preprocess(", f"{FILES}    def preprocess("),
)
TARGET = f'''
"""A target that writes a list of class names."""

from edgedla import OnnxRunner, Options, Target, hookimpl
from pydantic import Field

{CONTRACT}

class PaperOptions(Options):
    """What it may be asked for."""

    title: str = Field(default="classes", description="first line of the list")


class Paper(Target[PaperOptions]):
    """Runs the graph as it is."""

    name = "paper"
    summary = "a list of class names"
    Options = PaperOptions
    templates = "edgedla_paper"
    sources = ("classes.txt",)

    def codegen(self, context):
        return context.render(self.templates, self.sources, {{"title": self.options.title}})

    def runner(self, path, jobs=1):
        return OnnxRunner(path)


@hookimpl
def edgedla_targets():
    return [Paper]


@hookimpl
def edgedla_jinja(env):
    env.filters["paper_shout"] = str.upper
'''
TEMPLATE = "{{ title | paper_shout }}\n{% for label in spec.labels %}\n{{ label }}\n{% endfor %}\n"
KINDS = {"beep": MODEL, "paper": TARGET}


@dataclass(frozen=True)
class Plant:
    """What is wrong with a plugin: changes of its source, template or papers, and what is said of it."""

    name: str
    said: str
    changes: tuple[tuple[str, str], ...] = ()
    template: str = TEMPLATE
    papers: str = PAPERS
    version: str = "1.0"
    distribution: str = ""

    def install(self, site: Site) -> Path:
        """Its folder, as a package; the simplifier saves the import of the real one."""
        source = altered(KINDS[self.name], *self.changes)
        module = site.add(self.name, source, self.version, self.distribution or None)
        folder = module.with_suffix("")
        folder.mkdir()
        module.rename(folder / "__init__.py")
        (folder / "sample.txt").write_text("1 2 3\n")
        (folder / "classes.txt.j2").write_text(self.template)
        (metadata,) = site.folder.glob(f"{folder.name}-*/METADATA")
        metadata.write_text(metadata.read_text() + self.papers)
        (site.folder / "onnxsim.py").write_text(SIMPLIFIER)
        return folder


GOOD = (Plant("beep", ""), Plant("paper", ""))
EXPORT = "        graph = helper.make_graph("
"""Where a plant puts what `export` does wrong."""
SLEEP = "        import time\n        try:\n            time.sleep(2)\n"
DEAF = f"{SLEEP}        except BaseException:\n            pass\n"
HALF = f"        (path.parents[2] / 'half.bin').touch()\n{SLEEP}        finally:\n            pass\n"
WRY = """

class Wry(OnnxRunner):
    def run(self, feed):
        return {name: -value for name, value in super().run(feed).items()}


class Paper("""

PLANTS = {
    "loads": [
        Plant("beep", "does not implement samples", (("def samples(", "def sample("),)),
        Plant("beep", "ValueError: once", ((CONTRACT, "raise ValueError('once')\n"),)),
        Plant("paper", "no default for title", (('default="classes", ', ""),)),
    ],
    "hook-signatures": [
        Plant("paper", "'env' has a default", (("jinja(env)", "jinja(env=None)"),)),
        Plant(
            "paper", "edgedla_jinja is not marked", (("@hookimpl\ndef edgedla_jinja", "def edgedla_jinja"),)
        ),
        Plant(
            "paper", "takes 'environment'", (("jinja(env)", "jinja(environment)"), ("env.f", "environment.f"))
        ),
        Plant("paper", "there is no hook edgedla_jnija", (("edgedla_jinja", "edgedla_jnija"),)),
    ],
    "import-time": [
        Plant("beep", "times the import", ((CONTRACT, f"{CONTRACT}__import__('time').sleep(2)\n"),))
    ],
    "light-import": [Plant("beep", "imports numpy", ((CONTRACT, f"{CONTRACT}import numpy\n"),))],
    "names": [
        Plant("beep", "called beep-plugin, not edgedla-beep", distribution="beep-plugin"),
        Plant("beep", "a setting of edgedla itself", (('name = "beep"', 'name = "target"'),)),
        Plant("beep", "'3d' is no name", (('name = "beep"', 'name = "3d"'),)),
    ],
    "version": [Plant("beep", "'latest' is no version", version="latest")],
    "contract": [
        Plant("beep", "does not say for which contract", ((CONTRACT, ""),)),
        Plant("beep", "made for plugin contract 99.0", ((CONTRACT, "EDGEDLA_CONTRACT = (99, 0)\n"),)),
        Plant("beep", "not a pair of whole numbers", ((CONTRACT, "EDGEDLA_CONTRACT = '1.1'\n"),)),
    ],
    "licence": [Plant("beep", "names no licence", papers=f"\n{ABOUT}\n")],
    "readme": [Plant("beep", "without a description", papers="License-Expression: CC0-1.0\n")],
    "described": [
        Plant("beep", "no `summary`", (('    summary = "one matrix product"\n', ""),)),
        Plant("beep", "no docstring of its own", (('    """One matrix product."""\n', ""),)),
        Plant(
            "paper", "options title have no description", ((', description="first line of the list"', ""),)
        ),
    ],
    "weights-licence": [Plant("beep", "names no licence", (('            licence="CC0-1.0",\n', ""),))],
    "spec": [
        Plant("beep", "returns dict", (("return ModelSpec(", "return dict("),)),
        Plant(
            "beep",
            "changes from call to call: stem",
            (
                ('stem="beep"', "stem=f'beep{next(COUNT)}'"),
                (CONTRACT, f"{CONTRACT}COUNT = iter(range(99))\n"),
            ),
        ),
        Plant("beep", "ZeroDivisionError", (("return ModelSpec(", "1 / 0\n        return ModelSpec("),)),
    ],
    "graph": [
        Plant(
            "beep",
            "its spec says prob float32 (1, 3)",
            (('name="prob", shape=(1, 2)', 'name="prob", shape=(1, 3)'),),
        ),
        Plant("beep", "samples() yields nothing", (("min(limit, 4)", "0"),)),
        Plant("beep", "samples() gives mel float64", ((", dtype=np.float32)}", ")}"),)),
    ],
    "deterministic-inputs": [
        Plant("beep", "samples() gives other numbers", (("default_rng(0)", "default_rng()"),)),
        Plant(
            "beep",
            "preprocess(sample.txt) gives other numbers",
            (("np.resize(", "np.random.default_rng().random((1, 8), np.float32) + np.resize("),),
        ),
    ],
    "builds": [
        Plant(
            "paper",
            "for paper: exit 101",
            (("return context", "raise OSError('disk')\n        return context"),),
        )
    ],
    "agrees": [
        Plant(
            "paper",
            "parts from the graph",
            (
                ("return OnnxRunner(path)", "return Wry(path)"),
                ("\n\nclass Paper(", WRY),
            ),
        )
    ],
    "deterministic-export": [
        Plant(
            "beep", "two exports of beep.onnx differ", ((EXPORT, f"        weight[0] = id(path)\n{EXPORT}"),)
        )
    ],
    "templates": [
        Plant("paper", "without class names: exit 101", template="{{ spec.labels[0] }}\n"),
        Plant("paper", "with class names: exit 101", template="{{ nothing }}\n"),
        Plant("paper", "for check_picture: exit 101", template="{{ spec.image.depth if spec.image }}\n"),
        Plant(
            "paper",
            "`sources` names more.txt",
            (
                ('("classes.txt",)', '("classes.txt", "more.txt")'),
                ("templates, self.sources,", "templates, self.sources[:1],"),
            ),
        ),
    ],
    "jinja": [
        Plant(
            "paper",
            "makes undefined names silent",
            (("env.filters[", "env.undefined = str\n    env.filters["),),
        ),
        Plant("paper", "replaces the filters c_string", (('"paper_shout"', '"c_string"'),)),
    ],
    "odd-paths": [
        Plant("beep", "a build in", ((EXPORT, f"        str(path).encode('ascii')\n{EXPORT}"),)),
        Plant(
            "beep",
            "a file in",
            (("path.read_text()", "path.as_posix().encode('ascii') and path.read_text()"),),
        ),
    ],
    "read-only": [
        Plant(
            "beep", "own folder", ((EXPORT, f"        Path(__file__).with_name('own').touch()\n{EXPORT}"),)
        ),
        Plant(
            "beep",
            "into the plugin's own folder: ",
            ((EXPORT, f"        Path(__file__).with_name('sample.txt').unlink(True)\n{EXPORT}"),),
        ),
        Plant("beep", "read", (("path.read_text()", "path.with_name('own').touch() or path.read_text()"),)),
    ],
    "cancel": [
        Plant(
            "beep",
            "it ends with exit 0",
            ((EXPORT, f"{DEAF}{EXPORT}"),),
        ),
        Plant(
            "beep",
            "an interrupted build leaves half.bin",
            ((EXPORT, f"{HALF}{EXPORT}"),),
        ),
    ],
}
"""By rule: plants that break it."""
