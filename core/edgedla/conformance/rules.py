"""The rules, all of them, in the order in which they are checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edgedla.conformance.cancel import cancel
from edgedla.conformance.determinism import deterministic_export, deterministic_inputs
from edgedla.conformance.discovery import import_time, light_import
from edgedla.conformance.feeding import agrees, builds
from edgedla.conformance.graphs import graph, spec
from edgedla.conformance.loads import DEBUG, hook_signatures, loads
from edgedla.conformance.names import contract, names, version
from edgedla.conformance.papers import described, licence, readme, weights_licence
from edgedla.conformance.places import odd_paths, read_only
from edgedla.conformance.templates import jinja, templates

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgedla.conformance.case import Case

Of = Literal["plugin", "model", "target", "both"]


@dataclass(frozen=True)
class Rule:
    """What is asked, why, and what to do about it; `of` says whether of the plugin or of each class."""

    id: str
    title: str
    why: str
    remedy: str
    check: Callable[[Case], str]
    of: Of = "plugin"


RULES = (
    Rule(
        "loads",
        "The entry point is imported, and what its hooks return can be used.",
        "What does not load is listed as broken, and nothing of it can be built.",
        DEBUG,
        loads,
    ),
    Rule(
        "hook-signatures",
        "Functions named like a hook are hooks, are marked, and take only arguments the hook offers.",
        "A misspelt hook is never called; a default value hides the one that is given.",
        "docs/reference/hooks.md lists the hooks with their arguments",
        hook_signatures,
    ),
    Rule(
        "import-time",
        "Importing the plugin and asking for its classes takes no longer than importing edgedla itself.",
        "Every command imports every plugin, the lists and the completion of names too.",
        "move work out of the module, into the methods",
        import_time,
    ),
    Rule(
        "light-import",
        "Neither import brings torch, numpy, onnx or another heavy library.",
        "The same: lists answer at once, with fifty plugins installed.",
        "import heavy libraries inside the methods that need them",
        light_import,
    ),
    Rule(
        "names",
        "Distribution edgedla-NAME, package edgedla_NAME, lower-case names, no name of a setting.",
        "A name is a section of the configuration and a folder of builds; common package names clash.",
        "rename it in pyproject.toml, and the folder of the package with it",
        names,
    ),
    Rule(
        "version",
        "The distribution has a version.",
        "Manifests and lists say which version made a thing.",
        "set `version` in pyproject.toml",
        version,
    ),
    Rule(
        "contract",
        "The module says in EDGEDLA_CONTRACT for which plugin contract it was made.",
        "An edgedla that is too old for it can then say so, and what to install.",
        "write EDGEDLA_CONTRACT into the module of the entry point",
        contract,
    ),
    Rule(
        "licence",
        "The distribution names its licence.",
        "Without one nobody may use it.",
        'write `license = "…"` into [project] of pyproject.toml',
        licence,
    ),
    Rule(
        "readme",
        "The distribution carries a README.",
        "It is what an index and `pip show` have to say of it.",
        'write `readme = "README.md"` into [project] of pyproject.toml',
        readme,
    ),
    Rule(
        "described",
        "Each class has a summary and a docstring, each option a description.",
        "Lists, help and the reference show them.",
        "write them",
        described,
        "both",
    ),
    Rule(
        "weights-licence",
        "The spec of a model names the licence of its weights.",
        "`edgedla report --policy commercial` refuses what may not be sold, and has to know.",
        'ModelSpec(licence="…")',
        weights_licence,
        "model",
    ),
    Rule(
        "spec",
        "spec() is a function of the options alone.",
        "A bundle keeps the options, and is run later without the checkpoint.",
        "let resolve() put into the options what spec() needs to know",
        spec,
        "model",
    ),
    Rule(
        "graph",
        "The exported graph has names, shapes and dtypes of the spec, and answers a sample with all outputs.",
        "Targets generate buffers and code from the spec.",
        "correct spec() or export()",
        graph,
        "model",
    ),
    Rule(
        "deterministic-inputs",
        "samples() and preprocess() give the same numbers again.",
        "Rungs are compared on the same inputs, and a figure has to come out twice.",
        "seed what is random",
        deterministic_inputs,
        "model",
    ),
    Rule(
        "builds",
        "A model is built for onnxruntime; a target builds a small model that the kit brings.",
        "That is what it is for.",
        "edgedla build --debug shows where it fails",
        builds,
        "both",
    ),
    Rule(
        "agrees",
        "What runner() runs gives the answers of the graph it was made of, within the converter's tolerance.",
        "That the place to run says the same is the promise of edgedla.",
        "hold runner() against edgedla.OnnxRunner on the same inputs",
        agrees,
        "target",
    ),
    Rule(
        "deterministic-export",
        "Two exports, in two processes, give the same bytes.",
        "Equal inputs give equal bundles, so that a hash says whether anything changed.",
        "write no clock, no path and nothing unseeded into the graph",
        deterministic_export,
        "model",
    ),
    Rule(
        "templates",
        "A target generates all its files for models with class names and without, of sounds and of images.",
        "Templates are strict: a name that a model does not have ends the build.",
        "ask with `{% if spec.labels %}` before what not every model has",
        templates,
        "target",
    ),
    Rule(
        "jinja",
        "edgedla_jinja adds filters and tests, and leaves strictness and filters that are there.",
        "The environment is shared by all plugins.",
        "add filters under names of your own",
        jinja,
    ),
    Rule(
        "odd-paths",
        "Folders and files may have blanks, quotes and letters beyond ASCII in their names.",
        "People have such folders.",
        "hand paths over as pathlib.Path, and words of a command line as a list",
        odd_paths,
        "both",
    ),
    Rule(
        "read-only",
        "Nothing is written into the plugin's own folder or beside the user's file.",
        "Both may be read-only, and several builds run at once.",
        "write below context.dir(stage)",
        read_only,
        "both",
    ),
    Rule(
        "cancel",
        "Ctrl-C ends a build with status 130, leaves nothing half written, and the next build goes on.",
        "Long builds are interrupted.",
        "let KeyboardInterrupt pass, and write below context.dir(stage)",
        cancel,
        "both",
    ),
)
