"""The emulated boards, and a compiled program on one of them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgedla.errors import DeviceError, ToolchainError
from edgedla_targets.pcupid.program.answer import read_answer
from edgedla_targets.pcupid.program.compilers import emulated, native

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edgedla.toolchain import Completed, Toolchain
    from edgedla_targets.pcupid.emulated.board import Board
    from edgedla_targets.pcupid.program.answer import ProgramAnswer
    from edgedla_targets.pcupid.program.compilers import Compiler

NATIVE = "emulated:native"
SIMULATOR = "simulator"
NOTICE = "emulated board: the program runs on this machine, its network in edgedla; no figure is a board's"
_DIFFERS, _USAGE, _DEVICE = 1, 2, 4  # exit status of the program
_KILLED = 128  # and the number of the signal, as qemu reports it
_HINT = "hint: "


def board_compiler(board: str, cache: Path) -> Compiler:
    """What compiles for an emulated board; PrerequisiteError where it, or what runs programs, is missing."""
    machine = board.removeprefix("emulated:")
    return native(cache) if machine == "native" else emulated(machine, cache)


@dataclass(frozen=True)
class BoardProgram:
    """A program, its image, and the emulated board they are for."""

    board: str
    program: Path
    launcher: tuple[str, ...]
    image: Path
    chip: str
    tools: Toolchain

    @contextlib.contextmanager
    def at_work(self) -> Iterator[Session]:
        """The board, switched on; nothing of it is left afterwards."""
        from edgedla_targets.pcupid.emulated.board import Board

        with Board(chip=self.chip) as board:
            yield Session(self, board)


class Session:
    """Calls of the program on one board, which opens an image only once."""

    def __init__(self, program: BoardProgram, board: Board) -> None:
        self._of = program
        self._board = board

    def answer(self, words: Sequence[str | Path], folder: Path) -> ProgramAnswer:
        """What the program says with `--json`; inputs that it cannot read are part of that.

        Raises:
            DeviceError: The board refused or found fault, or the program was killed.
            ToolchainError: The program did not understand its command line, or its answer is none.
        """
        output = folder / "answer.json"
        done = self._call([*words, "--json"], output)
        answer = read_answer(output)
        if answer is None or ((answer.exit_code, done.exit_code) == (_USAGE, _USAGE) and not answer.failed):
            raise self._failure("gave no answer" if answer is None else "refused its options", done)
        if answer.error and answer.exit_code == _DEVICE:
            raise DeviceError(f"{self._where}: {answer.error.message}", hint=_hint(done))
        return answer

    def self_test(self, golden: Path, folder: Path) -> list[str]:
        """The lines of the program's test of itself, whether it passed or not."""
        output = folder / "self-test.tap"
        done = self._call(["--self-test", "--golden", golden], output)
        if done.exit_code not in (0, _DIFFERS):
            raise self._failure(f"ended its self-test with {done.exit_code}", done)
        return output.read_text(encoding="utf-8", errors="replace").splitlines()

    @property
    def _where(self) -> str:
        return f"{self._of.program.name} on {self._of.board}"

    def _call(self, words: Sequence[str | Path], output: Path) -> Completed:
        of = self._of
        done = of.tools.run(
            [*of.launcher, of.program, "-m", of.image, *words],
            name="pcupid-board",
            cwd=output.parent,
            env=self._board.environment,
            trust_exit=False,
            stdout=output,
        )
        if self._board.faults:
            faults = "; ".join(dict.fromkeys(self._board.faults))
            raise DeviceError(f"{self._where}: the board found fault: {faults}", hint=_hint(done))
        if done.exit_code < 0 or done.exit_code > _KILLED:
            raise self._failure(f"was killed by signal {done.exit_code % _KILLED}", done)
        return done

    def _failure(self, what: str, done: Completed) -> ToolchainError | DeviceError:
        said = f": {done.tail[-1]}" if done.tail else ""
        if done.exit_code in (0, _DIFFERS, _USAGE):
            return ToolchainError(f"{self._where} {what}{said}", argv=done.argv, log=done.log, tail=done.tail)
        return DeviceError(f"{self._where} {what}{said}", hint=_hint(done))


def _hint(done: Completed) -> str:
    """The program's own, else where it said more."""
    own = [line.removeprefix(_HINT) for line in done.tail if line.startswith(_HINT)]
    return own[-1] if own else f"log: {done.log}"
