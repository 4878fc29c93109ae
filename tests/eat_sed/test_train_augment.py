"""What each change, noise and mix does to a batch: energy, spectrum, length, shares."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from edgedla_eat_sed.training import mixing, noise, signal
from edgedla_eat_sed.training.batches import Batch, Batches
from edgedla_eat_sed.training.draws import Draws
from edgedla_eat_sed.training.losses import loss_of
from edgedla_eat_sed.training.options import TrainOptions
from edgedla_eat_sed.training.ranks import Ranks
from edgedla_eat_sed.training.sounds import Sounds
from tones import NETWORK

if TYPE_CHECKING:
    from collections.abc import Callable

from edgedla_eat_sed.settings import EatOptions

LENGTH = 4096
ROWS = 3


def sound(seed: int = 0, rows: int = ROWS, length: int = LENGTH) -> Tensor:
    return torch.randn(rows, length, generator=torch.Generator().manual_seed(seed)) * 0.1


def draws(seed: int = 0, total: int = ROWS, rows: Tensor | None = None) -> Draws:
    generator = torch.Generator().manual_seed(seed)
    return Draws(generator, total, torch.arange(total) if rows is None else rows)


def column(*values: float) -> Tensor:
    return torch.tensor(values).unsqueeze(1)


def sine(cycles: int, length: int = LENGTH) -> Tensor:
    """So many periods in the whole length, one row."""
    return torch.sin(2 * math.pi * cycles * torch.arange(length) / length).unsqueeze(0)


def peak_bin(x: Tensor) -> int:
    return int(torch.fft.rfft(x)[0].abs().argmax())


@pytest.mark.parametrize("name", signal.CHANGES)
def test_a_change_keeps_shape_and_range_and_does_something(name: str) -> None:
    x = sound()
    changed = signal.CHANGES[name](x, draws(1))
    assert changed.shape == x.shape
    assert changed.dtype == torch.float32
    assert not torch.equal(changed, x)
    assert changed.abs().max() <= x.abs().max() * 1.0001


@pytest.mark.parametrize("name", signal.CHANGES)
def test_a_change_of_silence_is_silence(name: str) -> None:
    assert not signal.CHANGES[name](torch.zeros(ROWS, LENGTH), draws(1)).any()


@given(st.integers(-LENGTH, LENGTH))
@settings(max_examples=20, deadline=None)
def test_shift_moves_and_fills_with_silence(samples: int) -> None:
    x = sound(rows=1)
    moved = signal.shift(x, torch.tensor([[samples]]))
    kept = LENGTH - abs(samples)
    if samples >= 0:
        assert torch.equal(moved[:, samples:], x[:, :kept])
        assert not moved[:, :samples].any()
    else:
        assert torch.equal(moved[:, :kept], x[:, -samples:])
        assert not moved[:, kept:].any()


@given(st.integers(0, 2 * LENGTH))
@settings(max_examples=20, deadline=None)
def test_roll_keeps_every_sample(samples: int) -> None:
    x = sound(rows=1)
    assert torch.equal(signal.roll(x, torch.tensor([[samples]])), torch.roll(x, samples, dims=1))


@pytest.mark.parametrize("speed", [0.8, 1.0, 1.25])
def test_resampling_moves_a_tone_by_its_speed(speed: float) -> None:
    found = signal.resample(sine(80), column(speed))
    assert abs(peak_bin(found) - 80 * speed) <= 1
    if speed > 1:  # shorter, and silence behind
        assert not found[:, int(LENGTH / speed) + 1 :].any()


def test_a_segment_is_scaled_and_nothing_else() -> None:
    x = sound(rows=1)
    scaled = signal.scale_segment(x, torch.tensor([[100]]), torch.tensor([[50]]), column(0.5))
    assert torch.equal(scaled[:, 100:150], 0.5 * x[:, 100:150])
    assert torch.equal(scaled[:, :100], x[:, :100])
    assert torch.equal(scaled[:, 150:], x[:, 150:])


def test_masks_are_short_and_amplitudes_in_their_range() -> None:
    x = torch.ones(200, LENGTH)
    masked = (signal.CHANGES["tmask"](x, draws(total=200)) == 0).float().mean(dim=1)
    assert masked.max() <= signal.LONGEST_MASK + 1 / LENGTH
    assert 0.08 < masked.mean() < 0.12
    gains = signal.CHANGES["amp"](x, draws(total=200))[:, 0]
    assert signal.QUIETEST <= gains.min() < 0.3
    assert 0.95 < gains.max() <= 1


def test_changes_are_made_to_half_of_the_clips() -> None:
    x = torch.ones(400, 16)
    flipped = signal.change(x, ("neg",), draws(total=400))[:, 0] < 0
    assert 0.4 < flipped.float().mean() < 0.6


def test_no_changes_are_none() -> None:
    assert signal.change(sound(), (), draws()) is not None
    assert torch.equal(signal.change(sound(), (), draws()), sound())
    assert torch.equal(noise.add_some(sound(), (), draws()), sound())


@pytest.mark.parametrize(("name", "slope"), noise.SLOPES.items())
def test_a_colours_power_density_falls_as_it_should(name: str, slope: float) -> None:
    """A straight line through the density over octaves, both logarithmic, has the slope of the colour."""
    white = torch.randn(16, 2**15, generator=torch.Generator().manual_seed(1))
    made = noise.coloured(white, torch.full((16, 1), slope))
    assert torch.allclose(made.square().mean(dim=1), torch.ones(16), rtol=1e-3)
    power = torch.fft.rfft(made).abs().square().mean(dim=0)
    octaves = [2**k for k in range(3, 14)]
    means = torch.tensor([power[low : 2 * low].mean() for low in octaves]).log2()
    steps = (means[1:] - means[:-1]).mean()
    assert steps == pytest.approx(slope, abs=0.1), name


@given(st.floats(-10, 60))
@settings(max_examples=20, deadline=None)
def test_noise_is_added_at_its_ratio(snr_db: float) -> None:
    x, added = sound(), noise.coloured(sound(5), column(0, 0, 0))
    noisy = noise.add(x, added, torch.full((ROWS, 1), snr_db))
    ratio = 10 * torch.log10(x.square().mean(dim=1) / (noisy - x).square().mean(dim=1))
    assert torch.allclose(ratio, torch.full((ROWS,), snr_db), atol=0.1)


def test_silence_gets_no_noise() -> None:
    assert not noise.add_some(torch.zeros(8, LENGTH), ("white", "sine"), draws(total=8)).any()


def test_an_added_sine_is_one_line_in_the_spectrum() -> None:
    x = torch.full((64, LENGTH), 0.1)
    added = (noise.add_some(x, ("sine",), draws(total=64)) - x)[:, :]
    heard = added[added.abs().amax(dim=1) > 0]
    assert 16 < len(heard) < 48
    power = torch.fft.rfft(heard).abs().square()
    top = power.topk(8, dim=1).values.sum(dim=1) / power.sum(dim=1)
    assert top.min() > 0.9


def test_tones_have_unit_power_and_their_frequency() -> None:
    made = noise.tone(LENGTH, column(100 / LENGTH), column(1.0))
    assert peak_bin(made) == 100
    assert made.square().mean() == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("kind", mixing.MIXES)
def test_a_clip_mixed_with_itself_is_itself(kind: str) -> None:
    x = sound()
    mixed, share = mixing.MIXES[kind](x, x, draws(2))
    gain = (mixed / x).median(dim=1, keepdim=True).values  # mixup keeps the power of two that differ
    assert torch.allclose(mixed, gain * x, atol=1e-4)
    assert mixed.shape == x.shape
    assert share.shape == (ROWS, 1)
    assert ((share > 0) & (share <= 1)).all()


def test_mixup_weighs_by_what_is_heard() -> None:
    loud, soft = sound(1) * 10, sound(2)
    mixed, share = mixing.mixup(loud, soft, column(0.5, 0.5, 0.5))
    first = (mixed * loud).mean(dim=1) / loud.square().mean(dim=1).sqrt()
    second = (mixed * soft).mean(dim=1) / soft.square().mean(dim=1).sqrt()
    assert torch.allclose(first, second, rtol=0.25)
    assert torch.equal(share, column(0.5, 0.5, 0.5))


def test_timemix_takes_its_share_of_the_time() -> None:
    first, second = torch.ones(2, LENGTH), torch.zeros(2, LENGTH)
    mixed, _ = mixing.timemix(first, second, column(0.75, 0.75), late=torch.tensor([[True], [False]]))
    assert torch.allclose(mixed.mean(dim=1), torch.tensor([0.75, 0.75]), atol=1e-3)
    assert mixed[0, 0] == 1
    assert mixed[0, -1] == 0
    assert mixed[1, 0] == 0
    assert mixed[1, -1] == 1


def test_freqmix_takes_its_share_of_the_band() -> None:
    low_and_high = sine(100) + sine(1900)
    other = sine(500) + sine(1500)
    mixed, _ = mixing.freqmix(low_and_high, other, column(0.5), late=torch.tensor([[True]]))
    lines = torch.fft.rfft(mixed)[0].abs() > LENGTH / 4
    assert lines.nonzero().flatten().tolist() == [100, 1500]


def test_phmix_keeps_magnitudes_and_says_at_least_half() -> None:
    first, second = sound(1), sound(2)
    mixed, share = mixing.phmix(first, second, column(0.0, 0.5, 1.0))
    spectrum, own = torch.fft.rfft(mixed).abs(), torch.fft.rfft(first).abs()
    assert torch.allclose(spectrum[:, 1:-1], own[:, 1:-1], atol=1e-3)
    assert torch.equal(share, column(0.5, 0.75, 1.0))
    assert torch.allclose(mixed[2], first[2], atol=1e-5)


def test_rows_of_a_batch_draw_what_the_whole_batch_draws() -> None:
    rows = torch.tensor([3, 1])
    whole: list[Callable[[Draws], Tensor]] = [
        lambda draw: draw.uniform(2, 5),
        lambda draw: draw.normal(7),
        lambda draw: draw.choice((1.0, 2.0, 3.0)),
    ]
    for kind in whole:
        assert torch.equal(kind(draws(7, 5, rows)), kind(draws(7, 5))[rows])


def sounds(count: int = 10) -> Sounds:
    clips = [sound(seed, 1, 1500)[0].numpy() for seed in range(count)]
    return Sounds(clips, [index % 3 for index in range(count)], EatOptions(**NETWORK))


@pytest.mark.parametrize("mix_ratio", [0.0, 1.0])
def test_two_processes_make_the_halves_of_one_batch(mix_ratio: float) -> None:
    options = TrainOptions(batch_size=6, mix_ratio=mix_ratio, epoch_mix=0)
    device = torch.device("cpu")
    whole = Batches(sounds(), options, 3, Ranks(device)).make(2, 0)
    for index in (0, 1):
        half = Batches(sounds(), options, 3, Ranks(device, index, 2)).make(2, 0)
        for own, other in zip(vars(half).values(), vars(whole).values(), strict=True):
            assert (own is None) == (other is None) == (mix_ratio == 0 and own is None)
            if own is not None:
                assert torch.allclose(own, other[index::2], atol=1e-6)


def test_an_epoch_uses_every_clip_once_in_another_order() -> None:
    options = TrainOptions(batch_size=5, augs_signal=(), augs_noise=(), epoch_mix=10**6)
    clips = [torch.full((1024,), value / 10).numpy() for value in range(10)]
    batches = Batches(
        Sounds(clips, list(range(10)), EatOptions(**NETWORK)), options, 0, Ranks(torch.device("cpu"))
    )
    orders = [
        torch.cat([batches.make(epoch, step).label for step in range(batches.per_epoch)]) for epoch in (0, 1)
    ]
    assert all(sorted(order.tolist()) == list(range(10)) for order in orders)
    assert not torch.equal(*orders)
    batch = batches.make(0, 1)
    assert torch.allclose(batch.sound[:, 0], batch.label / 10)


def test_mixing_begins_after_its_epoch() -> None:
    batches = Batches(sounds(), TrainOptions(batch_size=6, epoch_mix=2), 0, Ranks(torch.device("cpu")))
    assert [batches.make(epoch, 0).share is not None for epoch in range(4)] == [False, False, True, True]


def test_longer_clips_are_cut_and_shorter_ones_padded() -> None:
    ramp = torch.arange(1, 3001, dtype=torch.float32)
    held = Sounds([ramp.numpy(), ramp[:500].numpy()], [0, 1], EatOptions(**NETWORK))
    both = torch.tensor([0, 1])
    assert torch.equal(held.windows(both, torch.tensor([1.0, 1.0]))[0], ramp[-1024:])
    tested = held.test_windows(both)
    assert torch.equal(tested[0], ramp[:1024])
    assert torch.equal(tested[1, :500], ramp[:500])
    assert not tested[1, 500:].any()
    centre = Sounds([ramp.numpy()], [0], EatOptions(**NETWORK, window="centre"))
    assert torch.equal(centre.test_windows(torch.tensor([0]))[0], ramp[988 : 988 + 1024])


def test_losses_are_those_of_their_formulas() -> None:
    logits, label, other = torch.tensor([[2.0, -1.0, 0.5]]), torch.tensor([0]), torch.tensor([2])
    log_p = logits.log_softmax(dim=1)[0]
    plain = loss_of(logits, Batch(logits, label), "bce", 0.0)
    assert plain == pytest.approx(-log_p[0].item())
    share = torch.tensor([0.7])
    ce = loss_of(logits, Batch(logits, label, other, share), "ce", 0.0)
    assert ce == pytest.approx((-0.7 * log_p[0] - 0.3 * log_p[2]).item())
    p = logits.sigmoid()[0]
    bce = loss_of(logits, Batch(logits, label, other, share), "bce", 0.0)
    assert bce == pytest.approx(-(p[0].log() + (1 - p[1]).log() + p[2].log()).item(), rel=1e-5)
    pure = loss_of(logits, Batch(logits, label, other, torch.tensor([0.95])), "bce", 0.0)
    assert pure == pytest.approx(-(p[0].log() + (1 - p[1]).log() + (1 - p[2]).log()).item(), rel=1e-5)
