"""Images that the board takes or refuses, however they come to it; a refusal is no fault of the program."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from board_images import plain
from board_programs import BANNER, SHAPES, compiled, run
from edgedla_targets.pcupid.emulated import container
from edgedla_targets.pcupid.emulated.board import Board
from edgedla_targets.pcupid.emulated.board.images import Images

if TYPE_CHECKING:
    from pathlib import Path

OPEN = "OK(INIT()); OK(device(1 << 20)); SAY(create(image, 1, 1)); "
CASES = {
    "refused": f"{OPEN} OK(MI_IPU_DestroyDevice()); OK(EXIT());",
    "information": """
#if SYS_MAJOR_VERSION >= 3
    MI_IPU_OfflineModelStaticInfo_t info;

    OK(INIT());
    SAY(MI_IPU_GetOfflineModeStaticInfo(NULL, image, &info));
    OK(EXIT());
#endif""",
    "function": """
    MI_IPUChnAttr_t attributes = depths(1, 1);

    OK(INIT());
    OK(device(1 << 20));
    SAY(MI_IPU_CreateCHN(&channel, &attributes, from_file, image));
    stop();""",
    "failing_function": """
    MI_IPUChnAttr_t attributes = depths(1, 1);

    OK(INIT());
    OK(device(1 << 20));
    SAY(MI_IPU_CreateCHN(&channel, &attributes, failing, image));
    OK(MI_IPU_DestroyDevice());
    OK(EXIT());""",
    "many": """
    MI_IPU_CHN channels[48];
    int i;

    OK(INIT());
    OK(device(1 << 20));
    for (i = 0; i < 48; i++) {
        OK(create(image, 1, 1));
        channels[i] = channel;
    }
    SAY(create(image, 1, 1));
    OK(MI_IPU_DestroyCHN(channels[7]));
    OK(create(image, 1, 1));
    SAY(channel);
    for (i = 0; i < 48; i++)
        OK(MI_IPU_DestroyCHN((MI_IPU_CHN)i));
    OK(MI_IPU_DestroyDevice());
    OK(EXIT());""",
    "large": """
    MI_PHY physical;

    OK(INIT());
    OK(ALLOC(100u << 20, &physical));
    SAY(device(100u << 20));
    OK(FREE(physical));
    OK(device(100u << 20));
    OK(MI_IPU_DestroyDevice());
    OK(EXIT());""",
}
READERS = """
static int from_file(void *to, int offset, int size, char *path)
{
    FILE *file = fopen(path, "rb");
    size_t got = 0;

    if (file != NULL && fseek(file, offset, SEEK_SET) == 0)
        got = fread(to, 1, (size_t)size, file);
    if (file != NULL)
        fclose(file);
    return got == (size_t)size ? 0 : -1;
}

static int failing(void *to, int offset, int size, char *path)
{
    return offset == 0 && size < 60 ? from_file(to, offset, size, path) : -1;
}
"""


REFUSED = {
    "none": (8, "the image cannot be read"),
    "folder": (8, "the image cannot be read"),
    "empty": (8, "the image cannot be read"),
    "cut": (44, "the image is cut off"),
    "damaged": (44, "the image: damaged"),
    "vendor": (44, "the image: not a file of the emulated toolchain"),
    "huge": (44, "the image is damaged"),
    "sim": (44, "the image: a .sim file, not an image for a board"),
    "network": (44, "the image cannot be run"),
    "chip": (54, "the image: made for the chip 'mochi', this is 'pcupid'"),
    "many": (11, "more tensors than the headers have room for"),
    "name": (11, "the headers have no room for tensor 'xxxx"),
}


@pytest.fixture(scope="module", params=SHAPES)
def shape(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def program(shape: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("images"), CASES, shape, functions=READERS)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plain(tmp_path_factory.mktemp("image") / "plain.img")


def broken(kind: str, image: Path) -> Path:
    data = bytearray(image.read_bytes())
    path = image.with_name(f"{kind}.img")
    if kind == "empty":
        data.clear()
    elif kind == "cut":
        del data[-1:]
    elif kind == "damaged":
        data[-9] ^= 1
    elif kind == "vendor":
        data[:8] = b"\x18\0\0\0SGS0"
    elif kind == "huge":
        data[44:48] = b"\xff\xff\xff\xff"
    elif kind == "none":
        return path
    elif kind == "folder":
        return image.parent
    elif kind in ("chip", "sim", "network", "many", "name"):
        header, payload = container.read(image)
        tensor = header.inputs[0]
        changes: dict[str, dict[str, Any]] = {
            "chip": {"chip": "mochi"},
            "sim": {"kind": "fixed"},
            "many": {"inputs": (tensor,) * 61},
            "name": {"inputs": (tensor.model_copy(update={"name": "x" * 256}),)},
        }
        container.write(
            path,
            header.model_copy(update=changes.get(kind, {})),
            b"no network" if kind == "network" else payload,
        )
        return path
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", REFUSED)
def test_images_that_are_refused(kind: str, shape: str, program: Path, image: Path) -> None:
    code, reason = REFUSED[kind]
    path = broken(kind, image)
    with Board() as board:
        done = run(board, program, "refused", path)
        looked = run(board, program, "information", path)
        assert board.faults == []
    assert done.numbers == [code if shape == "new" or code < 22 else 22]
    assert any(f"emulated board: MI_IPU_CreateCHN: {each}" in done.err for each in reason.split("|")), (
        done.err
    )
    seen_at_a_glance = kind not in ("cut", "damaged", "network", "many", "name")
    assert looked.numbers == ([] if shape == "old" else [code if seen_at_a_glance else 0])


def test_an_image_that_a_function_reads(program: Path, image: Path) -> None:
    with Board() as board:
        assert run(board, program, "function", image).numbers == [0]
        done = run(board, program, "failing_function", image)
        assert board.faults == []
    assert done.numbers in ([44], [22])
    assert "the image is cut off" in done.err


def test_a_board_of_another_chip_takes_its_own_images(shape: str, program: Path, image: Path) -> None:
    with Board("mochi") as board:
        own = run(board, program, "function", broken("chip", image))
        assert (own.code, own.numbers, own.err) == (0, [0], BANNER)
        other = run(board, program, "refused", image)
    assert other.numbers == [54 if shape == "new" else 22]


def test_there_are_48_channels(shape: str, program: Path, image: Path) -> None:
    with Board() as board:
        done = run(board, program, "many", image)
        assert board.faults == []
    assert done.numbers == [256 if shape == "new" else 22, 7]
    assert "all 48 channels are in use" in done.err


def test_memory_has_an_end(program: Path, image: Path) -> None:
    with Board() as board:
        done = run(board, program, "large", image)
        assert board.faults == []
    assert done.numbers == [4]
    assert "MI_IPU_CreateDevice: 104857600 bytes for the variable buffer: 29360128 of 134217728" in done.err


def test_an_image_is_opened_once_however_many_programs_come(
    program: Path, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    original = Images._opened  # noqa: SLF001 - what costs time in an image

    def counting(images: Images, data: bytes) -> object:
        opened.append(len(data))
        return original(images, data)

    monkeypatch.setattr(Images, "_opened", counting)
    with Board() as board:
        runs = [threading.Thread(target=run, args=(board, program, "function", image)) for _ in range(4)]
        for each in runs:
            each.start()
        for each in runs:
            each.join()
        assert board.faults == []
    assert opened == [image.stat().st_size]
