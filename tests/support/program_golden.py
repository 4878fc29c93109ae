"""Generated sources of eat_sed as they are kept for review.

python tests/support/program_golden.py     write them to tests/pcupid/golden/program
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from edgedla_eat_sed.plugin import EatSed
from edgedla_eat_sed.settings import EatOptions
from edgedla_targets.pcupid.emulated import container
from edgedla_targets.pcupid.emulated.header import Header, Tensor
from edgedla_targets.pcupid.options import PcupidOptions
from edgedla_targets.pcupid.program.generate import plain_names, write_sources
from edgedla_targets.pcupid.program.golden import Clip
from edgedla_targets.pcupid.program.values import Made

GOLDEN = Path(__file__).parents[1] / "pcupid/golden/program"
NOTICE = "emulated toolchain: files and figures are edgedla's own, not the vendor's; no board runs them"


def rendered(folder: Path) -> dict[str, bytes]:
    """What is rendered for the bundled network, without the fixed files; image and outputs are made up."""
    model = EatSed(EatSed.resolve(EatOptions(), None))
    image = folder / "eat.img"
    header = Header(
        edgedla="0",
        chip="pcupid",
        kind="offline",
        inputs=(Tensor(name="images", shape=(1, 1, 114688)),),
        outputs=(Tensor(name="output", shape=(1, 10)),),
        variable_buffer_size=1835008,
    )
    container.write(image, header, b"not a network")
    made = Made(model.name, model.spec(), PcupidOptions(), image, NOTICE)
    outputs = np.random.default_rng(0).standard_normal((2, 10), dtype=np.float32)
    clips = [Clip(f"clip_{i}", (), (row,), int(row.argmax())) for i, row in enumerate(outputs)]
    paths = write_sources(made, clips, folder / "src")
    return {path.name: path.read_bytes() for path in paths if path.name not in plain_names()}


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        for file, data in rendered(Path(name)).items():
            (GOLDEN / file).write_bytes(data)
