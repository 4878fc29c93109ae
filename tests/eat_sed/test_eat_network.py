"""SoundNetRaw against upstream's numbers, upstream's keys and torch's own layers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from edgedla_eat_sed.network import EncoderLayer, LayerNorm, SelfAttention, SoundNetRaw
from edgedla_eat_sed.plugin import EatSed
from edgedla_eat_sed.settings import PRESETS, EatOptions, NetSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[1] / "data" / "eat"
SMALL = NetSettings(
    nf=2, emb_dim=8, n_layers=1, n_head=2, dim_feedforward=8, ds_factors=(2,), seq_len=256, n_classes=3
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small spend their time on waking threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def run(network: nn.Module, images: Tensor) -> Tensor:
    with torch.inference_mode():
        logits: Tensor = network(images)
    return logits


def loaded(checkpoint: Path | None) -> SoundNetRaw:
    return EatSed(EatSed.resolve(EatOptions(), checkpoint)).load(checkpoint)


def golden(path: Path) -> tuple[Tensor, Tensor]:
    with np.load(path) as arrays:
        return torch.from_numpy(arrays["images"]), torch.from_numpy(arrays["logits"])


@pytest.mark.parametrize(
    ("checkpoint", "reference"), [(DATA / "tiny", DATA / "tiny" / "io.npz"), (None, DATA / "dog.npz")]
)
@pytest.mark.parametrize("rank", [3, 4])
def test_logits_are_upstreams(checkpoint: Path | None, reference: Path, rank: int) -> None:
    images, logits = golden(reference)
    found = run(loaded(checkpoint), images if rank == 3 else images.unsqueeze(2))
    assert found.shape == logits.shape
    assert (found - logits).abs().max() <= 1e-4


def test_one_changed_weight_is_seen() -> None:
    images, logits = golden(DATA / "tiny" / "io.npz")
    network = loaded(DATA / "tiny")
    with torch.no_grad():
        network.get_parameter("down2.5.shortcut.bias").add_(0.1)
    assert (run(network, images) - logits).abs().max() > 1e-3


def test_keys_shapes_and_types_are_upstreams() -> None:
    lines = (DATA / "state_dict_keys.txt").read_text().splitlines()
    expected = [tuple(line.split("\t")) for line in lines if not line.startswith("#")]
    state = SoundNetRaw(NetSettings()).state_dict()
    found = [
        (key, str(tuple(value.shape)), str(value.dtype).removeprefix("torch."))
        for key, value in state.items()
    ]
    assert sorted(found) == sorted(expected)


def test_the_low_pass_filter_is_the_one_of_the_checkpoint() -> None:
    fresh, trained = SoundNetRaw(NetSettings()).state_dict(), loaded(None).state_dict()
    filters = [key for key in fresh if key.endswith("filt")]
    assert len(filters) == 6
    for key in filters:
        torch.testing.assert_close(fresh[key], trained[key])


@pytest.mark.parametrize(
    ("size", "millions"),
    [("S", 5.18), ("M", 25.3)],  # counted on upstream's networks
)
def test_the_presets_have_the_sizes_of_upstream(size: str, millions: float) -> None:
    net = EatOptions.model_validate({"size": size})
    assert net.parameters == sum(value.numel() for value in SoundNetRaw(net).parameters())
    assert net.parameters / 1e6 == pytest.approx(millions, abs=0.05)
    assert PRESETS[size].items() <= net.model_dump().items()


@st.composite
def nets(draw: st.DrawFn) -> NetSettings:
    heads = draw(st.integers(1, 3))
    factors = tuple(draw(st.lists(st.sampled_from([2, 4, 6]), min_size=1, max_size=3)))
    steps = draw(st.integers(32, 36))
    return NetSettings(
        nf=draw(st.integers(1, 4)),
        emb_dim=heads * draw(st.integers(1, 4)),
        n_layers=draw(st.integers(1, 2)),
        n_head=heads,
        dim_feedforward=draw(st.integers(1, 8)),
        ds_factors=factors,
        seq_len=steps * 4 * int(np.prod(factors)),
        n_classes=draw(st.integers(1, 5)),
    )


@settings(max_examples=15, deadline=None)
@given(net=nets(), seed=st.integers(0, 2**31))
def test_any_settings_that_pass_give_a_network_that_runs(net: NetSettings, seed: int) -> None:
    torch.manual_seed(seed)
    network = SoundNetRaw(net).eval()
    images = torch.randn(2, 1, net.seq_len)
    logits = run(network, images)
    assert logits.shape == (2, net.n_classes)
    assert net.parameters == sum(value.numel() for value in network.parameters())
    torch.testing.assert_close(run(network, images.unsqueeze(2)), logits, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(run(network, images[:1]), logits[:1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rank", [2, 5])
def test_other_ranks_are_refused(rank: int) -> None:
    with pytest.raises((ValueError, RuntimeError)):
        run(SoundNetRaw(SMALL), torch.zeros([1] * (rank - 1) + [SMALL.seq_len]))


def test_layer_norm_is_torchs() -> None:
    torch.manual_seed(0)
    ours, theirs = LayerNorm(24), nn.LayerNorm(24)
    nn.init.normal_(theirs.weight)
    nn.init.normal_(theirs.bias)
    ours.load_state_dict(theirs.state_dict())
    x = 100 * torch.randn(2, 5, 24) + 3
    torch.testing.assert_close(ours(x), theirs(x))


def test_self_attention_is_torchs() -> None:
    torch.manual_seed(0)
    ours, theirs = SelfAttention(24, 4), nn.MultiheadAttention(24, 4, batch_first=True)
    nn.init.normal_(theirs.in_proj_bias)
    nn.init.normal_(theirs.out_proj.bias)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 7, 24)
    torch.testing.assert_close(ours(x), theirs(x, x, x)[0])


def test_encoder_layer_is_torchs() -> None:
    torch.manual_seed(0)
    net = SMALL.model_copy(update={"emb_dim": 24, "n_head": 4, "dim_feedforward": 40})
    theirs = nn.TransformerEncoderLayer(24, 4, 40, activation="gelu", batch_first=True).eval()
    ours = EncoderLayer(net, dropout=0.1).eval()
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 7, 24)
    torch.testing.assert_close(ours(x), theirs(x))


def test_it_learns_three_sounds_by_heart() -> None:
    torch.manual_seed(0)
    network = SoundNetRaw(SMALL, dropout=0.0).train()
    images, target = torch.randn(3, 1, SMALL.seq_len), torch.arange(3)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.02)
    first = last = torch.tensor(0.0)
    for step in range(40):
        last = nn.functional.cross_entropy(network(images), target)
        first = last.detach() if step == 0 else first
        optimizer.zero_grad()
        torch.autograd.backward(last)
        optimizer.step()
    assert last < 0.2 * first
    assert all(value.grad is not None for value in network.parameters())
