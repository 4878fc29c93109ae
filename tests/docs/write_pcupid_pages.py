"""Writes what the pages about pcupid take from the code: three whole, of another its tables and files.

python tests/docs/write_pcupid_pages.py            write the pages
python tests/docs/write_pcupid_pages.py --check    change nothing; status 1 if a page is out of date
"""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedla.plugins import Plugins
from edgedla.route import find_route
from edgedla_targets.pcupid.lint import rules_page
from edgedla_targets.pcupid.options import PcupidOptions
from edgedla_targets.pcupid.safe.rules import RULES
from edgedla_targets.pcupid.vendor import failures, profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from edgedla import Converter
    from edgedla_targets.pcupid.vendor.failures import Failure

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference"
TARGET = REFERENCE / "pcupid.md"
REGION = re.compile(r"(<!-- from the code: (\S+) -->\n).*?(<!-- to here -->)", re.DOTALL)
# What a failure's cause leaves to be said by the message it is found in.
QUOTED = re.compile(r"(\{\w+\})+")

FAILURES = (
    "# Failures of the pcupid tools",
    "",
    "What edgedla recognises in the logs of the vendor's tools, of the emulated ones and of Docker. A failed",
    "stage names the code; the log stands in `logs` of the output folder. `…` is what the message names.",
    "",
    "*Certainty* is that of the message's wording:",
    "",
    "* *certain*: quoted from a run or from the tool's own source",
    "* *likely*: quoted by one user, or a program's known wording that was not seen in a run here",
    "* *inferred*: put together from what is known of the cause",
    "",
    "Codes never change their meaning.",
)
SAFE_FORM = """# The safe form

Before the IPU tools see a graph, edgedla rewrites it so that none of them refuses or misreads it. The
rewrites are applied in this order, each to the whole graph, and change no result: the rung `safe` of the
[ladder](../how-to/read-a-ladder-that-parts.md) is held against the graph before. `edgedla build -v` says
which were applied, and to how many places. How sure the reasons are, is said by the
[rules of lint](pcupid-lint.md) and the [facts](pcupid-facts.md).

"""
# Words of the options' table that stand in a list, and values as one types them.
WORDS = {"`s |": "` |", "or falses |": "or false |", "| `True` |": "| `true` |"}


def beside(name: str) -> Any:
    """The script of that name in this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SHARED = beside("write_reference")
table: Callable[[Sequence[str], Iterable[Sequence[str]]], str] = SHARED.table


def failures_page() -> str:
    """Every known failure under its code."""
    sections = (line for title, codes in failure_groups() for line in failure_section(title, codes))
    return "\n".join([*FAILURES, *sections]) + "\n"


def failure_groups() -> Iterator[tuple[str, list[str]]]:
    """Titles and codes in the order of the file; its comments are its headings."""
    text = failures.TABLE.read_text(encoding="utf-8")
    titles = re.split(r"^# ---- (.*)$", text, flags=re.MULTILINE)[1:]
    for title, entries in zip(titles[::2], titles[1::2], strict=True):
        yield title[0].upper() + title[1:], re.findall(r'^code = "(.*)"$', entries, re.MULTILINE)


def failure_section(title: str, codes: Sequence[str]) -> Iterator[str]:
    known = {each.code: each for each in failures.table()}
    yield from ("", f"## {title}")
    for code in codes:
        yield from failure_lines(known[code])


def failure_lines(failure: Failure) -> Iterator[str]:
    yield from ("", f"### {failure.code}", "")
    yield f"* Stage: {', '.join(f'`{stage}`' for stage in failure.stages) or 'any of the tools'}"
    yield f"* Cause: {QUOTED.sub('…', failure.cause)}"
    yield f"* Remedy: {failure.remedy}"
    yield f"* Certainty: *{failure.certainty}* ({failure.source})"


def safe_form_page() -> str:
    """The rewrites, numbered in the order in which they are applied."""
    rows = [(str(rule.number), rule.name, rule.reason) for rule in RULES]
    return SAFE_FORM + table(("", "rewrite", "reason"), rows)


def options() -> str:
    text: str = SHARED.options(PcupidOptions, "pcupid")
    for word, better in WORDS.items():
        text = text.replace(word, better)
    return text


def rungs() -> str:
    rows = [
        (f"`{kind.rung}`", f"`{kind.result}`", f"`{kind.name}`", limit(kind), first_line(kind))
        for kind in route()
    ]
    return table(("rung", "artifact", "made by", "may differ from the one before", ""), rows)


def route() -> tuple[type[Converter], ...]:
    plugins = Plugins()
    accepts = plugins.target("pcupid").accepts
    return find_route([kind for _, kind in plugins.converters.items()], accepts)


def limit(kind: type[Converter]) -> str:
    largest, share = kind.tolerance.max_abs, kind.tolerance.top1
    difference = "by any figure" if largest is None else f"by {largest:g} at most" if largest else "in no bit"
    agreeing = "all samples" if share == 1 else f"{share:.0%} of the samples at least"
    return f"{difference}; same class on {agreeing}"


def first_line(kind: type[Converter]) -> str:
    return (kind.__doc__ or "").splitlines()[0]


def golden(name: str, language: str) -> str:
    """A rendered file of eat_sed, as the tests hold it."""
    text = (ROOT / "tests/pcupid/golden" / name).read_text(encoding="utf-8")
    return f"```{language}\n{text}```\n"


def profiles() -> str:
    rows = [(f"`{each.name}`", each.summary, marks(each)) for each in profile.shipped().values()]
    return table(("profile", "for", "recognised by"), rows)


def marks(found: profile.Profile) -> str:
    detect = found.detect
    named = [f"a folder `{pattern}`" for pattern in detect.folders]
    there = [f"a file `{name}`" for name in detect.files]
    told = [f"`{text}` in `{name}`" for name, text in detect.contains.items()]
    return ", or ".join([*named, *there, *told]) or "its name alone: `--set pcupid.profile`"


REGIONS: dict[str, Callable[[], str]] = {
    "options": options,
    "rungs": rungs,
    "profiles": profiles,
    "input_config.ini": lambda: golden("input_config.ini", "ini"),
    "sed_eat.cfg": lambda: golden("sed_eat.cfg", "text"),
    "preprocess.py": lambda: golden("preprocess.py", "python"),
}
PAGES: dict[str, Callable[[], str]] = {
    "pcupid-lint.md": rules_page,
    "pcupid-failures.md": failures_page,
    "pcupid-safe-form.md": safe_form_page,
}


def wanted() -> dict[Path, str]:
    """All pages that come from the code, as they should be."""
    pages = {REFERENCE / name: make() for name, make in PAGES.items()}
    text = TARGET.read_text(encoding="utf-8")
    pages[TARGET] = REGION.sub(lambda found: f"{found[1]}\n{REGIONS[found[2]]()}\n{found[3]}", text)
    return pages


def main(words: Sequence[str]) -> int:
    """Write or check all pages; the exit status."""
    stale = {
        path: text
        for path, text in wanted().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        if "--check" not in words:
            path.write_text(text, encoding="utf-8")
        name = path.relative_to(ROOT).as_posix()
        sys.stdout.write(f"{name} {'is out of date' if '--check' in words else 'written'}\n")
    return 1 if stale and "--check" in words else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
