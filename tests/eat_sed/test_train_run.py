"""A training: it learns, it stops and goes on as if it had not, and leaves what upstream leaves."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import torch
import yaml

from edgedla.clips import read_clips
from edgedla.errors import GateError, UsageError
from edgedla_eat_sed.plugin import EatSed
from edgedla_eat_sed.settings import EatOptions
from edgedla_eat_sed.training import STATE
from edgedla_eat_sed.training.run_state import read_state
from tones import NETWORK, RECIPE, train, write_esc, write_folders

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TIMES = {"clips_per_second", "waiting", "seconds"}


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_esc(tmp_path_factory.mktemp("tones") / "esc")


@pytest.fixture(scope="module")
def run(tones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short training that nothing interrupted."""
    folder = tmp_path_factory.mktemp("run") / "whole"
    train(tones, folder)
    return folder


def weights(folder: Path, name: str = "chkpnt.pt") -> dict[str, torch.Tensor]:
    found: dict[str, Any] = torch.load(folder / name, weights_only=True)
    weights: dict[str, torch.Tensor] = found.get("model_dict", found)
    return weights


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def metrics(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def steady(folder: Path) -> list[dict[str, Any]]:
    """The metrics without what the clock says."""
    return [{key: value for key, value in line.items() if key not in TIMES} for line in metrics(folder)]


def after(calls: int) -> Callable[[], bool]:
    """Says stop from the given time of asking on."""
    asked = iter(range(10_000))
    return lambda: next(asked) >= calls - 1


def test_three_tones_are_learnt(tones: Path, tmp_path: Path) -> None:
    found = train(tones, tmp_path / "run", epochs=30, epoch_mix=12, augs_signal=("amp", "neg", "cycshift"))
    losses = [line["loss"] for line in metrics(tmp_path / "run")]
    assert min(losses[8:12]) < 0.6 * losses[0]
    assert (found["weights"], found["accuracy"]["value"]) == ("chkpnt.pt", 1.0)
    assert (found["accuracy"]["hits"], found["accuracy"]["count"]) == (12, 12)
    assert found["accuracy"]["low"] == pytest.approx(0.7575, abs=1e-4)
    assert (found["training_clips"], found["test_clips"], found["steps"]) == (24, 12, 90)


def test_the_run_folder_is_a_checkpoint(run: Path, tones: Path) -> None:
    assert (run / "labels.txt").read_text().split() == ["low", "middle", "high"]
    options = EatSed.resolve(EatOptions(), run)
    assert {key: getattr(options, key) for key in NETWORK} == NETWORK
    assert options.class_names == ("low", "middle", "high")
    model = EatSed(options)
    feed = model.preprocess(tones / "audio/1-0-0.wav")["images"]
    for file in (run, run / "chkpnt.pt", run / "best_model.pt"):
        with torch.no_grad():
            assert model.load(file)(torch.from_numpy(feed)).shape == (1, 3)


def test_files_have_upstreams_structure(run: Path) -> None:
    """`args.yml` a Namespace with upstream's keys, `chkpnt.pt` with a `model_dict`, `best_model.pt` bare."""

    class Loader(yaml.SafeLoader):
        """Knows the one tag that upstream's loader would make an object of."""

    Loader.add_constructor(
        "tag:yaml.org,2002:python/object:argparse.Namespace",
        lambda loader, node: loader.construct_mapping(node, deep=True),  # type: ignore[arg-type] # one
    )
    text = (run / "args.yml").read_text()
    assert text.startswith("!!python/object:argparse.Namespace\n")
    found = yaml.load(text, Loader=Loader)  # noqa: S506 - a safe loader
    wanted = {"nf": 4, "seq_len": 1024, "n_classes": 3, "mix_loss": "ce", "fold_id": 1, "max_lr": 5e-3}
    assert wanted.items() <= found.items()
    assert found["ds_factors"] == [2, 2]
    last = torch.load(run / "chkpnt.pt", weights_only=True)
    assert last.keys() == {"model_dict", "steps"}
    best = torch.load(run / "best_model.pt", weights_only=True)
    assert best.keys() == last["model_dict"].keys() == weights(run).keys()


def test_training_clips_are_listed_by_hash(run: Path, tones: Path) -> None:
    from edgedla.clips import clip_hash

    listed = read_clips(run / "training_clips.json")
    model = EatSed(EatSed.resolve(EatOptions(), run))
    for name, trained in (("1-0-0.wav", False), ("2-3-1.wav", True)):
        path = tones / "audio" / name
        assert (clip_hash(path, model.preprocess(path)) in listed) is trained
    assert len(listed.clips) == 24


def test_every_epoch_is_told(run: Path) -> None:
    found = metrics(run)
    assert [line["epoch"] for line in found] == [1, 2, 3]
    assert found[-1].keys() == {
        *("epoch", "steps", "loss", "lr", "net_accuracy", "ema_accuracy", "net_test_loss", "ema_test_loss"),
        *TIMES,
    }
    assert all(0 <= line["waiting"] < 1 < line["clips_per_second"] for line in found)


@pytest.mark.parametrize("calls", [1, 4, 6])
def test_a_resumed_run_ends_like_an_uninterrupted_one(
    run: Path, tones: Path, tmp_path: Path, calls: int
) -> None:
    """Stopped in the first epoch, between steps of the second (mixed) one, and at the second one's end."""
    with pytest.raises(KeyboardInterrupt):
        train(tones, tmp_path / "run", stopping=after(calls))
    state, _ = read_state(tmp_path / "run")
    assert (state.steps, state.done) == (calls, False)
    train(tones, tmp_path / "run", resume=True)
    assert same(weights(tmp_path / "run"), weights(run))
    assert same(weights(tmp_path / "run", "best_model.pt"), weights(run, "best_model.pt"))
    assert steady(tmp_path / "run") == steady(run)
    (first, own), (second, other) = read_state(tmp_path / "run"), read_state(run)
    assert same(own.flat(), other.flat())
    assert first.model_copy(update={"spent": second.spent}) == second


def test_another_seed_gives_other_weights(run: Path, tones: Path, tmp_path: Path) -> None:
    train(tones, tmp_path / "run", seed=1)
    assert not same(weights(tmp_path / "run"), weights(run))


def test_an_epoch_told_of_but_not_kept_is_told_once(run: Path, tones: Path, tmp_path: Path) -> None:
    """Killed between the line of an epoch and its state: the line is from a future that is done again."""
    with pytest.raises(KeyboardInterrupt):
        train(tones, tmp_path / "run", stopping=after(4))
    with (tmp_path / "run/metrics.jsonl").open("a") as file:
        file.write(json.dumps({"epoch": 2, "loss": 99.0}) + "\n")
    train(tones, tmp_path / "run", resume=True)
    assert steady(tmp_path / "run") == steady(run)


def test_a_finished_run_resumed_only_tells_its_result(run: Path, tones: Path) -> None:
    before = weights(run)
    found = train(tones, run, resume=True)
    assert found["epochs"] == 3
    assert found["accuracy"]["count"] == 12
    assert same(weights(run), before)


def test_a_budget_ends_the_schedule_in_time(tones: Path, tmp_path: Path) -> None:
    begin = time.perf_counter()
    found = train(tones, tmp_path / "run", budget=2.0, epochs=10**6, test_every=1000)
    assert 1.5 < time.perf_counter() - begin < 12
    assert found["seconds"] < 4
    last = metrics(tmp_path / "run")[-1]
    assert last["lr"] < 0.02 * RECIPE["max_lr"]  # the schedule came to its end
    assert "ema_accuracy" in last  # tested at the end, whatever test_every


def test_training_goes_on_from_weights(run: Path, tones: Path, tmp_path: Path) -> None:
    """With a rate that changes next to nothing, the weights are those it began with."""
    found = train(tones, tmp_path / "run", init=run / "chkpnt.pt", epochs=1, max_lr=1e-9, ema=0.0)
    assert found["classes"] == ["low", "middle", "high"]
    own, before = weights(tmp_path / "run"), weights(run)
    for key in ("tf.fc.weight", "start.1.weight", "project.weight"):
        assert torch.allclose(own[key], before[key], atol=1e-6)


def test_other_classes_get_a_new_last_layer(run: Path, tmp_path: Path) -> None:
    data = write_folders(tmp_path / "data", each=4)
    (data / "high").rename(data / "siren")
    found = train(
        data, tmp_path / "run", init=run / "chkpnt.pt", epochs=1, max_lr=1e-9, batch_size=4, ema=0.0
    )
    assert found["classes"] == ["low", "middle", "siren"]
    own, before = weights(tmp_path / "run"), weights(run)
    assert not torch.allclose(own["tf.fc.weight"], before["tf.fc.weight"], atol=1e-3)
    assert torch.allclose(own["project.weight"], before["project.weight"], atol=1e-6)


@pytest.mark.parametrize(
    "recipe", [{"amp": True}, {"mix_loss": "bce"}, {"schedule": "one-cycle"}, {"fold": -1}]
)
def test_other_recipes_train_too(tones: Path, tmp_path: Path, recipe: dict[str, Any]) -> None:
    found = train(tones, tmp_path / "run", **({"epochs": 2, "epoch_mix": 0} | recipe))
    assert all(torch.isfinite(value).all() for value in weights(tmp_path / "run").values())
    assert (found["training_clips"], found["accuracy"]["count"]) == (
        (36, 0) if "fold" in recipe else (24, 12)
    )
    assert (found["accuracy"]["value"] is None) is ("fold" in recipe)


def test_a_training_that_runs_away_is_stopped(
    tones: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "edgedla_eat_sed.training.loop.loss_of", lambda logits, *_: logits.sum() * float("nan")
    )
    with pytest.raises(GateError, match="no number any more, in step 1 of epoch 1") as refused:
        train(tones, tmp_path / "run")
    assert refused.value.hint == "a lower rate: --max-lr 2e-03"


def test_names_of_the_options_are_told_to_be_unused(tones: Path, tmp_path: Path) -> None:
    said: list[str] = []
    found = train(tones, tmp_path / "run", {"class_names": ("x", "y", "z")}, epochs=1, warn=said.append)
    assert found["classes"] == ["low", "middle", "high"]
    assert ["labels and class_names of the options are not used" in line for line in said] == [True]
    with pytest.raises(UsageError, match=r"--n-classes is 5, .* has 3 classes"):
        train(tones, tmp_path / "other", {"n_classes": 5})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_lr": 1e-4}, "--max-lr is 0.0001, the run in .* began with 0.005"),
        ({"seed": 5}, "--seed is 5"),
        ({"budget": 60.0}, "--budget is 60"),
        ({"model": {"nf": 8}}, "--nf is 8"),
    ],
)
def test_what_contradicts_a_run_is_refused(
    run: Path, tones: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        train(tones, run, resume=True, **changes)


def test_other_recordings_are_refused_on_resuming(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not the recordings"):
        train(write_esc(tmp_path / "other", each=5), run, resume=True)


def test_a_run_is_not_overwritten_and_none_is_not_resumed(run: Path, tones: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is a training already") as refused:
        train(tones, run)
    assert refused.value.hint == "--resume, or another --out"
    with pytest.raises(UsageError, match="no training to resume"):
        train(tones, tmp_path / "none", resume=True)


@pytest.mark.parametrize("damage", [b"", b"{}", b"\x10" + b"\0" * 7 + b'{"__metadata__"}', None])
def test_a_damaged_state_is_refused(run: Path, tones: Path, tmp_path: Path, damage: bytes | None) -> None:
    (tmp_path / "run").mkdir()
    data = (run / STATE).read_bytes()
    (tmp_path / "run" / STATE).write_bytes(data[: len(data) // 2] if damage is None else damage)
    with pytest.raises(UsageError, match=r"damaged|Invalid"):
        train(tones, tmp_path / "run", resume=True)


def test_a_checkpoint_is_no_state(tones: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    (tmp_path / "run").mkdir()
    save_file({"network/x": torch.zeros(1)}, tmp_path / "run" / STATE)
    with pytest.raises(UsageError, match=STATE):
        train(tones, tmp_path / "run", resume=True)
