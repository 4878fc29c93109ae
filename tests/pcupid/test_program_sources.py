"""The generated sources: what is kept for review, compilers, headers of other SDKs, make, hostile names."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgedla.errors import UsageError
from edgedla.spec import ModelSpec, TensorSpec
from edgedla_targets.pcupid.emulated.board import HEADERS, LIBRARY_SOURCES, Board
from edgedla_targets.pcupid.options import PcupidOptions
from edgedla_targets.pcupid.program.generate import write_sources
from edgedla_targets.pcupid.program.golden import Clip
from edgedla_targets.pcupid.program.values import Made, board_tensors, program_name, source_stem
from program_builds import FIXED, STRICT, Objects, Program, compile_c, identity, tensor_file
from program_golden import GOLDEN, rendered

LABELS = ("one", "two", "three", "four")
ZIG = (sys.executable, "-m", "ziglang", "cc", "-O1", "-target")
COMPILERS = {
    "gcc": ("gcc", "-O2"),
    **({"clang": (clang, "-O2")} if (clang := shutil.which("clang") or shutil.which("clang-14")) else {}),
    "zig-64": (*ZIG, "aarch64-linux-musl"),
    "zig-32": (*ZIG, "arm-linux-musleabihf"),
}
SHAPES = {
    "new": ("new",),
    "old": ("old",),
    "mid": ("new", "-DEDLA_IPU_HEADERS=2"),
    "old calls with a chip's number": ("new", "-DEDLA_IPU_HEADERS=1", "-DEDLA_VARIABLE_BUFFER=4096"),
    "every choice by hand": ("old", "-DEDLA_SYS_SOC_ID=0", "-DEDLA_FLUSH_F32=1", "-DEDLA_CHECK_NAMES=0"),
}
PORTED = ("edla_buffer.c", "edla_fit.c", "edla_ipu.c", "edla_mi.c", "edla_options.c")  # see edla_port.h


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    write_sources(identity((1, 4), LABELS).made(tmp_path), [], tmp_path / "src")
    return tmp_path / "src"


# --- what is generated --------------------------------------------------------------------------------------


def test_rendered_files_are_those_kept_for_review(tmp_path: Path) -> None:
    files = rendered(tmp_path)
    assert sorted(files) == sorted(path.name for path in GOLDEN.iterdir())
    for name, data in files.items():
        kept = (GOLDEN / name).read_bytes()
        assert data == kept, f"{name} changed; python tests/support/program_golden.py keeps the new one"


def test_no_file_is_long_and_main_fits_on_a_screen(sources: Path) -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in sources.glob("*.[ch]")}
    assert max(lengths.values()) <= 300
    assert lengths["main.c"] <= 40
    assert all(len(line) <= 120 for path in FIXED.glob("*.[ch]") for line in path.read_text().splitlines())


def test_every_header_begins_with_an_example() -> None:
    for path in FIXED.glob("edla_*.h"):
        head = path.read_text().partition("#ifndef")[0]
        assert head.startswith("/* "), path
        assert "\n *     " in head or path.name in ("edla_port.h", "edla_output_form.h"), path


def test_generating_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    made = identity((1, 4), LABELS).made(tmp_path)
    clips = [Clip("clip_0", (), (np.array([1, 2, 3, 4], np.float32),), 3)]
    for name in ("one", "two"):
        write_sources(made, clips, tmp_path / name)
    files = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    assert not any(str(tmp_path).encode() in data for data in files.values())


def test_files_of_the_user_are_taken_instead(tmp_path: Path) -> None:
    own = tmp_path / "own/program"
    own.mkdir(parents=True)
    (own / "edla_stop.c").write_text("/* mine */\n")
    (own / "model.h.j2").write_text("/* {{ program }} */\n")
    write_sources(identity((1, 4)).made(tmp_path), [], tmp_path / "src", override=tmp_path / "own")
    assert (tmp_path / "src/edla_stop.c").read_text() == "/* mine */\n"
    assert (tmp_path / "src/net.h").read_text() == "/* prog_some_net */\n"
    (own / "net.mk.j2").write_text("unused")
    (own / "golden.c.j2").write_text("{{ nonsense }}\n")
    with pytest.raises(UsageError, match=r"golden\.c\.j2:1: 'nonsense' is undefined"):
        write_sources(identity((1, 4)).made(tmp_path), [], tmp_path / "src", override=tmp_path / "own")


@pytest.mark.parametrize("stem", ["main", "golden", "edla_wav", "GOLDEN"])
def test_a_stem_that_a_fixed_file_has_gets_another_name(stem: str) -> None:
    spec = ModelSpec(inputs=(TensorSpec(name="x", shape=(1,)),), outputs=(TensorSpec(name="y", shape=(1,)),))
    assert source_stem(spec.model_copy(update={"stem": stem})) == f"{stem}_model"
    assert source_stem(spec.model_copy(update={"stem": "eat"})) == "eat"


def test_tensors_of_an_image_of_the_vendor_are_those_of_the_ini(tmp_path: Path) -> None:
    spec = ModelSpec(
        inputs=(TensorSpec(name="x", shape=(1, 3, 8, 9)),),
        outputs=(TensorSpec(name="y", shape=(1, 2, 4, 5)), TensorSpec(name="z", shape=(7,))),
        stem="net",
    )
    image = tmp_path / "net.img"
    image.write_bytes(b"the vendor's")
    normal = {"mean": ("0",), "std_value": ("255",)}
    for board, form in (("RGB", "U8"), ("BGRA", "BGRA"), ("YUV_NV12", "NV12")):
        options = PcupidOptions.model_validate(
            {
                "input_formats": (board,),
                "training_input_formats": ("RGB" if board != "BGRA" else "BGR",),
                "dequantizations": (True, False),
                **normal,
            }
        )
        inputs, outputs = board_tensors(Made("net", spec, options, image, ""))
        assert (inputs[0].format, inputs[0].shape, inputs[0].planes) == (form, (1, 8, 9, 3), 0)
        assert inputs[0].width_alignment == (2 if form == "NV12" else 1)
        assert [(tensor.format, tensor.shape) for tensor in outputs] == [("F32", (1, 4, 5, 2)), ("S16", (7,))]


# --- compilers ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("compiler", COMPILERS)
def test_every_compiler_takes_all_files_without_a_warning(
    tmp_path: Path, sources: Path, compiler: str
) -> None:
    argv: list[str | Path] = [
        *COMPILERS[compiler],
        *STRICT,
        f"-I{HEADERS['new']}",
        "-c",
        *sorted(sources.glob("*.c")),
    ]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("compiler", ["gcc", "zig-32"])
def test_headers_of_every_sdk_are_taken(tmp_path: Path, sources: Path, compiler: str, shape: str) -> None:
    headers, *defines = SHAPES[shape]
    files = [sources / name for name in PORTED]
    argv: list[str | Path] = [*COMPILERS[compiler], *STRICT, f"-I{HEADERS[headers]}", *defines, "-c", *files]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("file", "before", "after", "sentence"),
    [
        ("edla_model.h", "#define EDLA_ABI 1", "#define EDLA_ABI 2", "take all files from one build"),
        ("edla_port.h", "#define EDLA_PORT_H", "#define EDLA_IPU_HEADERS 4", "EDLA_IPU_HEADERS is 1, 2 or 3"),
    ],
)
def test_files_that_do_not_fit_together_are_refused(
    sources: Path, file: str, before: str, after: str, sentence: str
) -> None:
    text = (sources / file).read_text()
    assert before in text
    (sources / file).write_text(text.replace(before, after))
    with pytest.raises(AssertionError, match=sentence):
        compile_c("-fsyntax-only", f"-I{HEADERS['new']}", "net.c", "edla_mi.c", folder=sources)


@pytest.mark.parametrize(("shape", "headers"), [("old", ""), ("new", "2")])
def test_the_program_runs_with_other_headers(tmp_path: Path, board: Board, shape: str, headers: str) -> None:
    objects = tmp_path / "objects"
    objects.mkdir()
    flags = [f"-DEDLA_IPU_HEADERS={headers}"] if headers else []
    program = identity((1, 4), LABELS).program(tmp_path, Objects.make(objects, shape, *flags), board)
    ran = program.run("-i", tensor_file(tmp_path / "x.f32", [0, 0, 2, 1]))
    assert (ran.code, ran.lines("label")) == (0, ["three"])


# --- make ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SDK's release folder in the vendor's layout, with the emulated board's headers and libraries."""
    release = tmp_path_factory.mktemp("sdk") / "project/release"
    shutil.copytree(HEADERS["new"], release / "include")
    libraries = release / "chip/pcupid/dispcam/common/glibc/12.4.0/mi_libs/dynamic"
    libraries.mkdir(parents=True)
    for name, paths in LIBRARY_SOURCES.items():
        words = ("-fPIC", "-shared", f"-I{HEADERS['new']}", "-o", f"lib{name}.so")
        compile_c(*words, *paths, folder=libraries)
    return release


