"""What the target does with the board program: compile it, prove it, hand it to who has files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla.artifacts import digest
from edgedla.errors import PrerequisiteError, UsageError
from edgedla.ladder import Step
from edgedla.spec import Tolerance
from edgedla.toolchain import Toolchain
from edgedla_targets.pcupid.program.boards import (
    NATIVE,
    NOTICE,
    SIMULATOR,
    BoardProgram,
    board_compiler,
)
from edgedla_targets.pcupid.program.compile import compile_program, kept_program
from edgedla_targets.pcupid.program.compilers import cross
from edgedla_targets.pcupid.program.find_sdk import Found, find_sdk
from edgedla_targets.pcupid.program.golden import FOLDER
from edgedla_targets.pcupid.program.sdk import emulated_sdk
from edgedla_targets.pcupid.program.values import class_count, program_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgedla.artifacts import Gate
    from edgedla.context import Context
    from edgedla.workspace import Bundle
    from edgedla_targets.pcupid.options import PcupidOptions
    from edgedla_targets.pcupid.program.compilers import Compiler
    from edgedla_targets.pcupid.program.predictor import BoardPredictor

SOURCES = "src"


def check(options: PcupidOptions) -> None:
    """Refuse an SDK that is not there, and half of what one needs.

    Raises:
        UsageError: Compiler and SDK were not given together.
        PrerequisiteError: One of them cannot be found.
    """
    if options.sdk and not options.cross_compile:
        raise UsageError(
            "--sdk needs the compiler that goes with it",
            hint="--cross-compile PREFIX; for pcupid's public kit aarch64-unknown-linux-gnu-12.4.0-",
        )
    if options.cross_compile and not options.sdk:
        raise UsageError(
            "--cross-compile has nothing to compile against", hint="--sdk DIR names the board's SDK"
        )
    if options.sdk:
        cross(options.cross_compile)
        customer_sdk(options)


def identity(options: PcupidOptions) -> str:
    """Compiler, libraries and flags that the options lead to."""
    if options.sdk:
        compiler, found = cross(options.cross_compile), customer_sdk(options)
        return digest(compiler.identity, found.sdk.identity, *options.sdk_defines)
    try:
        compiler = board_compiler(_board(options), Path())
    except PrerequisiteError as error:
        return error.message
    return digest(compiler.identity, *compiler.launcher, _board(options))


def customer_sdk(options: PcupidOptions) -> Found:
    """The customer's headers and libraries; PrerequisiteError where they are not there."""
    folder = Path(options.sdk).absolute()
    libraries = Path(options.sdk_libraries).absolute() if options.sdk_libraries else None
    return find_sdk(folder, libraries, options.chip, options.cross_compile)


def compile_stage(context: Context) -> list[Path]:
    """The program for the customer's SDK where there is one, else for the emulated board."""
    options: PcupidOptions = context.target.options
    sources = context.dir("codegen")
    out = context.dir("compile") / program_name(context.spec, options, context.model.name)
    if options.sdk:
        found, compiler = customer_sdk(options), cross(options.cross_compile)
        if found.note:
            context.warn(found.note)
        compile_program(sources, found.sdk, compiler, out, context.tools, options.sdk_defines)
        return [out]
    try:
        compiler = board_compiler(_board(options), context.cache)
    except PrerequisiteError as error:
        context.warn(
            f"the board program was not compiled, so nothing of it is proven: {error.message}; "
            f"its sources are in {SOURCES} ({error.hint})"
        )
        return []
    made = _kept(out.name, sources, compiler, context.cache, context.tools)
    shutil.copy(made, out)
    return [out]


def rungs(context: Context) -> list[Step]:
    """The rung `board`: the program against the image, bit for bit."""
    options: PcupidOptions = context.target.options
    if not _made(context):
        return []  # `compile_stage` has said why
    if reason := _not_here(context.artifact(context.target.accepts), options):
        context.warn(f"the board program was not run, so nothing of it is proven: {reason}")
        return []

    def open_board() -> object:
        from edgedla_targets.pcupid.program.rung import BoardNetwork

        return BoardNetwork(_program(context), context.spec, options)

    return [Step("board", open_board, Tolerance(max_abs=0.0))]  # type: ignore[arg-type] # of an optional part


