"""Checkpoints: where their files lie, and weights that are damaged, hostile or of another network."""

from __future__ import annotations

import collections
import pickle
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from edgedla.errors import UsageError
from edgedla_eat_sed.checkpoint import WEIGHTS, find_checkpoint
from edgedla_eat_sed.network import SoundNetRaw
from edgedla_eat_sed.pack import main, pack
from edgedla_eat_sed.plugin import EatSed
from edgedla_eat_sed.settings import EatOptions
from edgedla_eat_sed.state import load_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

TINY = Path(__file__).parents[1] / "data" / "eat" / "tiny"


def tiny_state() -> dict[str, Tensor]:
    """The weights of the tiny run folder without DataParallel's prefix."""
    content = torch.load(TINY / "chkpnt.pt", weights_only=True)["model_dict"]
    return {key.removeprefix("module."): value for key, value in content.items()}


def load(path: Path, **options: Any) -> SoundNetRaw:
    return EatSed(EatSed.resolve(EatOptions.model_validate(options), path)).load(path)


def check_upstreams_logits(network: SoundNetRaw) -> None:
    with np.load(TINY / "io.npz") as arrays, torch.inference_mode():
        logits = network(torch.from_numpy(arrays["images"])).numpy()
        assert np.abs(logits - arrays["logits"]).max() <= 1e-4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run folder with settings and no weights yet."""
    shutil.copy(TINY / "args.yml", tmp_path)
    return tmp_path


def save_bare(folder: Path) -> Path:
    torch.save(tiny_state(), folder / "best_model.pt")
    return folder


def save_file_with_args(folder: Path) -> Path:
    torch.save({"model_dict": tiny_state()}, folder / "any.pt")
    return folder / "any.pt"


def save_file_with_stem(folder: Path) -> Path:
    (folder / "args.yml").rename(folder / "net.yml")
    save_file(tiny_state(), folder / "net.safetensors")
    return folder / "net.safetensors"


def save_packed(folder: Path) -> Path:
    pack(TINY, folder / "net.safetensors", "")
    (folder / "args.yml").unlink()
    return folder / "net.safetensors"


def save_prefixed(folder: Path) -> Path:
    torch.save({f"module.{key}": value for key, value in tiny_state().items()}, folder / "best_model.pt")
    return folder


def save_double(folder: Path) -> Path:
    torch.save({key: value.double() for key, value in tiny_state().items() if value.dim()}, folder / "x.pt")
    state = {key: value.double() if value.dim() else value for key, value in tiny_state().items()}
    torch.save(collections.OrderedDict(state), folder / "best_model.pt")
    return folder


@pytest.mark.parametrize(
    "save",
    [
        lambda _: TINY,
        lambda _: TINY / "chkpnt.pt",
        save_bare,
        save_file_with_args,
        save_file_with_stem,
        save_packed,
        save_prefixed,
        save_double,
    ],
)
def test_every_form_of_a_checkpoint_gives_upstreams_logits(
    folder: Path, save: Callable[[Path], Path]
) -> None:
    network = load(save(folder))
    assert not network.training
    assert {value.dtype for value in network.parameters()} == {torch.float32}
    check_upstreams_logits(network)


def test_settings_may_come_from_options_alone(tmp_path: Path) -> None:
    torch.save(tiny_state(), tmp_path / "weights.pth")
    settings = EatSed.resolve(EatOptions(), TINY).model_dump(exclude={"class_names"})
    check_upstreams_logits(load(tmp_path / "weights.pth", **settings))


def test_the_best_epoch_is_preferred(folder: Path) -> None:
    shutil.copy(TINY / "chkpnt.pt", folder)
    assert find_checkpoint(folder).weights.name == "chkpnt.pt"
    assert find_checkpoint(save_bare(folder)).weights.name == "best_model.pt"


def test_class_names_are_found_beside_the_weights(folder: Path) -> None:
    save_bare(folder)
    assert find_checkpoint(folder).labels is None
    (folder / "labels.txt").write_text("a\n")
    assert find_checkpoint(folder).labels == folder / "labels.txt"
    assert find_checkpoint(folder / "best_model.pt").labels == folder / "labels.txt"


def test_one_set_of_weights_is_bundled_with_its_card() -> None:
    assert sorted(path.name for path in WEIGHTS.iterdir()) == ["MODEL_CARD.md", "eat_s_esc10.safetensors"]


@pytest.mark.parametrize(
    ("remove", "reason"),
    [("args.yml", "has no args.yml"), ("best_model.pt", "has neither best_model.pt nor chkpnt.pt")],
)
def test_an_incomplete_run_folder_is_refused(folder: Path, remove: str, reason: str) -> None:
    (save_bare(folder) / remove).unlink()
    with pytest.raises(UsageError, match=reason):
        load(folder)


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no checkpoint .*gone"):
        load(tmp_path / "gone")
    (tmp_path / "net.onnx").touch()
    with pytest.raises(UsageError, match=r"net\.onnx is no checkpoint: expected a folder or one of"):
        load(tmp_path / "net.onnx")


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in tiny_state().items() if name != key}


def with_(key: str, value: object) -> dict[str, Any]:
    return {**tiny_state(), key: value}


def nan() -> Tensor:
    value = tiny_state()["tf.fc.bias"].clone()
    value[3] = torch.nan
    return value


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (lambda: without("tf.fc.bias"), "lacks 'tf.fc.bias', which"),
        (dict, "lacks 'start.1.weight' and 172 more keys"),
        (lambda: with_("tf.extra", torch.zeros(1)), "has 'tf.extra', unknown"),
        (lambda: with_("tf.fc.bias", torch.zeros(10)), r"'tf.fc.bias' has shape \(10,\), .* ask for \(35,\)"),
        (lambda: with_("tf.fc.bias", torch.zeros(1).expand(2**40)), r"shape \(1099511627776,\)"),
        (lambda: with_("tf.fc.bias", torch.zeros(35).to_sparse()), "'tf.fc.bias' is no dense tensor"),
        (lambda: with_("tf.fc.bias", [0.0] * 35), "'tf.fc.bias' is no dense tensor but list"),
        (lambda: with_("tf.fc.bias", torch.zeros(35, dtype=torch.int32)), "is torch.int32, expected"),
        (lambda: with_("tf.fc.bias", torch.zeros(35, dtype=torch.complex64)), "is torch.complex64, expected"),
        (lambda: with_("tf.fc.bias", nan()), "'tf.fc.bias' holds values that are not finite"),
        (lambda: with_("tf.fc.bias", torch.full((35,), 1e300, dtype=torch.float64)), "not finite"),
        (lambda: {"model_dict": [1, 2]}, "expected a state dict, found list"),
        (lambda: [1, 2], "expected a state dict, found list"),
        (lambda: {1: torch.zeros(1)}, "expected a state dict"),
        (lambda: torch.zeros(3), "expected a state dict, found Tensor"),
    ],
)
def test_weights_of_another_network_are_refused(folder: Path, state: Callable[[], Any], reason: str) -> None:
    torch.save(state(), folder / "best_model.pt")
    with pytest.raises(UsageError, match=reason) as caught:
        load(folder)
    assert str(folder / "best_model.pt") in caught.value.message


@pytest.mark.parametrize("keep", [1, 100, 200_000, -1])
def test_a_truncated_file_is_refused(folder: Path, keep: int) -> None:
    (folder / "best_model.pt").write_bytes((TINY / "chkpnt.pt").read_bytes()[:keep])
    with pytest.raises(UsageError, match=r"weights in .*best_model\.pt cannot be read"):
        load(folder)


def test_an_empty_file_is_refused(folder: Path) -> None:
    (folder / "best_model.pt").touch()
    with pytest.raises(UsageError, match=r"best_model\.pt.*it is empty"):
        load(folder)


def test_a_truncated_safetensors_file_is_refused(folder: Path) -> None:
    path = save_file_with_stem(folder)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UsageError, match=r"weights in .*net\.safetensors cannot be read"):
        load(path)


def test_noise_is_refused(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for size in (10, 1000, 10_000):
        (folder / "best_model.pt").write_bytes(rng.bytes(size))
        with pytest.raises(UsageError, match="cannot be read"):
            load(folder)


def test_a_file_too_large_to_be_one_is_refused(folder: Path) -> None:
    with (folder / "best_model.pt").open("wb") as file:
        file.truncate(5 * 2**30)  # sparse: takes no space
    with pytest.raises(UsageError, match="larger than 4294967296 bytes"):
        load(folder)


def test_an_archive_that_unpacks_to_more_than_it_takes_is_refused(folder: Path) -> None:
    torch.save({"model_dict": {**tiny_state(), "x": torch.zeros(2**20)}}, folder / "large.pt")
    with ZipFile(folder / "large.pt") as plain, ZipFile(folder / "chkpnt.pt", "w", ZIP_DEFLATED) as packed:
        for member in plain.infolist():
            packed.writestr(member.filename, plain.read(member))
    with pytest.raises(UsageError, match=r"chkpnt\.pt cannot be read: it unpacks to more than its own size"):
        load(folder)


class Touch:
    """Unpickling it would create a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self._path,))