def make(folder: Path, *words: str | Path, code: int = 0) -> str:
    done = subprocess.run(
        ["/usr/bin/env", "make", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def says(program: Path, folder: Path, image: Path, board: Board, libraries: Path) -> str:
    ran = Program(program, image, board).run(
        *("-i", tensor_file(folder / "x.f32", [0, 0, 2, 1])), environment={"LD_LIBRARY_PATH": str(libraries)}
    )
    assert ran.code == 0, ran.err
    return ran.lines("label")[0]


def test_make_builds_installs_and_cleans(tmp_path: Path, sources: Path, sdk: Path, board: Board) -> None:
    libraries = next(sdk.rglob("mi_libs/dynamic"))
    golden = sources / "golden"
    golden.mkdir()
    (golden / "clip_0.x.f32").touch()
    before = sorted(sources.rglob("*"))
    printed = make(sources, f"SDK={sdk}", "CFLAGS=-O1 -Wall -Wextra -Werror")
    assert "-lmi_ipu -lmi_sys -lpthread -lm -ldl" in " ".join(printed.split())
    assert "-lmi_common" not in printed  # this SDK has none
    assert make(sources, f"SDK={sdk}") == "make: 'prog_some_net' is up to date.\n"
    assert says(sources / "prog_some_net", tmp_path, tmp_path / "net.img", board, libraries) == "three"
    make(sources, "install", f"SDK={sdk}", f"DESTDIR={tmp_path / 'root'}")
    installed = tmp_path / "root/customer/net"
    assert sorted(path.name for path in installed.rglob("*")) == ["clip_0.x.f32", "golden", "prog_some_net"]
    assert os.access(installed / "prog_some_net", os.X_OK)
    make(sources, "clean")
    assert sorted(sources.rglob("*")) == before


def test_make_says_what_it_needs(sources: Path, sdk: Path, tmp_path: Path) -> None:
    assert "mi_ipu.h is not in '': make SDK=... or INCLUDE=..." in make(sources, code=2)
    printed = make(sources, f"INCLUDE={sdk / 'include'}", f"LIBRARIES={tmp_path}", "CFLAGS=-O0", code=2)
    assert f"libmi_ipu is not in '{tmp_path}': make SDK=... or LIBRARIES=..." in printed
    assert "arm-none-such-gcc" in make(sources, f"SDK={sdk}", "CROSS_COMPILE=arm-none-such-", code=2)


# Ours, from what is known of the SDK's verify tree: a fragment named after its folder, whose INC, LIBS and
# CODEDEFINE are used; all .c files compiled; the program named after the folders below source, in out/app.
VERIFY = """
DB_BUILD_TOP := $(CURDIR)
DB_OUT_PATH := $(CURDIR)/out
MODULE_PATH := $(filter source/%,$(MAKECMDGOALS))
LIBS := -lmi_sys
-include $(MODULE_PATH)/$(notdir $(MODULE_PATH)).mk
EXEFILE ?= prog_$(subst /,_,$(MODULE_PATH:source/%=%))
.PHONY: clean $(MODULE_PATH)
clean:
	rm -rf $(DB_OUT_PATH)
$(MODULE_PATH):
	mkdir -p $(DB_OUT_PATH)/app
	gcc -O1 -Werror -Wall $(CODEDEFINE) -I$(PROJ_ROOT)/release/include $(addprefix -I,$(INC)) \
		$(wildcard $@/*.c) -L$(MI_LIBS) $(LIBS) -lpthread -lm -ldl -o $(DB_OUT_PATH)/app/$(EXEFILE)
"""


def test_the_fragment_builds_in_a_stand_in_of_the_verify_tree(
    tmp_path: Path, sources: Path, sdk: Path, board: Board
) -> None:
    libraries = next(sdk.rglob("mi_libs/dynamic"))
    shutil.copy(libraries / "libmi_sys.so", tmp_path / "libcam_fs_wrapper.so")  # this SDK has none
    verify = tmp_path / "sdk/verify/opendla"
    shutil.copytree(sources, verify / "source/some/net")
    (verify / "Makefile").write_text(VERIFY)
    where = (f"PROJ_ROOT={sdk.parent}", f"MI_LIBS={libraries} -L{tmp_path}")
    make(verify, "clean", *where)
    make(verify, "source/some/net", *where)
    program = verify / "out/app/prog_some_net"
    both = f"{libraries}:{tmp_path}"
    assert says(program, tmp_path, tmp_path / "net.img", board, Path(both)) == "three"


# --- names --------------------------------------------------------------------------------------------------

READ_BACK = """
#include <stdio.h>
#include <string.h>
#include "edla_model.h"
int main(void)
{
    for (size_t i = 0; i < edla_made_for->class_count; i++)
        fwrite(edla_made_for->labels[i], 1, strlen(edla_made_for->labels[i]) + 1, stdout);
    fwrite(edla_made_for->name, 1, strlen(edla_made_for->name) + 1, stdout);
    return 0;
}
"""
hostile = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(hostile | st.sampled_from(["??=", '"', "\\", "a\nb", "%s%n", "*/", "//\\"]), min_size=1), hostile
)
def test_names_are_read_back_as_they_are(tmp_path: Path, labels: list[str], name: str) -> None:
    made = identity((1, len(labels)), tuple(labels)).made(tmp_path)
    made = Made(name, made.spec, made.options, made.image, made.notice)
    write_sources(made, [], tmp_path / "src")
    (tmp_path / "src/main.c").write_text(READ_BACK)
    compile_c("-O0", "main.c", "net.c", "golden.c", "-o", "main", folder=tmp_path / "src")
    done = subprocess.run([tmp_path / "src/main"], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == [*labels, name]


def test_a_model_of_an_ugly_name_and_a_thousand_classes(
    tmp_path: Path, sanitized: Objects, board: Board
) -> None:
    labels = tuple(f'Größe "{index}" ??/ \\ 🐕' for index in range(1000))
    network = identity((1, 1000), labels, scores="softmax")
    made = network.made(tmp_path)
    ugly = Made('my "model" */ $(rm) Ü', made.spec, made.options, made.image, "")
    assert program_name(ugly.spec, ugly.options, ugly.model) == "prog_my__model_______rm____net"
    program = network.program(tmp_path, sanitized, board)
    values = np.zeros(1000)
    values[[999, 5]] = 20, 19
    answer = program.run("-i", tensor_file(tmp_path / "x.f32", values), "-k", "2", "--json").json
    assert [each["label"] for each in answer["results"][0]["top"]] == [labels[999], labels[5]]
    plain = program.run("-i", tmp_path / "x.f32")
    assert plain.lines("label") == [labels[999]]
