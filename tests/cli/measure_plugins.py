"""How long `list-models` takes with fifty plugins, beside a bare process that imports the same modules.

python tests/cli/measure_plugins.py [PLUGINS [ROUNDS]]

Three commands take turns: the list with no further plugin, the list with all of them, and a Python that does
nothing but import what the second one imports. Printed are medians in milliseconds of processor time, which
other programs on the machine change little, and how many times the last one's the second one's is.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from throwaway import BEEP, Site

if TYPE_CHECKING:
    from collections.abc import Sequence

LIST = [sys.executable, "-m", "edgedla", "list-models", "--json"]
NAMES = """
import json, sys
from edgedla.cli import main
code = main(["list-models", "--json"])
print(json.dumps([name for name, module in sys.modules.items() if name != "__main__"]), file=sys.stderr)
sys.exit(code)
"""
BARE = """
import importlib, json, sys
for name in json.load(open(sys.argv[1])):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
"""


def milliseconds(argv: Sequence[str], path: str) -> float:
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, env=os.environ | {"PYTHONPATH": path}, check=True, capture_output=True)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1e3 * (end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime)


def install(folder: Path, count: int) -> None:
    site = Site(folder)
    for index in range(count):
        site.add(f"beep{index}", BEEP.replace('name = "beep"', f'name = "beep{index}"'))


def measure(count: int, rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        install(folder, count)
        named = subprocess.run(
            [sys.executable, "-c", NAMES],
            env=os.environ | {"PYTHONPATH": name},
            check=True,
            capture_output=True,
            text=True,
        )
        assert len(json.loads(named.stdout)["data"]["models"]) >= count
        (folder / "modules.json").write_text(named.stderr.splitlines()[-1])
        bare = [sys.executable, "-c", BARE, str(folder / "modules.json")]
        taken: dict[str, list[float]] = {"few": [], "many": [], "bare": []}
        for _ in range(rounds):
            taken["few"].append(milliseconds(LIST, ""))
            taken["many"].append(milliseconds(LIST, name))
            taken["bare"].append(milliseconds(bare, name))
    found = {key: median(values) for key, values in taken.items()}
    return found | {"own": found["many"] - found["bare"], "ratio": found["many"] / found["bare"]}


def main(words: Sequence[str]) -> None:
    count, rounds = [*map(int, words), *(50, 11)[len(words) :]]
    found = measure(count, rounds)
    sys.stdout.write(
        f"list-models without further plugins   {found['few']:6.0f} ms\n"
        f"list-models with {count:3} more            {found['many']:6.0f} ms\n"
        f"a bare process, the same imports      {found['bare']:6.0f} ms\n"
        f"the list above its imports            {found['own']:6.0f} ms, {found['ratio']:.2f} times\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
