"""Half precision where it is safe and worth it.

On a GPU that is torch's autocast. On a CPU autocast spends half of what it wins on turning tensors to and
fro, so there the convolutions as a whole are run in bfloat16; normalisations keep their statistics, and the
transformer all of its values, in float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from edgedla_eat_sed.network import BatchNorm

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from edgedla_eat_sed.network import SoundNetRaw


class Full(nn.Module):
    """`(rows, samples)` to logits, in float32."""

    def __init__(self, network: SoundNetRaw, *, flat: bool) -> None:
        super().__init__()
        self.network, self._flat = network, flat

    def forward(self, sound: Tensor) -> Tensor:
        logits: Tensor = self.network(self._shaped(sound))
        return logits

    def _shaped(self, sound: Tensor) -> Tensor:
        # On CPUs 2-D convolutions of height 1 are faster than 1-D ones.
        return sound.unsqueeze(1) if self._flat else sound[:, None, None]


class Autocast(Full):
    """The same with operators in bfloat16 or float16 as torch sees fit."""

    number = torch.bfloat16

    def forward(self, sound: Tensor) -> Tensor:
        with torch.autocast(sound.device.type, self.number):
            logits: Tensor = self.network(self._shaped(sound))
        return logits.float()


class HalfConvolutions(Full):
    """The same with the convolutions in bfloat16; the weights that are trained stay in float32."""

    def forward(self, sound: Tensor) -> Tensor:
        network = self.network
        convolutions = nn.Sequential(network.start, network.down, network.down2, network.project)
        half = {name: value.bfloat16() for name, value in _halvable(convolutions)}
        found = torch.func.functional_call(convolutions, half, (self._shaped(sound).bfloat16(),))
        return network.encode(found.float())


def _halvable(module: nn.Module) -> list[tuple[str, Tensor]]:
    """Weights and fixed filters, those of normalisations left out."""
    normal = {name for name, part in module.named_modules() if isinstance(part, BatchNorm)}
    everything = [*module.named_parameters(), *module.named_buffers()]
    return [(name, value) for name, value in everything if name.rpartition(".")[0] not in normal]


class Precision:
    """How networks are run and trained on a device, with or without half precision."""

    def __init__(self, device: torch.device, *, amp: bool) -> None:
        self._gpu = device.type == "cuda"
        self._amp = amp
        small = amp and self._gpu and not torch.cuda.is_bf16_supported()
        self.scaler = torch.amp.GradScaler(device.type, enabled=small)
        self._half = torch.float16 if small else torch.bfloat16

    def of(self, network: SoundNetRaw, *, exact: bool = False) -> nn.Module:
        """`network` over `(rows, samples)`; `exact`: in float32 in any case."""
        if not self._amp or exact:
            return Full(network, flat=self._gpu)
        if not self._gpu:
            return HalfConvolutions(network, flat=False)
        module = Autocast(network, flat=True)
        module.number = self._half
        return module

    def step(self, loss: Tensor, network: nn.Module, optimizer: Optimizer, clip_norm: float) -> None:
        """One step of the optimizer down the gradients of `loss`, which are no larger than `clip_norm`."""
        optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(network.parameters(), clip_norm)
        self.scaler.step(optimizer)
        self.scaler.update()
