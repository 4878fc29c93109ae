"""What a bundle needs beside the network: labels, and a page for whoever finds the folder."""

from __future__ import annotations

from edgedla.artifacts import write_atomic
from edgedla.context import Context, Outcome

TEMPLATES = "edgedla_templates"


def bundle(context: Context) -> Outcome:
    """`labels.txt`, one name a line in class order, and `README.md`."""
    files = [("readme", context.render(TEMPLATES, ["README.md"], {"accepts": context.target.accepts})[0])]
    if context.spec.labels:
        path = context.dir("bundle") / "labels.txt"
        write_atomic(path, ("\n".join(context.spec.labels) + "\n").encode())
        files.append(("labels", path))
    return Outcome(files=tuple(files))
