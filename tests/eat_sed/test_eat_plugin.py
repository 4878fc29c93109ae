"""The model as the rest of edgedla sees it: options, resolution, specification, samples."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import edgedla_eat_sed
from edgedla.errors import UsageError
from edgedla.requirement import TORCH
from edgedla_eat_sed.checkpoint import WEIGHTS
from edgedla_eat_sed.labels import ESC10, ESC50
from edgedla_eat_sed.plugin import EatSed
from edgedla_eat_sed.settings import EatOptions

DATA = Path(__file__).parents[1] / "data" / "eat"
TINY = DATA / "tiny"
GENERIC = tuple(f"class_{index}" for index in range(35))


def resolve(checkpoint: Path | None, **options: Any) -> EatOptions:
    return EatSed.resolve(EatOptions.model_validate(options), checkpoint)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A copy of the tiny run folder, to write into."""
    shutil.copytree(TINY, tmp_path / "run")
    return tmp_path / "run"


def rewrite(run: Path, old: str, new: str) -> Path:
    path = run / "args.yml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return run


def test_the_hook_brings_the_model() -> None:
    assert edgedla_eat_sed.edgedla_models() == [EatSed]
    assert (EatSed.name, EatSed.requires, EatSed.Options) == ("eat_sed", (TORCH,), EatOptions)


def test_the_bundled_weights_decide_everything() -> None:
    options = resolve(None)
    assert options.class_names == ESC10
    assert (options.seq_len, options.sampling_rate, options.n_classes) == (114688, 22050, 10)
    spec = EatSed(options).spec()
    assert (spec.inputs[0].name, spec.inputs[0].shape, spec.inputs[0].dtype) == (
        "images",
        (1, 1, 114688),
        "float32",
    )
    assert (spec.outputs[0].name, spec.outputs[0].shape) == ("output", (1, 10))
    assert (spec.stem, spec.opset, spec.labels) == ("eat", 13, ESC10)
    assert spec.tolerances["onnx"].max_abs == 1e-4
    assert "CC BY 3.0" in spec.licence
    assert "Piczak" in spec.licence


def test_a_run_folder_decides_everything() -> None:
    options = resolve(TINY)
    assert (options.nf, options.ds_factors, options.sampling_rate) == (4, (4, 4, 4), 16000)
    assert options.class_names == GENERIC
    assert options.licence == "", "the licence of the bundled weights is not that of others"
    spec = EatSed(options).spec()
    assert (spec.inputs[0].shape, spec.outputs[0].shape) == ((1, 1, 16384), (1, 35))
    assert spec.labels == GENERIC


def test_options_that_say_the_same_are_taken() -> None:
    assert resolve(TINY, nf=4, ds_factors=[4, 4, 4], window="centre") == resolve(TINY).model_copy(
        update={"window": "centre"}
    )


@pytest.mark.parametrize(
    ("options", "asked", "found"),
    [
        ({"nf": 16}, "option nf is 16", "says 4"),
        ({"n_head": 1}, "option n_head is 1", "says 2"),
        ({"ds_factors": (4, 4)}, r"option ds_factors is \(4, 4\)", r"says \(4, 4, 4\)"),
        ({"sampling_rate": 22050}, "option sampling_rate is 22050", "says 16000"),
        ({"n_classes": 10}, "option n_classes is 10", "says 35"),
        ({"size": "M"}, "option dim_feedforward is 2048", "says 32"),
    ],
)
def test_an_option_against_the_checkpoint_is_refused(options: dict[str, Any], asked: str, found: str) -> None:
    with pytest.raises(UsageError, match=f"{asked}, but .*{re.escape(str(TINY / 'args.yml'))} {found}"):
        resolve(TINY, **options)


def test_the_hint_names_what_was_typed() -> None:
    for options, given in (({"size": "M"}, "size"), ({"nf": 16}, "nf")):
        with pytest.raises(UsageError) as caught:
            resolve(TINY, **options)
        assert caught.value.hint == f"leave out eat_sed.{given}; the checkpoint decides it"


