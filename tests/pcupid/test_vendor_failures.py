"""The table of failures: complete, unambiguous, and each entry proven on a log of its own."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgedla_targets.pcupid.vendor import failures

LOGS = Path(__file__).with_name("recorded")
TABLE = {each.code: each for each in failures.table()}
STAGES = {"ConvertTool.py": "float_sim", "calibrator.py": "fixed_sim", "compiler.py": "image"}
STAGES |= {"simulator.py": "simulate", "convert.sh": "convert", "docker": "docker"}


def log(code: str) -> str:
    return (LOGS / f"{code}.log").read_text(encoding="utf-8")


def stage(text: str) -> str:
    command = text.partition("\n")[0]
    return next(found for program, found in STAGES.items() if program in command)


def fitting(text: str) -> list[str]:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return [each.code for each in TABLE.values() if each.applies(stage(text)) and each.found(plain)]


def test_each_code_has_a_log_and_each_log_a_code() -> None:
    assert sorted(TABLE) == sorted(path.stem for path in LOGS.glob("*.log"))
    assert len(TABLE) == len(failures.table()) > 50


@pytest.mark.parametrize("code", TABLE)
def test_a_recorded_log_is_explained_by_its_entry(code: str) -> None:
    found = failures.find(stage(log(code)), log(code))
    assert found is not None
    assert found.code == code
    assert "{" not in found.cause
    assert not found.cause.endswith((" ", ".")), "it goes into a sentence, complete"


@pytest.mark.parametrize("code", TABLE)
def test_no_entry_shadows_another(code: str) -> None:
    telling = [each for each in fitting(log(code)) if not TABLE[each].fallback]
    assert telling == ([] if TABLE[code].fallback else [code])


@pytest.mark.parametrize("code", TABLE)
def test_without_its_message_a_log_is_not_explained_by_its_entry(code: str) -> None:
    command, *rest = log(code).splitlines(keepends=True)
    harmless = command + "".join(line for line in rest if line.startswith("Start to")) + "done\n"
    found = failures.find(stage(command), harmless)
    assert found is None


@pytest.mark.parametrize("entry", TABLE.values(), ids=lambda each: each.code)
def test_causes_quote_only_groups_of_their_pattern(entry: failures.Failure) -> None:
    named = {name for _, name, *_ in string.Formatter().parse(entry.cause) if name}
    assert named <= set(re.compile(entry.pattern).groupindex)
    assert entry.remedy
    assert entry.source


def test_a_cause_names_the_culprit() -> None:
    found = failures.find("float_sim", log("E-PCU-003"))
    assert found is not None
    assert found.cause == "the toolchain has no operator Erf"
    found = failures.find("float_sim", log("E-PCU-010"))
    assert found is not None
    assert found.cause.endswith("does not have: images")


def test_other_stages_have_other_meanings() -> None:
    assert failures.find("docker", log("E-PCU-003")) is None
    in_zoo = failures.find("convert", log("E-PCU-003"))
    assert in_zoo is not None
    assert in_zoo.code == "E-PCU-003"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("KeyError: 'Gather'", "E-PCU-003"),
        ("KeyError: 'outputs'", "E-PCU-020"),
        ("KeyError: 'OUTPUT_CONFIG'", "E-PCU-020"),
        ("configparser.NoSectionError: No section: 'INPUT_CONFIG'", "E-PCU-020"),
        ("Exception: Pad only support `constant` and `reflect` mode!", "E-PCU-006"),
        ("Invalid rank for input: wave Got: 3 Expected: 4", "E-PCU-014"),
        ("OSError: SGS_IPU_DIR is not set: run `source cfg_env.sh`", "E-PCU-030"),
        ("OSError: [Errno 27] File too large", "E-PCU-070"),
        ("ModuleNotFoundError: No module named 'onnx'", "E-PCU-035"),
        ("error while loading shared libraries: libLLVM-16.so: cannot open shared object file", "E-PCU-031"),
    ],
)
def test_other_wordings_of_the_same(text: str, code: str) -> None:
    found = failures.find("float_sim", f"{text}\nedgedla: bash exited with 1 and left no eat_float.sim\n")
    assert found is not None
    assert found.code == code


@given(st.text(max_size=400), st.sampled_from(sorted(STAGES.values())))
def test_any_text_is_taken(text: str, where: str) -> None:
    found = failures.find(where, text)
    assert found is None or found.code in TABLE


def test_a_long_log_is_searched_in_no_time_and_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "long.log"
    noise = b"Start to analysis model KeyError: Assertion `0 ValueError: shape " * 20
    path.write_bytes(noise * 4000 + b"\nException: Mace does not support onnx op type Erf yet\n")
    found = failures.find("float_sim", failures.log_text(path))
    assert found is not None
    assert found.code == "E-PCU-003"


def test_a_log_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert failures.log_text(tmp_path / "none.log") == ""
