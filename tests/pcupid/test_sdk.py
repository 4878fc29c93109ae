"""A customer's SDK: where its headers and libraries are found, what is said of them, builds against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from board_sdk import NEW, OLD, PREFIX, cross_compiler, make_sdk
from edgedla.errors import PrerequisiteError
from edgedla_targets.pcupid.emulated.board import HEADERS
from edgedla_targets.pcupid.program.find_sdk import find_sdk, shape
from pcupid_builds import NOTICE, WORDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from throwaway import Result

    Command = Callable[..., Result]

OTHER_CHIP = NEW.replace("pcupid", "souffle")
OTHER_VERSION = NEW.replace("12.4.0", "9.1.0")


def touched(folder: Path, *places: str, include: str = "project/release/include") -> Path:
    """An SDK of empty files, to be searched and not used."""
    (folder / include).mkdir(parents=True)
    (folder / include / "mi_ipu.h").touch()
    for place in places:
        (folder / place).mkdir(parents=True, exist_ok=True)
        for name in ("libmi_ipu.so", "libmi_sys.so"):
            (folder / place / name).touch()
    return folder


@pytest.mark.parametrize(
    ("given", "include", "libraries"),
    [
        (".", "project/release/include", f"{NEW}/dynamic"),
        (".", "project/release/include", f"{NEW}/static"),
        ("project", "project/release/include", f"{NEW}/dynamic"),
        (".", "project/release/include", f"{OLD}/dynamic"),
        (".", "project/release/include", OLD),
        (".", "include", "lib"),
        (".", "include", "mi_libs/static"),
        (".", "flat", "flat"),
    ],
)
def test_where_headers_and_libraries_are_found(
    tmp_path: Path, given: str, include: str, libraries: str
) -> None:
    root = touched(tmp_path, libraries, include=include)
    folder = root / ("flat" if include == "flat" else given)
    found = find_sdk(folder, None, "pcupid", "gcc")
    assert found.sdk.include == root / include
    assert found.sdk.libraries == root / libraries
    assert found.sdk.links == ("mi_ipu", "mi_sys")
    assert found.note == ""


@pytest.mark.parametrize(
    ("places", "taken", "noted"),
    [
        ((f"{OTHER_CHIP}/dynamic", f"{NEW}/dynamic"), f"{NEW}/dynamic", True),
        ((f"{OTHER_VERSION}/dynamic", f"{NEW}/static"), f"{NEW}/static", True),
        ((f"{NEW}/static", f"{NEW}/dynamic"), f"{NEW}/dynamic", False),
    ],
)
def test_of_several_the_one_for_this_chip_and_compiler_is_taken(
    tmp_path: Path, places: tuple[str, ...], taken: str, *, noted: bool
) -> None:
    found = find_sdk(touched(tmp_path, *places), None, "pcupid", f"/opt/bin/{PREFIX}gcc")
    assert found.sdk.libraries == tmp_path / taken
    assert bool(found.note) == noted
    if noted:
        assert f"libraries of {tmp_path / taken} were taken" in found.note
        assert "--set pcupid.sdk_libraries=DIR" in found.note


def test_a_folder_of_libraries_by_name_is_not_searched(tmp_path: Path) -> None:
    touched(tmp_path, f"{NEW}/dynamic", f"{OTHER_CHIP}/dynamic")
    chosen = tmp_path / OTHER_CHIP / "dynamic"
    assert find_sdk(tmp_path, chosen, "pcupid", "gcc").sdk.libraries == chosen
    (chosen / "libmi_sys.so").unlink()
    with pytest.raises(PrerequisiteError, match=r"holds no libmi_sys\.so or libmi_sys\.a"):
        find_sdk(tmp_path, chosen, "pcupid", "gcc")


def test_what_is_not_there_is_said_with_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(PrerequisiteError, match=r"holds no mi_ipu\.h; looked in project/release/include"):
        find_sdk(tmp_path, None, "pcupid", "gcc")
    with pytest.raises(PrerequisiteError, match="there is no such folder"):
        find_sdk(tmp_path / "nowhere", None, "pcupid", "gcc")
    touched(tmp_path, f"{NEW}/dynamic")
    (tmp_path / NEW / "dynamic/libmi_ipu.so").unlink()
    with pytest.raises(PrerequisiteError, match=r"both libmi_ipu and libmi_sys; looked in .*mi_libs/dynamic"):
        find_sdk(tmp_path, None, "pcupid", "gcc")


def test_generations_of_headers(tmp_path: Path) -> None:
    assert str(shape(HEADERS["new"])).startswith("new headers, with SocId, MI_SYS 3")
    assert str(shape(HEADERS["old"])).startswith("old headers, without SocId, MI_SYS 2")
    (tmp_path / "mi_ipu.h").write_text(
        "/* MI_IPU_MAX_BATCH_TENSOR_CNT came later */\nMI_S32 MI_IPU_GetOfflineModeStaticInfo();\n"
    )
    (tmp_path / "mi_sys.h").write_text("// #define SYS_MAJOR_VERSION 3\n")
    assert str(shape(tmp_path)) == "mid headers, SocId unknown"
    (tmp_path / "mi_sys.h").write_text("#define SYS_MAJOR_VERSION (2)\n#define SYS_MINOR_VERSION 18\n")
    assert str(shape(tmp_path)) == "mid headers, without SocId, MI_SYS 2.18"


@pytest.mark.parametrize(("generation", "place"), [("new", f"{NEW}/static"), ("old", f"{OLD}/static")])
def test_a_build_against_an_sdk(
    edgedla: Command, bundle: Path, tmp_path: Path, generation: str, place: str
) -> None:
    sdk = make_sdk(tmp_path / "sdk", place, shape=generation)
    prefix = cross_compiler(tmp_path / "bin")
    answer = edgedla("build", *WORDS, "--sdk", sdk, "--cross-compile", prefix, "--json").json
    stages = {stage["name"]: stage["status"] for stage in answer["data"]["stages"]}
    assert stages == stages | {"convert": "reused", "codegen": "reused", "compile": "run", "prove": "skipped"}
    away = "it is compiled for the board's own libraries, which this machine has not"
    assert answer["warnings"] == [
        NOTICE,
        f"the board program was not run, so nothing of it is proven: {away}",
    ]
    assert (bundle / "bin/prog_sed_eat").is_file()
    log = (bundle / "logs/pcupid-compile.log").read_text()
    assert log.startswith(f"{prefix}gcc -std=c99")
    assert f"-L {sdk / place} -lmi_ipu -lmi_sys -lpthread" in log.replace(" -lmi_common", "")
    # The same again is reused, and without the SDK it is the emulated program again.
    again = edgedla("build", *WORDS, "--sdk", sdk, "--cross-compile", prefix, "--json").json
    assert {stage["status"] for stage in again["data"]["stages"]} == {"reused", "skipped"}
    assert again["warnings"] == answer["warnings"]
    back = edgedla("build", *WORDS, "--json").json
    assert [stage["name"] for stage in back["data"]["stages"] if stage["status"] == "run"][:2] == [
        *("compile", "prove")
    ]


def test_half_of_what_an_sdk_needs(edgedla: Command, bundle: Path, tmp_path: Path) -> None:
    sdk = touched(tmp_path / "sdk", f"{NEW}/dynamic")
    assert bundle.is_dir()
    alone = edgedla("build", *WORDS, "--sdk", sdk, code=2)
    assert "--sdk needs the compiler that goes with it" in alone.err
    assert "hint: --cross-compile PREFIX" in alone.err
    assert "hint: --sdk DIR" in edgedla("build", *WORDS, "--cross-compile", "arm-", code=2).err
    missing = edgedla("build", *WORDS, "--sdk", sdk, "--cross-compile", "no-such-", code=5)
    assert "the compiler no-such-gcc is not on PATH" in missing.err
    prefix = cross_compiler(tmp_path / "bin")
    empty = edgedla("build", *WORDS, "--sdk", tmp_path, "--cross-compile", prefix, code=5)
    assert "holds no mi_ipu.h; looked in" in empty.err


def test_libraries_of_another_processor(edgedla: Command, bundle: Path, tmp_path: Path) -> None:
    sdk = make_sdk(tmp_path / "sdk")
    (sdk / NEW).mkdir(parents=True)
    for name in ("libmi_ipu.so", "libmi_sys.so"):
        (sdk / NEW / name).write_bytes(b"\x7fELF of a machine unknown")
    prefix = cross_compiler(tmp_path / "bin")
    result = edgedla("build", *WORDS, "--sdk", sdk, "--cross-compile", prefix, code=3)
    assert f"the libraries in {sdk / NEW} are for another processor" in result.err
    assert "pcupid-compile.log" in result.err
    assert bundle.is_dir()


def test_a_project_file_names_the_sdk(edgedla: Command, bundle: Path, work: Path, tmp_path: Path) -> None:
    sdk = make_sdk(tmp_path / "sdk", f"{NEW}/static")
    prefix = cross_compiler(tmp_path / "bin")
    (work / "edgedla.toml").write_text(f'[pcupid]\nsdk = "{sdk}"\ncross_compile = "{prefix}"\n')
    edgedla("build", *WORDS)
    assert (bundle / "logs/pcupid-compile.log").read_text().startswith(f"{prefix}gcc ")
    checks = {
        row["what"]: row
        for row in edgedla("doctor", "--json").json["data"]["checks"]
        if row["for"] == "pcupid"
    }
    assert checks["sdk headers"]["detail"].startswith("new headers, with SocId, MI_SYS 3")
    libraries = checks["sdk libraries"]["detail"]
    assert libraries.startswith(f"libmi_ipu.a, libmi_sys.a in {sdk / NEW / 'static'}")
    assert "without mi_common" in libraries
    assert checks["cross compiler"]["status"] == "ready"
    assert checks["emulated:native"]["status"] == "ready"


def test_doctor_says_what_is_missing_in_an_sdk(edgedla: Command, tmp_path: Path) -> None:
    words = ("--set", f"pcupid.sdk={tmp_path}", "--set", "pcupid.cross_compile=no-such-")
    rows = edgedla("doctor", *words, "--json").json["data"]["checks"]
    found = {row["what"]: row for row in rows if row["for"] == "pcupid"}
    assert found["cross compiler"]["status"] == "missing"
    assert "unpack the toolchain" in found["cross compiler"]["hint"]
    prefix = cross_compiler(tmp_path / "bin")
    words = ("--set", f"pcupid.sdk={tmp_path}", "--set", f"pcupid.cross_compile={prefix}")
    result = edgedla("doctor", *words, "--json")
    sdk = next(row for row in result.json["data"]["checks"] if row["what"] == "sdk")
    assert (sdk["status"], "holds no mi_ipu.h" in sdk["detail"]) == ("missing", True)
    assert "name the folder that holds project/release/include" in sdk["hint"]