def test_loading_with_options_of_another_checkpoint_is_refused() -> None:
    with pytest.raises(UsageError, match="the option dim_feedforward is 512, but"):
        EatSed(EatOptions()).load(TINY)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("nf: 4", "nf: '4'", "nf: Input should be a valid integer, found '4'"),
        ("nf: 4", "nf: true", "nf: Input should be a valid integer, found True"),
        ("nf: 4", "nf: 4.0", "nf: Input should be a valid integer, found 4.0"),
        ("nf: 4", "nf: [4]", r"nf: Input should be a valid integer, found \[4\]"),
        ("nf: 4", "nf: null", "nf: Input should be a valid integer, found None"),
        ("nf: 4", "nf: 0", "nf: Input should be greater than or equal to 1, found 0"),
        ("nf: 4", f"nf: '{'x' * 5000}'", "nf: Input should be a valid integer, found"),
        ("- 4\n- 4\n- 4\n", "- 4\n- x\n", r"ds_factors\.1: Input should be a valid integer, found 'x'"),
        ("n_head: 2", "n_head: 3", "n_head: 3 does not divide emb_dim 16"),
        ("seq_len: 16384", "seq_len: 16385", "seq_len: 16385 is not a multiple of 256"),
        ("model_type: SoundNetRaw", "model_type: ast", "model_type is 'ast', eat_sed runs 'SoundNetRaw'"),
    ],
)
def test_settings_of_the_wrong_kind_are_refused(run: Path, old: str, new: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as caught:
        resolve(rewrite(run, old, new))
    assert str(run / "args.yml") in caught.value.message
    assert len(caught.value.message) < 400


def test_names_come_from_the_option_first(run: Path, tmp_path: Path) -> None:
    (run / "labels.txt").write_text("".join(f"beside {index}\n" for index in range(35)))
    mine = tmp_path / "mine.txt"
    mine.write_text("".join(f"mine {index}\n" for index in range(35)))
    assert resolve(run).class_names[34] == "beside 34"
    assert resolve(run, labels=str(mine)).class_names[34] == "mine 34"
    assert resolve(run, class_names=GENERIC).class_names == GENERIC
    (run / "labels.txt").unlink()
    assert resolve(run).class_names == GENERIC


def test_names_come_from_the_data_set_where_nobody_gives_them(run: Path) -> None:
    rewrite(rewrite(run, "n_classes: 35", "n_classes: 50"), "dataset: speechcommands", "dataset: ESC-50")
    assert resolve(run).class_names == ESC50
    assert resolve(rewrite(run, "n_classes: 50", "n_classes: 49")).class_names[48] == "class_48"
    assert resolve(DATA / "tiny", labels="").class_names == GENERIC


def test_weights_of_esc50_are_not_for_sale_unless_somebody_says_so(run: Path) -> None:
    assert resolve(run).licence == ""
    rewrite(rewrite(run, "n_classes: 35", "n_classes: 50"), "dataset: speechcommands", "dataset: ESC-50")
    assert resolve(run).licence.startswith("CC BY-NC 3.0")
    assert resolve(run, licence="my own").licence == "my own"


def test_names_in_the_settings_are_taken(run: Path) -> None:
    rewrite(rewrite(run, "n_classes: 35", "n_classes: 2"), "kd_model: null", "class_names: [yes!, no!]")
    assert resolve(run).class_names == ("yes!", "no!")


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ("[one]", "class_names: 1 names for n_classes 35"),
        ("word", "class_names: Input should be a valid tuple, found 'word'"),
        ("3", "class_names: Input should be a valid tuple, found 3"),
        ("[1, 2]", r"class_names\.0: Input should be a valid string, found 1"),
    ],
)
def test_names_of_the_wrong_kind_are_refused(run: Path, names: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        resolve(rewrite(run, "kd_model: null", f"class_names: {names}"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"labels": "esc10"}, "labels=esc10 has 10 class names, the network has n_classes 35"),
        ({"labels": "{folder}/two.txt"}, r"two\.txt has 2 class names, the network has n_classes 35"),
        ({"labels": "{folder}/none.txt"}, r"none\.txt"),
        ({"class_names": ("a", "b")}, "class_names: 2 names for n_classes 35"),
        ({"labels": "esc50", "class_names": GENERIC, "n_classes": 35}, "say the same: give one of them"),
    ],
)
def test_names_that_do_not_fit_are_refused(tmp_path: Path, options: dict[str, Any], reason: str) -> None:
    (tmp_path / "two.txt").write_text("a\nb\n")
    filled = {
        key: value.format(folder=tmp_path) if isinstance(value, str) else value
        for key, value in options.items()
    }
    with pytest.raises(UsageError, match=reason):
        resolve(TINY, **filled)


def test_names_beside_the_checkpoint_must_fit(run: Path) -> None:
    (run / "labels.txt").write_text("a\nb\n")
    with pytest.raises(UsageError, match=r"labels\.txt has 2 class names, the network has n_classes 35"):
        resolve(run)


