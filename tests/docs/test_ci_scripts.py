"""The continuous integration takes a test that was left out for a failure, in the example as well."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".ci/all-tests-ran"
RULE = "SKIPPED [2] ../venv/lib/python3.11/site-packages/edgedla/testing.py:58: the plugin brings no target\n"
OTHER = "SKIPPED [1] tests/test_page.py:12: not here\n"


@pytest.mark.parametrize(
    ("log", "code"),
    [
        ("5 passed in 1.00s\n", 0),
        (f"{RULE}5 passed, 2 skipped in 1.00s\n", 0),
        (f"{OTHER}5 passed, 1 skipped in 1.00s\n", 1),
        (f"{RULE}{OTHER}5 passed, 3 skipped in 1.00s\n", 1),
        ("5 passed, 1 skipped in 1.00s\n", 1),
        ("5 passed, 1 deselected in 1.00s\n", 1),
        ("no tests ran in 0.01s\n", 1),
        ("", 1),
    ],
)
def test_a_test_that_is_left_out_is_a_failure(tmp_path: Path, log: str, code: int) -> None:
    (tmp_path / "tests.log").write_text(log)
    assert judge(tmp_path / "tests.log") == code


def test_a_skip_as_pytest_says_it_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(
        "import pytest\ndef test_one(): pass\n@pytest.mark.skip\ndef test_other(): pass\n"
    )
    words = [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", "-c", "/dev/null"]
    done = subprocess.run([*words, str(tmp_path)], capture_output=True, text=True, check=True, cwd=tmp_path)
    (tmp_path / "tests.log").write_text(done.stdout)
    assert judge(tmp_path / "tests.log") == 1
    (tmp_path / "tests.log").write_text(done.stdout.replace(", 1 skipped", ""))
    assert judge(tmp_path / "tests.log") == 0


def test_the_example_is_part_of_it() -> None:
    script = (ROOT / ".ci/run").read_text()
    assert '.ci/example "$folder/example"' in script
    assert '.ci/all-tests-ran "$folder/tests.log"' in script
    assert script.index(".ci/all-tests-ran") < script.index(".ci/example")
    for name in ("run", "example", "all-tests-ran"):
        assert (ROOT / ".ci" / name).stat().st_mode & 0o111


def judge(log: Path) -> int:
    return subprocess.run([SCRIPT, log], capture_output=True, check=False).returncode
