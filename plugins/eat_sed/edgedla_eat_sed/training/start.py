"""What a run begins with: settings, split, network and state, anew or resumed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from pydantic import ValidationError

from edgedla.dataset import match_labels, plain_label
from edgedla.errors import UsageError
from edgedla_eat_sed.checkpoint import find_checkpoint
from edgedla_eat_sed.network import SoundNetRaw
from edgedla_eat_sed.resolve import resolve_options
from edgedla_eat_sed.settings import EatOptions
from edgedla_eat_sed.state import load_state
from edgedla_eat_sed.training import STATE
from edgedla_eat_sed.training.options import TrainOptions
from edgedla_eat_sed.training.run_state import RunState, Tensors, read_state

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla.dataset import Dataset
    from edgedla.trainer import Job
    from edgedla_eat_sed.training.ranks import Ranks

BUNDLED = "bundled"
"""For `--init`: the weights that come with the plugin."""


@dataclass(frozen=True)
class Plan:
    """Settled options; `init` the weights to start from, and the options they were trained with."""

    model: EatOptions
    recipe: TrainOptions
    init: Path | None = None
    before: EatOptions | None = None

    def numbers(self, data: Dataset) -> dict[str, int]:
        """The output of each of the data set's classes."""
        return match_labels(data, self.model.class_names)


def find_run(job: Job) -> tuple[RunState, Tensors] | None:
    """The run to be resumed.

    Raises:
        UsageError: There is none; or there is one, and it is not to be resumed.
    """
    if job.resume:
        return read_state(job.out)
    if (job.out / STATE).exists():
        raise UsageError(f"--out {job.out}: there is a training already", hint="--resume, or another --out")
    return None


def plan_run(
    model: EatOptions,
    recipe: TrainOptions,
    job: Job,
    data: Dataset,
    found: tuple[RunState, Tensors] | None,
) -> Plan:
    """The options of a run; of one that is resumed, those it began with.

    Raises:
        UsageError: An option contradicts the run, or the weights to start from.
    """
    if found:
        return _resumed(model, recipe, job, found[0])
    _check_names(model, data, job)
    if job.init is None:
        return Plan(_for_classes(model, data.classes), recipe)
    init = None if str(job.init) == BUNDLED and not job.init.exists() else job.init
    checkpoint = find_checkpoint(init)
    before = resolve_options(_without_names(model), checkpoint)
    names = before.class_names if _same_classes(before.class_names, data.classes) else data.classes
    return Plan(_for_classes(before, names), recipe, checkpoint.weights, before)


def split(data: Dataset, recipe: TrainOptions) -> tuple[Dataset, Dataset]:
    """The part to train on and the part to test on.

    Raises:
        UsageError: There is no such fold.
    """
    nothing = data.take(())
    if recipe.fold < 0:
        return data, nothing
    if data.folds:
        return data.without(recipe.fold), data.only([recipe.fold])
    if "fold" in recipe.model_fields_set:
        raise UsageError(f"{data.root}: the data set has no folds", hint="leave out --fold; see --test-share")
    tested = {name for label in data.classes for name in _tested(data, label, recipe.test_share)}
    return data.take(clip.name for clip in data.clips if clip.name not in tested), data.take(tested)


def make_network(plan: Plan, seed: int) -> SoundNetRaw:
    """The network to train: random, or the weights to start from, for other classes with a new last layer."""
    torch.manual_seed(seed)
    network = SoundNetRaw(plan.before or plan.model, plan.recipe.dropout)
    if plan.init is None:
        return network
    load_state(network, plan.init)
    if plan.before is not None and plan.before.class_names != plan.model.class_names:
        network.tf.fc = torch.nn.Linear(plan.model.emb_dim, plan.model.n_classes)
    return network


def state_of(
    plan: Plan, job: Job, data: str, ranks: Ranks, found: tuple[RunState, Tensors] | None
) -> RunState:
    """Where the run begins or goes on.

    Raises:
        UsageError: The recordings, or the number of processes, are not those that it began with.
    """
    if found is None:
        return RunState(
            model=plan.model.model_dump(mode="json"),
            recipe=plan.recipe.model_dump(mode="json"),
            seed=job.seed or 0,
            budget=job.budget,
            processes=ranks.count,
            data=data,
        )
    state = found[0]
    if state.data != data:
        raise UsageError(
            f"--data {job.data}: these are not the recordings that the run in {job.out} began with"
        )
    if state.processes != ranks.count:
        raise UsageError(f"the run in {job.out} had {state.processes} processes, now there are {ranks.count}")
    return state


def _resumed(model: EatOptions, recipe: TrainOptions, job: Job, state: RunState) -> Plan:
    before = Plan(_validated(EatOptions, state.model, job), _validated(TrainOptions, state.recipe, job))
    asked: list[tuple[str, Any, Any]] = [
        *(
            (key, getattr(recipe, key), getattr(before.recipe, key))
            for key in sorted(recipe.model_fields_set)
        ),
        *((key, getattr(model, key), getattr(before.model, key)) for key in sorted(model.model_fields_set)),
        ("seed", state.seed if job.seed is None else job.seed, state.seed),
        ("budget", state.budget if job.budget is None else job.budget, state.budget),
    ]
    for key, now, then in asked:
        if now != then and key not in {"labels", "class_names", "size"}:
            flag = key.replace("_", "-")
            raise UsageError(
                f"--{flag} is {now}, the run in {job.out} began with {then}", hint=f"leave out --{flag}"
            )
    if job.init is not None:
        raise UsageError("--init is for the beginning of a run, not with --resume", hint="leave out --init")
    return before


def _validated(kind: Any, values: dict[str, Any], job: Job) -> Any:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise UsageError(
            f"{job.out / STATE}: {error.errors()[0]['msg']}", hint="begin anew with another --out"
        ) from None


def _for_classes(model: EatOptions, names: tuple[str, ...]) -> EatOptions:
    values = model.model_dump() | {"class_names": names, "n_classes": len(names), "labels": "", "size": ""}
    try:
        return EatOptions.model_validate(values)
    except ValidationError as error:
        raise UsageError(f"these classes make no network: {error.errors()[0]['msg']}") from None


def _check_names(model: EatOptions, data: Dataset, job: Job) -> None:
    """The data set decides the classes; options that are for building must not go unheard."""
    if "n_classes" in model.model_fields_set and model.n_classes != len(data.classes):
        raise UsageError(
            f"--n-classes is {model.n_classes}, {data.root} has {len(data.classes)} classes",
            hint="leave out --n-classes",
        )
    if model.class_names or model.labels:
        job.warn(f"class names are those of {data.root}; labels and class_names of the options are not used")


def _without_names(model: EatOptions) -> EatOptions:
    given = {key: getattr(model, key) for key in model.model_fields_set - {"labels", "class_names"}}
    return EatOptions.model_validate(given)


def _same_classes(names: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return sorted(map(plain_label, names)) == sorted(map(plain_label, others))


def _tested(data: Dataset, label: str, share: float) -> list[str]:
    """The clips of one class that test: by a hash of their names, so that others hardly change it."""
    names = [clip.name for clip in data.clips if clip.label == label]
    names.sort(key=lambda name: hashlib.sha256(name.encode()).digest())
    return names[: round(share * len(names))]
