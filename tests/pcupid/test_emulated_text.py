"""The simulator's text files: grammar, names, categories."""

from __future__ import annotations

import re

import numpy as np
import pytest

from edgedla_targets.pcupid.emulated import SDK, sim, text
from emulated_bench import PREPROCESS, Bench, chain, ini, picture, random


def test_a_float_tensor_word_for_word() -> None:
    values = np.arange(18, dtype=np.float32).reshape(1, 2, 9) / 8 - 1
    rows = [f"{number / 8 - 1:.6f}  " for number in range(18)]
    expected = (
        "map Tensor:\n{\ntensor dim:3,  Original shape:[1 2 9]\ntensor data:\n"
        f"{''.join(rows[:16])}\n{''.join(rows[16:])}\n}}\n\n"
    )
    assert text.tensor("map", values, aligned=False) == expected


def test_a_fixed_tensor_shows_a_second_shape() -> None:
    lines = text.tensor("logits", np.zeros((1, 2), np.float32), aligned=True).splitlines()
    assert lines[2:6] == [
        "tensor dim:2,  Original shape:[1 2],  Alignment shape:[1 2]",
        "The following tensor data shape is alignment shape.",
        "tensor data:",
        "0.000000  0.000000  ",
    ]


@pytest.mark.parametrize("count", [1, 15, 16, 17, 32])
def test_sixteen_values_per_line(count: int) -> None:
    body = text.tensor("t", np.ones(count, np.float32), aligned=False).partition("tensor data:\n")[2]
    rows = body.partition("}")[0].splitlines()
    assert [len(row.split()) for row in rows] == [16] * (count // 16) + [count % 16] * (count % 16 > 0)


def test_classification_names_the_five_best_of_all_outputs() -> None:
    found = text.classification("a.npy", {"x": np.array([[0.5, 3.0]]), "y": np.array([1.0, -2, 3, 2])})
    assert found == "a.npy\n1 3.000000\n4 3.000000\n5 2.000000\n2 1.000000\n0 0.500000\n"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """All three files of a small image network, and one normalised sample."""
    bench = Bench(tmp_path_factory.mktemp("text"))
    bench.samples(2, (1, 6, 4, 3))
    config = ini("pixels", "map", "RGB").replace("[OUTPUT", "mean=0;\nstd_value=1;\n[OUTPUT")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SGS_IPU_DIR", str(SDK))
        chain(bench.folder, picture(), config, "1,3,6,4")
    return bench


def values(content: str) -> list[float]:
    return [float(word) for word in re.findall(r"-?\d+\.\d{6}", content)]


def test_results_of_a_float_network(bench: Bench) -> None:
    assert bench.simulate().code == 0
    network = sim.load(bench.folder / "net_float.sim")
    content = bench.text("unknown_net_float.sim_s1.npy.txt")
    exact = network.run({"pixels": random(1, 6, 4, 3, seed=1)})["map"]
    assert content == text.tensor("map", exact, aligned=False)
    assert "Original shape:[1 6 4 2]" in content


def test_results_of_fixed_and_offline_networks_are_the_same(bench: Bench) -> None:
    bench.put("preprocess.py", PREPROCESS + "    \n")
    source = "import numpy as np\n\ndef image_preprocess(path, norm=True):\n    assert norm is False\n"
    bench.put("bytes.py", source + "    return (abs(np.load(path)) * 50).astype(np.uint8)\n")
    found = []
    for name in ("net_fixed.sim", "net.img"):
        done = bench.run("simulate", "-i", "quant_data", "-m", name, "-n", "bytes.py", "--dump_rawdata")
        assert done.code == 0, done.text
        found.append(bench.text(f"unknown_{name}_s0.npy.txt"))
    assert found[0] == found[1]
    assert "Alignment shape:[1 6 4 2]" in found[0]
    assert len(set(values(found[0]))) > 1
    dumped = (bench.folder / "s0.npy.bin").read_bytes()
    assert dumped == (abs(random(1, 6, 4, 3)) * 50).astype(np.uint8).tobytes()
    skipped = bench.run("simulate", "-i", "quant_data", "-m", "net.img", "-n", "bytes.py", "--skip_garbage")
    assert skipped.code == 0
    assert "Alignment" not in bench.text("unknown_net.img_s0.npy.txt")


def test_category_classification(bench: Bench) -> None:
    assert bench.simulate("net_float.sim", "-c", "Classification", image="quant_data/s0.npy").code == 0
    lines = bench.text("classification_net_float.sim_s0.npy.txt").splitlines()
    exact = sim.load(bench.folder / "net_float.sim").run({"pixels": random(1, 6, 4, 3)})["map"].ravel()
    assert lines[0] == "s0.npy"
    assert [int(line.split()[0]) for line in lines[1:]] == np.argsort(-exact)[:5].tolist()
