"""Numbers of the emulated toolchain: float as onnxruntime, fixed near it, offline as fixed to the bit."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

from edgedla_targets.pcupid.emulated import SDK, sim
from edgedla_targets.pcupid.emulated.header import Tensor
from edgedla_targets.pcupid.emulated.image import Image
from edgedla_targets.pcupid.emulated.network import decode, encode
from edgedla_targets.pcupid.emulated.quantise import Widths, noise
from edgedla_targets.pcupid.emulated.statistics import Range, collect
from emulated_bench import Bench, chain, graph, ini, listener, picture, random

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from edgedla.runner import Feed

FLOAT, FIXED, IMAGE = "net_float.sim", "net_fixed.sim", "net.img"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A folder with eight samples, three of them quiet; this process has sourced the environment."""
    monkeypatch.setenv("SGS_IPU_DIR", str(SDK))
    monkeypatch.setattr(sys, "path", list(sys.path))
    bench = Bench(tmp_path)
    bench.samples(8)
    return bench


def reference(model: onnx.ModelProto, feed: Feed) -> list[npt.NDArray[Any]]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    outputs: list[npt.NDArray[Any]] = session.run(None, feed)
    return outputs


def conv(text: str) -> str:
    return ini() + f"[CONV_CONFIG]\n{text};\n"


def error(bench: Bench, config: str) -> float:
    """Largest error of the fixed network on the samples, against the float one; the image agrees."""
    chain(bench.folder, listener(), config, "1,1,1,64")
    networks = [
        sim.load(bench.folder / FLOAT),
        sim.load(bench.folder / FIXED),
        Image.load(bench.folder / IMAGE),
    ]
    worst = 0.0
    for index in range(8):
        feed = {"wave": random(1, 1, 64, 1, seed=index)}
        exact, fixed, offline = (network.run(feed)["logits"] for network in networks)
        assert fixed.tobytes() == offline.tobytes()
        worst = max(worst, float(np.abs(exact - fixed).max()))
    return worst


