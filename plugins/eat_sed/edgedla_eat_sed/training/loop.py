"""The training itself: steps, tests, and stopping at any step so that it can go on as if it had not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.parallel import DistributedDataParallel

from edgedla.errors import GateError
from edgedla_eat_sed.training.adam import adam, moments, restore
from edgedla_eat_sed.training.averaging import Average
from edgedla_eat_sed.training.batches import Batches
from edgedla_eat_sed.training.losses import loss_of
from edgedla_eat_sed.training.precision import Precision
from edgedla_eat_sed.training.ranks import shared
from edgedla_eat_sed.training.run_state import RunState, Tensors, write_state
from edgedla_eat_sed.training.schedule import Clock, rate
from edgedla_eat_sed.training.stopwatch import Stopwatch
from edgedla_eat_sed.training.testing import hits

if TYPE_CHECKING:
    from edgedla.trainer import Job
    from edgedla_eat_sed.network import SoundNetRaw
    from edgedla_eat_sed.training.options import TrainOptions
    from edgedla_eat_sed.training.ranks import Ranks
    from edgedla_eat_sed.training.run_folder import RunFolder
    from edgedla_eat_sed.training.sounds import Sounds

RESERVE = 1.5  # times the last test's duration, kept of a budget for the test at the end


@dataclass(frozen=True)
class Parts:
    """What a run is made of."""

    job: Job
    recipe: TrainOptions
    folder: RunFolder
    ranks: Ranks
    network: SoundNetRaw
    sounds: Sounds  # to train on
    test: Sounds


class Training:
    """One run, from wherever its state says to its end."""

    def __init__(self, parts: Parts, state: RunState) -> None:
        self._job, self._recipe, self._folder = parts.job, parts.recipe, parts.folder
        self._ranks, device = parts.ranks, parts.ranks.device
        self._sounds, self._test = parts.sounds.to(device), parts.test.to(device)
        self._state = state
        self._precision = Precision(device, amp=parts.recipe.amp)
        network = parts.network.to(device)
        self._average = Average(network, parts.recipe.ema)
        self._network = shared(network).to(device) if parts.ranks.count > 1 else network
        self._optimizer = adam(self._network, parts.recipe.max_lr, parts.recipe.wd)
        self._batches = Batches(self._sounds, parts.recipe, state.seed, parts.ranks)
        self._clock = Clock(state.spent)
        self._watch = Stopwatch(device)
        self._test_seconds = 0.0

    def restore(self, tensors: Tensors) -> None:
        """Take the weights and the optimizer's memory of the state."""
        self._network.load_state_dict(tensors.network)
        self._average.network.load_state_dict(tensors.average)
        restore(self._network, self._optimizer, tensors.optimizer)
        if self._state.scaler:
            self._precision.scaler.load_state_dict(self._state.scaler)

    def run(self) -> dict[str, Any]:
        """Train to the end; the figures of the last epoch.

        Raises:
            KeyboardInterrupt: Told to stop; the state is written.
            GateError: The training has run away.
        """
        model = self._wrapped()
        figures: dict[str, Any] = {}
        (progress,) = self._ranks.of_first(self._progress())
        while progress < 1:
            progress = self._epoch(model, progress)
            figures = self._end_epoch(progress)
        self._advance(done=True)
        self.save()
        return figures

    def _epoch(self, model: torch.nn.Module, progress: float) -> float:
        """Steps to the end of the epoch, or of the training; progress afterwards."""
        while self._state.step < self._batches.per_epoch and progress < 1:
            state = self._state
            loss = self._step(model, state.epoch, state.step, progress)
            sums = {
                "loss": state.sums.get("loss", 0.0) + loss,
                "steps": state.sums.get("steps", 0.0) + 1,
                "lr": self._optimizer.param_groups[0]["lr"],
            }
            self._advance(step=state.step + 1, steps=state.steps + 1, sums=sums)
            progress, stop = self._consult()
            self._tell_step(progress, loss)
            if stop and progress < 1:
                self.save()
                raise KeyboardInterrupt
        return progress

    def save(self) -> None:
        """Write the state, and the weights to use."""
        self._advance(spent=self._clock.spent, scaler=self._precision.scaler.state_dict())
        if self._ranks.first:
            own = self._network.state_dict()
            average = self._average.network.state_dict()
            tensors = Tensors(own, average, moments(self._network, self._optimizer))
            write_state(self._folder.root, self._state, tensors)
            self._folder.last(average, self._state.steps)

    def accuracy(self) -> tuple[int, int]:
        """Test clips named right by the averaged weights in float32, and how many there are."""
        model = self._precision.of(self._average.network, exact=True)
        return hits(model, self._test, self._ranks)[0], len(self._test)

    @property
    def state(self) -> RunState:
        """Where the run is."""
        return self._state

    def _wrapped(self) -> torch.nn.Module:
        model = self._precision.of(self._network)
        return model if self._ranks.count == 1 else DistributedDataParallel(model, broadcast_buffers=False)

    def _step(self, model: torch.nn.Module, epoch: int, step: int, progress: float) -> float:
        with self._watch.waiting():
            batch = self._batches.make(epoch, step)
        model.train()
        torch.manual_seed(self._state.seed + 1_000_003 * self._state.steps + self._ranks.index)  # dropout
        lr = self._recipe.max_lr * rate(progress, self._recipe.schedule)
        for group in self._optimizer.param_groups:
            group["lr"] = lr
        loss = loss_of(model(batch.sound), batch, self._recipe.mix_loss, self._recipe.label_smoothing)
        if not loss.isfinite():
            raise GateError(
                f"the loss is no number any more, in step {step + 1} of epoch {epoch + 1}",
                hint=f"a lower rate: --max-lr {self._recipe.max_lr / 3:.0e}",
            )
        self._precision.step(loss, self._network, self._optimizer, self._recipe.clip_norm)
        self._average.follow(self._network, self._state.steps)
        self._watch.step(self._batches.size)
        return float(loss.detach())

    def _progress(self) -> float:
        """Share of the training that is done."""
        budget = self._state.budget
        if budget is None:
            return self._state.steps / (self._recipe.epochs * self._batches.per_epoch)
        room = budget - RESERVE * self._test_seconds
        return 1.0 if room <= 0 else min(1.0, self._clock.spent / room)

    def _consult(self) -> tuple[float, bool]:
        """Progress and whether to stop, the same in all processes."""
        (progress,) = self._ranks.of_first(self._progress())
        (stop,) = self._ranks.largest(float(self._job.stopping()))
        return progress, stop > 0

    def _tell_step(self, progress: float, loss: float) -> None:
        state, of = self._state, self._batches.per_epoch
        self._job.progress(
            progress,
            f"epoch {state.epoch + 1}, step {state.step} of {of}: loss {loss:.3f}, "
            f"{self._watch.rate:.1f} clips/s, {self._watch.share:.0%} waiting",
        )

    def _end_epoch(self, progress: float) -> dict[str, Any]:
        state = self._state
        sums = state.sums
        loss = self._ranks.total(sums["loss"])[0] / self._ranks.count / sums["steps"]
        figures: dict[str, Any] = {
            "epoch": state.epoch + 1,
            "steps": state.steps,
            "loss": round(loss, 6),
            "lr": sums["lr"],
            "clips_per_second": round(self._watch.rate, 2),
            "waiting": round(self._watch.share, 4),
        }
        if len(self._test) and (progress >= 1 or (state.epoch + 1) % self._recipe.test_every == 0):
            figures |= self._tested()
        figures["seconds"] = round(self._clock.spent, 1)
        self._watch.restart()
        self._advance(epoch=state.epoch + 1, step=0, sums={})
        if self._ranks.first:
            self._folder.tell(figures)
            self._job.say(_line(figures))
        self.save()
        return figures

    def _tested(self) -> dict[str, Any]:
        before = self._clock.spent
        count = len(self._test)
        net, net_loss = hits(self._precision.of(self._network), self._test, self._ranks)
        ema, ema_loss = hits(self._precision.of(self._average.network), self._test, self._ranks)
        self._test_seconds = self._clock.spent - before
        if self._ranks.first and ema / count > self._state.best:
            self._folder.best(self._average.network.state_dict())
        self._advance(best=max(self._state.best, ema / count))
        return {
            "net_accuracy": net / count,
            "ema_accuracy": ema / count,
            "net_test_loss": round(net_loss, 6),
            "ema_test_loss": round(ema_loss, 6),
        }

    def _advance(self, **changes: Any) -> None:
        self._state = self._state.model_copy(update=changes)


def _line(figures: dict[str, Any]) -> str:
    tested = (
        f"  test: net {figures['net_accuracy']:.1%}, EMA {figures['ema_accuracy']:.1%}"
        if "ema_accuracy" in figures
        else ""
    )
    return (
        f"epoch {figures['epoch']}  loss {figures['loss']:.3f}  lr {figures['lr']:.1e}{tested}  "
        f"{figures['clips_per_second']:.1f} clips/s, {figures['waiting']:.0%} waiting"
    )
