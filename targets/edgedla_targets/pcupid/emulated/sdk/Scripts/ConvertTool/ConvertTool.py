"""ConvertTool.py of the emulated toolchain; called by path, under the vendor's name."""
# ruff: noqa: INP001 - a program in a folder of programs, not a module

import os

if not os.environ.get("SGS_IPU_DIR"):
    raise OSError("SGS_IPU_DIR is not set: run `source cfg_env.sh` in the toolchain's folder")

from edgedla_targets.pcupid.emulated.convert_tool import main

main()
