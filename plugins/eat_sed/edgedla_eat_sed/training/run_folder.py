"""The run folder: `args.yml`, `chkpnt.pt`, `best_model.pt` as upstream has them, and what upstream lacks."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import torch

from edgedla.artifacts import write_atomic
from edgedla.clips import TRAINING, write_clips
from edgedla.errors import UsageError
from edgedla_eat_sed.training.options import UPSTREAM_NOISES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from torch import Tensor

    from edgedla.clips import ClipHash
    from edgedla_eat_sed.settings import EatOptions
    from edgedla_eat_sed.training.options import TrainOptions

LAST, BEST = "chkpnt.pt", "best_model.pt"
METRICS = "metrics.jsonl"


class RunFolder:
    """The files of one run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._board: Any = None

    def begin(self, model: EatOptions, recipe: TrainOptions, clips: Iterable[ClipHash]) -> None:
        """What does not change during a training.

        Raises:
            UsageError: The folder cannot be written to.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            write_atomic(self.root / "args.yml", args_yml(self.root, model, recipe).encode())
            write_atomic(
                self.root / "labels.txt", "".join(f"{name}\n" for name in model.class_names).encode()
            )
            write_clips(self.root / TRAINING, clips)
        except OSError as error:
            raise UsageError(f"--out {self.root}: {error.strerror}") from None

    def keep_until(self, epoch: int) -> None:
        """Forget what was told of epochs from `epoch` on, which are done again."""
        path = self.root / METRICS
        if path.is_file():
            lines = path.read_text().splitlines(keepends=True)
            write_atomic(path, "".join(line for line in lines if json.loads(line)["epoch"] <= epoch).encode())

    def tell(self, figures: dict[str, Any]) -> None:
        """The figures of one epoch, a line of `metrics.jsonl`; to TensorBoard too where that is installed."""
        with (self.root / METRICS).open("a") as file:
            file.write(json.dumps(figures) + "\n")
        if board := self._tensorboard():
            for key, value in figures.items():
                if key != "epoch" and value is not None:
                    board.add_scalar(key, value, figures["epoch"])
            board.flush()

    def last(self, weights: dict[str, Tensor], steps: int) -> None:
        """The weights to use, under the keys of upstream's checkpoint."""
        self._write(LAST, {"model_dict": _plain(weights), "steps": steps})

    def best(self, weights: dict[str, Tensor]) -> None:
        """The weights that were best on the test clips: a bare state dict, as upstream has it."""
        self._write(BEST, _plain(weights))

    def close(self) -> None:
        """Let go of TensorBoard's file."""
        if self._board:
            self._board.close()

    def _write(self, name: str, content: object) -> None:
        data = io.BytesIO()
        torch.save(content, data)
        write_atomic(self.root / name, data.getvalue())

    def _tensorboard(self) -> Any:
        if self._board is None:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                self._board = False
            else:
                self._board = SummaryWriter(str(self.root / "tensorboard"))
        return self._board


def _plain(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: value.detach().cpu().clone() for key, value in weights.items()}


def args_yml(root: Path, model: EatOptions, recipe: TrainOptions) -> str:
    """Settings as upstream dumps them: an `argparse.Namespace`, with its tags."""
    import yaml

    values: dict[str, Any] = {
        "amp": recipe.amp,
        "augs_mix": list(recipe.augs_mix),
        "augs_noise": [UPSTREAM_NOISES[name] for name in recipe.augs_noise],
        "augs_signal": [name for name in recipe.augs_signal if name != "resample"],
        "batch_size": recipe.batch_size,
        "dataset": "edgedla",
        "dim_feedforward": model.dim_feedforward,
        "ds_factors": list(model.ds_factors),
        "ema": recipe.ema,
        "emb_dim": model.emb_dim,
        "epoch_mix": recipe.epoch_mix,
        "fold_id": recipe.fold,
        "loss_type": "label_smooth",
        "max_lr": recipe.max_lr,
        "mix_loss": recipe.mix_loss,
        "mix_ratio": recipe.mix_ratio,
        "model_type": "SoundNetRaw",
        "multilabel": False,
        "n_classes": model.n_classes,
        "n_epochs": recipe.epochs,
        "n_head": model.n_head,
        "n_layers": model.n_layers,
        "nf": model.nf,
        "run_name": root.name,
        "sampling_rate": model.sampling_rate,
        "scheduler": recipe.schedule.replace("-", ""),
        "seq_len": model.seq_len,
        "use_ddp": False,
        "use_dp": False,
        "wd": recipe.wd,
    }
    return f"!!python/object:argparse.Namespace\n{yaml.safe_dump(values, sort_keys=True)}"
