"""Settings files: upstream's and ours are read, hostile ones are data or refused."""

from __future__ import annotations

import argparse
import json
import pathlib
from pathlib import Path

import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from edgedla.errors import UsageError
from edgedla_eat_sed.config import MAX_BYTES, MAX_NODES, read_config

DATA = Path(__file__).parents[1] / "data" / "eat"


def config(folder: Path, text: str | bytes, name: str = "args.yml") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_upstreams_file_is_read() -> None:
    found = read_config(DATA / "tiny" / "args.yml")
    assert (found["nf"], found["ds_factors"], found["seq_len"]) == (4, [4, 4, 4], 16384)
    assert (found["use_dp"], found["kd_model"], found["wd"]) == (True, None, 1e-05)
    assert found["save_path"] == ["outputs"]


def test_a_namespace_dumped_now_is_read(tmp_path: Path) -> None:
    made = argparse.Namespace(nf=8, ds_factors=(4, 2), run_name=pathlib.PosixPath("a/b"), seen={1}, raw=b"x")
    found = read_config(config(tmp_path, yaml.dump(made)))
    assert (found["nf"], found["ds_factors"]) == (8, [4, 2])
    assert "".join(found["run_name"]) == "ab"


@pytest.mark.parametrize(
    "text",
    [
        "nf: 8\nseq_len: 4096\n",
        "args: {nf: 8, seq_len: 4096}\n",
        "net: {nf: 8}\nseq_len: 4096\n",
        "nf: 8\nnet: !!python/object:argparse.Namespace\n  nf: 8\n  seq_len: 4096\n",
        '\ufeff{"nf": 8, "seq_len": 4096}',
    ],
)
def test_plain_and_nested_mappings_are_read(tmp_path: Path, text: str) -> None:
    found = read_config(config(tmp_path, text))
    assert (found["nf"], found["seq_len"]) == (8, 4096)


def test_json_and_safetensors_metadata_are_read(tmp_path: Path) -> None:
    assert read_config(config(tmp_path, '{\n\t"nf": 8}', "a.json")) == {"nf": 8}
    path = tmp_path / "a.safetensors"
    save_file({"x": torch.zeros(1)}, path, {"config": '{"nf": 9}'})
    assert read_config(path) == {"nf": 9}
    save_file({"x": torch.zeros(1)}, path)
    assert read_config(path) == {}


@pytest.mark.parametrize(
    "text",
    [
        "nf: !!python/object/apply:os.system ['touch {mark}']\n",
        "nf: !!python/object/new:pathlib.Path.touch [!!python/object/apply:pathlib.PosixPath ['{mark}']]\n",
        "!!python/object/apply:subprocess.run\nargs: [['touch', '{mark}']]\n",
        "nf: !!python/module:antigravity ''\nother: !!python/name:os.system ''\n",
        "nf: !local {{a: 1}}\n",
    ],
)
def test_tags_construct_nothing(tmp_path: Path, text: str) -> None:
    mark = tmp_path / "mark"
    found = read_config(config(tmp_path, text.format(mark=mark)))
    assert not mark.exists()
    assert all(isinstance(value, str | list | int) for value in found.values())


def laughs() -> str:
    """Ten levels of ten references each: ten billion values in 500 bytes."""
    lines = ["l0: &l0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join([*lines, "ds_factors: *l9\n"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("# no more than this", "expected a mapping, found NoneType"),
        ("just words", "expected a mapping, found str"),
        ("- 1\n- 2\n", "expected a mapping, found list"),
        ("nf: 8\n\tseq_len: 3\n", "not YAML"),
        ("nf: [1, 2\n", "not YAML"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        (b"nf: \x80", "not YAML"),
        ("nf: \0", "not YAML"),
        ("nf: 8\nnet: {nf: 9}\n", "two things of 'nf': 8 and 9"),
        (laughs(), f"more than {MAX_NODES} values"),
        ("a: &a [*a]\n", "16 levels"),
        ("a: " + "[" * 200 + "]" * 200, "16 levels"),
        ("a: " + "[" * 5000, "nested too deeply"),
        ("a: !!int ''\n", "cannot be read"),
        ("a: !!int 'word'\n", "cannot be read"),
        ("a: !!bool 'maybe'\n", "cannot be read"),
        (f"a: 0x{'f' * 9000}\n", "out of range"),
        (f"a: {'9' * 5000}\n", "cannot be read"),
        (f"a: '{'x' * MAX_BYTES}'\n", f"larger than {MAX_BYTES} bytes"),
    ],
)
def test_hostile_yaml_is_refused(tmp_path: Path, text: str | bytes, reason: str) -> None:
    path = config(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        read_config(path)
    assert str(path) in caught.value.message
    assert reason in caught.value.message


@pytest.mark.parametrize("text", ["{", "[1]", "{" * 2, '{"a": ' * 6000, '{"a": NaN', b"\xff\xfe"])
def test_hostile_json_is_refused(tmp_path: Path, text: str | bytes) -> None:
    path = config(tmp_path, text, "args.json")
    with pytest.raises(UsageError, match=r"args\.json"):
        read_config(path)


def test_hostile_safetensors_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"\xff" * 64, (2**62).to_bytes(8, "little") + b"{}"):
        with pytest.raises(UsageError, match=r"x\.safetensors"):
            read_config(config(tmp_path, content, "x.safetensors"))
    path = tmp_path / "deep.safetensors"
    save_file({"x": torch.zeros(1)}, path, {"config": "[" * 10**5})
    with pytest.raises(UsageError, match="larger than"):
        read_config(path)


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.yml"):
        read_config(tmp_path / "gone.yml")
    with pytest.raises(UsageError, match="folder"):
        read_config(tmp_path)


scalars = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=8)
flat = st.dictionaries(st.text("abc_", min_size=1, max_size=6), scalars | st.lists(scalars, max_size=4))


@settings(max_examples=60, deadline=None)
@given(values=flat)
def test_yaml_and_json_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, object]
) -> None:
    folder = tmp_path_factory.mktemp("config")
    assert read_config(config(folder, yaml.dump(values))) == values
    assert read_config(config(folder, json.dumps(values), "args.json")) == values


@settings(max_examples=150, deadline=None)
@given(text=st.binary(max_size=200) | st.text("{}[]&*!:- \n'\"ab1", max_size=60).map(str.encode))
def test_any_bytes_are_data_or_a_usage_error(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    path = config(tmp_path_factory.mktemp("config"), text)
    try:
        found: object = read_config(path)
    except UsageError as error:
        found = error
    assert isinstance(found, dict) or str(path) in str(found)
