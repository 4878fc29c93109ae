"""Programs that run an image in rounds, with buffers of the channel's or their own, and what goes in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from board_images import values

if TYPE_CHECKING:
    from pathlib import Path

    from edgedla_targets.pcupid.emulated.image import Image

CASES = {
    "own": "take(image); feed(argv, 0); finish();",
    "deep": """
    MI_IPU_TensorVector_t more[2];

    start(image, 3);
    OK(MI_IPU_GetInputTensors(channel, &more[0]));
    OK(MI_IPU_GetInputTensors(channel, &in));
    OK(MI_IPU_GetInputTensors(channel, &more[1]));
    OK(MI_IPU_PutInputTensors(channel, &more[0]));
    OK(MI_IPU_GetOutputTensors(channel, &out));
    feed(argv, 0);
    OK(MI_IPU_PutInputTensors(channel, &more[1]));
    finish();""",
    "users": """
    int cached = strcmp(argv[8], "cached") == 0;
    MI_PHY physical[2];
    MI_U32 size[2];
    void *bytes[2];
    int i;

    start(image, 0);
    for (i = 0; i < 2; i++) {
        size[i] = (MI_U32)atol(argv[6 + i]) + 64;
        bytes[i] = memory(size[i], (MI_BOOL)cached, &physical[i]);
    }
    in = vector((char *)bytes[0] + 64, physical[0] + 64);
    out = vector(bytes[1], physical[1]);
    feed(argv, cached);
    for (i = 0; i < 2; i++)
        release(bytes[i], size[i], physical[i]);
    stop();""",
}


def feeds(image: Image, rounds: int) -> list[dict[str, Any]]:
    """Inputs for each round."""
    return [
        {tensor.name: values(tensor, 7 * number + index) for index, tensor in enumerate(image.inputs)}
        for number in range(rounds)
    ]


def spoken(image: Image, case: str, path: Path, rounds: int) -> list[str | Path]:
    """The arguments of the program."""
    sizes = [str(tensor.size) for tensor in (*image.inputs, *image.outputs)]
    return [case, path, str(len(image.inputs)), str(len(image.outputs)), str(rounds), *sizes]


def raw(arrays: list[dict[str, Any]]) -> bytes:
    """All bytes, round by round."""
    return b"".join(array.tobytes() for each in arrays for array in each.values())
