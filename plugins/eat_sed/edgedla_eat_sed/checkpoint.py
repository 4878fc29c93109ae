"""Where the parts of a checkpoint lie: weights, settings, class names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgedla.errors import UsageError

WEIGHTS = Path(__file__).parent / "weights"
"""Holds one safetensors file of any name and its model card: exchange the two to exchange the weights."""
RUN_FOLDER_CONFIG = "args.yml"
RUN_FOLDER_WEIGHTS = ("best_model.pt", "chkpnt.pt")
"""By preference: upstream's trainer writes the first at its best epoch, the second to go on from."""
SUFFIXES = (".safetensors", ".pt", ".pth")


@dataclass(frozen=True)
class Checkpoint:
    """The files of one checkpoint; `config` and `labels` may be absent."""

    weights: Path
    config: Path | None
    labels: Path | None


def find_checkpoint(path: Path | None) -> Checkpoint:
    """The files that `--checkpoint path` means; `None` is the bundled checkpoint.

    A folder is an upstream run folder: `args.yml`, and `best_model.pt` or `chkpnt.pt`. A file has its
    settings beside it (`<stem>.json`, `<stem>.yml` or `args.yml`) or, safetensors, in its metadata. In both
    cases `labels.txt` beside the weights names the classes.

    Raises:
        UsageError: A file is missing, or is of no kind that is known.
    """
    path = path or next(WEIGHTS.glob("*.safetensors"))
    if path.is_dir():
        return _run_folder(path)
    if not path.is_file():
        raise UsageError(f"there is no checkpoint {path}")
    if path.suffix not in SUFFIXES:
        raise UsageError(f"{path} is no checkpoint: expected a folder or one of {', '.join(SUFFIXES)}")
    return Checkpoint(path, _config_of(path), _existing(path.with_name("labels.txt")))


def _run_folder(folder: Path) -> Checkpoint:
    config = _existing(folder / RUN_FOLDER_CONFIG)
    if config is None:
        raise UsageError(f"the run folder {folder} has no {RUN_FOLDER_CONFIG}")
    weights = _existing(*(folder / name for name in RUN_FOLDER_WEIGHTS))
    if weights is None:
        raise UsageError(f"the run folder {folder} has neither {' nor '.join(RUN_FOLDER_WEIGHTS)}")
    return Checkpoint(weights, config, _existing(folder / "labels.txt"))


def _config_of(weights: Path) -> Path | None:
    beside = _existing(
        weights.with_suffix(".json"), weights.with_suffix(".yml"), weights.with_name(RUN_FOLDER_CONFIG)
    )
    return weights if beside is None and weights.suffix == ".safetensors" else beside


def _existing(*paths: Path) -> Path | None:
    return next((path for path in paths if path.is_file()), None)
