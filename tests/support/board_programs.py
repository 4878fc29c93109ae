"""Small C programs against the emulated board's headers and libraries, compiled and run on a board."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.emulated.board import HEADERS, LIBRARY_SOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from edgedla_targets.pcupid.emulated.board import Board

STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion")
SANITIZERS = ("-g", "-O1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover")
SHAPES = tuple(HEADERS)
SOURCES = [path for paths in LIBRARY_SOURCES.values() for path in paths]
BANNER = "emulated board: edgedla's own, no hardware\n"

# What the cases below are written with. `image` is a path, `in` and `out` are taken tensors.
PRELUDE = """
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mi_common_datatype.h"
#include "mi_sys_datatype.h"
#include "mi_sys.h"
#include "mi_ipu.h"

#ifdef MI_IPU_MAX_BATCH_TENSOR_CNT
#define INIT() MI_SYS_Init(0)
#define EXIT() MI_SYS_Exit(0)
#define ALLOC(size, to) MI_SYS_MMA_Alloc(0, NULL, size, to)
#define FREE(phy) MI_SYS_MMA_Free(0, phy)
#define COPY(to, from, size) MI_SYS_MemcpyPa(0, to, from, size)
#else
#define INIT() MI_SYS_Init()
#define EXIT() MI_SYS_Exit()
#define ALLOC(size, to) MI_SYS_MMA_Alloc(NULL, size, to)
#define FREE(phy) MI_SYS_MMA_Free(phy)
#define COPY(to, from, size) MI_SYS_MemcpyPa(to, from, size)
#endif

/* A call that must succeed, and one whose result the test looks at. */
#define OK(call) do { MI_S32 r_ = (call); if (r_ != 0) { printf("%s: %d\\n", #call, (int)r_); exit(99); } } while (0)
#define SAY(call) printf("%d\\n", (int)(call))

static MI_IPU_CHN channel;
static MI_IPU_TensorVector_t in, out;
static MI_IPU_SubNet_InputOutputDesc_t descriptor;

static MI_S32 device(MI_U32 variable)
{
    MI_IPU_DevAttr_t attributes;

    memset(&attributes, 0, sizeof attributes);
    attributes.u32MaxVariableBufSize = variable;
    return MI_IPU_CreateDevice(&attributes, NULL, NULL, 0);
}

static MI_IPUChnAttr_t depths(MI_U32 inputs, MI_U32 outputs)
{
    MI_IPUChnAttr_t attributes;

    memset(&attributes, 0, sizeof attributes);
    attributes.u32InputBufDepth = inputs;
    attributes.u32OutputBufDepth = outputs;
    return attributes;
}

static MI_S32 create(char *image, MI_U32 inputs, MI_U32 outputs)
{
    MI_IPUChnAttr_t attributes = depths(inputs, outputs);

    return MI_IPU_CreateCHN(&channel, &attributes, NULL, image);
}

/* MI_SYS, device and channel; then tensors as well. */
static void start(char *image, MI_U32 depth)
{
    OK(INIT());
    OK(device(1 << 20));
    OK(create(image, depth, depth));
}

static void take(char *image)
{
    start(image, 1);
    OK(MI_IPU_GetInputTensors(channel, &in));
    OK(MI_IPU_GetOutputTensors(channel, &out));
}

static void put_back(void)
{
    OK(MI_IPU_PutInputTensors(channel, &in));
    OK(MI_IPU_PutOutputTensors(channel, &out));
}

/* All that `start` made; with `finish`, the tensors before it. */
static void stop(void)
{
    OK(MI_IPU_DestroyCHN(channel));
    OK(MI_IPU_DestroyDevice());
    OK(EXIT());
}

static void finish(void)
{
    put_back();
    stop();
}

/* Mapped memory, and a vector of one tensor that lies in it. */
static void *memory(MI_U32 size, MI_BOOL cached, MI_PHY *physical)
{
    void *bytes;

    OK(ALLOC(size, physical));
    OK(MI_SYS_Mmap(*physical, size, &bytes, cached));
    return bytes;
}

static MI_IPU_TensorVector_t vector(void *bytes, MI_PHY physical)
{
    MI_IPU_TensorVector_t made;

    memset(&made, 0, sizeof made);
    made.u32TensorCount = 1;
    made.astArrayTensors[0].ptTensorData[0] = bytes;
    made.astArrayTensors[0].phyTensorAddr[0] = physical;
    return made;
}

