"""Headers and libraries of the emulated board: free of warnings, the names of the API, marked as ours."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from board_programs import BANNER, SHAPES, SOURCES, STRICT, compiled, run
from edgedla_targets.pcupid.emulated.board import HEADERS, LIBRARY_SOURCES, Board

if TYPE_CHECKING:
    from pathlib import Path

IPU = (
    *("CreateDevice", "DestroyDevice", "CreateCHN", "DestroyCHN", "GetInOutTensorDesc", "GetInputTensors"),
    *("PutInputTensors", "GetOutputTensors", "PutOutputTensors", "Invoke"),
)
NEWER = (
    *("GetOfflineModeStaticInfo", "CreateCHNWithUserMem", "GetInputTensors2", "PutInputTensors2"),
    *("GetOutputTensors2", "PutOutputTensors2", "Invoke2", "Invoke2Custom"),
)
SYS = ("Init", "Exit", "MMA_Alloc", "MMA_Free", "Mmap", "Munmap", "FlushInvCache", "MemcpyPa")
NAMES = {
    "new": {f"MI_IPU_{name}" for name in IPU + NEWER} | {f"MI_SYS_{name}" for name in (*SYS, "Va2Pa")},
    "old": {f"MI_IPU_{name}" for name in IPU} | {f"MI_SYS_{name}" for name in SYS},
}


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("shape", SHAPES)
def test_libraries_export_the_names_of_the_headers_and_nothing_else(
    shape: str, compiler: str, tmp_path: Path
) -> None:
    exported = set()
    for source in SOURCES:
        made = tmp_path / f"{source.stem}.o"
        words = [compiler, *STRICT, "-I", str(HEADERS[shape]), "-c", str(source), "-o", str(made)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        listed = subprocess.run(
            ["nm", "-g", "--defined-only", made],  # noqa: S607 - whichever reads objects here
            capture_output=True,
            text=True,
            check=True,
        )
        exported |= {line.split()[-1] for line in listed.stdout.splitlines()}
    text = "".join(path.read_text() for path in HEADERS[shape].glob("*.h"))
    assert set(re.findall(r"^MI_S32 (MI_\w+)\(", text, re.MULTILINE)) == NAMES[shape]
    assert {name for name in exported if not name.startswith("edla_board_")} == NAMES[shape]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("compiler", "standard"), [("gcc", "c99"), ("clang", "c99"), ("g++", "c++11")])
def test_every_header_can_be_included_alone(compiler: str, standard: str, shape: str, tmp_path: Path) -> None:
    for header in HEADERS[shape].glob("*.h"):
        source = tmp_path / "alone.c"
        source.write_text(
            f'#include "{header.name}"\n#include "{header.name}"\nint main(void) {{ return 0; }}\n'
        )
        language = ["-x", "c++"] if compiler == "g++" else []
        words = [compiler, *language, f"-std={standard}", "-pedantic", "-Wall", "-Wextra", "-Werror"]
        subprocess.run([*words, "-I", HEADERS[shape], "-fsyntax-only", source], check=True)


def test_shapes_differ_where_the_known_headers_do(tmp_path: Path) -> None:
    facts = """
    SAY(SYS_MAJOR_VERSION);
    SAY(MI_IPU_MAX_TENSOR_DIM);
    SAY(MI_IPU_MAX_TENSOR_CNT);
    SAY(sizeof descriptor.astMI_InputTensorDescs[0]);
    SAY(sizeof(MI_IPUChnAttr_t));
    SAY(sizeof(MI_IPU_DevAttr_t));
    SAY(E_IPU_ERR_FAILED);
    SAY(sizeof(MI_PHY));
    #ifdef MI_IPU_MAX_BATCH_TENSOR_CNT
    SAY(MI_IPU_MAX_BATCH_TENSOR_CNT);
    SAY(strcmp(MI_IPU_HEAD_VER, "v1.0.3"));
    SAY(offsetof(MI_IPU_TensorDesc_t, name));
    SAY(offsetof(MI_IPU_TensorDesc_t, fScalar));
    SAY(offsetof(MI_IPU_TensorDesc_t, s64ZeroPoint));
    SAY(sizeof(MI_IPU_BatchInvokeParam_t));
    #endif"""
    numbers = {
        shape: run(None, compiled(tmp_path / shape, {"facts": facts}, shape), "facts", "-").numbers
        for shape in SHAPES
    }
    assert numbers["new"] == [3, 10, 60, 360, 48, 48, 25, 8, 256, 0, 48, 308, 312, 8248]
    assert numbers["old"] == [2, 8, 13, 296, 12, 16, 22, 8]


def test_all_files_say_whose_they_are_and_shared_ones_are_equal() -> None:
    files = sorted(path for folder in HEADERS.values() for path in folder.iterdir())
    assert len(files) == 10
    for path in files:
        assert "edgedla's own header for its emulated board: not a vendor file." in path.read_text()[:250]
    for name in ("mi_common_datatype.h", "mi_sys_datatype.h"):
        assert (HEADERS["new"] / name).read_bytes() == (HEADERS["old"] / name).read_bytes()
    for name in ("mi_sys.c", "mi_ipu.c", "mi_ipu_batch.c"):
        (path,) = (source for source in SOURCES if source.name == name)
        assert "edgedla's own: not a vendor file" in path.read_text()[:200]


def test_shared_libraries_work_too(tmp_path: Path) -> None:
    for library in ("mi_sys", "mi_ipu"):  # each without what it does not have
        sources = list(map(str, LIBRARY_SOURCES[library]))
        needs = ["-L", str(tmp_path), "-lmi_sys"] if library == "mi_ipu" else ["-lpthread"]
        words = ["gcc", *STRICT, "-shared", "-fPIC", "-I", str(HEADERS["new"]), *sources, *needs]
        subprocess.run([*words, "-Wl,-z,defs", "-o", str(tmp_path / f"lib{library}.so")], check=True)
    source = tmp_path / "main.c"
    source.write_text('#include "mi_sys.h"\nint main(void) { return MI_SYS_Init(0) || MI_SYS_Exit(0); }\n')
    libraries = ["-L", str(tmp_path), "-lmi_ipu", "-lmi_sys", f"-Wl,-rpath,{tmp_path}"]
    words = ["gcc", "-I", str(HEADERS["new"]), str(source), *libraries, "-o", str(tmp_path / "main")]
    subprocess.run(words, check=True)
    with Board() as board:
        done = run(board, tmp_path / "main")
        assert board.faults == []
    assert (done.code, done.err) == (0, BANNER)
