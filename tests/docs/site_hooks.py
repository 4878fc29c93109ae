"""What `mkdocs build` needs beside docs/: documents from elsewhere, and fences as it reads them.

mkdocs calls the functions that begin with `on_`, by mkdocs.yml.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ELSEWHERE = "repository"  # where the site has what is not of docs/
LINK = re.compile(r"(?<=\]\()([^)\s#]+)(?=(?:#[^)\s]*)?\))")
FENCED = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)
OPENING = re.compile(r"^```(\w+)[^\n]*")
CHINESE = re.compile(r"(?:^|/)zh/|\.zh\.md$")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds every file outside docs/ that a page links to, and what those link to."""
    waiting = [ROOT / "README.md", *DOCS.rglob("*.md")]
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        if not path.is_relative_to(DOCS):
            files.append(File.generated(config, place(path), abs_src_path=str(path)))
        if path.suffix == ".md":
            found = set(linked(path)) - seen
            seen |= found
            waiting += found
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """The page as it has to stand in the site: links to where things are there, fences of a bare language."""
    here = source(page.file.src_uri)
    parts = FENCED.split(markdown)
    parts[::2] = [LINK.sub(lambda link: moved(link[0], here), part) for part in parts[::2]]
    parts[1::2] = [OPENING.sub(opening, part) for part in parts[1::2]]
    return "".join(parts)


def on_post_page(output: str, page: Page, **_: object) -> str:
    """Says of a Chinese page that it is one."""
    if CHINESE.search(page.file.src_uri):
        return output.replace('<html lang="en"', '<html lang="zh-Hans"', 1)
    return output


def linked(page: Path) -> list[Path]:
    """Files of the repository that a page links to and that mkdocs would not find."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    paths = [Path(os.path.normpath(page.parent / link)) for link in LINK.findall(text)]
    return [path for path in paths if path.is_file() and not path.is_relative_to(DOCS)]


def place(path: Path) -> str:
    """Where the site has a file of the repository, as a path below docs/."""
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    return f"{ELSEWHERE}/{path.relative_to(ROOT).as_posix()}"


def source(uri: str) -> Path:
    """The other way round."""
    inside = uri.removeprefix(f"{ELSEWHERE}/")
    return DOCS / uri if inside == uri else ROOT / inside


def moved(link: str, page: Path) -> str:
    """A link as the site needs it; one that leads nowhere is left for mkdocs to complain of."""
    path = Path(os.path.normpath(page.parent / link))
    if "://" in link or not path.exists():
        return link
    return os.path.relpath(place(path), Path(place(page)).parent)


def opening(found: re.Match[str]) -> str:
    title = re.search(r"title=(\S+)", found[0])
    return f'```{found[1]} title="{title[1]}"' if title else f"```{found[1]}"