def test_resolved_options_need_no_files(run: Path, tmp_path: Path) -> None:
    labels = tmp_path / "names.txt"
    labels.write_text("".join(f"name {index}\n" for index in range(35)))
    options = resolve(run, labels=str(labels), window="centre")
    labels.unlink()
    shutil.rmtree(run)
    text = json.dumps(options.model_dump(mode="json"))
    assert str(tmp_path) not in text, "what is kept must not depend on a place"
    again = EatOptions.model_validate(json.loads(text))
    assert again == options
    assert EatSed(again).spec() == EatSed(options).spec()
    prediction = EatSed(again).postprocess({"output": np.eye(1, 35, 7, dtype=np.float32)})
    assert (prediction.top[0].class_id, prediction.top[0].label) == (7, "name 7")


@pytest.mark.parametrize("checkpoint", [None, TINY])
def test_resolving_twice_changes_nothing(checkpoint: Path | None) -> None:
    options = resolve(checkpoint)
    assert EatSed.resolve(EatOptions.model_validate(options.model_dump(mode="json")), checkpoint) == options


def test_bundled_clips_get_upstreams_logits() -> None:
    model = EatSed(resolve(None))
    network, files = model.load(None), {path.name: path for path in model.sample_files()}
    rows = [line.split(",") for line in (DATA / "logits.csv").read_text().splitlines()[1:]]
    assert len(rows) >= 5
    for name, _, label, *logits in rows:
        with torch.inference_mode():
            found = network(torch.from_numpy(model.preprocess(files[name])["images"])).numpy()
        assert np.abs(found - np.array(logits, np.float32)).max() <= 2e-3
        assert model.postprocess({"output": found}).top[0].label == label


def test_samples_fit_the_spec_and_calibration_leaves_out_the_test_fold() -> None:
    model = EatSed(resolve(None))
    for feeds in (list(model.samples(2)), list(model.calibration(3))):
        for feed in feeds:
            assert {name: array.shape for name, array in feed.items()} == {"images": (1, 1, 114688)}
            assert feed["images"].dtype == np.float32
    assert len(list(model.samples(2))) == 2
    calibration = {feed["images"].tobytes() for feed in model.calibration(3)}
    tested = [path for path in model.sample_files() if path.name.startswith("1-")]
    assert len(calibration) == 3
    assert calibration.isdisjoint(model.preprocess(path)["images"].tobytes() for path in tested)


def test_a_recording_slides_by_its_hop() -> None:
    model = EatSed(resolve(TINY, hop=0.25))
    windows = list(model.windows(model.sample_files()[0]))
    assert len(windows) > 10
    assert windows[1].start - windows[0].start == 0.25 * 16384 / 16000
    assert all(window.feed["images"].shape == (1, 1, 16384) for window in windows)


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_resolving_the_bundled_weights_is_quick_and_needs_no_torch() -> None:
    out = python(
        "import sys, time\n"
        "import edgedla_eat_sed\n"
        "assert not {'pydantic', 'yaml'} & set(sys.modules)\n"
        "(model,) = edgedla_eat_sed.edgedla_models()\n"
        "heavy = {'torch', 'onnx', 'onnxruntime', 'numpy', 'yaml', 'soundfile', 'soxr', 'safetensors'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "began = time.perf_counter()\n"
        "model(model.resolve(model.Options(), None)).spec()\n"
        "assert 'torch' not in sys.modules\n"
        "print(time.perf_counter() - began)\n"
    )
    assert float(out) < 1


def test_the_card_names_the_settings_and_the_licence_of_the_weights() -> None:
    card = (WEIGHTS / "MODEL_CARD.md").read_text()
    options = resolve(None)
    assert ", ".join(options.class_names) in card
    for key in ("nf", "emb_dim", "n_layers", "n_head", "dim_feedforward"):
        assert f"{key} {getattr(options, key)}" in card
    assert "10.1145/2733373.2806390" in card
    assert "10.1145/2733373.2806390" in options.licence


def test_the_cards_program_counts_hits_of_fold_1(tmp_path: Path) -> None:
    card = (WEIGHTS / "MODEL_CARD.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    # 59 right answers of 80, as measured, and a clip of another fold that must not count.
    results = [
        {"input": f"audio/1-{index}-A-41.ogg", "class_id": 9 if index < 59 else 0} for index in range(80)
    ]
    results.append({"input": "audio/2-1-A-41.ogg", "class_id": 9})
    (tmp_path / "results.json").write_text(json.dumps({"data": {"results": results}}))
    (tmp_path / "accuracy.py").write_text(program)
    arguments = [sys.executable, str(tmp_path / "accuracy.py"), str(tmp_path / "results.json")]
    out = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    assert out == "59 of 80: 73.8%, 95 % interval 63.2% to 82.1%\n"
