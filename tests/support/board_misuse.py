"""What programs do wrong with device, channels and tensors, and what the board says to it."""

from __future__ import annotations

from dataclasses import dataclass

from board_images import VARIABLE


@dataclass(frozen=True)
class Case:
    """What a program does, the results that it says, and what the board objects to (patterns)."""

    body: str
    results: tuple[int, ...]
    faults: tuple[str, ...]
    image: str = "f32"
    old: tuple[int, ...] | None = None  # results with the oldest headers, where their numbers differ


FILL = "memset(in.astArrayTensors[0].ptTensorData[0], 1, 160);"
NOT_TAKEN = "tensors were not taken, or are put back already"
BEFORE = "called before MI_SYS_Init, or after MI_SYS_Exit"
ORDER = {
    "device_before_init": Case("SAY(device(0));", (25,), (f"MI_IPU_CreateDevice: {BEFORE}",), old=(22,)),
    "memory_before_init": Case("MI_PHY p; SAY(ALLOC(64, &p));", (-1,), (f"MI_SYS_MMA_Alloc: {BEFORE}",)),
    "init_twice": Case("OK(INIT()); SAY(INIT()); OK(EXIT());", (-1,), ("MI_SYS_Init: called twice",)),
    "exit_twice": Case("OK(INIT()); OK(EXIT()); SAY(EXIT());", (-1,), (f"MI_SYS_Exit: {BEFORE}",)),
    "invoke_after_exit": Case(
        "take(image); finish(); SAY(MI_IPU_Invoke(channel, &in, &out));",
        (25,),
        (f"MI_IPU_Invoke: {BEFORE}",),
        old=(22,),
    ),
    "channel_before_device": Case(
        "OK(INIT()); SAY(create(image, 1, 1)); OK(EXIT());",
        (21,),
        ("MI_IPU_CreateCHN: there is no device",),
    ),
    "device_twice": Case(
        "start(image, 1); SAY(device(1)); stop();",
        (25,),
        ("MI_IPU_CreateDevice: the device exists already",),
        old=(22,),
    ),
    "device_destroyed_twice": Case(
        "OK(INIT()); OK(device(1)); OK(MI_IPU_DestroyDevice()); SAY(MI_IPU_DestroyDevice()); OK(EXIT());",
        (21,),
        ("MI_IPU_DestroyDevice: there is no device",),
    ),
    "device_destroyed_first": Case(
        "start(image, 1); SAY(MI_IPU_DestroyDevice()); stop();",
        (25,),
        ("MI_IPU_DestroyDevice: there are channels that were not destroyed: 0",),
        old=(22,),
    ),
}
CHANNELS = {
    "destroyed_channel": Case(
        "take(image); put_back(); OK(MI_IPU_DestroyCHN(channel)); SAY(MI_IPU_Invoke(channel, &in, &out));"
        "OK(MI_IPU_DestroyDevice()); OK(EXIT());",
        (3,),
        ("MI_IPU_Invoke: channel 0 was not created, or is destroyed already",),
    ),
    "channel_destroyed_twice": Case(
        "start(image, 1); OK(MI_IPU_DestroyCHN(channel)); SAY(MI_IPU_DestroyCHN(channel));"
        "OK(MI_IPU_DestroyDevice()); OK(EXIT());",
        (3,),
        ("MI_IPU_DestroyCHN: channel 0 was not created, or is destroyed already",),
    ),
    "no_channel": Case(
        "start(image, 1); SAY(MI_IPU_GetInOutTensorDesc(48, &descriptor)); stop();",
        (1,),
        ("MI_IPU_GetInOutTensorDesc: 48 is no channel; they have numbers under 48",),
    ),
    "depth": Case(
        "OK(INIT()); OK(device(1 << 20)); SAY(create(image, 1, 4)); OK(MI_IPU_DestroyDevice()); OK(EXIT());",
        (10,),
        ("MI_IPU_CreateCHN: depths 1 and 4; 3 is the most",),
    ),
    "variable_buffer": Case(
        f"OK(INIT()); OK(device({VARIABLE - 1})); SAY(create(image, 1, 1)); OK(MI_IPU_DestroyDevice());"
        f"OK(EXIT());",
        (45,),
        (f"MI_IPU_CreateCHN: the image needs {VARIABLE} bytes for intermediates, .* with {VARIABLE - 1}",),
        old=(22,),
    ),
    "null": Case(
        "start(image, 1); SAY(MI_IPU_GetInputTensors(channel, NULL)); SAY(MI_IPU_Invoke(channel, &in, NULL));"
        "SAY(MI_SYS_Mmap(0, 1, NULL, 1)); SAY(MI_IPU_CreateCHN(NULL, NULL, NULL, NULL)); stop();",
        (6, 6, -1, 6),
        tuple(
            f"MI_{name}: a pointer is NULL"
            for name in ("IPU_GetInputTensors", "IPU_Invoke", "SYS_Mmap", "IPU_CreateCHN")
        ),
    ),
}
TENSORS = {
    "put_twice": Case(
        "take(image); put_back(); SAY(MI_IPU_PutInputTensors(channel, &in));"
        "SAY(MI_IPU_PutOutputTensors(channel, &out)); stop();",
        (12, 12),
        (
            f"MI_IPU_PutInputTensors: these input {NOT_TAKEN}",
            f"MI_IPU_PutOutputTensors: these output {NOT_TAKEN}",
        ),
    ),
    "invoke_after_put": Case(
        f"take(image); {FILL} put_back(); SAY(MI_IPU_Invoke(channel, &in, &out)); stop();",
        (12,),
        (f"MI_IPU_Invoke: these input {NOT_TAKEN}",),
    ),
    "taken_twice": Case(
        "take(image); SAY(MI_IPU_GetInputTensors(channel, &in)); finish();",
        (5,),
        ("MI_IPU_GetInputTensors: all 1 sets of input tensors are taken",),
    ),
    "wrong_count": Case(
        "take(image); in.u32TensorCount = 2; SAY(MI_IPU_Invoke(channel, &in, &out));"
        "in.u32TensorCount = 4000000000u; SAY(MI_IPU_Invoke(channel, &in, &out));"
        "in.u32TensorCount = 1; out.u32TensorCount = 0; SAY(MI_IPU_Invoke(channel, &in, &out));"
        "out.u32TensorCount = 1; finish();",
        (12, 12, 12),
        (
            "MI_IPU_Invoke: 2 input tensors where the image has 1",
            "MI_IPU_Invoke: 4000000000 input tensors where the image has 1",
            "MI_IPU_Invoke: 0 output tensors where the image has 1",
        ),
    ),
    "inputs_as_outputs": Case(
        f"take(image); {FILL} SAY(MI_IPU_Invoke(channel, &out, &in)); finish();",
        (12,),
        (f"MI_IPU_Invoke: these input {NOT_TAKEN}",),
    ),
    "destroyed_with_tensors": Case(
        "take(image); SAY(MI_IPU_DestroyCHN(channel)); OK(MI_IPU_DestroyDevice()); OK(EXIT());",
        (0,),
        (
            "MI_IPU_DestroyCHN: input tensors of channel 0 were not put back",
            "MI_IPU_DestroyCHN: output tensors of channel 0 were not put back",
        ),
    ),
}
DATA = {
    "never_filled": Case(
        "take(image); SAY(MI_IPU_Invoke(channel, &in, &out)); finish();",
        (0,),
        ("MI_IPU_Invoke: input 'x' was not filled",),
    ),
    "not_refilled": Case(
        f"take(image); {FILL} OK(MI_IPU_Invoke(channel, &in, &out));"
        f"SAY(MI_IPU_Invoke(channel, &in, &out)); finish();",
        (0,),
        ("MI_IPU_Invoke: input 'x' was overwritten by the run before and not filled again",),
    ),
    "refilled_in_part": Case(
        f"take(image); {FILL} OK(MI_IPU_Invoke(channel, &in, &out));"
        "memset(in.astArrayTensors[0].ptTensorData[0], 1, 156); SAY(MI_IPU_Invoke(channel, &in, &out));"
        "finish();",
        (0,),
        ("MI_IPU_Invoke: input 'x' was overwritten by the run before and not filled again",),
    ),
    "not_flushed": Case(
        "short *x, *y; take(image); x = in.astArrayTensors[0].ptTensorData[0];"
        "y = out.astArrayTensors[0].ptTensorData[0];"
        "x[0] = 5; SAY(MI_IPU_Invoke(channel, &in, &out)); SAY(y[0]);"
        "OK(MI_SYS_FlushInvCache(x, 80)); OK(MI_IPU_Invoke(channel, &in, &out)); SAY(y[0]);"
        "x[39] = 7; OK(MI_SYS_FlushInvCache(x, 2)); SAY(MI_IPU_Invoke(channel, &in, &out)); SAY(y[0]);"
        "finish();",
        (0, -32767, 9, 0, 9),  # twice what was in memory before, clipped; then twice 5, less one
        ("MI_IPU_Invoke: input 'x' was written and not flushed: the IPU reads what was in memory before",)
        * 2,
        image="s16",
    ),
    "bytes_not_flushed": Case(
        "unsigned char *x; take(image); x = in.astArrayTensors[0].ptTensorData[0]; x[1] = 9;"
        "SAY(MI_IPU_Invoke(channel, &in, &out)); finish();",
        (0,),
        ("MI_IPU_Invoke: input 'x' was written and not flushed",),
        image="u8",
    ),
}
