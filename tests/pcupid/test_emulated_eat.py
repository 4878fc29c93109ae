"""eat_sed through the emulated toolchain: the fixed network names the classes that the float one names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest

from edgedla_eat_sed.plugin import EatSed
from edgedla_eat_sed.settings import EatOptions
from edgedla_targets.pcupid.emulated import SDK, sim
from edgedla_targets.pcupid.emulated.image import Image
from emulated_bench import Bench, chain, ini

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from edgedla_targets.pcupid.emulated.network import Network

SHAPES = "1,1,114688"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The network as exported, and the plugin's calibration clips (none of the test fold)."""
    monkeypatch.setenv("SGS_IPU_DIR", str(SDK))
    bench = Bench(tmp_path)
    model = EatSed(EatSed.resolve(EatOptions(), None))
    model.export(None, tmp_path / "eat.onnx")
    for index, feed in enumerate(model.calibration(20)):
        bench.put(f"quant_data/c{index}.npy", feed["images"])
    for path in model.sample_files():
        if path.name.startswith("1-"):
            bench.put(f"test/{path.stem}.npy", model.preprocess(path)["images"])
    return bench


def outputs(network: Network, bench: Bench) -> npt.NDArray[Any]:
    clips = sorted(bench.folder.glob("test/*.npy"))
    return np.concatenate([network.run({"images": np.load(path)})["output"] for path in clips])


@pytest.mark.slow
def test_classes_survive_eight_and_sixteen_bits(bench: Bench) -> None:
    model = onnx.load(bench.folder / "eat.onnx")
    errors = []
    for extra in ("", "[CONV_CONFIG]\ninput_format=ALL_INT16;\n"):
        chain(bench.folder, model, ini("images", "output") + extra, SHAPES)
        exact = outputs(sim.load(bench.folder / "net_float.sim"), bench)
        fixed = outputs(sim.load(bench.folder / "net_fixed.sim"), bench)
        assert outputs(Image.load(bench.folder / "net.img"), bench).tobytes() == fixed.tobytes()
        assert exact.shape == (10, 10)
        assert (exact.argmax(axis=1) == fixed.argmax(axis=1)).all()
        errors.append(float(np.abs(exact - fixed).max()))
    assert 0 < errors[1] < errors[0] < 0.6  # logits have a standard deviation of 1.5
