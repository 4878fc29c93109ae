"""A model of sounds whose every name is hostile; built, evaluated, disturbed and timed by real commands."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from throwaway import Result, Site
from wry import WRY

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = "<script>document.title='taken'</script>"
QUOTED = '" onmouseover="alert(1)" & <b>hum</b> \u202e'
RATE, LENGTH = 8000, 8000

# It says the second class of a recording whose mean is above zero; `wry.lean` shifts that.
HUM = f'''
"""A detector of direct current."""

from pathlib import Path

from edgedla import Model, ModelSpec, Prediction, Score, TensorSpec, UsageError, hookimpl
from edgedla.spec import AudioInput, Credit

SAMPLES = Path(__file__).parent / "hum_samples"


class Hum(Model):
    name = "hum"
    summary = "mean of a recording"
    suffixes = (".wav",)

    def spec(self):
        return ModelSpec(
            inputs=(TensorSpec(name="sound", shape=(1, {LENGTH})),),
            outputs=(TensorSpec(name="prob", shape=(1, 2)),),
            labels=({SCRIPT!r}, {QUOTED!r}),
            stem="hum",
            licence="CC BY 4.0 </p><img src=x onerror=alert(1)>",
            audio=AudioInput(rate={RATE}, peak=1.0),
        )

    def export(self, checkpoint, path):
        import numpy as np
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        weight = np.full(({LENGTH}, 2), 10 / {LENGTH}, np.float32)
        weight[:, 0] *= -1
        graph = helper.make_graph(
            [helper.make_node("Gemm", ["sound", "weight"], ["prob"])],
            "hum",
            [helper.make_tensor_value_info("sound", TensorProto.FLOAT, (1, {LENGTH}))],
            [helper.make_tensor_value_info("prob", TensorProto.FLOAT, (1, 2))],
            [numpy_helper.from_array(weight, "weight")],
        )
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)

    def sample_files(self):
        return sorted(SAMPLES.iterdir())

    def samples(self, limit):
        return [self.preprocess(path) for path in self.sample_files()[:limit]]

    def credit(self, path):
        if path.name == "plus.wav":
            return Credit(author="Ann <i>", source="javascript:alert(1)", licence="CC0")
        return Credit(author="Ben", source="https://example.org/minus?a=1&b=2", licence="CC BY 4.0")

    def preprocess(self, path):
        return {{"sound": self._read(path)}}

    def disturbances(self):
        from edgedla import sound

        return sound.DISTURBANCES[:1]

    def disturb(self, path, kind, amount, seed):
        from edgedla import sound

        return {{"sound": sound.disturb(self._read(path)[0], {RATE}, kind, amount, seed)[None]}}

    def _read(self, path):
        import numpy as np
        import soundfile

        try:
            sound, _ = soundfile.read(path, dtype="float32")
        except soundfile.LibsndfileError as error:
            raise UsageError(f"{{path}}: {{error}}") from None
        return np.resize(sound, (1, {LENGTH}))

    def postprocess(self, outputs):
        import numpy as np

        shares = np.exp(outputs["prob"][0] - outputs["prob"][0].max())
        scores = sorted(enumerate((shares / shares.sum()).tolist()), key=lambda pair: -pair[1])
        labels = self.spec().labels
        return Prediction(top=tuple(Score(class_id=i, label=labels[i], score=s) for i, s in scores))


@hookimpl
def edgedla_models():
    return [Hum]
'''

OPTIONS = "    Options = WryOptions\n"
RUNNER = """
    def runner(self, path, jobs=1):
        return OnnxRunner(path)
"""


@dataclass(frozen=True)
class Hum:
    """A folder with a bundle, a data set, and what three verbs said of them."""

    folder: Path
    environment: dict[str, str]

    @property
    def bundle(self) -> Path:
        return self.folder / "build/hum/wry"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def run(self, *words: str | Path, code: int = 0) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "edgedla", *map(str, words)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        result = Result(done.returncode, done.stdout, done.stderr)
        assert result.code == code, f"{words}: {result}"
        return result

    def answer(self, verb: str) -> Any:
        """What a verb printed with `--json`."""
        return json.loads((self.folder / f"{verb}.json").read_text())

    @property
    def words(self) -> tuple[str, ...]:
        """Options of `report` that take all in."""
        return (
            "--eval",
            "eval.json",
            "--robustness",
            "robustness.json",
            "--bench",
            "bench.json",
            "--data",
            "data",
        )


def hum_build(folder: Path) -> Hum:
    """Build, evaluate, disturb and time it; three clips change their mind."""
    site = Site(folder / "site")
    site.folder.mkdir()
    (site.folder / "onnxsim.py").write_text("def simplify(graph):\n    return graph, True\n")
    site.add("hum", HUM)
    site.add("wry", WRY.replace(OPTIONS, OPTIONS + RUNNER))
    samples = site.folder / "hum_samples"
    samples.mkdir()
    for name, mean in (("minus.wav", -0.3), ("plus.wav", 0.3)):
        write(samples / name, mean)
    labelled(folder / "data")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EDGEDLA_")}
    path = os.pathsep.join([str(site.folder), kept.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    own = {
        "PYTHONPATH": path,
        "XDG_CONFIG_HOME": str(folder / "config"),
        "EDGEDLA_CACHE_DIR": str(folder / "cache"),
        "EDGEDLA_TARGET": "wry",
    }
    hum = Hum(folder, kept | own)
    hum.run("build", "hum", "--set", "wry.lean=2.4")
    data = ("hum", "--data", "data", "--bundle", hum.bundle, "--json")
    for verb, words, code in (
        ("eval", (*data, "--against", "onnx", "--rung", "wry"), 1),  # too few clips to say
        ("robustness", (*data, "--rung", "wry"), 0),
        ("bench", ("hum", "--set", "wry.lean=2.4", "--repeats", "5", "--rounds", "1", "--json"), 0),
    ):
        (folder / f"{verb}.json").write_text(hum.run(verb, *words, code=code).out)
    return hum


def write(path: Path, mean: float) -> None:
    """A second of a tone around `mean`."""
    times = np.arange(LENGTH) / RATE
    soundfile.write(path, (mean + 0.3 * np.sin(2 * np.pi * 440 * times)).astype(np.float32), RATE)


def labelled(folder: Path) -> None:
    """Eight clips; of three the mean is so near to zero that the leaning network turns them over."""
    (folder / "audio").mkdir(parents=True)
    (folder / "meta").mkdir()
    names = [f"{index}{'<b>' if index == 1 else ''}.wav" for index in range(8)]
    means = (0.05, 0.06, 0.07, 0.5, -0.3, -0.4, -0.5, -0.6)
    with (folder / "meta/esc50.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("filename", "category"))
        for name, mean in zip(names, means, strict=True):
            write(folder / "audio" / name, mean)
            writer.writerow((name, QUOTED if mean > 0 else SCRIPT))
    with (folder / "meta/attribution.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("filename", "author", "source", "licence"))
        writer.writerows((name, "Cid", "https://example.org/", "CC0") for name in names)
