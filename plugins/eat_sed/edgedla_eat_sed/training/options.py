"""The recipe of a training: upstream's options by name, and some more."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from edgedla.spec import Options
from edgedla_eat_sed.settings import as_tuple

Signal = Literal["amp", "neg", "tshift", "cycshift", "tmask", "ampsegment", "resample"]
Noise = Literal["white", "pink", "brown", "blue", "violet", "sine"]
Mix = Literal["mixup", "timemix", "freqmix", "phmix"]

UPSTREAM_NOISES = {
    "white": "awgn",
    "pink": "apgn",
    "brown": "argn",
    "blue": "abgn",
    "violet": "avgn",
    "sine": "sine",
}
"""Our words for noises, and those that upstream writes into `args.yml`."""


def _none_is_empty(value: object) -> object:
    """`none` for an empty list, as upstream has it."""
    return () if value in ("none", ["none"], ("none",)) else as_tuple(value)


Signals = Annotated[tuple[Signal, ...], BeforeValidator(_none_is_empty)]
Noises = Annotated[tuple[Noise, ...], BeforeValidator(_none_is_empty)]
Mixes = Annotated[tuple[Mix, ...], BeforeValidator(_none_is_empty)]


class TrainOptions(Options):
    """What decides a training beside the network, the data and the seed."""

    max_lr: float = Field(default=3e-4, gt=0, le=1, description="highest learning rate")
    wd: float = Field(default=1e-5, ge=0, le=1, description="weight decay; not of biases and norms")
    batch_size: int = Field(default=128, ge=1, le=65536, description="clips per step, over all processes")
    epochs: int = Field(default=3500, ge=1, le=10**6, description="passes over the training clips")
    fold: int = Field(default=1, ge=-1, le=10**6, description="the fold that tests; -1: all train")
    test_share: float = Field(
        default=0.2, ge=0, lt=1, description="share that tests where the data set has no folds"
    )
    mix_ratio: float = Field(default=1.0, ge=0, le=1, description="share of batches whose clips are mixed")
    epoch_mix: int = Field(default=12, ge=0, le=10**6, description="epochs before mixing begins")
    mix_loss: Literal["bce", "ce"] = Field(default="bce", description="loss of mixed batches")
    label_smoothing: float = Field(default=0.1, ge=0, lt=1, description="of cross-entropy")
    ema: float = Field(default=0.995, ge=0, lt=1, description="decay of the averaged weights per step")
    schedule: Literal["cosine", "one-cycle"] = Field(
        default="cosine", description="course of the learning rate"
    )
    clip_norm: float = Field(default=5.0, gt=0, description="largest norm of a step's gradients")
    dropout: float = Field(default=0.1, ge=0, lt=1, description="in the transformer")
    amp: bool = Field(default=False, description="bfloat16, or float16 on GPUs without it, where it is safe")
    augs_signal: Signals = Field(
        default=("amp", "neg", "tshift", "cycshift", "tmask", "ampsegment", "resample"),
        description="changes of single clips, or none",
    )
    augs_noise: Noises = Field(
        default=("white", "pink", "brown", "blue", "violet", "sine"), description="noises added, or none"
    )
    augs_mix: Mixes = Field(
        default=("mixup", "timemix", "freqmix", "phmix"), description="ways to mix two clips, or none"
    )
    test_every: int = Field(default=1, ge=1, le=10**6, description="epochs from one test to the next")
