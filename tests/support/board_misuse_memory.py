"""What programs do wrong with memory, and what they leave behind."""

from __future__ import annotations

from board_misuse import NOT_TAKEN, Case

MEMORY = {
    "freed_twice": Case(
        "MI_PHY p; OK(INIT()); OK(ALLOC(64, &p)); OK(FREE(p)); SAY(FREE(p)); OK(EXIT());",
        (-1,),
        ("MI_SYS_MMA_Free: no buffer begins at 0x[0-9a-f]+, or it is freed already",),
    ),
    "freed_in_the_middle": Case(
        "MI_PHY p; OK(INIT()); OK(ALLOC(128, &p)); SAY(FREE(p + 64)); OK(FREE(p)); OK(EXIT());",
        (-1,),
        ("MI_SYS_MMA_Free: no buffer begins at ",),
    ),
    "freed_while_mapped": Case(
        "MI_PHY p; void *v; OK(INIT()); v = memory(64, 1, &p); SAY(FREE(p));"
        "SAY(MI_SYS_FlushInvCache(v, 64));"
        "OK(MI_SYS_Munmap(v, 64)); OK(EXIT());",
        (-1, -1),
        (
            "MI_SYS_MMA_Free: the buffer at 0x[0-9a-f]+ is still mapped",
            "MI_SYS_FlushInvCache: 64 bytes at 0x[0-9a-f]+ are not mapped",
        ),
    ),
    "freed_what_a_channel_owns": Case(
        "take(image); SAY(FREE(in.astArrayTensors[0].phyTensorAddr[0])); finish();",
        (-1,),
        ("MI_SYS_MMA_Free: 0x[0-9a-f]+ is input 'x' of channel 0, which was not allocated by the program",),
    ),
    "unmapped_twice": Case(
        "MI_PHY p; void *v; OK(INIT()); v = memory(64, 1, &p); release(v, 64, p);"
        "SAY(MI_SYS_Munmap(v, 64)); OK(EXIT());",
        (-1,),
        ("MI_SYS_Munmap: MI_SYS_Mmap gave no 0x[0-9a-f]+, or it is unmapped already",),
    ),
    "unmapped_something_else": Case(
        "MI_PHY p; char *v; OK(INIT()); v = memory(64, 1, &p); SAY(MI_SYS_Munmap(v + 1, 63));"
        "SAY(MI_SYS_Munmap(&p, 8));"
        "release(v, 64, p); OK(EXIT());",
        (-1, -1),
        ("MI_SYS_Munmap: MI_SYS_Mmap gave no 0x[0-9a-f]+",) * 2,
    ),
    "unmapped_what_a_channel_owns": Case(
        "take(image); SAY(MI_SYS_Munmap(in.astArrayTensors[0].ptTensorData[0], 192)); finish();",
        (-1,),
        ("MI_SYS_Munmap: MI_SYS_Mmap gave no 0x[0-9a-f]+",),
    ),
    "unmapped_in_part": Case(
        "MI_PHY p; void *v; OK(INIT()); v = memory(64, 1, &p); SAY(MI_SYS_Munmap(v, 32));"
        "release(v, 64, p); OK(EXIT());",
        (-1,),
        ("MI_SYS_Munmap: 32 bytes at 0x[0-9a-f]+, where 64 are mapped",),
    ),
    "flushed_outside": Case(
        "MI_PHY p; char *v; OK(INIT()); v = memory(64, 1, &p); SAY(MI_SYS_FlushInvCache(&p, 8));"
        "SAY(MI_SYS_FlushInvCache(v + 60, 5)); SAY(MI_SYS_FlushInvCache(v, 0)); release(v, 64, p);"
        "OK(EXIT());",
        (-1, -1, -1),
        tuple(f"MI_SYS_FlushInvCache: {size} bytes at 0x[0-9a-f]+ are not mapped" for size in (8, 5, 0)),
    ),
    "mapped_past_the_end": Case(
        "MI_PHY p; void *v; OK(INIT()); OK(ALLOC(64, &p)); SAY(MI_SYS_Mmap(p, 65, &v, 1));"
        "SAY(MI_SYS_Mmap(p, 0, &v, 1));"
        "SAY(MI_SYS_Mmap(4096, 64, &v, 1)); OK(FREE(p)); OK(EXIT());",
        (-1, -1, -1),
        tuple(f"MI_SYS_Mmap: {size} bytes at the physical address 0x" for size in (65, 0, 64)),
    ),
    "copied_past_the_end": Case(
        "MI_PHY p, q; OK(INIT()); OK(ALLOC(64, &p)); OK(ALLOC(32, &q)); SAY(COPY(q, p, 64));"
        "SAY(COPY(p, q, 64));"
        "OK(COPY(p, q, 32)); OK(FREE(p)); OK(FREE(q)); OK(EXIT());",
        (-1, -1),
        ("MI_SYS_MemcpyPa: 64 bytes at the physical address 0x",) * 2,
    ),
    "nothing_allocated": Case(
        "MI_PHY p; OK(INIT()); SAY(ALLOC(0, &p)); OK(EXIT());",
        (-1,),
        ("MI_SYS_MMA_Alloc: 0 bytes asked for",),
    ),
}
USERS = (
    "MI_PHY p, q; char *v, *w; start(image, 0); v = memory(192, 1, &p); w = memory(192, 1, &q);"
    "memset(v, 1, 192);"
)
USERS_END = "release(v, 192, p); release(w, 192, q); stop();"


