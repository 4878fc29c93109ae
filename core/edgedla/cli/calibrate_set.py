"""`edgedla calibrate-set`: pick the recordings to calibrate a quantiser on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgedla.cli.common import Settings, shown, workspace
from edgedla.cli.run import jobs_of
from edgedla.cli.talk import Talk
from edgedla.cli.verb import verb
from edgedla.errors import UsageError

if TYPE_CHECKING:
    from edgedla.calibration import CalibrationSet
    from edgedla.dataset import Clip, Dataset
    from edgedla.model import Model


@verb("calibrate-set")
def calibrate_set(
    talk: Talk,
    data: Annotated[
        Path, typer.Argument(metavar="DIR", help="Recordings: a data set, or any folder of files.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="LIST", help="File to write, for --calib; or a new folder (NAME/) for copies."
        ),
    ],
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="Which model reads them; see list-models.")
    ] = None,
    count: Annotated[int, typer.Option("--n", min=1, metavar="N", help="How many to pick.")] = 100,
    without_fold: Annotated[
        int | None, typer.Option("--without-fold", metavar="K", help="Leave this fold out, to test on.")
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", min=0, metavar="N", help="Files at work at once (0: choose).")
    ] = 0,
    settings: Settings = None,
) -> None:
    """Pick recordings to calibrate on: every class, and as many kinds of level as there are.

    Recordings of the model's own test data are never picked.
    """
    from edgedla.calibration import pick

    space = workspace(settings)
    name = model or _only(list(space.plugins.models))
    model_class = space.plugins.model(name)
    network = model_class(space.config.options(name, model_class.Options, {}))
    dataset = _offered(data, network, without_fold)
    _check_out(out)
    with talk.busy(f"listening to {len(dataset.clips)} recordings"):
        found = pick(network, dataset.clips, count, jobs_of(jobs, space))
    paths = {clip.name: clip.path for clip in dataset.clips}
    _write(out, [paths[each.clip] for each in found.picked])
    talk.data = {"model": name, "data": shown(data), "out": shown(out), "asked": count, **found.model_dump()}
    _show(talk, found, out)


def _only(models: list[str]) -> str:
    if len(models) == 1:
        return models[0]
    raise UsageError(
        f"which model? {len(models)} are installed: {', '.join(models)}", hint=f"--model {models[0]}"
    )


def _offered(folder: Path, model: Model, without_fold: int | None) -> Dataset:
    """The data set in a folder; a folder that is none is taken as one class without a name."""
    from edgedla.dataset import TABLE, Clip, Dataset, read_dataset
    from edgedla.inputs import find_files

    if not folder.is_dir():
        raise UsageError(f"{folder}: {'not a folder' if folder.exists() else 'there is no such folder'}")
    flat = any(file.suffix.lower() in model.suffixes for file in folder.iterdir() if file.is_file())
    if (folder / TABLE).is_file() or not flat:
        dataset = read_dataset(folder, model.suffixes)
        return dataset if without_fold is None else dataset.without(without_fold)
    if without_fold is not None:
        raise UsageError(f"{folder}: plain files have no folds", hint="leave out --without-fold")
    files = find_files(folder, model.suffixes)
    clips: list[Clip] = [Clip(path, path.relative_to(folder).as_posix(), "") for path in files]
    return Dataset(folder, "files", tuple(clips), ("",))


def _check_out(out: Path) -> None:
    if _is_folder(out):
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise UsageError(
                f"--out {out}: there is something already", hint="name a folder that is new or empty"
            )
    elif out.exists() and not out.is_file():
        raise UsageError(f"--out {out}: not a file")


def _is_folder(out: Path) -> bool:
    """A name without a suffix is a folder's; typer takes the slash at its end away."""
    return out.is_dir() or not out.suffix


def _write(out: Path, files: list[Path]) -> None:
    from edgedla.artifacts import write_atomic

    try:
        if _is_folder(out):
            out.mkdir(parents=True, exist_ok=True)
            for number, file in enumerate(files):
                shutil.copyfile(file, out / f"{number:03}_{file.name}")
            return
        lines = [os.path.relpath(file.absolute(), out.absolute().parent) for file in files]
        write_atomic(out, "".join(f"{line}\n" for line in lines).encode())
    except OSError as error:
        raise UsageError(f"--out {out}: cannot be written: {error.strerror}") from None


def _show(talk: Talk, found: CalibrationSet, out: Path) -> None:
    rows = [(each.label or "(no class)", "", str(each.picked), str(each.offered)) for each in found.classes]
    rows += [
        (cover.name, _step(step.low, step.high, cover.unit), str(step.picked), str(step.offered))
        for cover in found.covers
        for step in cover.steps
    ]
    talk.table(("class or measure", "from, to", "picked", "of"), rows)
    if found.lacks:
        talk.warn(f"the set lacks {'; '.join(found.lacks)}")
    if found.held_out:
        talk.say(f"{found.held_out} recordings belong to the model's test data and were left out")
    if found.failed:
        talk.warn(f"{len(found.failed)} recordings could not be read, first {found.failed[0].reason}")
    talk.say(f"next: edgedla build MODEL --target TARGET --calib {shown(out)}")


def _step(low: float | None, high: float | None, unit: str) -> str:
    return f"{'' if low is None else f'{low:g}'} … {'' if high is None else f'{high:g}'} {unit}"
