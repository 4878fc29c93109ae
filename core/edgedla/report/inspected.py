"""What is seen by looking into the bundle again: layers, rules, and whether its files are whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

from edgedla.errors import EdgedlaError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgedla.artifacts import Manifest
    from edgedla.context import Context
    from edgedla.spec import Finding, LayerError

ItemT = TypeVar("ItemT")
Seen: TypeAlias = "tuple[Sequence[ItemT] | None, str]"
"""What was found, or why nothing was."""


def layers(context: Context, manifest: Manifest) -> Seen[LayerError]:
    """What quantisation did to each layer, worst first, on the model's own samples."""
    return _seen(
        lambda: context.target.layers(context, context.samples()),
        f"target '{context.target.name}' with toolchain '{manifest.toolchain}' shows nothing of its layers",
    )


def findings(context: Context) -> Seen[Finding]:
    """What the target's rules say of the graph that they are about."""
    target = context.target
    if not target.lints:
        return None, f"target '{target.name}' has no rules for graphs"
    return _seen(
        lambda: target.lint(context.artifact(target.lints)), f"target '{target.name}' has no rules for graphs"
    )


def damaged(manifest: Manifest, context: Context) -> tuple[str, ...]:
    """Files of the bundle that are missing, or are not what was built."""
    from edgedla.artifacts import sha256

    root = context.store.root
    found = []
    for artifact in manifest.artifacts:
        try:
            same = sha256(root / artifact.path) == artifact.sha256
        except OSError:
            same = False
        if not same:
            found.append(artifact.path)
    return tuple(found)


def _seen(look: Callable[[], Sequence[ItemT] | None], nothing: str) -> Seen[ItemT]:
    try:
        found = look()
    except UsageError as error:
        return None, error.message
    except EdgedlaError as error:
        return None, f"{error.message} ({error.hint})" if error.hint else error.message
    return (found, "") if found is not None else (None, nothing)
