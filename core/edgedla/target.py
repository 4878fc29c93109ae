"""The contract of a target plugin."""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING, ClassVar, Generic

from edgedla.errors import UsageError
from edgedla.model import OptionsT
from edgedla.spec import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from edgedla.artifacts import Gate
    from edgedla.context import Context
    from edgedla.deployment import Deployment, Place
    from edgedla.ladder import Step
    from edgedla.predict import Predictor
    from edgedla.requirement import Requirement
    from edgedla.runner import Feed, Runner
    from edgedla.spec import Check, Finding, LayerError
    from edgedla.workspace import Bundle


class Target(ABC, Generic[OptionsT]):
    """A place to run: the format it accepts, what is generated and compiled for it, and how it is fed."""

    name: ClassVar[str]
    summary: ClassVar[str] = ""
    accepts: str = "onnx"  # artifact format; set it in `__init__` where an option decides
    lints: ClassVar[str] = ""  # artifact format that a build holds against `lint`; empty: none
    sources: ClassVar[tuple[str, ...]] = ()  # files to generate …
    templates: ClassVar[str] = ""  # … from `<file>.j2` in this importable package
    Options: ClassVar[type[Options]] = Options
    requires: ClassVar[tuple[Requirement, ...]] = ()

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    @property
    def toolchain(self) -> str:
        """Who makes the artifacts; named in the manifest and in every result."""
        return "none"

    def notice(self, toolchain: str) -> str:
        """What has to be said with every result of what `toolchain` made; empty: nothing."""
        return ""

    def check(self, context: Context) -> None:
        """Refuse what cannot be built, before anything is; leave nothing behind.

        Raises:
            EdgedlaError: Options, templates or programs do not fit; says which.
        """
        return

    def plan(self, context: Context) -> list[str]:
        """Command lines that a build would run for this target, quoted as one would type them into bash.

        Nothing has been made yet: name files where a finished build keeps them.
        """
        return []

    def codegen(self, context: Context) -> list[Path]:
        """Generate `sources` below `context.dir("codegen")`; override for more than templates."""
        return context.render(self.templates, self.sources) if self.sources else []

    def compile(self, context: Context) -> list[Path]:
        """Compile what `codegen` left, below `context.dir("compile")`; the files it makes."""
        return []

    def rungs(self, context: Context) -> list[Step]:
        """Rungs above those of the route, run after `compile`: the compiled program, fed on its board.

        Where that cannot be run here, say why by `context.warn` and leave it out.
        """
        return []

    def checks(self, context: Context) -> list[Gate]:
        """What `prove` holds against limits once every rung agrees: a program's test of itself.

        Raises:
            GateError: A figure is not within its limit.
        """
        return []

    def identity(self) -> str:
        """What decides the artifacts beside the options, for the reuse key: a toolchain's version."""
        return ""

    def program_identity(self) -> str:
        """The same for what `compile` makes and `prove` runs, and for nothing before: compiler, libraries."""
        return ""

    def diagnose(self) -> list[Check]:
        """What these options lead to on this machine, and what is missing there, for `edgedla doctor`."""
        return []

    def lint(self, path: Path) -> list[Finding] | None:
        """What this target's rules say of the ONNX file at `path`; `None` where it has no rules."""
        return None

    def layers(self, context: Context, samples: Sequence[Feed]) -> list[LayerError] | None:
        """Per-layer error of the quantised network, worst first; `None` where nothing can look inside."""
        return None

    def runner(self, path: Path, jobs: int = 1) -> Runner | None:
        """Something that runs the artifact of format `accepts` at `path`; `None` where nothing here can.

        `jobs` is how many calls will come at once, so that each gets its share of the machine.
        """
        return None

    def predictor(self, bundle: Bundle, warn: Callable[[str], None]) -> Predictor | None:
        """What answers for files by itself, without `runner`; `None` where there is nothing of the kind.

        Where something falls back on `runner`, `warn` is told the reason.

        Raises:
            EdgedlaError: The options ask for what is not here.
        """
        return None

    def deploy(self, bundle: Bundle, place: Place) -> Deployment | None:
        """Put a bundle to work in another place and prove it there; `None` of a dry run, which only says how.

        Raises:
            UsageError: This target has no such places, or the bundle is not whole.
            DeviceError: The place cannot be reached, or cannot take it; nothing there was changed.
        """
        raise UsageError(
            f"target '{self.name}' has no boards, so there is nothing to deploy",
            hint="edgedla list-targets",
        )
