"""Predictions as they come: lines off a terminal, a table on it, `data` for `--json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgedla.cli.shown import Columns, result, rows
from edgedla.errors import UsageError
from edgedla.model import Model
from edgedla.predict import Answer, timeline

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from edgedla.cli.talk import Talk
    from edgedla.predict import Event
    from edgedla.runner import Runner
    from edgedla.workspace import Bundle

SLIDE_THRESHOLD = 0.5
EVENT_COLUMNS: Columns = ("input", "start s", "end s", "label", "score")


class Answers:
    """What one bundle says of some files; `talk.data` grows with them."""

    def __init__(
        self, talk: Talk, bundle: Bundle, top_k: int, threshold: float | None, *, board: str | None
    ) -> None:
        self._talk = talk
        self._model = bundle.model
        self._top_k = top_k
        self._threshold = threshold
        self._results: list[dict[str, Any]] = []
        self._failed: list[dict[str, str]] = []
        self._tables: dict[Columns, list[tuple[str, ...]]] = {}
        talk.data = {
            "model": bundle.manifest.model.name,
            "target": bundle.manifest.target.name,
            "toolchain": bundle.manifest.toolchain,
            "board": board,
            "results": self._results,
            "failed": self._failed,
        }

    def tell(self, answers: Iterable[Answer], count: int) -> None:
        """One prediction for each of `count` files.

        Raises:
            UsageError: Some files could not be read; all others were done.
        """
        for answer in answers:
            for text in answer.warnings:
                self._talk.warn(text)
            if answer.prediction is None:
                self._fail(answer, alone=count == 1)
                continue
            found = result(answer, self._top_k, self._threshold)
            self._results.append(found)
            for columns, row in rows(found):
                self._row(columns, row)
        self._end(count)

    def tell_events(self, runner: Runner, files: list[Path]) -> None:
        """A timeline per file.

        Raises:
            UsageError: The model has no windows, or some files could not be read; all others were done.
        """
        if type(self._model).windows is Model.windows:
            raise UsageError(f"model '{self._model.name}' has no windows to slide", hint="leave out --long")
        for path in files:
            found: list[Event] = []
            try:
                for event in timeline(self._model, runner, path, self._event_threshold):
                    found.append(event)
                    times = (f"{event.start:.2f}", f"{event.end:.2f}")
                    self._row(EVENT_COLUMNS, (str(path), *times, event.best.label, f"{event.best.score:.3f}"))
            except UsageError as error:
                self._fail(Answer(path, None, None, error.message), alone=len(files) == 1)
                continue
            self._results.append({"input": str(path), "events": [_event(event) for event in found]})
        self._end(len(files))

    @property
    def _event_threshold(self) -> float:
        return SLIDE_THRESHOLD if self._threshold is None else self._threshold

    def _row(self, columns: Columns, row: tuple[str, ...]) -> None:
        """Whoever reads a pipe gets each line at once; a table needs all of them for its widths."""
        if self._talk.terminal:
            self._tables.setdefault(columns, []).append(row)
        else:
            self._talk.table(columns, [row])

    def _fail(self, answer: Answer, *, alone: bool) -> None:
        self._failed.append({"input": str(answer.path), "reason": answer.failure})
        if not alone:  # else it is the error itself
            self._talk.warn(answer.failure)

    def _end(self, count: int) -> None:
        for columns, found in self._tables.items():
            self._talk.table(columns, found)
        if not self._failed:
            return
        if count == 1:
            raise UsageError(self._failed[0]["reason"], hint="name another file with -i")
        raise UsageError(
            f"{len(self._failed)} of {count} inputs could not be read",
            hint="the others were done; mend or leave out those named in the warnings above",
        )


def _event(event: Event) -> dict[str, Any]:
    return {"start": event.start, "end": event.end, **event.best.model_dump()}
