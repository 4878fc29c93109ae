"""The trainer of `eat_sed`: options and data checked, then the run. Light to import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from edgedla.errors import PrerequisiteError, UsageError
from edgedla.requirement import TORCH
from edgedla.trainer import Trainer
from edgedla_eat_sed.training import STATE
from edgedla_eat_sed.training.options import TrainOptions

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.dataset import Dataset
    from edgedla.trainer import Job
    from edgedla_eat_sed.settings import EatOptions
    from edgedla_eat_sed.training.ranks import Ranks
    from edgedla_eat_sed.training.run_state import RunState, Tensors
    from edgedla_eat_sed.training.start import Plan


class EatTrainer(Trainer[TrainOptions]):
    """Trains SoundNetRaw on a labelled folder."""

    Options: ClassVar[type[TrainOptions]] = TrainOptions
    model_options: EatOptions

    def resumable(self, out: Path) -> bool:
        """See `Trainer.resumable`."""
        return (out / STATE).is_file()

    def train(self, job: Job) -> dict[str, Any]:
        """See `Trainer.train`."""
        if not TORCH.met():
            raise PrerequisiteError("training needs the package 'torch'", hint=TORCH.hint)
        from edgedla.dataset import read_dataset
        from edgedla_eat_sed.plugin import EatSed
        from edgedla_eat_sed.training.ranks import find_device, joined
        from edgedla_eat_sed.training.start import find_run, plan_run

        device = find_device(job.device)
        found = find_run(job)
        data = read_dataset(job.data, EatSed.suffixes)
        plan = plan_run(self.model_options, self.options, job, data, found)
        with joined(device) as ranks:
            return _run(job, plan, data, ranks, found)


def _run(
    job: Job,
    plan: Plan,
    data: Dataset,
    ranks: Ranks,
    found: tuple[RunState, Tensors] | None,
) -> dict[str, Any]:
    from edgedla.statistics import share
    from edgedla_eat_sed.training.loop import Parts, Training
    from edgedla_eat_sed.training.run_folder import LAST, RunFolder
    from edgedla_eat_sed.training.sounds import read_sounds
    from edgedla_eat_sed.training.start import make_network, split, state_of

    _check_batch(plan.recipe, ranks)
    trained, tested = split(data, plan.recipe)
    numbers = plan.numbers(data)
    sounds = read_sounds(trained.clips, numbers, plan.model, job.warn)
    test = read_sounds(tested.clips, numbers, plan.model, job.warn)
    _check_classes(sounds.sounds.present, plan.model)
    job.say(
        f"{len(sounds.sounds)} clips to train on, {len(test.sounds)} to test, {plan.model.n_classes} classes"
    )
    state = state_of(plan, job, sounds.sounds.digest(), ranks, found)
    folder = RunFolder(job.out)
    if ranks.first:
        folder.begin(plan.model, plan.recipe, sounds.hashes)
        folder.keep_until(state.epoch)
    network = make_network(plan, state.seed)
    parts = Parts(job, plan.recipe, folder, ranks, network, sounds.sounds, test.sounds)
    training = Training(parts, state)
    if found:
        training.restore(found[1])
    try:
        figures = {} if state.done else training.run()
        accuracy = training.accuracy()
    finally:
        folder.close()
    return {
        "classes": list(plan.model.class_names),
        "training_clips": len(sounds.sounds),
        "test_clips": len(test.sounds),
        "unreadable": [*sounds.failed, *test.failed],
        "epochs": training.state.epoch,
        "steps": training.state.steps,
        "seconds": round(training.state.spent, 1),
        "last_epoch": figures,
        "weights": LAST,
        "accuracy": share(*accuracy).model_dump(),
        "best_on_test": training.state.best if test.sounds.present else None,
    }


def _check_batch(recipe: TrainOptions, ranks: Ranks) -> None:
    if recipe.batch_size % ranks.count:
        raise UsageError(
            f"batch_size {recipe.batch_size} cannot be shared evenly by {ranks.count} processes",
            hint=f"--batch-size {(recipe.batch_size // ranks.count + 1) * ranks.count}",
        )


def _check_classes(present: set[int], model: EatOptions) -> None:
    if len(present) < model.n_classes:
        missing = [name for index, name in enumerate(model.class_names) if index not in present]
        raise UsageError(f"no recording to train on of class {', '.join(missing[:5])}")
    if model.n_classes < 2:  # noqa: PLR2004 - one class needs no deciding
        raise UsageError("there is one class only; a network that tells classes apart needs two")
