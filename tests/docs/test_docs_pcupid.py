"""The pages about pcupid say what the code says, and nothing that is not for everybody."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edgedla_targets.pcupid.lint import RULES
from edgedla_targets.pcupid.options import PcupidOptions
from edgedla_targets.pcupid.safe import rules as safe
from edgedla_targets.pcupid.vendor import failures

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests/docs/write_pcupid_pages.py"
PAGES = sorted(
    [
        *ROOT.glob("docs/reference/pcupid*.md"),
        ROOT / "docs/how-to/use-the-vendor-toolchain.md",
        ROOT / "docs/how-to/read-a-ladder-that-parts.md",
        ROOT / "docs/how-to/change-the-rendered-files.md",
        ROOT / "docs/how-to/use-the-boards-sdk.md",
        ROOT / "docs/explanation/emulated-toolchain.md",
        ROOT / "docs/explanation/what-is-proven.md",
    ]
)
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]


def page(name: str) -> str:
    return (ROOT / "docs/reference" / name).read_text(encoding="utf-8")


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_pcupid_pages", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}python {SCRIPT.relative_to(ROOT)}"


def test_a_page_out_of_date_is_told_and_written(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.md"
    path.write_text("old")
    monkeypatch.setattr(script, "ROOT", tmp_path)
    monkeypatch.setattr(script, "wanted", lambda: {path: "new"})
    assert script.main(["--check"]) == 1
    assert path.read_text() == "old"
    assert script.main([]) == 0
    assert path.read_text() == "new"
    assert script.main(["--check"]) == 0
    assert capsys.readouterr().out == "page.md is out of date\npage.md written\n"


def test_every_failure_is_described_once() -> None:
    described = re.findall(r"^### (.*)$", page("pcupid-failures.md"), re.MULTILINE)
    assert described == sorted(each.code for each in failures.table())
    assert "{" not in page("pcupid-failures.md")


def test_every_rule_of_lint_is_described_once() -> None:
    described = re.findall(r"^### (IPU\d+) ", page("pcupid-lint.md"), re.MULTILINE)
    assert sorted(described) == sorted(rule.number for rule in RULES)


def test_every_rewrite_is_described_in_its_order() -> None:
    described = re.findall(r"^\| (\d+) \| (.*?) \|", page("pcupid-safe-form.md"), re.MULTILINE)
    assert described == [(str(rule.number), rule.name) for rule in safe.RULES]


def test_every_option_is_described() -> None:
    described = re.findall(r"^\| `(\w+)` \|.*`EDGEDLA_PCUPID__", page("pcupid.md"), re.MULTILINE)
    assert described == list(PcupidOptions.model_fields)


def test_every_region_is_known(script: Any) -> None:
    found = [name for _, name, _ in script.REGION.findall(page("pcupid.md"))]
    assert sorted(found) == sorted(script.REGIONS)


@pytest.mark.parametrize("name", NAMES)
def test_options_that_a_page_sets_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert set(re.findall(r"pcupid\.(\w+)=", text)) <= set(PcupidOptions.model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_codes_that_a_page_names_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert set(re.findall(r"E-PCU-\d{3}", text)) <= {each.code for each in failures.table()}
    assert set(re.findall(r"\bIPU\d{3}\b", text)) - {"IPU100", "IPU201"} <= {rule.number for rule in RULES}


@pytest.mark.parametrize("name", NAMES)
def test_facts_carry_no_address(name: str) -> None:
    assert not re.search(r"https?://|\bwww\.|(?<![\d.])\d{9,}\b", (ROOT / name).read_text(encoding="utf-8"))
