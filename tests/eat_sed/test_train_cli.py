"""`edgedla train eat_sed` as a process: flags, interruption by signals, and several processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import torch

from tones import FLAGS, TONES, train, write_esc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result

RECIPE = (
    *("--batch-size", "8", "--epoch-mix", "1", "--mix-ratio", "0.5", "--mix-loss", "ce", "--max-lr", "5e-3"),
    *("--ema", "0.9", "--device", "cpu"),
)
"""That of `tones.RECIPE`, without its number of epochs."""
ALONE = {"OMP_NUM_THREADS": "1"}


def weights(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(folder / "chkpnt.pt", weights_only=True)["model_dict"]
    return found


def test_upstreams_recipe_by_name(edgedla: Callable[..., Result], work: Path) -> None:
    """Lists with blanks or commas, `--amp` without a value, underscores for hyphens."""
    write_esc(work / "esc")
    done = edgedla(
        *("train", "eat_sed", "--data", "esc", "--out", "outputs/r1", *FLAGS, "--max_lr", "3e-4"),
        *(
            "--ds-factors=2,2",
            "--mix-ratio",
            "1",
            "--epoch-mix",
            "1",
            "--mix-loss",
            "bce",
            "--batch-size",
            "8",
        ),
        *(
            "--epochs",
            "2",
            "--amp",
            "--fold",
            "2",
            "--label-smoothing",
            "0.2",
            "--schedule",
            "one-cycle",
            "--json",
        ),
        env=ALONE,
    )
    answer = json.loads(done.out)
    data = answer["data"]
    assert answer["schema"] == "edgedla.train/1"
    assert (data["out"], data["classes"], data["epochs"]) == ("outputs/r1", list(TONES), 2)
    assert (data["training_clips"], data["accuracy"]["count"]) == (24, 12)
    text = (work / "outputs/r1/args.yml").read_text()
    for line in (
        "amp: true",
        "fold_id: 2",
        "max_lr: 0.0003",
        "mix_loss: bce",
        "ds_factors:\n- 2\n- 2",
        "nf: 4",
    ):
        assert f"\n{line}\n" in text
    assert "epoch 2  loss" in done.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_and_resumed(work: Path, number: signal.Signals) -> None:
    """Exit status 130 and the command that goes on; it ends where an uninterrupted training ends."""
    write_esc(work / "esc")
    command = [sys.executable, "-m", "edgedla", "train", "eat_sed", "--data", "esc", "--out", "run"]
    with subprocess.Popen(
        [*command, *FLAGS, *RECIPE, "--epochs", "15"],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | ALONE,
    ) as process:
        assert process.stderr is not None
        while "epoch 2 " not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(number)
        told = process.stderr.read()
        assert process.wait(60) == 130
    assert "stopping after this step" in told
    assert (
        "error: interrupted\nhint: edgedla train eat_sed --data esc --out run --device cpu --resume\n" in told
    )
    if number == signal.SIGTERM:  # the rest is the same
        return
    done = subprocess.run(
        [*command, "--resume", "--device", "cpu"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | ALONE,
    )
    assert "epoch 15 " in done.stderr
    train(work / "esc", work / "whole", epochs=15)
    own, whole = weights(work / "run"), weights(work / "whole")
    assert all(torch.equal(own[key], whole[key]) for key in whole)


def test_interrupted_while_it_reads_there_is_nothing_to_resume(work: Path) -> None:
    """A second signal stops at once; the hint is the command that begins anew."""
    write_esc(work / "esc")
    command = [sys.executable, "-m", "edgedla", "train", "eat_sed", "--data", "esc", "--out", "run"]
    with subprocess.Popen([*command, *FLAGS], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while process.poll() is None:  # until it has its own handler and is stopped by the repetition
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
        told = process.stderr.read()
    assert process.returncode in {130, -signal.SIGINT}
    assert "--resume" not in told
    assert "Traceback" not in told or process.returncode == -signal.SIGINT  # before edgedla was there


@pytest.mark.slow
def test_two_processes_train_like_one(work: Path) -> None:
    """torchrun with gloo on the CPU: the same batches, shared statistics, gradients of the whole."""
    write_esc(work / "esc")
    recipe = ("--dropout", "0", "--epochs", "2")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
            *("-m", "edgedla", "train", "eat_sed", "--data", "esc", "--out", "two", *FLAGS, *RECIPE, *recipe),
        ],
        capture_output=True,
        text=True,
        env=os.environ | ALONE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("epoch 2  loss") == 1, "only one process speaks"
    assert done.stdout.count("accuracy") == 1
    train(work / "esc", work / "one", dropout=0.0, epochs=2)
    own, alone = weights(work / "two"), weights(work / "one")
    for key, value in alone.items():
        # A normalisation takes these out: their gradients are rounding, which Adam makes whole steps of.
        if not key.endswith("shortcut.bias"):
            assert torch.allclose(own[key].float(), value.float(), atol=2e-3, rtol=2e-2), key
    two, one = (
        [json.loads(line) for line in (work / name / "metrics.jsonl").read_text().splitlines()]
        for name in ("two", "one")
    )
    for first, second in zip(two, one, strict=True):
        assert first["loss"] == pytest.approx(second["loss"], rel=1e-3)
        assert first["ema_test_loss"] == pytest.approx(second["ema_test_loss"], rel=1e-2)
