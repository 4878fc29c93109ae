"""Fuzz the board program's WAV reader and its front end with libFuzzer.

    python tests/pcupid/fuzz/run.py [SECONDS] [--update]

Each target runs for SECONDS (60 unless given) from the committed corpus, in a temporary folder. Needs clang
with libFuzzer. Prints executions and findings; the input of a finding is kept in the current folder. With
--update the smallest files that reach all that was reached replace the corpus.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PROGRAM = HERE.parents[2] / "templates/edgedla_templates/pcupid/program"
PARTS = ("samples", "wav", "kernel", "halve", "resample", "front_end", "error")
FLAGS = ("-std=c99", "-O2", "-g", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")
LONGEST = 6_000
"""Bytes of one input."""


def fuzz(target: str, seconds: int, folder: Path, *, update: bool) -> bool:
    """Whether a target came through."""
    program, work = folder / target, folder / f"{target}_corpus"
    sources = [HERE / f"{target}.c", *(PROGRAM / f"edla_{part}.c" for part in PARTS)]
    clang = shutil.which("clang") or "clang"
    subprocess.run([clang, *FLAGS, f"-I{PROGRAM}", "-o", program, *sources, "-lm"], check=True)
    work.mkdir()
    words = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-print_final_stats=1", "-timeout=20"]
    done = subprocess.run(
        [program, *words, f"-artifact_prefix={Path.cwd()}/{target}-", work, HERE / "corpus" / target],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    count = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    result = "no finding" if done.returncode == 0 else done.stderr[-4_000:]
    sys.stdout.write(f"{target}: {count[1] if count else '?'} executions in {seconds} s, {result}\n")
    if update and done.returncode == 0:
        merged = folder / f"{target}_merged"
        merged.mkdir()
        subprocess.run(
            [program, "-merge=1", merged, HERE / "corpus" / target, work], check=True, capture_output=True
        )
        shutil.rmtree(HERE / "corpus" / target)
        shutil.copytree(merged, HERE / "corpus" / target)
    return done.returncode == 0


def main(words: list[str]) -> int:
    """Both targets."""
    seconds = next((int(word) for word in words if word.isdigit()), 60)
    with tempfile.TemporaryDirectory() as folder:
        update = "--update" in words
        results = [
            fuzz(target, seconds, Path(folder), update=update) for target in ("fuzz_wav", "fuzz_front_end")
        ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
