"""The settings of the network and of its input: what a checkpoint or `--set eat_sed.KEY=VALUE` may say."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from edgedla.spec import Options

PRESETS = {
    "S": {"nf": 16, "emb_dim": 128, "n_layers": 4, "n_head": 8, "dim_feedforward": 512},
    "M": {"nf": 32, "emb_dim": 256, "n_layers": 6, "n_head": 16, "dim_feedforward": 2048},
}
"""The two sizes of the paper, EAT-S and EAT-M."""

PEAK = 0.95
"""Of a normalised recording, as the network was trained with; full scale is 1."""
MIN_STEPS = 32
"""The widest reflection pad, 63 samples, stands where two samples are left per step, and must be shorter."""
MAX_PARAMETERS = 200_000_000
"""Eight times EAT-M; a limit against settings that would fill the memory."""
MAX_TENSOR = 2**28
"""Elements of the largest intermediate tensor: one gigabyte in float32; EAT-M has 7 million."""


def as_tuple(value: Any) -> Any:
    """What JSON and YAML give as a list, which a strict tuple would not take."""
    return tuple(value) if isinstance(value, list) else value


Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
Names = Annotated[tuple[Name, ...], BeforeValidator(as_tuple)]
Factors = Annotated[
    tuple[Annotated[int, Field(ge=2, le=64, multiple_of=2)], ...],
    BeforeValidator(as_tuple),
    Field(min_length=1, max_length=8),
]


class NetSettings(Options):
    """What decides the shapes of SoundNetRaw; the names are upstream's, the defaults EAT-S."""

    nf: int = Field(default=16, ge=1, le=256, description="channels after the first convolution")
    emb_dim: int = Field(default=128, ge=1, le=4096, description="width of the transformer")
    n_layers: int = Field(default=4, ge=1, le=64, description="encoder layers")
    n_head: int = Field(default=8, ge=1, le=256, description="attention heads; they divide emb_dim")
    dim_feedforward: int = Field(default=512, ge=1, le=65536, description="width of the feed-forward layers")
    # An odd factor leaves one sample too many, so that the positions no longer fit.
    ds_factors: Factors = Field(default=(4, 4, 4, 4), description="downsampling factors, even, e.g. 4,4,4,4")
    seq_len: int = Field(default=114688, ge=1, le=2**24, description="input length in samples")
    n_classes: int = Field(default=10, ge=1, le=10000, description="number of classes")

    @property
    def steps(self) -> int:
        """Length of the sequence that enters the transformer, without the class token."""
        return self.seq_len // self._samples_per_step

    @property
    def _samples_per_step(self) -> int:
        return 4 * math.prod(self.ds_factors)

    @property
    def parameters(self) -> int:
        """Number of trained values, from the shapes alone."""
        return self._convolution_parameters() + self._transformer_parameters()

    def _convolution_parameters(self) -> int:
        width, total = self.nf, 9 * self.nf
        for index, factor in enumerate(self.ds_factors):
            total += _down_parameters(width, factor)
            width *= 2
            total += _res_parameters(width) if index % 2 == 0 else 0
        for _ in range(2):
            total += 3 * _res_parameters(width) + _down_parameters(width, 2)
            width *= 2
        return total + (width + 1) * self.emb_dim

    def _transformer_parameters(self) -> int:
        width, hidden = self.emb_dim, self.dim_feedforward
        layer = 4 * width * width + 2 * width * hidden + 9 * width + hidden
        return (self.steps + 4) * width + self.n_layers * layer + (width + 1) * self.n_classes

    @model_validator(mode="after")
    def _fits(self) -> NetSettings:
        if self.emb_dim % self.n_head:
            raise ValueError(f"n_head: {self.n_head} does not divide emb_dim {self.emb_dim}")
        if self.seq_len % self._samples_per_step or self.steps < MIN_STEPS:
            raise ValueError(
                f"seq_len: {self.seq_len} is not a multiple of {self._samples_per_step} "
                f"(4 x the product of ds_factors), at least {MIN_STEPS * self._samples_per_step}"
            )
        return self

    @model_validator(mode="after")
    def _affordable(self) -> NetSettings:
        if self.parameters > MAX_PARAMETERS:
            raise ValueError(f"{self.parameters} parameters are more than the limit of {MAX_PARAMETERS}")
        if (largest := max(2 * self.nf * self.seq_len, self.n_head * (self.steps + 1) ** 2)) > MAX_TENSOR:
            raise ValueError(f"a tensor of {largest} elements is more than the limit of {MAX_TENSOR}")
        return self


def _down_parameters(width: int, factor: int) -> int:
    return 2 * width * width * (factor + 1) + 4 * width


def _res_parameters(width: int) -> int:
    return 2 * width * width + 20 * width


class EatOptions(NetSettings):
    """Everything that decides an `eat_sed` model; `EatSed.resolve` fills in what the checkpoint knows."""

    size: Literal["", "S", "M"] = Field(default="", description="EAT-S or EAT-M: stands for its five widths")
    sampling_rate: int = Field(default=22050, ge=1000, le=384000, description="samples per second")
    window: Literal["start", "centre"] = Field(default="start", description="part taken of a longer clip")
    hop: float = Field(default=0.5, gt=0, le=1, description="step of sliding windows, as a share of one")
    labels: str = Field(default="", description="class names: esc10, esc50 or a file with one per line")
    class_names: Names = Field(default=(), description="class names in the order of the outputs")
    licence: str = Field(default="", max_length=200, description="licence of the weights")

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, values: Any) -> Any:
        """A size stands for five settings; those that are given beside it win."""
        if isinstance(values, dict) and isinstance(values.get("size"), str):
            return PRESETS.get(values["size"], {}) | values
        return values

    @model_validator(mode="after")
    def _named(self) -> EatOptions:
        # Where n_classes is not given, the checkpoint will say it.
        counted = self.class_names and "n_classes" in self.model_fields_set
        if counted and len(self.class_names) != self.n_classes:
            raise ValueError(f"class_names: {len(self.class_names)} names for n_classes {self.n_classes}")
        return self