def test_float_is_onnxruntime_with_the_axes_turned(bench: Bench) -> None:
    chain(bench.folder, listener(), ini(), "1,1,1,64")
    wave = random(1, 1, 64, 1, seed=99)
    found = sim.load(bench.folder / FLOAT).run({"wave": wave})["logits"]
    expected = reference(listener(), {"wave": wave.reshape(1, 1, 1, 64)})[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_sixteen_bits_are_closer_than_eight_and_both_differ_from_float(bench: Bench) -> None:
    eight, sixteen = (
        error(bench, conv("input_format=ALL_UINT8")),
        error(bench, conv("input_format=ALL_INT16")),
    )
    assert 0 < sixteen < 1e-3 < eight < 0.2


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("input_format=ALL_UINT8", "2 with 8 bits, 0 with 16"),
        ("input_format=ALL_INT16", "0 with 8 bits, 2 with 16"),
        ("input_format=CONV2D_INT16", "1 with 8 bits, 1 with 16"),
        ("input_format=DEPTHWISE_INT16", "1 with 8 bits, 1 with 16"),
        ("input_format=ALL_UINT8\ntensor_arrays=r1", "1 with 8 bits, 1 with 16"),
        ("input_format=ALL_UINT8\ntensor_arrays=wave/nchw", "2 with 8 bits, 0 with 16"),
    ],
)
def test_conv_config(config: str, words: str, bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    chain(bench.folder, listener(), conv(config), "1,1,1,64")
    assert words in capsys.readouterr().out


def test_sensitive_convolutions_are_raised_only_at_high_levels() -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    loud, quiet = Range(-1, 1, 1 / 0.3), Range(-1, 1, 1 / 1e-4)
    assert noise(loud) == pytest.approx((2 / 255) ** 2 / 12 / 0.3)
    for threshold, span, bits in ((0.002, loud, 8), (0.002, quiet, 16), (None, quiet, 8)):
        assert Widths(None, (), threshold).bits(node, span, is_first=False) == bits


def test_uint8_rounding_is_the_one_written_down(bench: Bench) -> None:
    """One convolution with weight 1: the output is the input on 256 levels of its calibrated range."""
    node = helper.make_node("Conv", ["wave", "w"], ["logits"])
    model = graph(
        [node], {"wave": [1, 1, 1, 64]}, {"logits": [1, 1, 1, 64]}, {"w": np.ones((1, 1, 1, 1), np.float32)}
    )
    chain(bench.folder, model, conv("input_format=ALL_UINT8"), "1,1,1,64")
    samples = np.stack([random(1, 1, 64, 1, seed=index) for index in range(8)])
    low, high = float(samples.min()), float(samples.max())
    step = (high - low) / 255
    zero = round(-low / step)
    wave = samples[3]
    expected = (np.clip(np.round(wave / step) + zero, 0, 255) - zero) * step
    found = sim.load(bench.folder / FIXED).run({"wave": wave})["logits"]
    assert np.abs(found - expected).max() < step / 100
    assert np.abs(found - wave).max() > step / 3
    outside = sim.load(bench.folder / FIXED).run({"wave": wave * 100})["logits"]
    ends = (-zero * step, (255 - zero) * step)
    assert (outside.min(), outside.max()) == pytest.approx(ends, abs=step / 100)


def test_weights_have_one_scale_per_output_channel(bench: Bench) -> None:
    chain(bench.folder, listener(), conv("input_format=ALL_UINT8"), "1,1,1,64")
    model = onnx.load_from_string(sim.load(bench.folder / FIXED).payload)
    kept = {weight.name: numpy_helper.to_array(weight) for weight in model.graph.initializer}
    found = {
        node.input[0].partition("/")[0]: (kept[node.input[0]], kept[node.input[1]])
        for node in model.graph.node
        if node.op_type == "DequantizeLinear" and node.input[0] in kept
    }
    original = {weight.name: numpy_helper.to_array(weight) for weight in listener().graph.initializer}
    types = {name: (levels.dtype.name, scale.size) for name, (levels, scale) in found.items()}
    assert types == {"w1": ("int8", 8), "w2": ("int8", 8), "w3": ("int16", 5)}
    for name, (levels, scale) in found.items():
        step = scale.reshape(-1, *[1] * (levels.ndim - 1))
        assert (np.abs(levels * step - original[name]) <= step * 0.501).all()
        assert (np.abs(levels.reshape(len(levels), -1)).max(axis=1) == np.iinfo(levels.dtype).max).all()


def test_int16_buffers_are_truncated_and_clipped_to_the_same_limits_on_both_sides() -> None:
    tensor = Tensor(name="wave", shape=(6,), format="INT16", scale=0.5, zero_point=3)
    values = np.array([0, 0.74, -2.6, 1e9, -1e9, 16380.9], np.float32)
    levels = encode(tensor, values)
    assert levels.tolist() == [3, 4, -2, 32767, -32767, 32764]
    assert decode(tensor, np.array([2, -3], np.int16)).tolist() == [1.0, -1.5]
    assert encode(tensor, levels) is levels
    plain = Tensor(name="wave", shape=(6,))
    assert encode(plain, values) is decode(plain, values) is values


def test_ranges_over_samples() -> None:
    node = helper.make_node("Relu", ["wave"], ["logits"])
    model = graph([node], {"wave": [1, 2]}, {"logits": [1, 2]})
    feeds = [{"wave": np.array([pair], np.float32)} for pair in ([1, -1], [4, -2], [np.nan, 99], [0, 0])]
    ranges = collect(model, feeds)
    assert astuple(ranges["wave"]) == pytest.approx((-2, 4, (1 / 1 + 1 / 10) / 2))
    assert astuple(ranges["logits"]) == pytest.approx((0, 4, (1 / 0.5 + 1 / 8) / 2))


def test_s16_input_and_int16_output_carry_their_scale(bench: Bench) -> None:
    config = ini(kind="RAWDATA_S16_NHWC").replace("dequantizations=TRUE", "dequantizations=FALSE")
    chain(bench.folder, listener(), config, "1,1,1,64")
    image = Image.load(bench.folder / IMAGE)
    (wave,), (logits,) = image.inputs, image.outputs
    assert (wave.format, logits.format, wave.dtype, logits.size) == ("INT16", "INT16", "int16", 10)
    peak = max(float(np.abs(random(1, 1, 64, 1, seed=index)).max()) for index in range(8))
    assert wave.scale == pytest.approx(peak / 32767)
    sample = random(1, 1, 64, 1, seed=2)
    levels = np.clip(sample / np.float32(wave.scale), -32767, 32767).astype(np.int16)
    found = image.run({"wave": levels})["logits"]
    assert found.dtype == np.int16
    np.testing.assert_array_equal(
        found * np.float32(logits.scale), image.run_floats({"wave": sample})["logits"]
    )
    exact = sim.load(bench.folder / FLOAT).run({"wave": sample})["logits"]
    assert np.abs(exact - found * np.float32(logits.scale)).max() < 0.2


@pytest.mark.parametrize("colours", ["RGB", "BGR"])
@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_images_are_normalised_inside_fixed_networks(colours: str, layout: str, bench: Bench) -> None:
    keys = f"mean=10:20:30;\nstd_value=50:60:70;\ninput_layouts={layout};\n"
    config = (
        ini("pixels", "map", colours).replace("[OUTPUT", f"{keys}[OUTPUT") + f"output_layouts={layout};\n"
    )
    shape = (1, 6, 4, 3) if layout == "NHWC" else (1, 3, 6, 4)
    mean, deviation = np.array([10, 20, 30], np.float32), np.array([50, 60, 70], np.float32)
    if colours == "BGR":
        mean, deviation = mean[::-1], deviation[::-1]
    if layout == "NCHW":
        mean, deviation = mean.reshape(3, 1, 1), deviation.reshape(3, 1, 1)
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    normal = (pixels - mean) / deviation
    for path in bench.folder.glob("quant_data/*"):
        np.save(path, normal)
    chain(bench.folder, picture(), config, "1,3,6,4")
    image = Image.load(bench.folder / IMAGE)
    assert (image.inputs[0].format, image.inputs[0].layout, image.inputs[0].shape) == ("U8", layout, shape)
    exact = sim.load(bench.folder / FLOAT).run({"pixels": normal})["map"]
    assert exact.shape == ((1, 6, 4, 2) if layout == "NHWC" else (1, 2, 6, 4))
    turned = normal.transpose(0, 3, 1, 2) if layout == "NHWC" else normal
    expected = reference(picture(), {"pixels": turned})[0]
    np.testing.assert_allclose(
        exact, expected.transpose(0, 2, 3, 1) if layout == "NHWC" else expected, atol=1e-5
    )
    assert np.abs(image.run({"pixels": pixels})["map"] - exact).max() < 0.1 * np.abs(exact).max()


def test_a_dilated_dense_1d_convolution_goes_silently_wrong(bench: Bench) -> None:
    node = helper.make_node("Conv", ["wave", "w"], ["logits"], dilations=[3], pads=[3, 3])
    model = graph([node], {"wave": [1, 2, 64]}, {"logits": [1, 2, 64]}, {"w": random(2, 2, 3)})
    for path in bench.folder.glob("quant_data/*"):
        np.save(path, random(1, 2, 64))
    chain(bench.folder, model, ini(), "1,2,64")
    wave = random(1, 2, 64)
    found = sim.load(bench.folder / FLOAT).run({"wave": wave})["logits"]
    assert found.shape == (1, 2, 64)
    assert np.abs(found - reference(model, {"wave": wave})[0]).max() > 0.5


def test_same_inputs_make_the_same_bytes_in_any_process(bench: Bench) -> None:
    digests = set()
    for seed in ("1", "2"):
        code = (
            "import sys, onnx; from pathlib import Path; from emulated_bench import *; "
            "chain(Path(sys.argv[1]), listener(), ini(), '1,1,1,64')"
        )
        env = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run(
            [sys.executable, "-c", code, str(bench.folder)], env=env, check=True, capture_output=True
        )
        files = [(bench.folder / name).read_bytes() for name in (FLOAT, FIXED, IMAGE)]
        digests.add(tuple(hashlib.sha256(data).hexdigest() for data in files))
    assert len(digests) == 1


def test_the_order_of_the_samples_does_not_matter_for_the_ranges(bench: Bench) -> None:
    chain(bench.folder, listener(), ini(), "1,1,1,64")
    first = (bench.folder / FIXED).read_bytes()
    for index in range(8):
        np.save(bench.folder / f"quant_data/s{index}.npy", random(1, 1, 64, 1, seed=7 - index))
    chain(bench.folder, listener(), ini(), "1,1,1,64")
    assert (bench.folder / FIXED).read_bytes() == first
