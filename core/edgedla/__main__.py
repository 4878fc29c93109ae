"""`python -m edgedla` is the command line."""

from __future__ import annotations

import sys

from edgedla.cli import main

sys.exit(main())
