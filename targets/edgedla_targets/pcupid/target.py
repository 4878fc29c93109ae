"""The pcupid target: what it accepts, how its artifacts are run here, and what it says of itself."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla import Requirement, Target
from edgedla_targets.pcupid.options import PcupidOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgedla import Runner
    from edgedla.artifacts import Gate
    from edgedla.context import Context
    from edgedla.deployment import Deployment, Place
    from edgedla.ladder import Step
    from edgedla.runner import Feed
    from edgedla.spec import Check, Finding, LayerError
    from edgedla.workspace import Bundle
    from edgedla_targets.pcupid.program.predictor import BoardPredictor

EMULATED = "emulated"  # profile of the toolchain that comes with edgedla
PLAYED = "replay of "  # how a recording's identity begins


class Pcupid(Target[PcupidOptions]):
    """SigmaStar's pcupid (SSD2355): float, fixed and offline networks by the vendor's or emulated tools."""

    name = "pcupid"
    summary = "SigmaStar pcupid IPU, by the vendor's toolchain or an emulated one"
    accepts = "pcupid_img"
    lints = "safe_onnx"
    templates = "edgedla_templates.pcupid"
    Options = PcupidOptions
    requires = (
        Requirement(
            kind="package",
            name="onnxscript",
            purpose="making a graph safe for the IPU tools",
            hint="pip install 'edgedla[pcupid]'",
        ),
    )

    @property
    def toolchain(self) -> str:
        """`emulated`, the name of the vendor's generation, or what a replay was recorded with."""
        return self.identity().removeprefix(PLAYED).partition(" ")[0]

    def notice(self, toolchain: str) -> str:
        """What has to be said wherever a result of the emulated tools is shown."""
        if toolchain != EMULATED:
            return ""
        return "emulated toolchain: files and figures are edgedla's own, not the vendor's; no board runs them"

    def identity(self) -> str:
        """Profile and version of the toolchain that the options lead to."""
        return self._identity

    def program_identity(self) -> str:
        """Compiler, libraries and board of the program."""
        return self._program_identity

    def check(self, context: Context) -> None:
        """Render and read back the config files, find the tools and the SDK."""
        from edgedla_targets.pcupid.program import stage
        from edgedla_targets.pcupid.work import check

        check(context)
        stage.check(self.options)

    def plan(self, context: Context) -> list[str]:
        """The vendor's programs, by whichever route the options lead to."""
        from edgedla_targets.pcupid.work import plan

        return plan(context)

    def codegen(self, context: Context) -> list[Path]:
        """The board program's sources, and what its self-test expects."""
        from edgedla_targets.pcupid.program.generate import generate

        return generate(context)

    def compile(self, context: Context) -> list[Path]:
        """The board program, against the customer's SDK or the emulated one."""
        from edgedla_targets.pcupid.program.stage import compile_stage

        return compile_stage(context)

    def rungs(self, context: Context) -> list[Step]:
        """The program on an emulated board."""
        from edgedla_targets.pcupid.program.stage import rungs

        return rungs(context)

    def checks(self, context: Context) -> list[Gate]:
        """The program's self-test, and the classes it names by itself."""
        from edgedla_targets.pcupid.program.stage import checks

        return checks(context)

    def predictor(self, bundle: Bundle, warn: Callable[[str], None]) -> BoardPredictor | None:
        """The program on an emulated board, with its own front end."""
        from edgedla_targets.pcupid.program.stage import predictor

        return predictor(bundle, warn)

    def diagnose(self) -> list[Check]:
        """Compilers, emulated boards and the SDK."""
        from edgedla_targets.pcupid.program.diagnose import diagnose

        return diagnose(self.options)

    def lint(self, path: Path) -> list[Finding]:
        """The published limits of the IPU and its tools."""
        from edgedla_targets.pcupid.lint import lint_file

        return lint_file(path)

    def layers(self, context: Context, samples: Sequence[Feed]) -> list[LayerError] | None:
        """Layers of the fixed network against those of the float one."""
        if self.toolchain != EMULATED:
            return None
        from edgedla_targets.pcupid.configs import input_config
        from edgedla_targets.pcupid.layers import layer_errors
        from edgedla_targets.pcupid.samples import for_tools

        config, tensors = input_config(context.spec, self.options), context.spec.inputs
        feeds = [
            (
                {each.name: feed[each.name].transpose(config.input_axes(each)) for each in tensors},
                {each.name: for_tools(feed[each.name], each, config, "sample") for each in tensors},
            )
            for feed in samples
        ]
        return layer_errors(context.artifact("float_sim"), context.artifact("fixed_sim"), feeds)

    def runner(self, path: Path, jobs: int = 1) -> Runner:
        """The simulator over the image of a bundle."""
        from edgedla.artifacts import MANIFEST, Manifest, read_json
        from edgedla.toolchain import Toolchain
        from edgedla_targets.pcupid.simulate import simulator

        root = path.parent.parent
        manifest = read_json(root / MANIFEST, Manifest, "build it again")
        model = manifest.model.name
        return simulator(
            path, model, manifest.spec, self.options, Toolchain(log_dir=root / "logs", echo=_silent)
        )

    def deploy(self, bundle: Bundle, place: Place) -> Deployment | None:
        """By ssh, to a folder of releases with a link to the one at work."""
        from edgedla_targets.pcupid.deploy import deploy

        return deploy(bundle, place)

    @cached_property
    def _program_identity(self) -> str:
        from edgedla_targets.pcupid.program.stage import identity

        return identity(self.options)

    @cached_property
    def _identity(self) -> str:
        from edgedla.toolchain import Toolchain
        from edgedla_targets.pcupid.vendor.find import find_route

        tools = Toolchain(log_dir=Path(), echo=_silent)
        return find_route(self.options, tools).identity()


def _silent(_: str) -> None:
    """Target and runner have nobody to talk to; the stages report."""