static void release(void *bytes, MI_U32 size, MI_PHY physical)
{
    OK(MI_SYS_Munmap(bytes, size));
    OK(FREE(physical));
}

/* Rounds from stdin to stdout. argv: case, image, inputs, outputs, rounds, then bytes of each input and output. */
static void feed(char **argv, int flush_outputs)
{
    int inputs = atoi(argv[3]), outputs = atoi(argv[4]), rounds = atoi(argv[5]), i;
    char **sizes = argv + 6;

    OK(MI_IPU_GetInOutTensorDesc(channel, &descriptor));
    while (rounds-- > 0) {
        for (i = 0; i < inputs; i++) {
            size_t size = (size_t)atol(sizes[i]);
            void *bytes = in.astArrayTensors[i].ptTensorData[0];

            if (fread(bytes, 1, size, stdin) != size)
                exit(97);
            if (descriptor.astMI_InputTensorDescs[i].eElmFormat != MI_IPU_FORMAT_FP32)
                OK(MI_SYS_FlushInvCache(bytes, (MI_U32)size));
        }
        OK(MI_IPU_Invoke(channel, &in, &out));
        for (i = 0; i < outputs; i++) {
            size_t size = (size_t)atol(sizes[inputs + i]);
            void *bytes = out.astArrayTensors[i].ptTensorData[0];

            if (flush_outputs)
                OK(MI_SYS_FlushInvCache(bytes, (MI_U32)size));
            fwrite(bytes, 1, size, stdout);
        }
    }
}

/* Keeps compilers from calling a helper unused that a set of cases has no use for. */
void use_helpers(char *image);
void use_helpers(char *image)
{
    MI_PHY physical;
    void *bytes = memory(1, 1, &physical);

    take(image);
    in = vector(bytes, physical);
    feed(&image, 1);
    finish();
    release(bytes, 1, physical);
}
"""
MAIN = """
int main(int argc, char **argv)
{
%s
    fprintf(stderr, "no case %%s\\n", argc > 1 ? argv[1] : "");
    return 98;
}
"""


@dataclass(frozen=True)
class Done:
    """A program that ran to its end."""

    code: int
    out: bytes
    err: str

    @property
    def numbers(self) -> list[int]:
        """What it printed with SAY."""
        return [int(line) for line in self.out.split()]


def source(cases: Mapping[str, str]) -> str:
    """A program whose first argument names a case; in a case, `image` is the second and `argv` all of them."""
    functions = (
        f"static void case_{name}(char *image, int argc, char **argv)\n{{\n"
        f"    (void)image; (void)argc; (void)argv;\n{body}\n}}\n"
        for name, body in cases.items()
    )
    choices = "\n".join(
        f'    if (argc > 2 && strcmp(argv[1], "{name}") == 0) {{ case_{name}(argv[2], argc, argv); return 0; }}'
        for name in cases
    )
    return PRELUDE + "\n".join(functions) + MAIN % choices


def compiled(
    folder: Path, cases: Mapping[str, str], shape: str, compiler: Sequence[str] = ("gcc",), *flags: str
) -> Path:
    """The program of these cases, with the board's libraries in it."""
    folder.mkdir(parents=True, exist_ok=True)
    text, program = folder / "cases.c", folder / "cases"
    text.write_text(source(cases))
    includes = ["-I", str(HEADERS[shape])]
    words = [*compiler, *STRICT, *flags, *includes, str(text), *map(str, SOURCES), "-lpthread", "-o", str(program)]
    subprocess.run(words, check=True, timeout=250)
    return program


def run(
    board: Board | None,
    program: Path,
    *words: str | Path,
    stdin: bytes = b"",
    launcher: Sequence[str] = (),
) -> Done:
    """Run a program on a board (`None`: on none)."""
    variables = {name: value for name, value in os.environ.items() if name != "EDGEDLA_BOARD"}
    done = subprocess.run(
        [*launcher, str(program), *map(str, words)],
        env=variables | (board.environment if board else {}),
        input=stdin,
        capture_output=True,
        timeout=100,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr.decode())
