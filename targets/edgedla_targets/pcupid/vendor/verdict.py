"""Whether a step succeeded, and what its failure means."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from edgedla.errors import ToolchainError
from edgedla_targets.pcupid.vendor import failures, place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgedla.toolchain import Completed
    from edgedla_targets.pcupid.vendor.place import Place
    from edgedla_targets.pcupid.vendor.step import Step

SHELL_SIGNAL = 128  # a shell, and docker, report a death by signal as this plus its number


def judge(step: Step, scratch: Path, done: Completed, where: Place) -> dict[str, Path]:
    """The results of a step, still in its scratch folder.

    Raises:
        ToolchainError: It was no success.
        PrerequisiteError: Docker has not even started it.
    """
    if isinstance(where, place.Docker) and done.exit_code == place.DOCKER_REFUSED:
        raise place.refused(f"docker exited with {done.exit_code}", done.tail, where.image)
    found = {name: path for name, patterns in step.results.items() if (path := _newest(scratch, patterns))}
    missing = [name for name in step.results if name not in found]
    if complaint := _complaint(step, scratch, done, missing):
        raise explain(step, ToolchainError(complaint, argv=done.argv, log=done.log, tail=done.tail))
    return found


def _newest(scratch: Path, patterns: Sequence[str]) -> Path | None:
    for pattern in patterns:
        files = [path for path in scratch.glob(pattern) if _is_result(path)]
        if files:
            return max(files, key=lambda path: path.stat().st_mtime_ns)
    return None


def _is_result(path: Path) -> bool:
    # The front end writes `Debug_<name>`, the calibrator `<stem>_cmodel_float.sim`: neither proves anything.
    if path.name.startswith("Debug_") or "_cmodel_" in path.name:
        return False
    return path.is_file() and not path.is_symlink() and path.stat().st_size > 0


def _complaint(step: Step, scratch: Path, done: Completed, missing: Sequence[str]) -> str:
    """Why a run was no success; empty where it was.

    A file is the only proof, but a program that was killed, or says why it gave up, may leave half of one.
    """
    ending = _ending(done.exit_code)
    if missing:
        left = f"left no {missing[0]}"
        empty = any(path.is_file() for pattern in step.results[missing[0]] for path in scratch.glob(pattern))
        debug = next(scratch.rglob("Debug_*"), None)
        left = f"left an empty {missing[0]}" if empty else left
        return f"{ending} and {left}" + (f", only its intermediate {debug.name}" if debug else "")
    if _killed(done.exit_code):
        return ending
    return f"{ending} and may have left half a file" if _may_be_half(step, done) else ""


def _may_be_half(step: Step, done: Completed) -> bool:
    log = failures.log_text(done.log)
    if done.exit_code:
        return failures.find(step.stage, log) is not None
    # The exit status of the zoo's scripts says nothing of the tools that they ran.
    return program(step).endswith(".sh") and failures.halving(step.stage, log)


def _killed(code: int) -> bool:
    return code < 0 or code - SHELL_SIGNAL in set(signal.Signals)


def _ending(code: int) -> str:
    number = -code if code < 0 else code - SHELL_SIGNAL
    if _killed(code) and number in set(signal.Signals):
        return f"was killed by {signal.Signals(number).name}"
    return f"exited with {code}"


def explain(step: Step, error: ToolchainError) -> ToolchainError:
    """The same failure with what it means and what helps, as far as its log is understood."""
    log = failures.log_text(error.log) if error.log else ""
    found = failures.find(step.stage, f"{log}\nedgedla: {error.message}\n")
    where = f" (log: {error.log})" if error.log else ""
    message = (
        f"{step.stage}: {program(step)} {error.message.removeprefix('bash ').removeprefix('docker ')}{where}"
    )
    if found is None:
        return ToolchainError(message, argv=error.argv, log=error.log, tail=error.tail, hint=error.hint)
    return ToolchainError(
        f"{found.code}: {found.cause}. {message}",
        argv=error.argv,
        log=error.log,
        tail=error.tail,
        hint=found.remedy,
    )


def program(step: Step) -> str:
    """The script that a step runs."""
    return next(
        (word.rsplit("/", 1)[-1] for word in step.argv if word.endswith((".py", ".sh"))), step.argv[0]
    )
