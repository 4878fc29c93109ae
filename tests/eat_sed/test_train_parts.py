"""The parts of a training one by one: precision, schedule, averages, optimizer, files."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from edgedla_eat_sed.network import SoundNetRaw
from edgedla_eat_sed.settings import EatOptions
from edgedla_eat_sed.training.adam import adam, moments, restore
from edgedla_eat_sed.training.averaging import Average
from edgedla_eat_sed.training.precision import Autocast, Full, HalfConvolutions, Precision
from edgedla_eat_sed.training.run_folder import RunFolder
from edgedla_eat_sed.training.schedule import LAST, Clock, rate
from tones import NETWORK

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")


@pytest.fixture
def network() -> SoundNetRaw:
    torch.manual_seed(0)
    return SoundNetRaw(EatOptions(**NETWORK), dropout=0.0)


def sound(rows: int = 4) -> torch.Tensor:
    return torch.randn(rows, 1024, generator=torch.Generator().manual_seed(1)) * 0.3


def gradients(module: torch.nn.Module, network: SoundNetRaw) -> torch.Tensor:
    network.zero_grad()
    module(sound()).square().sum().backward()
    return torch.cat([value.grad.flatten() for value in network.parameters() if value.grad is not None])


def test_1d_and_2d_convolutions_are_one_network(network: SoundNetRaw) -> None:
    one, two = Full(network, flat=True), Full(network, flat=False)
    assert torch.allclose(one(sound()), two(sound()), atol=1e-5)
    assert torch.allclose(gradients(one, network), gradients(two, network), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", [Autocast, HalfConvolutions])
def test_half_precision_is_near_full_and_not_the_same(network: SoundNetRaw, kind: type[Full]) -> None:
    exact, half = Full(network, flat=False), kind(network, flat=False)
    wanted, found = exact(sound()), half(sound())
    assert found.dtype == torch.float32
    assert not torch.equal(found, wanted)
    assert torch.allclose(found, wanted, atol=0.1)
    first, second = gradients(exact, network), gradients(half, network)
    assert torch.nn.functional.cosine_similarity(first, second, dim=0) > 0.99
    assert all(value.dtype == torch.float32 for value in network.parameters())


def test_every_weight_gets_a_gradient_in_half_precision(network: SoundNetRaw) -> None:
    HalfConvolutions(network, flat=False)(sound()).square().sum().backward()
    assert [name for name, value in network.named_parameters() if value.grad is None] == []


def test_statistics_follow_in_half_precision_as_in_full(network: SoundNetRaw) -> None:
    other = SoundNetRaw(EatOptions(**NETWORK), dropout=0.0)
    other.load_state_dict(network.state_dict())
    Full(network, flat=False)(sound())
    HalfConvolutions(other, flat=False)(sound())
    for (name, own), found in zip(network.named_buffers(), other.buffers(), strict=True):
        assert torch.allclose(own.float(), found.float(), rtol=0.05, atol=1e-3), name


def test_what_is_exact_is_exact_with_amp_too(network: SoundNetRaw) -> None:
    precision = Precision(CPU, amp=True)
    assert type(precision.of(network)) is HalfConvolutions
    assert type(precision.of(network, exact=True)) is Full
    assert type(Precision(CPU, amp=False).of(network)) is Full


def test_gradients_are_clipped(network: SoundNetRaw) -> None:
    precision, optimizer = Precision(CPU, amp=False), torch.optim.SGD(network.parameters(), lr=1.0)
    before = torch.cat([value.detach().flatten() for value in network.parameters()])
    precision.step(1e6 * precision.of(network)(sound()).sum(), network, optimizer, 2.0)
    moved = torch.cat([value.detach().flatten() for value in network.parameters()]) - before
    assert moved.norm() == pytest.approx(2.0, rel=1e-3)


@pytest.mark.parametrize("schedule", ["cosine", "one-cycle"])
@given(st.floats(0, 1))
def test_rates_stay_in_their_range(schedule: str, progress: float) -> None:
    assert LAST <= rate(progress, schedule) <= 1


def test_rates_rise_and_fall() -> None:
    assert rate(0.05, "cosine") == rate(0.3, "one-cycle") == 1
    assert rate(0.0, "one-cycle") == pytest.approx(1 / 25)
    assert rate(1.0, "cosine") == rate(1.0, "one-cycle") == pytest.approx(LAST)
    assert rate(0.525, "cosine") == pytest.approx((1 + LAST) / 2)


def test_a_clock_goes_on_from_what_was_spent() -> None:
    assert 100 <= Clock(100.0).spent < 101


def test_an_average_follows_weights_and_statistics(network: SoundNetRaw) -> None:
    average = Average(network, 0.9)
    first = average.network.tf.fc.weight.clone()
    with torch.no_grad():
        network.tf.fc.weight.add_(1.0)
        network.start[2].running_mean.add_(1.0)  # type: ignore[operator] # a buffer
    average.follow(network, 10**6)
    assert torch.allclose(average.network.tf.fc.weight - first, torch.full_like(first, 0.1), atol=1e-6)
    assert torch.allclose(
        average.network.start[2].running_mean,  # type: ignore[arg-type] # the same
        torch.full((4,), 0.1),
        atol=1e-6,
    )
    average.follow(network, 0)  # at the beginning it follows at once, here by 0.9 of the way
    assert torch.allclose(average.network.tf.fc.weight - first, torch.full_like(first, 0.91), atol=1e-5)


def test_biases_and_norms_do_not_decay(network: SoundNetRaw) -> None:
    optimizer = adam(network, 1e-3, 0.1)
    decayed = {id(each) for each in optimizer.param_groups[0]["params"]}
    names = {name for name, value in network.named_parameters() if id(value) in decayed}
    assert {"start.1.weight", "tf.fc.weight", "project.weight"} <= names
    assert not any(name.endswith(("bias", "cls_token", "pos_embed")) or ".norm" in name for name in names)
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.1, 0.0]


def test_an_optimizers_memory_is_restored(network: SoundNetRaw) -> None:
    optimizer = adam(network, 1e-3, 0.0)
    Full(network, flat=False)(sound()).sum().backward()
    optimizer.step()
    other = adam(network, 1e-3, 0.0)
    restore(network, other, {key: value.clone() for key, value in moments(network, optimizer).items()})
    found = moments(network, other)
    assert found.keys() == moments(network, optimizer).keys()
    assert all(torch.equal(value, found[key]) for key, value in moments(network, optimizer).items())


def test_figures_go_to_tensorboard_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, float, int]] = []

    class Writer:
        def __init__(self, folder: str) -> None:
            assert folder == str(tmp_path / "tensorboard")

        def add_scalar(self, name: str, value: float, step: int) -> None:
            told.append((name, value, step))

        def flush(self) -> None:
            told.append(("flush", 0, 0))

        def close(self) -> None:
            told.append(("close", 0, 0))

    module = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer  # type: ignore[attr-defined] # made here
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    folder = RunFolder(tmp_path)
    folder.tell({"epoch": 3, "loss": 0.5, "net_accuracy": None})
    folder.close()
    assert told == [("loss", 0.5, 3), ("flush", 0, 0), ("close", 0, 0)]


def test_without_tensorboard_there_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    folder = RunFolder(tmp_path)
    folder.tell({"epoch": 1, "loss": 0.5})
    folder.close()
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.jsonl"]
