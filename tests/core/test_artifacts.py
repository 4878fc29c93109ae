"""Files that are whole or absent, records reused only while all is intact, a wary manifest."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edgedla.artifacts import (
    Artifact,
    Manifest,
    StageRecord,
    Store,
    digest,
    digest_path,
    read_json,
    sha256,
    write_atomic,
)
from edgedla.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def kept(store: Store, name: str = "a.bin", data: bytes = b"data") -> Artifact:
    base = store.scratch("export")
    (base / name).write_bytes(data)
    return store.keep("onnx", base / name, "onnx", base)


def test_keep_moves_the_file_and_hashes_it(tmp_path: Path) -> None:
    artifact = kept(Store(tmp_path))
    assert artifact.path == "onnx/a.bin"
    assert artifact.sha256 == hashlib.sha256(b"data").hexdigest()
    assert (tmp_path / "onnx/a.bin").read_bytes() == b"data"
    assert not (tmp_path / ".work/export/a.bin").exists()


def test_a_record_is_reused_only_with_its_key_and_its_files(tmp_path: Path) -> None:
    store = Store(tmp_path)
    artifact = kept(store)
    assert store.reusable("export", "k") is None
    store.record("export", StageRecord(key="k", artifacts=(artifact,)))
    assert store.reusable("export", "k") == StageRecord(key="k", artifacts=(artifact,))
    assert store.reusable("export", "other") is None
    (tmp_path / artifact.path).write_bytes(b"DATA")  # same size, other bytes
    assert store.reusable("export", "k") is None
    (tmp_path / artifact.path).unlink()
    assert store.reusable("export", "k") is None


def test_a_damaged_record_means_that_the_stage_runs_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    write_atomic(tmp_path / ".stages/export.json", b'{"key": ')
    assert store.reusable("export", "k") is None


def test_scratch_is_empty_each_time(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (store.scratch("export") / "left").write_text("x")
    assert list(store.scratch("export").iterdir()) == []


def test_a_failed_write_leaves_the_former_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")
    with pytest.raises(TypeError):
        write_atomic(path, "not bytes")  # type: ignore[arg-type] # the fault that is planted
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("path", ["/etc/passwd", "../up", "a/../../up", "", ".", "a\\..\\b"])
def test_a_manifest_cannot_lead_out_of_its_folder(path: str) -> None:
    with pytest.raises(ValidationError, match="leads out of the bundle"):
        Artifact(kind="onnx", path=path, sha256="", size=0)


def test_read_json_names_file_and_place(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    with pytest.raises(UsageError, match=r"manifest.json: No such file"):
        read_json(path, Manifest, "hint")
    path.write_text('{"schema": "edgedla.manifest/9"}')
    with pytest.raises(UsageError, match=r"manifest\.json: schema: ") as caught:
        read_json(path, Manifest, "build it")
    assert caught.value.hint == "build it"


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_digest_tells_lists_apart(first: list[str], second: list[str]) -> None:
    assert (digest(*first) == digest(*second)) == (first == second)


def test_digest_of_a_folder_sees_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    before = digest_path(tmp_path)
    assert digest_path(tmp_path) == before
    (tmp_path / "a").rename(tmp_path / "b")
    assert digest_path(tmp_path) != before
    assert digest_path(tmp_path / "b") == sha256(tmp_path / "b")
