"""Everything a training needs to go on as if nothing had happened, in one safetensors file.

Tensors and JSON, so that a file from elsewhere is data and never code. Random numbers need no state: they are
drawn from seed, epoch and step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from edgedla.artifacts import write_atomic
from edgedla.errors import UsageError
from edgedla.spec import Spec
from edgedla_eat_sed.training import STATE

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

KEY = "run"
AGAIN = "begin anew with another --out"


class RunState(Spec):
    """Where a training is, and what it must be resumed with."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    format: str = "edgedla.eat_sed.run/1"
    model: dict[str, Any]  # options of the network
    recipe: dict[str, Any]
    seed: int
    budget: float | None
    processes: int = Field(ge=1)
    data: str  # digest of the training recordings
    epoch: int = Field(default=0, ge=0)  # both are those of the next step
    step: int = Field(default=0, ge=0)
    steps: int = Field(default=0, ge=0)  # done since the beginning
    spent: float = Field(default=0, ge=0)  # seconds
    sums: dict[str, float] = Field(default_factory=dict)  # of the epoch so far
    best: float = -1.0  # accuracy of best_model.pt
    scaler: dict[str, float] = Field(default_factory=dict)
    done: bool = False


@dataclass(frozen=True)
class Tensors:
    """The tensors of a state, by what they belong to."""

    network: dict[str, Tensor]
    average: dict[str, Tensor]
    optimizer: dict[str, Tensor]

    def flat(self) -> dict[str, Tensor]:
        """All of them under one name each."""
        return {
            f"{part}/{key}": tensor.detach().cpu().contiguous()
            for part in ("network", "average", "optimizer")
            for key, tensor in getattr(self, part).items()
        }

    @classmethod
    def parted(cls, flat: dict[str, Tensor]) -> Tensors:
        """The reverse of `flat`."""
        return cls(
            *(
                {key.split("/", 1)[1]: value for key, value in flat.items() if key.startswith(f"{part}/")}
                for part in ("network", "average", "optimizer")
            )
        )


def write_state(folder: Path, state: RunState, tensors: Tensors) -> None:
    """Write the file anew; whoever is interrupted meanwhile finds the old one."""
    write_atomic(folder / STATE, save(tensors.flat(), {KEY: state.model_dump_json()}))


def read_state(folder: Path) -> tuple[RunState, Tensors]:
    """State and tensors of the run in `folder`.

    Raises:
        UsageError: There is none, or it is damaged.
    """
    path = folder / STATE
    if not path.is_file():
        raise UsageError(f"there is no training to resume in {folder}: no {STATE}", hint="leave out --resume")
    try:
        with safe_open(str(path), framework="pt") as file:
            text = (file.metadata() or {}).get(KEY, "")
            flat = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
        return RunState.model_validate_json(text), Tensors.parted(flat)
    except (SafetensorError, OSError) as error:
        raise UsageError(f"{path} is damaged: {error}", hint=AGAIN) from None
    except ValidationError as error:
        raise UsageError(f"{path}: {error.errors()[0]['msg']}", hint=AGAIN) from None
