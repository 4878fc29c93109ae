"""Small data sets of synthetic sound, and a network small enough to be trained on them in a second."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from edgedla.trainer import Job
from edgedla_eat_sed.settings import EatOptions
from edgedla_eat_sed.training.options import TrainOptions
from edgedla_eat_sed.training.trainer import EatTrainer

if TYPE_CHECKING:
    from pathlib import Path

RATE = 2000
TONES = {"low": 60.0, "middle": 200.0, "high": 620.0}  # Hz
NETWORK: dict[str, Any] = {
    "nf": 4,
    "emb_dim": 16,
    "n_layers": 1,
    "n_head": 2,
    "dim_feedforward": 32,
    "ds_factors": (2, 2),
    "seq_len": 1024,
    "sampling_rate": RATE,
}
RECIPE: dict[str, Any] = {
    "batch_size": 8,
    "epochs": 3,
    "epoch_mix": 1,
    "mix_ratio": 0.5,
    "mix_loss": "ce",
    "max_lr": 5e-3,
    "ema": 0.9,
}
FLAGS = (
    *("--nf", "4", "--emb-dim", "16", "--n-layers", "1", "--n-head", "2", "--dim-feedforward", "32"),
    *("--ds-factors", "2", "2", "--seq-len", "1024", "--sampling-rate", "2000"),
)
"""The same network on the command line."""


def tone(hertz: float, seed: int, samples: int = 1100, rate: int = RATE) -> Any:
    """A tone with a little noise."""
    random = np.random.default_rng(seed)
    time = np.arange(samples) / rate
    sound = 0.5 * np.sin(2 * np.pi * hertz * random.uniform(0.95, 1.05) * time + random.uniform(0, 6))
    return sound + random.normal(0, 0.02, samples)


def write_esc(root: Path, folds: int = 3, each: int = 4) -> Path:
    """Three tones in the layout of ESC."""
    (root / "audio").mkdir(parents=True)
    (root / "meta").mkdir()
    rows: list[tuple[str, int, int, str]] = []
    for fold in range(1, folds + 1):
        for target, (label, hertz) in enumerate(TONES.items()):
            for take in range(each):
                name = f"{fold}-{take}-{target}.wav"
                soundfile.write(root / "audio" / name, tone(hertz, len(rows)), RATE)
                rows.append((name, fold, target, label))
    with (root / "meta/esc50.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("filename", "fold", "target", "category"), *rows])
    return root


def write_folders(root: Path, each: int = 10) -> Path:
    """Three tones in class folders, in several formats and rates."""
    kinds = (("wav", 2000), ("flac", 8000), ("ogg", 16000))
    for label, hertz in TONES.items():
        (root / label).mkdir(parents=True)
        for take in range(each):
            suffix, rate = kinds[take % 3]
            sound = tone(hertz, take, rate * 6 // 10, rate)
            soundfile.write(root / label / f"{take}.{suffix}", sound, rate)
    return root


def trainer(model: dict[str, Any] | None = None, **recipe: Any) -> EatTrainer:
    """A trainer of the small network."""
    return EatTrainer(EatOptions(**(NETWORK | (model or {}))), TrainOptions(**(RECIPE | recipe)))


def train(data: Path, out: Path, model: dict[str, Any] | None = None, **wanted: Any) -> dict[str, Any]:
    """Train on the CPU; fields of `Job` and options of the recipe by name."""
    job = {key: wanted.pop(key) for key in list(wanted) if key in Job.__dataclass_fields__}
    return trainer(model, **wanted).train(Job(data=data, out=out, device="cpu", **job))