@pytest.mark.parametrize("form", ["zip", "legacy", 2, 4])
def test_a_pickle_that_would_run_code_is_refused_and_not_run(folder: Path, form: str | int) -> None:
    mark = folder / "mark"
    content, path = {"model_dict": {**tiny_state(), "x": Touch(mark)}}, folder / "chkpnt.pt"
    if isinstance(form, int):
        path.write_bytes(pickle.dumps(content, protocol=form))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(UsageError) as caught:
        load(folder)
    assert not mark.exists()
    assert "nothing of it was run" in caught.value.message
    assert "weights_only" not in caught.value.message
    run_unguarded(path, form)
    assert mark.exists(), "the file is a harmless one: this test shows nothing"


def run_unguarded(path: Path, form: str | int) -> None:
    if isinstance(form, int):
        pickle.loads(path.read_bytes())  # noqa: S301 # made by this test
    else:
        torch.load(path, weights_only=False)


def test_objects_among_the_tensors_are_named(folder: Path) -> None:
    torch.save({"model_dict": tiny_state(), "accuracy": np.float64(0.5)}, folder / "chkpnt.pt")
    with pytest.raises(UsageError, match=r"holds 'numpy\S+scalar' where only plain tensors are allowed"):
        load(folder)


def test_a_torchscript_program_is_refused_and_not_run(folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch would rather have another format
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), folder / "best_model.pt")
    with pytest.raises(UsageError, match="TorchScript program, not weights"):
        load(folder)


def test_weights_go_into_no_other_network() -> None:
    network = SoundNetRaw(EatOptions())
    with pytest.raises(UsageError, match=r"chkpnt\.pt lacks 'down\.") as caught:
        load_state(network, TINY / "chkpnt.pt")
    assert "--set eat_sed." in str(caught.value.hint)


def test_packing_twice_gives_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack(TINY, tmp_path / "a.safetensors", "some licence")
    arguments = ["pack", str(TINY), str(tmp_path / "b.safetensors"), "--licence", "some licence"]
    monkeypatch.setattr("sys.argv", arguments)
    main()
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    assert EatSed.resolve(EatOptions(), tmp_path / "a.safetensors").licence == "some licence"


def test_packing_nothing_ends_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["pack", str(tmp_path / "gone"), str(tmp_path / "b.safetensors")])
    with pytest.raises(SystemExit, match="there is no checkpoint"):
        main()
    assert not (tmp_path / "b.safetensors").exists()
