"""Makes the pictures of docs/how-to/report.md: a build for pcupid, its report, and two views of it.

python tests/docs/write_report_pictures.py [BUNDLE]      BUNDLE: a bundle of eat_sed, instead of building one

Needs the extras torch, pcupid, report and dev, and chromium. The evaluation is on the bundled clips of the
test fold, which says nothing of how good the weights are.
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "plugins/eat_sed/edgedla_eat_sed/samples"
PICTURES = ROOT / "docs/how-to"
COLOURS = 96  # of a picture: keeps it below 200 kB
FOLD = "1"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle = Path(sys.argv[1]) if len(sys.argv) > 1 else folder / "bundle"
        if len(sys.argv) == 1:
            edgedla("build", "eat_sed", "--target", "pcupid", "--out", bundle)
        edgedla("report", bundle, "--data", data_set(folder / "data"), "--out", folder / "page.html")
        program = shutil.which("chromium")
        assert program, "chromium is not installed"
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
            picture(browser, folder / "page.html", "light", "header", 900)
            picture(browser, folder / "page.html", "dark", "#recordings", 1000)
            browser.close()


def edgedla(*words: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "edgedla", *map(str, words)], check=True)


def data_set(folder: Path) -> Path:
    """The bundled clips of the test fold, a folder per class."""
    with (SAMPLES / "ATTRIBUTION.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["fold"] == FOLD:
                place = folder / row["class"]
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(SAMPLES / row["filename"], place)
    return folder


def picture(browser: Browser, page: Path, scheme: Any, place: str, height: int) -> None:
    """What a browser shows of the page from `place` on, in few colours."""
    view = browser.new_page(color_scheme=scheme, viewport={"width": 1120, "height": height})
    view.goto(page.as_uri())
    view.locator(place).evaluate("(place) => place.scrollIntoView({behavior: 'instant'})")
    image = Image.open(io.BytesIO(view.screenshot()))
    path = PICTURES / f"report-{scheme}.png"
    image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")  # noqa: T201 - what it has made
    view.close()


if __name__ == "__main__":
    main()