def users(physical: str, virtual: str = "v") -> str:
    """An Invoke with memory of the program's own, and other addresses for its input."""
    return f"""
    {USERS}
    in = vector({virtual}, {physical});
    out = vector(w, q);
    SAY(MI_IPU_Invoke(channel, &in, &out));
    {USERS_END}"""


OWN_MEMORY = {
    "own_unaligned": Case(
        users("p + 32", "v + 32"),
        (52,),
        ("MI_IPU_Invoke: input 'x': 0x[0-9a-f]+ is not a multiple of 64 bytes",),
        old=(22,),
    ),
    "own_nowhere": Case(
        users("64"), (6,), ("MI_IPU_Invoke: 160 bytes at the physical address 0x40 are not memory",)
    ),
    "own_too_small": Case(
        users("p + 64", "v + 64"),
        (9,),
        ("MI_IPU_Invoke: input 'x': the buffer at 0x[0-9a-f]+ has fewer than 160",),
    ),
    "own_unmapped": Case(
        users("p", "&p"), (6,), ("MI_IPU_Invoke: input 'x': 160 bytes at 0x[0-9a-f]+ are not mapped",)
    ),
    "own_mapped_elsewhere": Case(
        users("p", "w"), (6,), ("MI_IPU_Invoke: input 'x': 0x[0-9a-f]+ is mapped to another address than 0x",)
    ),
    "own_and_taken": Case(
        f"{USERS} SAY(MI_IPU_GetInputTensors(channel, &in)); {USERS_END}",
        (5,),
        ("MI_IPU_GetInputTensors: the channel was created without input buffers of its own",),
    ),
    "own_and_put": Case(
        f"{USERS} in = vector(v, p); SAY(MI_IPU_PutInputTensors(channel, &in)); {USERS_END}",
        (12,),
        (f"MI_IPU_PutInputTensors: these input {NOT_TAKEN}",),
    ),
    "own_where_the_channel_has_some": Case(
        "MI_PHY p; void *v; take(image); v = memory(192, 1, &p); in = vector(v, p);"
        "SAY(MI_IPU_Invoke(channel, &in, &out)); release(v, 192, p);"
        "SAY(MI_IPU_DestroyCHN(channel)); OK(MI_IPU_DestroyDevice()); OK(EXIT());",
        (12, 0),
        (
            f"MI_IPU_Invoke: these input {NOT_TAKEN}",
            "MI_IPU_DestroyCHN: input tensors of channel 0 were not put back",
            "MI_IPU_DestroyCHN: output tensors of channel 0 were not put back",
        ),
    ),
}
LEFT = (
    "input tensors of channel 0 were not put back",
    "output tensors of channel 0 were not put back",
    "channel 0 was not destroyed",
    "the device was not destroyed",
    "32 bytes at 0x[0-9a-f]+ are still mapped",
    "the buffer of 64 bytes at 0x[0-9a-f]+ was not freed",
)
LEAK = "MI_PHY p; void *v; take(image); OK(ALLOC(64, &p)); OK(MI_SYS_Mmap(p, 32, &v, 0));"
LEAKS = {
    "leak_at_exit": Case(f"{LEAK} SAY(EXIT());", (0,), tuple(f"MI_SYS_Exit: {each}" for each in LEFT)),
    "leak_at_the_end": Case(
        LEAK, (), ("exit: the program ended without MI_SYS_Exit", *(f"exit: {each}" for each in LEFT))
    ),
    "leak_when_killed": Case("OK(INIT()); abort();", (), ("exit: the program ended without MI_SYS_Exit",)),
    "no_exit": Case("OK(INIT());", (), ("exit: the program ended without MI_SYS_Exit",)),
}
