"""The value of `--input_shapes` for a static model, for shell scripts: `-m … model.onnx input_config.ini`."""

from __future__ import annotations

import sys
from pathlib import Path

import onnx

from edgedla_targets.pcupid.emulated import ini
from edgedla_targets.pcupid.emulated.console import say
from edgedla_targets.pcupid.emulated.graph import shape


def main(model: str, config: str) -> None:
    """Print the shapes of the inputs in the order of the ini: `1,1,64:1,16`."""
    inputs = {value.name: value for value in onnx.load(model, load_external_data=False).graph.input}
    found = [shape(inputs[name]) for name in ini.read(Path(config)).inputs]
    say(":".join(",".join(map(str, sizes)) for sizes in found))


if __name__ == "__main__":
    main(*sys.argv[1:])
