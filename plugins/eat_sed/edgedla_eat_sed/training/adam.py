"""AdamW over the network, and its moments under the names of the parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.optim import AdamW

if TYPE_CHECKING:
    from torch import Tensor, nn


def adam(network: nn.Module, rate: float, decay: float) -> AdamW:
    """Weight decay of matrices and filters only, not of biases, norms, token and positions."""
    decayed = [parameter for name, parameter in network.named_parameters() if _decays(name, parameter)]
    other = [parameter for name, parameter in network.named_parameters() if not _decays(name, parameter)]
    groups = [{"params": decayed, "weight_decay": decay}, {"params": other, "weight_decay": 0.0}]
    return AdamW(groups, lr=rate)


def moments(network: nn.Module, optimizer: AdamW) -> dict[str, Tensor]:
    """What the optimizer remembers, as `<parameter>/<what>`."""
    return {
        f"{name}/{what}": value
        for name, parameter in network.named_parameters()
        for what, value in optimizer.state.get(parameter, {}).items()
    }


def restore(network: nn.Module, optimizer: AdamW, found: dict[str, Tensor]) -> None:
    """Give the optimizer its memory back."""
    for name, parameter in network.named_parameters():
        own = {
            key.rpartition("/")[2]: value for key, value in found.items() if key.rpartition("/")[0] == name
        }
        if own:
            # The step count stays on the CPU, where AdamW keeps it.
            optimizer.state[parameter] = {
                what: value if what == "step" else value.to(parameter.device) for what, value in own.items()
            }


def _decays(name: str, parameter: Tensor) -> bool:
    return parameter.dim() > 1 and not name.endswith(("cls_token", "pos_embed"))
