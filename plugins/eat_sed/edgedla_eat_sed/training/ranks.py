"""One process of a training among several, as `torchrun` starts them; alone, all of it costs nothing."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, distributed

from edgedla.errors import UsageError
from edgedla_eat_sed.network import BatchNorm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgedla_eat_sed.network import SoundNetRaw


@dataclass(frozen=True)
class Ranks:
    """This process's number among `count`."""

    device: torch.device
    index: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes and talks for all."""
        return self.index == 0

    def largest(self, *values: float) -> tuple[float, ...]:
        """The largest of each value over all processes."""
        return self._agreed(distributed.ReduceOp.MAX, values) if self.count > 1 else values

    def total(self, *values: float) -> tuple[float, ...]:
        """The sum of each value over all processes."""
        return self._agreed(distributed.ReduceOp.SUM, values) if self.count > 1 else values

    def of_first(self, *values: float) -> tuple[float, ...]:
        """The first process's values."""
        return self.total(*(value if self.first else 0.0 for value in values))

    def _agreed(self, how: distributed.ReduceOp.RedOpType, values: tuple[float, ...]) -> tuple[float, ...]:
        tensor = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(tensor, how)
        return tuple(tensor.tolist())


def find_device(name: str) -> torch.device:
    """The device meant: `auto` is a GPU where there is one, for each of several processes its own.

    Raises:
        UsageError: There is no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and "LOCAL_RANK" in os.environ:
        name = f"cuda:{os.environ['LOCAL_RANK']}"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"--device {name}: {str(error).splitlines()[0]}", hint="--device cpu, or leave it out"
        ) from None
    if device.type not in {"cpu", "cuda"}:
        raise UsageError(f"--device {name}: expected cpu or cuda", hint="leave out --device")
    return device


@contextmanager
def joined(device: torch.device) -> Iterator[Ranks]:
    """The processes of this training, found by the variables that `torchrun` sets."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks(device)
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Ranks(device, distributed.get_rank(), count)
    finally:
        distributed.destroy_process_group()


class SharedBatchNorm(BatchNorm):
    """Batch normalisation by the statistics of all processes' clips, as if one process had them all."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        from torch.distributed.nn.functional import all_reduce

        values = x.float()
        axes = [0, *range(2, x.dim())]
        moments = torch.stack((values.mean(axes), values.square().mean(axes)))
        mean, square = (all_reduce(moments) / distributed.get_world_size()).unbind()  # type: ignore[no-untyped-call]
        variance = square - mean.square()
        self._remember(mean.detach(), variance.detach(), x.numel() // x.shape[1])
        form = (1, -1, *(1 for _ in axes[1:]))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        result: Tensor = values * scale.view(form) + (self.bias - mean * scale).view(form)
        return result.to(x.dtype)

    def _remember(self, mean: Tensor, variance: Tensor, own: int) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        count = own * distributed.get_world_size()
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        self.num_batches_tracked.add_(1)


def shared(network: SoundNetRaw) -> SoundNetRaw:
    """`network` with normalisations that share their statistics; weights and keys stay."""
    for parent in list(network.modules()):
        for name, module in list(parent.named_children()):
            if type(module) is BatchNorm:
                other = SharedBatchNorm(module.num_features)
                other.load_state_dict(module.state_dict())
                setattr(parent, name, other)
    return network
