"""Trained weights from a file into the network, checked key by key."""

from __future__ import annotations

import re
import warnings
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile, is_zipfile

import torch
from safetensors.torch import load_file
from torch import Tensor

from edgedla.errors import UsageError
from edgedla_eat_sed.files import open_regular

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

MAX_BYTES = 4 * 2**30
PREFIX = "module."  # of every key when the trainer ran under DataParallel
HINT = "the settings belong into args.yml beside the weights, or give them with --set eat_sed.KEY=VALUE"


def load_state(network: nn.Module, path: Path) -> None:
    """Fill `network` with the weights in `path`: all keys, no others, shapes equal, values finite.

    Raises:
        UsageError: The file cannot be read or does not fit; names file, key, expected and found.
    """
    state = _read(path)
    expected = network.state_dict()
    _check_keys(expected, state, path)
    for key, value in expected.items():
        _check_tensor(key, value, state[key], path)
    network.load_state_dict(state, strict=True)


def _read(path: Path) -> dict[str, Any]:
    open_regular(path).close()  # refuses what is missing, empty or no file
    try:
        content = _content(path)
    except Exception as error:  # a damaged or hostile file may raise anything
        raise UsageError(
            f"the weights in {path} cannot be read: {_reason(error)}",
            hint="save plain tensors: torch.save({'model_dict': network.state_dict()}, 'chkpnt.pt')",
        ) from error
    return _state_of(content, path)


def _content(path: Path) -> Any:
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES} bytes")
    if path.suffix == ".safetensors":
        return load_file(path)
    _check_unpacked_size(path)
    with warnings.catch_warnings():
        # torch warns of other pickle protocols and of TorchScript, and then refuses both.
        warnings.simplefilter("ignore")
        return torch.load(path, map_location="cpu", weights_only=True)


def _check_unpacked_size(path: Path) -> None:
    """Refuse an archive that unpacks to more than it takes; torch compresses nothing."""
    if not is_zipfile(path):
        return  # a form from before torch 1.6
    with ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > path.stat().st_size:
            raise ValueError("it unpacks to more than its own size")


def _reason(error: Exception) -> str:
    # torch's own text recommends to load the file without the guard, so it is not passed on.
    if found := re.search(r"GLOBAL (\S+)", str(error)):
        return f"it holds '{found[1]}' where only plain tensors are allowed; nothing of it was run"
    if isinstance(error, UnpicklingError):
        return "it is damaged, or none of torch's files; nothing of it was run"
    if "TorchScript" in str(error):
        return "it is a TorchScript program, not weights; nothing of it was run"
    return str(error).split(". ", maxsplit=1)[0] or type(error).__name__


def _state_of(content: Any, path: Path) -> dict[str, Any]:
    """The state dict of a bare file or of upstream's `{"model_dict": …}`, without DataParallel's prefix."""
    state = content.get("model_dict", content) if isinstance(content, dict) else content
    if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
        raise UsageError(f"{path} holds no weights: expected a state dict, found {type(state).__name__}")
    if all(key.startswith(PREFIX) for key in state):
        return {key.removeprefix(PREFIX): value for key, value in state.items()}
    return dict(state)


def _check_keys(expected: dict[str, Tensor], state: dict[str, Any], path: Path) -> None:
    if missing := [key for key in expected if key not in state]:
        raise UsageError(f"{path} lacks {_some(missing)}, which the network of these settings has", hint=HINT)
    if surplus := [key for key in state if key not in expected]:
        raise UsageError(f"{path} has {_some(surplus)}, unknown to the network of these settings", hint=HINT)


def _some(keys: list[str]) -> str:
    more = f" and {len(keys) - 1} more keys" if len(keys) > 1 else ""
    return f"'{keys[0]}'{more}"


def _check_tensor(key: str, expected: Tensor, found: Any, path: Path) -> None:
    if not isinstance(found, Tensor) or found.layout is not torch.strided:
        raise UsageError(f"{path}: '{key}' is no dense tensor but {type(found).__name__}")
    if found.shape != expected.shape:
        raise UsageError(
            f"{path}: '{key}' has shape {tuple(found.shape)}, the settings ask for {tuple(expected.shape)}",
            hint=HINT,
        )
    if found.is_floating_point() != expected.is_floating_point():
        raise UsageError(f"{path}: '{key}' is {found.dtype}, expected {expected.dtype}")
    if not found.float().isfinite().all():
        raise UsageError(f"{path}: '{key}' holds values that are not finite")
