"""The documentation as a site, built as `mkdocs build` builds it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def build_site(into: Path, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """What `mkdocs build --strict` said on the documentation in `root`; the site is in `into`."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", into],
        cwd=root,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},  # the theme's advertisement
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
