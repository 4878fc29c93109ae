"""What came of a release on the board: proven, refused, or taken back, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgedla.deployment import Deployment, SelfTest
from edgedla.errors import DeviceError, EdgedlaError, GateError
from edgedla.log import plain
from edgedla_targets.pcupid.deploy.answer import Tap, results

if TYPE_CHECKING:
    from edgedla_targets.pcupid.deploy.answer import Answer
    from edgedla_targets.pcupid.deploy.host import Host
    from edgedla_targets.pcupid.deploy.payload import Payload

_SHOWN = 10  # lines of a self-test that failed
_CANNOT_RUN = (126, 127)  # of a shell: not to be executed, not found
_SAYS_NO = 1
_KILLED = 128
_DIGITS = 3  # of an exit status
_BY_HAND = "run the program there by hand"
_WORDS = {
    "in-place": "the self-test before the switch",
    "linked": "the self-test after the switch",
    "run": "the run on a golden clip",
}


@dataclass(frozen=True)
class Phase:
    """One run of the program on the board."""

    name: str
    out: list[str]
    err: list[str]
    status: int | None  # `None`: it has not been run
    late: str  # seconds after which it was stopped; empty: it ended by itself

    @classmethod
    def of(cls, name: str, answer: Answer) -> Phase:
        """From what the board answered."""
        status = answer.get(f"{name}.exit")
        return cls(
            name=name,
            out=answer.all(f"{name}.out"),
            err=answer.all(f"{name}.err"),
            status=int(status) if status.isdecimal() and len(status) <= _DIGITS else None,
            late=answer.get(f"{name}.late"),
        )

    def failure(self, host: str, aftermath: str) -> EdgedlaError | None:
        """What was wrong with it, `None` where nothing was; `aftermath` is what that has led to."""
        if self.status is None:
            return None
        tap = None if self.name == "run" else Tap.parse(self.out)
        what = f"{host}: {_WORDS[self.name]}"
        if tap and tap.failed and self.status in (0, _SAYS_NO):
            lines = "\n".join(tap.failed[:_SHOWN])
            total = tap.passed + len(tap.failed)
            return GateError(
                f"{what}: {len(tap.failed)} of {total} checks failed{aftermath}:\n{lines}",
                hint="edgedla compare shows where the numbers part; is it the board that the image is for?",
            )
        if self.status or (tap and not tap.whole):
            return DeviceError(f"{what}: {self._ending()}{self._said()}{aftermath}", hint=self._hint())
        return None

    def _ending(self) -> str:
        if self.late:
            return f"the program was at work for {self.late} s and was stopped"
        if self.status in _CANNOT_RUN:
            return "the program cannot be started there"
        if self.status and self.status > _KILLED:
            return f"the program was killed by signal {self.status - _KILLED}"
        return f"the program exited with {self.status}" if self.status else "what it printed is no TAP"

    def _said(self) -> str:
        lines = [text for line in self.err if (text := plain(line))]
        said = [line for line in lines if line.startswith("error: ")] or lines
        return f": {said[-1].removeprefix('error: ')}" if said else ""

    def _hint(self) -> str:
        hints = [
            text.removeprefix("hint: ") for line in self.err if (text := plain(line)).startswith("hint: ")
        ]
        if hints:
            return hints[-1]
        if self.status in _CANNOT_RUN:
            return "is its loader or a library missing there, or may nothing be executed in that folder?"
        return _BY_HAND


def judge(answer: Answer, host: Host, folder: str, payload: Payload) -> Deployment:
    """What a board answered to the activation of a release."""
    phases = [Phase.of(name, answer) for name in _WORDS]
    before, after, run = phases
    tap = Tap.parse((before if after.status is None else after).out)
    found = results(run.out) or ()
    return Deployment(
        folder=folder,
        release=payload.release,
        previous=answer.get("previous") or None,
        copied=not host.there,
        rolled_back=bool(answer.get("rolled-back")),
        self_test=SelfTest(passed=tap.passed, failed=tap.failed),
        results=found,
        warnings=_warnings(answer, host),
        failure=_failure(answer, host.name, payload, phases, heard=bool(found) or not payload.clip),
    )


def _failure(
    answer: Answer, host: str, payload: Payload, phases: list[Phase], *, heard: bool
) -> EdgedlaError | None:
    """Why it is no success, `None` where it is one."""
    if refusal := _refusal(answer, host, payload):
        return refusal
    aftermath = _aftermath(answer)
    for phase in phases:
        if failure := phase.failure(host, aftermath):
            return failure
    if not answer.get("done"):
        return DeviceError(
            f"{host} broke off and does not say why{aftermath}", hint="run the same command again"
        )
    if not heard:
        return DeviceError(f"{host}: {_WORDS['run']}: what it printed is no result", hint=_BY_HAND)
    return None


def _aftermath(answer: Answer) -> str:
    current = answer.get("current") or "nothing"
    if answer.get("rolled-back"):
        return f"; rolled back: {current} is at work again"
    if answer.get("stuck"):
        return f"; the former release could not be brought back, {current} is at work"
    return f"; {current} stays at work"


def _refusal(answer: Answer, host: str, payload: Payload) -> DeviceError | None:
    """Why nothing was tried."""
    if holder := answer.get("locked"):
        return DeviceError(
            f"{host}: another deployment is at work in that folder (process {holder})", hint="wait for it"
        )
    if answer.get("gone"):
        return DeviceError(
            f"{host}: release {payload.release} is not there any more", hint="run the same command again"
        )
    if where := answer.get("unwritable"):
        return DeviceError(f"{host}: {where} cannot be written", hint="name another folder: --dir PATH")
    return None


def _warnings(answer: Answer, host: Host) -> tuple[str, ...]:
    found = []
    if host.emulated:
        found.append(f"{host.name} is the emulated board, no hardware")
    if answer.all("two-steps"):
        found.append(
            f"{host.name}: its mv knows no -T, so the link was missing for a moment while it was switched"
        )
    return tuple(found)
