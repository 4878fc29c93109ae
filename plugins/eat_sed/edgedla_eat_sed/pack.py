"""A checkpoint as one safetensors file, settings and class names in its metadata, as the bundled weights are.

Usage: `python -m edgedla_eat_sed.pack RUN_FOLDER WEIGHTS.safetensors --licence "CC BY 3.0"`
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from edgedla.errors import EdgedlaError
from edgedla_eat_sed.config import METADATA_KEY
from edgedla_eat_sed.plugin import EatSed
from edgedla_eat_sed.resolve import DECIDED
from edgedla_eat_sed.settings import EatOptions


def pack(checkpoint: Path, path: Path, licence: str) -> None:
    """Write `checkpoint`, a run folder or a file, to `path`; equal checkpoints give equal bytes."""
    from safetensors.torch import save_file

    model = EatSed(EatSed.resolve(EatOptions(licence=licence), checkpoint))
    settings = model.options.model_dump(mode="json", include={*DECIDED, "class_names", "licence"})
    save_file(model.load(checkpoint).state_dict(), path, {METADATA_KEY: json.dumps(settings)})


def main() -> None:
    """Pack what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m edgedla_eat_sed.pack", description=pack.__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("path", type=Path)
    parser.add_argument("--licence", default="")
    arguments = parser.parse_args()
    try:
        pack(arguments.checkpoint, arguments.path, arguments.licence)
    except EdgedlaError as error:
        sys.exit(error.message)


if __name__ == "__main__":
    main()
