"""Ctrl-C in the middle of a build ends it, leaves nothing half done, and the next build goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla.conformance.builds import built, middle
from edgedla.conformance.case import BrokenRuleError, NotApplicableError
from edgedla.errors import INTERRUPTED

if TYPE_CHECKING:
    from edgedla.conformance.case import Case


def cancel(case: Case) -> str:
    """Interrupted while the plugin's own code runs."""
    found, stage = built(case), middle(case)
    if not found.sent:
        raise NotApplicableError(f"the build ended before it came to '{stage}': {found.interrupted.failure}")
    if found.interrupted.code != INTERRUPTED:
        raise BrokenRuleError(
            f"interrupted in '{stage}', it ends with {found.interrupted.failure}, not {INTERRUPTED}",
            "let KeyboardInterrupt pass: catch Exception, and neither BaseException nor everything",
        )
    if found.left:
        raise BrokenRuleError(
            f"an interrupted build leaves {', '.join(found.left)}", "write below context.dir(stage) alone"
        )
    if found.ran.code:
        raise BrokenRuleError(f"the build after the interrupted one fails: {found.ran.failure}")
    return f"interrupted in '{stage}'; the next build went on"
