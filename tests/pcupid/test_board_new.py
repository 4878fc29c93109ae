"""Calls that only newer headers have: static information, images in memory, batches, run-time information."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from board_images import VARIABLE, plain, two, values
from board_programs import BANNER, SANITIZERS, compiled, run
from edgedla_targets.pcupid.emulated.board import Board
from edgedla_targets.pcupid.emulated.image import Image

if TYPE_CHECKING:
    from pathlib import Path

INFORMATION = """
    MI_IPU_OfflineModelStaticInfo_t info;
    MI_U32 i;

    OK(INIT());
    OK(MI_IPU_GetOfflineModeStaticInfo(NULL, image, &info));
    SAY(info.u32VariableBufferSize);
    SAY(info.u32OfflineModelSize);
    SAY(info.eBatchMode);
    SAY(info.eIpuWorkMode);
    for (i = 0; i < info.u32TotalBatchNumTypes; i++)
        SAY(info.au32BatchNumTypes[i]);
    OK(EXIT());"""
DESCRIPTORS = """
    MI_U32 i, k;

    start(image, 1);
    OK(MI_IPU_GetInOutTensorDesc(channel, &descriptor));
    for (k = 0; k < 2; k++) {
        MI_U32 count = k ? descriptor.u32OutputTensorCount : descriptor.u32InputTensorCount;

        for (i = 0; i < count; i++) {
            const MI_IPU_TensorDesc_t *t = k ? &descriptor.astMI_OutputTensorDescs[i]
                                             : &descriptor.astMI_InputTensorDescs[i];

            printf("%s %u:%u,%u %d %u %.9g %d %d %u %d\\n", t->name, t->u32TensorDim, t->u32TensorShape[0],
                   t->u32TensorShape[1], (int)t->eElmFormat, t->u32InnerMostStride, (double)t->fScalar,
                   (int)t->s64ZeroPoint, (int)t->s32AlignedBufSize, t->u32BufSize, (int)t->eLayoutType);
        }
    }
    stop();"""
# argv: bytes of an image, and where in memory it is to lie; it is read from stdin.
IMAGE_IN_MEMORY = """
    MI_U32 size = (MI_U32)atol(argv[3]), offset = (MI_U32)atol(argv[4]);
    MI_IPUChnAttr_t attributes = depths(1, 1);
    MI_PHY physical;
    char *bytes;

    OK(INIT());
    OK(device(1 << 20));
    bytes = memory(size + offset, 1, &physical);
    if (fread(bytes + offset, 1, size, stdin) != size)
        exit(97);
    if (argc == 5)
        OK(MI_SYS_FlushInvCache(bytes, size + offset));
    SAY(MI_IPU_CreateCHNWithUserMem(&channel, &attributes, physical + offset));
    if (argc == 5) {
        OK(MI_IPU_GetInputTensors(channel, &in));
        OK(MI_IPU_GetOutputTensors(channel, &out));
        ((float *)in.astArrayTensors[0].ptTensorData[0])[0] = 3;
        memset((float *)in.astArrayTensors[0].ptTensorData[0] + 1, 0, 156);
        OK(MI_IPU_Invoke(channel, &in, &out));
        SAY(((float *)out.astArrayTensors[0].ptTensorData[0])[0]);
        put_back();
        OK(MI_IPU_DestroyCHN(channel));
    }
    release(bytes, size + offset, physical);
    OK(MI_IPU_DestroyDevice());
    OK(EXIT());"""
# argv: batch, buffers of inputs, bytes of each, buffers of outputs, bytes of each, custom; inputs from stdin.
BATCH = """
    static MI_IPU_BatchInvokeParam_t all;
    MI_IPU_RuntimeInfo_t info;
    MI_IPUChnAttr_t attributes = depths(1, 1);
    int inputs = atoi(argv[4]), outputs = atoi(argv[6]), i;
    size_t in_size = (size_t)atol(argv[5]), out_size = (size_t)atol(argv[7]);
    MI_PHY physical;

    OK(INIT());
    OK(device(1 << 20));
    attributes.u32BatchMax = 4;
    OK(MI_IPU_CreateCHN(&channel, &attributes, NULL, image));
    OK(ALLOC(4096, &physical));
    all.u32BatchN = (MI_U32)atoi(argv[3]);
    OK(MI_IPU_GetInputTensors2(channel, &all));
    OK(MI_IPU_GetOutputTensors2(channel, &all));
    for (i = 0; i < inputs; i++)
        if (fread(all.astArrayTensors[i].ptTensorData[0], 1, in_size, stdin) != in_size)
            exit(97);
    if (atoi(argv[8])) {
        all.u64VarBufPhyAddr = physical;
        all.u32VarBufSize = 4096;
        OK(MI_IPU_Invoke2Custom(channel, &all, &info));
    } else {
        OK(MI_IPU_Invoke2(channel, &all, &info));
    }
    if (info.u64IpuTime == 0 || info.u64IpuTime > 60000000)
        exit(96);
    for (i = inputs; i < inputs + outputs; i++)
        fwrite(all.astArrayTensors[i].ptTensorData[0], 1, out_size, stdout);
    OK(MI_IPU_PutInputTensors2(channel, &all));
    OK(MI_IPU_PutOutputTensors2(channel, &all));
    OK(FREE(physical));
    stop();"""
WRONG_BATCHES = """
    static MI_IPU_BatchInvokeParam_t all;
    MI_IPU_RuntimeInfo_t info;
    MI_IPUChnAttr_t attributes = depths(1, 1);

    OK(INIT());
    OK(device(1 << 20));
    attributes.u32BatchMax = 300;
    SAY(MI_IPU_CreateCHN(&channel, &attributes, NULL, image));
    attributes.u32BatchMax = 4;
    OK(MI_IPU_CreateCHN(&channel, &attributes, NULL, image));
    SAY(MI_IPU_GetInputTensors2(channel, &all));
    all.u32BatchN = 5;
    SAY(MI_IPU_GetInputTensors2(channel, &all));
    all.u32BatchN = 3;
    SAY(MI_IPU_GetInputTensors2(channel, &all));
    all.u32BatchN = 2;
    OK(MI_IPU_GetInputTensors2(channel, &all));
    OK(MI_IPU_GetOutputTensors2(channel, &all));
    all.s32TaskPrio = -11;
    SAY(MI_IPU_Invoke2(channel, &all, &info));
    all.s32TaskPrio = 39;
    SAY(MI_IPU_Invoke2Custom(channel, &all, &info));
    all.u32VarBufSize = 4096;
    all.u64VarBufPhyAddr = 64;
    SAY(MI_IPU_Invoke2Custom(channel, &all, &info));
    all.u64VarBufPhyAddr = 65;
    SAY(MI_IPU_Invoke2Custom(channel, &all, &info));
    in = vector(NULL, 0);
    SAY(MI_IPU_Invoke(channel, &in, &in));
    OK(MI_IPU_PutInputTensors2(channel, &all));
    OK(MI_IPU_PutOutputTensors2(channel, &all));
    SAY(MI_IPU_PutOutputTensors2(channel, &all));
    stop();"""
ADDRESSES = """
    MI_PHY physical, found;
    char *bytes, *again;

    OK(INIT());
    bytes = memory(128, 1, &physical);
    OK(MI_SYS_Mmap(physical + 64, 64, (void **)&again, 0));
    OK(MI_SYS_Va2Pa(bytes + 70, &found));
    SAY(found - physical);
    OK(MI_SYS_Va2Pa(again + 6, &found));
    SAY(found - physical);
    SAY(MI_SYS_Va2Pa(&found, &found));
    bytes[0] = 7;
    OK(MI_SYS_FlushInvCache(bytes, 128));
    OK(COPY(physical + 64, physical, 1));
    SAY(again[0]);
    SAY(bytes[64] == 7);
    OK(MI_SYS_FlushInvCache(bytes + 64, 1));
    SAY(bytes[64]);
    again[1] = 8;
    OK(COPY(physical, physical + 65, 1));
    SAY(bytes[0]);
    OK(MI_SYS_FlushInvCache(bytes, 1));
    SAY(bytes[0]);
    OK(MI_SYS_Munmap(again, 64));
    release(bytes, 128, physical);
    OK(EXIT());"""
CASES = {
    "information": INFORMATION,
    "descriptors": DESCRIPTORS,
    "image_in_memory": IMAGE_IN_MEMORY,
    "batch": BATCH,
    "wrong_batches": WRONG_BATCHES,
    "addresses": ADDRESSES,
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("new"), CASES, "new", ("gcc",), *SANITIZERS)


def test_static_information_of_an_image(program: Path, tmp_path: Path) -> None:
    image = plain(tmp_path / "one.img", batch_mode="one_buf", batches=(1, 4, 9))
    with Board() as board:
        done = run(board, program, "information", image)
        assert board.faults == []
    assert (done.code, done.err) == (0, BANNER)
    assert done.numbers == [VARIABLE, image.stat().st_size, 1, 0, 1, 4, 9]


def test_descriptors_say_what_the_image_says(program: Path, tmp_path: Path) -> None:
    with Board() as board:
        done = run(board, program, "descriptors", two(tmp_path / "two.img"))
        assert board.faults == []
    assert done.out.decode().splitlines() == [
        "left 2:1,20 5 80 1 0 128 80 0",
        "right 2:1,20 2 40 0.5 0 64 40 0",
        "sum 2:1,20 5 80 1 0 128 80 0",
        "most 2:1,1 5 4 1 0 64 4 0",
    ]


@pytest.mark.parametrize("offset", [0, 100])
def test_an_image_that_lies_in_memory(offset: int, program: Path, tmp_path: Path) -> None:
    data = plain(tmp_path / "x.img").read_bytes()
    with Board() as board:
        done = run(board, program, "image_in_memory", "-", str(len(data)), str(offset), stdin=data)
        assert board.faults == []
    assert (done.code, done.err, done.numbers) == (0, BANNER, [0, 5])


def test_an_image_in_memory_that_was_not_flushed(program: Path, tmp_path: Path) -> None:
    data = plain(tmp_path / "x.img").read_bytes()
    with Board() as board:
        done = run(board, program, "image_in_memory", "-", str(len(data)), "0", "unflushed", stdin=data)
        (fault,) = board.faults
    assert fault.startswith("MI_IPU_CreateCHNWithUserMem: the image was written and not flushed")
    assert done.numbers == [44]


@pytest.mark.parametrize("custom", ["0", "1"])
@pytest.mark.parametrize(("mode", "batch"), [("n_buf", 1), ("n_buf", 3), ("one_buf", 2), ("one_buf", 4)])
def test_batches(mode: str, batch: int, custom: str, program: Path, tmp_path: Path) -> None:
    path = plain(tmp_path / "x.img", batch_mode=mode, batches=(2, 4) if mode == "one_buf" else (1,))
    image = Image.load(path)
    rows = [values(image.inputs[0], seed) for seed in range(batch)]
    buffers, size = (batch, 160) if mode == "n_buf" else (1, 160 * batch)
    words = (str(batch), *(str(number) for number in (buffers, size) * 2), custom)
    with Board() as board:
        done = run(board, program, "batch", path, *words, stdin=b"".join(row.tobytes() for row in rows))
        assert board.faults == []
    assert (done.code, done.err) == (0, BANNER)
    assert done.out == b"".join(image.run({"x": row})["y"].tobytes() for row in rows)
    assert len(np.unique(np.frombuffer(done.out, np.float32))) == 40 * batch


def test_wrong_batches_are_refused_for_what_they_are(program: Path, tmp_path: Path) -> None:
    image = plain(tmp_path / "x.img", batch_mode="one_buf", batches=(2, 4))
    with Board() as board:
        done = run(board, program, "wrong_batches", image)
        faults = board.faults
    wanted = [
        (37, "MI_IPU_CreateCHN: u32BatchMax 300; 256 is the most"),
        (37, "MI_IPU_GetInputTensors2: a batch of 0; the channel has u32BatchMax 4"),
        (37, "MI_IPU_GetInputTensors2: a batch of 5; the channel has u32BatchMax 4"),
        (38, r"MI_IPU_GetInputTensors2: a batch of 3; the image is made for \(2, 4\)"),
        (31, "MI_IPU_Invoke2: priority -11 is not in -10 to 39"),
        (45, f"MI_IPU_Invoke2Custom: 0 bytes for intermediates, the image needs {VARIABLE}"),
        (6, "MI_IPU_Invoke2Custom: 4096 bytes at the physical address 0x40 are not memory"),
        (52, "MI_IPU_Invoke2Custom: 0x41 is not a multiple of 64 bytes"),
        (53, "MI_IPU_Invoke: an image for batches is run by MI_IPU_Invoke2"),
        (12, "MI_IPU_PutOutputTensors2: these output tensors were not taken, or are put back already"),
    ]
    assert done.numbers == [number for number, _ in wanted]
    for fault, (_, text) in zip(faults, wanted, strict=True):
        assert re.match(text, fault), fault


def test_addresses_and_copies_past_the_cache(program: Path) -> None:
    with Board() as board:
        done = run(board, program, "addresses", "-")
        (fault,) = board.faults
    assert re.match("MI_SYS_Va2Pa: 1 bytes at 0x[0-9a-f]+ are not mapped", fault)
    assert done.numbers == [70, 70, -1, 7, 0, 7, 7, 8]
