"""Hostile bytes: the fuzzers' corpus, and what hypothesis makes up, through a program with sanitizers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from c_programs import FRONT_END, HERE, FrontEnd, compiled, compiler_for
from program_builds import SANITIZE
from wav_files import MENDED, REFUSED, TAKEN, chunk, riff

if TYPE_CHECKING:
    from pathlib import Path

FILES = [
    *TAKEN.values(),
    *(given for given, _ in MENDED.values()),
    *(given for given, *_ in REFUSED.values()),
]
RATES = st.sampled_from([0, 999, 1000, 22_050, 44_100, 48_000, 1_000_000, 2**32 - 1]) | st.integers(
    0, 2**32 - 1
)
TARGETS = ("fuzz_wav", "fuzz_front_end")


@pytest.fixture(scope="module")
def front_end(tmp_path_factory: pytest.TempPathFactory) -> FrontEnd:
    compiler = compiler_for("native", tmp_path_factory.getbasetemp())
    return FrontEnd.made(tmp_path_factory.mktemp("c"), compiler, *SANITIZE)


def number(bits: int) -> st.SearchStrategy[bytes]:
    edges = [0, 1, 2, 2 ** (bits - 1), 2**bits - 1]
    return (st.sampled_from(edges) | st.integers(0, 2**bits - 1)).map(
        lambda value: value.to_bytes(bits // 8, "little")
    )


FORMATS = st.tuples(
    st.sampled_from([1, 3, 6, 7, 0xFFFE]).map(lambda kind: kind.to_bytes(2, "little")) | number(16),
    st.integers(0, 9).map(lambda count: count.to_bytes(2, "little")) | number(16),
    RATES.map(lambda rate: rate.to_bytes(4, "little")),
    number(32),
    number(16),
    st.sampled_from([8, 16, 24, 32, 64]).map(lambda bits: bits.to_bytes(2, "little")) | number(16),
    st.binary(max_size=26),
).map(b"".join)
CHUNKS = st.builds(
    lambda name, contents, size, pad: chunk(name, contents, size, pad=pad),
    st.sampled_from([b"data", b"fmt ", b"ds64", b"LIST", b"\0\0\0\0"]),
    FORMATS | st.binary(max_size=400),
    st.none() | st.sampled_from([0, 2**31, 0x7FFFF000, 2**32 - 1]) | st.integers(0, 2**32 - 1),
    st.booleans(),
)
MADE_UP = st.builds(
    lambda fmt, sound, others, name: riff(
        *others[:1], chunk(b"fmt ", fmt), chunk(b"data", sound), *others[1:], name=name
    ),
    FORMATS,
    st.binary(max_size=2_000),
    st.lists(CHUNKS, max_size=3),
    st.sampled_from([b"RIFF", b"RF64", b"BW64"]),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """One of the files of the tables with some bytes changed, and an end of it gone."""
    contents = bytearray(draw(st.sampled_from(FILES)))
    for place, value in draw(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=4)):
        if place < len(contents):
            contents[place] = value
    return bytes(contents[: draw(st.integers(0, len(contents)))])


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(contents=st.lists(st.binary(max_size=300) | MADE_UP | damaged(), min_size=8, max_size=24))
def test_any_bytes_are_answered_and_no_frame_is_made_up(
    contents: list[bytes], front_end: FrontEnd, tmp_path: Path
) -> None:
    paths = [tmp_path / f"{index}.wav" for index in range(len(contents))]
    for path, each in zip(paths, contents, strict=True):
        path.write_bytes(each)
    for found, each in zip(front_end.hear(*paths, rate=22_050, length=500), contents, strict=True):
        if found.tensor is None:
            assert found.error in {"FILE", "FORMAT", "SOUND"}
            assert found.reason
        else:
            assert 1 <= found.frames <= len(each) // found.channels
            assert found.truncated == (found.announced > found.frames)
            assert (abs(found.tensor) <= 0.9501).all()


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_of_the_fuzzers_passes(target: str, tmp_path: Path) -> None:
    sources = [HERE / f"fuzz/{target}.c", HERE / "fuzz/replay.c", *FRONT_END]
    compiler = compiler_for("native", tmp_path)
    program = FrontEnd(compiled(sources, tmp_path / target, compiler, *SANITIZE))
    corpus = sorted((HERE / "fuzz/corpus" / target).iterdir())
    assert program.run(*corpus) == f"{len(corpus)} files\n"
    assert len(corpus) >= 30
    assert sum(path.stat().st_size for path in corpus) < 100_000


def test_the_fuzz_targets_see_what_is_wrong(tmp_path: Path) -> None:
    # A reader that believes the size of the sound is caught by the same corpus.
    wav = next(path for path in FRONT_END if path.name == "edla_wav.c")
    broken = tmp_path / "edla_wav.c"
    text = wav.read_text()
    assert text.count("data->found = data->size < left ? data->size : left;") == 1
    broken.write_text(
        text.replace("data->found = data->size < left ? data->size : left;", "data->found = data->size;")
    )
    sources = [HERE / "fuzz/fuzz_wav.c", HERE / "fuzz/replay.c", broken, *(set(FRONT_END) - {wav})]
    program = FrontEnd(compiled(sources, tmp_path / "broken", compiler_for("native", tmp_path), *SANITIZE))
    with pytest.raises(AssertionError):
        program.run(*sorted((HERE / "fuzz/corpus/fuzz_wav").iterdir()))
