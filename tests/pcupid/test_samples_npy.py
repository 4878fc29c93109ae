"""Samples for the vendor's tools, and the preprocess modules that read them."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edgedla.errors import UsageError
from edgedla.spec import ModelSpec, TensorSpec
from edgedla_eat_sed.plugin import EatSed
from edgedla_eat_sed.settings import EatOptions
from edgedla_targets.pcupid.configs import input_config, preprocess_names, render_files
from edgedla_targets.pcupid.options import PcupidOptions
from edgedla_targets.pcupid.samples import list_file, write_samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from edgedla.runner import Feed

    Array = npt.NDArray[Any]


def spec(**shapes: tuple[int, ...]) -> ModelSpec:
    return ModelSpec(
        inputs=tuple(TensorSpec(name=name, shape=shape) for name, shape in shapes.items()),
        outputs=(TensorSpec(name="out", shape=(1, 2)),),
    )


def feeds(network: ModelSpec, count: int) -> list[Feed]:
    random = np.random.default_rng(7)
    return [
        {tensor.name: random.standard_normal(tensor.shape, dtype=np.float32) for tensor in network.inputs}
        for _ in range(count)
    ]


def write(network: ModelSpec, samples: list[Feed], folder: Path, **options: object) -> list[Path]:
    config = input_config(network, PcupidOptions.model_validate(options))
    return write_samples(samples, network, config, folder, 3)


def module(path: Path) -> Callable[..., Array]:
    """`image_preprocess` of a rendered file, loaded as the tools load it."""
    found = importlib.util.spec_from_file_location(path.stem, path)
    assert found is not None
    assert found.loader is not None
    loaded = importlib.util.module_from_spec(found)
    found.loader.exec_module(loaded)
    preprocess: Callable[..., Array] = loaded.image_preprocess
    return preprocess


WAVE = spec(wave=(1, 1, 40))
PAIR = spec(left=(3, 4), right=(5,))
IMAGE = spec(image=(1, 3, 4, 5))


def test_real_clips_come_back_exactly(tmp_path: Path) -> None:
    model = EatSed(EatOptions())
    options, network = PcupidOptions(), model.spec()
    files = render_files(network, options, tmp_path, model="eat_sed")
    clips = list(model.calibration(2))
    paths = write_samples(clips, network, input_config(network, options), tmp_path / "quant_data", 30)
    preprocess = module(files["preprocess.py"])
    for clip, path in zip(clips, paths, strict=True):
        array = preprocess(str(path), 1)
        assert array.dtype == np.float32
        assert array.shape == (1, 1, 114688)
        assert np.array_equal(array, clip["images"])
        assert np.array_equal(preprocess(str(path), norm=False), array)


def test_names_and_number(tmp_path: Path) -> None:
    paths = write(WAVE, feeds(WAVE, 5), tmp_path / "quant_data")
    assert [path.name for path in paths] == ["sample_000.npy", "sample_001.npy", "sample_002.npy"]
    assert sorted((tmp_path / "quant_data").iterdir()) == paths
    assert [path.name for path in tmp_path.iterdir()] == ["quant_data"]


def test_only_as_many_samples_are_made_as_are_written(tmp_path: Path) -> None:
    source = iter(feeds(WAVE, 5))
    write_samples(source, WAVE, input_config(WAVE, PcupidOptions()), tmp_path, 3)
    assert len(list(source)) == 2


def test_samples_of_an_earlier_run_go(tmp_path: Path) -> None:
    write(PAIR, feeds(PAIR, 3), tmp_path / "q")
    paths = write(PAIR, feeds(PAIR, 2), tmp_path / "q")
    assert sorted((tmp_path / "q").iterdir()) == sorted(paths)


def test_the_same_samples_give_the_same_bytes(tmp_path: Path) -> None:
    def content(folder: Path, samples: list[Feed]) -> list[bytes]:
        return [path.read_bytes() for path in write(WAVE, samples, folder)]

    samples = feeds(WAVE, 2)
    strided = [{"wave": np.repeat(each["wave"], 2, axis=2)[:, :, ::2]} for each in samples]
    assert content(tmp_path / "a", samples) == content(tmp_path / "b", strided)
    assert np.load(tmp_path / "a" / "sample_000.npy").dtype.str == "<f4"


def test_several_inputs_get_a_list_beside_the_folder(tmp_path: Path) -> None:
    samples = feeds(PAIR, 2)
    paths = write(PAIR, samples, tmp_path / "quant_data")
    lines = list_file(tmp_path / "quant_data").read_bytes()
    assert lines == b"sample_000_left.npy,sample_000_right.npy\nsample_001_left.npy,sample_001_right.npy"
    assert list_file(tmp_path / "quant_data") == tmp_path / "quant_data.txt"
    assert [path.name for path in paths] == lines.decode().replace("\n", ",").split(",")
    files = render_files(PAIR, PcupidOptions(), tmp_path, model="pair")
    for name, path, tensor in zip(preprocess_names(PAIR), paths, PAIR.inputs, strict=False):
        assert np.array_equal(module(files[name])(str(path)), samples[0][tensor.name])


@pytest.mark.parametrize(("layout", "shape"), [("NHWC", (1, 4, 5, 3)), ("NCHW", (1, 3, 4, 5))])
def test_raw_inputs_of_four_dimensions_have_the_tools_axes(
    tmp_path: Path, layout: str, shape: tuple[int, ...]
) -> None:
    sample = feeds(IMAGE, 1)[0]
    path = write(IMAGE, [sample], tmp_path / "q", input_layouts=(layout,))[0]
    array = np.load(path)
    assert array.shape == shape
    options = PcupidOptions.model_validate({"input_layouts": (layout,)})
    rendered = render_files(IMAGE, options, tmp_path, model="net")["preprocess.py"]
    assert module(rendered)(str(path)).shape == shape
    scope: dict[str, Any] = {}
    exec(rendered.read_text(), scope)  # noqa: S102 - the other function of the module
    assert np.array_equal(scope["get_image"](str(path), nchw=True), sample["image"])


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("training", ["RGB", "BGR"])
def test_images_are_stored_as_bytes_and_normalised_back(tmp_path: Path, layout: str, training: str) -> None:
    mean, deviation = np.array([120.5, 110.25, 100.0]), np.array([60.0, 58.5, 57.0])  # red, green, blue
    levels = np.random.default_rng(3).integers(0, 256, (1, 3, 4, 5))
    order = slice(None, None, -1 if training == "BGR" else 1)
    normal = (levels - mean[order].reshape(3, 1, 1)) / deviation[order].reshape(3, 1, 1)
    given = {
        "input_formats": (training,),
        "input_layouts": (layout,),
        "mean": (":".join(map(str, mean)),),
        "std_value": (":".join(map(str, deviation)),),
    }
    path = write(IMAGE, [{"image": normal.astype(np.float32)}], tmp_path / "q", **given)[0]
    rendered = render_files(IMAGE, PcupidOptions.model_validate(given), tmp_path, model="net")[
        "preprocess.py"
    ]
    preprocess = module(rendered)

    def tools(array: Array) -> Array:
        return array.transpose(0, 2, 3, 1) if layout == "NHWC" else array

    stored = preprocess(str(path), 0)
    assert stored.dtype == np.uint8
    assert np.array_equal(stored, tools(levels))
    normalised = preprocess(str(path), norm=True)
    assert normalised.dtype == np.float32
    np.testing.assert_allclose(normalised, tools(normal), atol=1e-5)


def test_an_image_that_mean_does_not_explain_is_refused(tmp_path: Path) -> None:
    image = {"image": np.full((1, 3, 4, 5), 0.5, np.float32)}
    image["image"][0, 1, 2, 3] = 3
    given = {"input_formats": ("RGB",), "mean": ("0",), "std_value": ("255",)}
    with pytest.raises(UsageError, match=r"it is 127\.5 to 765, not 0 to 255") as caught:
        write(IMAGE, [image], tmp_path, **given)
    assert "pcupid.mean" in str(caught.value.hint)


def test_slightly_overshooting_images_are_cut(tmp_path: Path) -> None:
    image = {"image": np.linspace(-0.3, 255.4, 60, dtype=np.float32).reshape(1, 3, 4, 5)}
    given = {"input_formats": ("RGB",), "mean": ("0",), "std_value": ("1",)}
    array = np.load(write(IMAGE, [image], tmp_path, **given)[0])
    assert (array.min(), array.max()) == (0, 255)


def bad(value: Array) -> Feed:
    return {"wave": value}


GOOD = np.zeros((1, 1, 40), np.float32)


@pytest.mark.parametrize(
    ("feed", "reason"),
    [
        (bad(GOOD[:, :, :39]), r"input 'wave' is float32 \(1, 1, 39\), expected float32 \(1, 1, 40\)"),
        (bad(GOOD[0]), r"input 'wave' is float32 \(1, 40\)"),
        (bad(GOOD.astype(np.float64)), "input 'wave' is float64"),
        (bad(GOOD.astype(np.int16)), "input 'wave' is int16"),
        (bad(np.where(np.arange(40) == 39, np.nan, GOOD).astype(np.float32)), "no finite numbers"),
        (bad(np.full_like(GOOD, np.inf)), "no finite numbers"),
        ({"sound": GOOD}, "inputs are sound, expected wave"),
        ({"wave": GOOD, "more": GOOD}, "inputs are more, wave, expected wave"),
        ({}, "inputs are , expected wave"),
    ],
)
def test_samples_that_do_not_fit_are_named(tmp_path: Path, feed: Feed, reason: str) -> None:
    with pytest.raises(UsageError, match=f"^sample_001: {reason}|^sample_001: .*{reason}"):
        write(WAVE, [bad(GOOD), feed], tmp_path)


def test_no_samples_at_all(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no samples to calibrate with") as caught:
        write(WAVE, [], tmp_path)
    assert "--calib" in str(caught.value.hint)


def test_preprocess_refuses_a_users_own_file_of_another_shape(tmp_path: Path) -> None:
    preprocess = module(render_files(WAVE, PcupidOptions(), tmp_path, model="net")["preprocess.py"])
    for name, array in {"short": GOOD[:, :, :39], "flat": GOOD.ravel(), "double": GOOD.astype(float)}.items():
        np.save(tmp_path / name, array)
        with pytest.raises(ValueError, match=rf"{name}\.npy: expected float32 in \(1, 1, 40\), found"):
            preprocess(str(tmp_path / f"{name}.npy"))


def test_preprocess_runs_no_code_of_a_sample(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
            return os.system, (f"touch {tmp_path}/owned",)

    np.save(tmp_path / "evil.npy", np.array([Evil()], dtype=object), allow_pickle=True)
    preprocess = module(render_files(WAVE, PcupidOptions(), tmp_path, model="net")["preprocess.py"])
    with pytest.raises(ValueError, match="allow_pickle=False"):
        preprocess(str(tmp_path / "evil.npy"))
    assert not (tmp_path / "owned").exists()