def checks(context: Context) -> list[Gate]:
    """The program's self-test, and its own front end and labels against Python's."""
    from edgedla_targets.pcupid.program.rung import same_classes, self_test

    folder = context.dir("codegen") / FOLDER
    clips = sorted(folder.glob("*.wav"))
    with _program(context).at_work() as session:
        gates = [self_test(session, folder)]
        if clips and class_count(context.spec):
            gates.append(same_classes(context, session, clips))
    return gates


def predictor(bundle: Bundle, warn: Callable[[str], None]) -> BoardPredictor | None:
    """The program of a bundle on the board of the options; `None` where the simulator has to answer.

    Raises:
        EdgedlaError: A board was asked for by name, and what it needs is missing.
    """
    options: PcupidOptions = bundle.target.options
    image = bundle.network.absolute()  # the program runs in another folder
    if not _emulated(image):
        if options.board.startswith("emulated:"):
            raise UsageError(
                f"--board {options.board}: {image.name} is the vendor's, which no emulated board runs",
                hint=f"--board {SIMULATOR} has the vendor's simulator run it",
            )
        return None
    if options.board == SIMULATOR:
        return None
    try:
        sources = _sources(bundle)
        compiler = board_compiler(_board(options), bundle.cache)
    except PrerequisiteError as error:
        if options.board != "auto":
            raise
        warn(f"the board program is not run, the image's simulator answers: {error.message} ({error.hint})")
        return None
    warn(NOTICE)
    tools = Toolchain(bundle.cache / "logs", echo=warn)
    name = program_name(bundle.manifest.spec, options, bundle.manifest.model.name)

    def program() -> BoardProgram:
        made = _kept(name, sources, compiler, bundle.cache, tools)
        return BoardProgram(_board(options), made, compiler.launcher, image, options.chip, tools)

    from edgedla_targets.pcupid.program.predictor import BoardPredictor

    return BoardPredictor(_board(options), bundle.model, options, program)


def _board(options: PcupidOptions) -> str:
    return options.board if options.board.startswith("emulated:") else NATIVE


def _kept(name: str, sources: Path, compiler: Compiler, cache: Path, tools: Toolchain) -> Path:
    sdk = emulated_sdk(compiler, cache, tools)
    return kept_program(name, sources, sdk, compiler, cache, tools)


def _made(context: Context) -> bool:
    return any(artifact.kind == "program" for artifact in context.store.artifacts)


def _not_here(image: Path, options: PcupidOptions) -> str:
    if options.sdk:
        return "it is compiled for the board's own libraries, which this machine has not"
    return "" if _emulated(image) else f"{image.name} is the vendor's, which no emulated board runs"


def _emulated(image: Path) -> bool:
    from edgedla_targets.pcupid.emulated.container import IMAGE

    with image.open("rb") as file:
        return file.read(len(IMAGE)) == IMAGE


def _program(context: Context) -> BoardProgram:
    options: PcupidOptions = context.target.options
    board = _board(options)
    return BoardProgram(
        board,
        context.artifact("program"),
        board_compiler(board, context.cache).launcher,
        context.artifact(context.target.accepts),
        options.chip,
        context.tools,
    )


def _sources(bundle: Bundle) -> Path:
    """The folder of the bundle's C sources, each as it was generated."""
    listed = [artifact for artifact in bundle.manifest.artifacts if artifact.kind == "source"]
    sources = [artifact for artifact in listed if artifact.path.endswith((".c", ".h"))]
    if not sources:
        raise PrerequisiteError("the bundle holds no sources of a program", hint="build it again")
    for artifact in sources:
        bundle.intact(artifact)
    return (bundle.root / SOURCES).absolute()
