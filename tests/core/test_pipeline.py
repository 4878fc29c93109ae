"""A build from names to manifest: reuse, identical bytes, gates, lock, interruption, hooks, a compiler."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from beep_builds import HOSTCC, MAIN_C, prepare, run, statuses
from edgedla.artifacts import MANIFEST
from edgedla.config import Config
from edgedla.errors import EdgedlaError, GateError, UsageError
from edgedla.pipeline import STAGES
from edgedla.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from throwaway import Site

DRIFT = """
from edgedla import Converter, OnnxRunner, Target, hookimpl


class DriftFromOnnx(Converter):
    name, source, result = "drift_from_onnx", "onnx", "drift"

    def convert(self, path, context):
        import onnx
        from onnx import numpy_helper

        model = onnx.load(path)
        for tensor in model.graph.initializer:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * 1.5, tensor.name))
        out = context.dir("convert") / "drift.onnx"
        onnx.save(model, out)
        return out

    def runner(self, path, context):
        return OnnxRunner(path)


class Drifting(Target):
    name, accepts = "drifting", "drift"


@hookimpl
def edgedla_converters():
    return [DriftFromOnnx]


@hookimpl
def edgedla_targets():
    return [Drifting]
"""


def tree(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def test_a_build_leaves_a_bundle_and_its_manifest(site: Site, work: Path) -> None:
    site.beep()
    run(work)
    root = work / "build/beep/onnxruntime"
    manifest = json.loads((root / MANIFEST).read_text())
    assert manifest["schema"] == "edgedla.manifest/1"
    assert manifest["model"]["distribution"] == "edgedla-beep"
    assert {"onnx.max_abs", "simplified.max_abs"} & {gate["name"] for gate in manifest["gates"]}
    assert all(gate["ok"] for gate in manifest["gates"])
    assert (root / "labels.txt").read_text() == "silence\nbeep\n"
    for artifact in manifest["artifacts"]:
        assert (root / artifact["path"]).stat().st_size == artifact["size"]
    assert not (root / ".work").exists()


def test_nothing_in_the_bundle_tells_where_or_when(site: Site, work: Path) -> None:
    site.beep()
    run(work)
    for name, data in tree(work / "build").items():
        assert str(work).encode() not in data, name


def test_a_second_build_reuses_everything(site: Site, work: Path) -> None:
    site.beep()
    run(work)
    before = tree(work / "build")
    assert set(statuses(run(work)).values()) <= {"reused", "skipped"}
    assert tree(work / "build") == before


def test_two_builds_are_byte_identical(site: Site, work: Path) -> None:
    site.beep()
    run(work, out=work / "one")
    run(work, out=work / "two")
    assert tree(work / "one") == tree(work / "two")


@pytest.mark.parametrize("victim", ["onnx/beep.onnx", "onnx/beep_sim.onnx", "labels.txt"])
def test_a_lost_or_damaged_file_is_made_again(site: Site, work: Path, victim: str) -> None:
    site.beep()
    run(work)
    before = tree(work / "build")
    path = work / "build/beep/onnxruntime" / victim
    path.write_bytes(path.read_bytes()[:-1])
    assert "run" in statuses(run(work)).values()
    assert tree(work / "build") == before


def test_changed_plugin_code_is_not_reused(site: Site, work: Path) -> None:
    module = site.beep()
    run(work)
    from edgedla import fingerprint

    fingerprint.of_package.cache_clear()
    module.write_text(module.read_text() + "\n# changed\n")
    assert statuses(run(work))["export"] == "run"


@pytest.mark.parametrize("stage", list(STAGES))
def test_an_interrupted_build_goes_on_and_ends_the_same(
    site: Site, work: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    site.beep()
    run(work, out=work / "calm")

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setitem(STAGES, stage, interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(work, out=work / "rough")
    assert not (work / "rough" / MANIFEST).exists()
    made = run(work, out=work / "rough")
    before = list(STAGES)[: list(STAGES).index(stage)]
    assert all(statuses(made)[name] in ("reused", "skipped") for name in before)
    assert tree(work / "rough") == tree(work / "calm")


def test_one_build_at_a_time(site: Site, work: Path) -> None:
    site.beep()
    root = work / "build/beep/onnxruntime"
    root.mkdir(parents=True)
    with FileLock(root / ".lock"), pytest.raises(UsageError, match="another build is at work"):
        run(work)


def test_a_spec_that_lies_is_found(site: Site, work: Path) -> None:
    module = site.beep()
    module.write_text(module.read_text().replace('name="prob", shape=(1, 2)', 'name="prob", shape=(1, 3)'))
    with pytest.raises(
        GateError, match=r"outputs are prob float32 \(1, 2\); its spec says prob float32 \(1, 3\)"
    ):
        run(work)


def test_a_converter_that_changes_the_numbers_is_named(site: Site, work: Path) -> None:
    site.beep()
    site.add("drifting", DRIFT)
    made = prepare("drifting", cwd=work)
    with pytest.raises(GateError, match="rung 'drift' parts from 'simplified': max abs difference"):
        made.run(lambda _: None)
    rungs = {rung.name: rung.ok for record in made.records for rung in record.rungs}
    assert rungs == {"simplified": True, "drift": False}
    assert not (work / "build/beep/drifting" / MANIFEST).exists()
    again = prepare("drifting", cwd=work)
    with pytest.raises(GateError):  # what failed is not passed over because it was done before
        again.run(lambda _: None)


def test_a_plugins_judge_has_the_last_word(site: Site, work: Path) -> None:
    site.beep()
    site.add("drifting", DRIFT)
    site.add(
        "lenient",
        "from edgedla import Verdict, hookimpl\nfrom edgedla.compare import measure\n"
        "@hookimpl\ndef edgedla_judge(reference, candidate):\n"
        "    return Verdict(ok=True, metrics=measure(reference, candidate, classes=True))\n",
    )
    assert statuses(run(work, "drifting"))["accept"] == "run"


def test_a_target_with_sources_is_generated_and_compiled(site: Site, work: Path) -> None:
    import subprocess

    site.beep()
    site.add("hostcc", HOSTCC)
    (site.folder / "hostcc_templates").mkdir()
    (site.folder / "hostcc_templates/__init__.py").write_text("")
    (site.folder / "hostcc_templates/main.c.j2").write_text(MAIN_C)
    made = run(work, "hostcc")
    assert statuses(made) | {"codegen": "run", "compile": "run"} == statuses(made)
    root = work / "build/beep/hostcc"
    done = subprocess.run([root / "bin/demo"], capture_output=True, text=True, check=True)
    assert done.stdout == "silence\nbeep\n"
    assert "cc -std=c99" in (root / "logs/compile.log").read_text()


def test_what_other_options_left_is_taken_away(site: Site, work: Path) -> None:
    module = site.beep()
    run(work)
    module.write_text(module.read_text().replace('stem="beep"', 'stem="boop"'))
    from edgedla import fingerprint

    fingerprint.of_package.cache_clear()
    import sys

    del sys.modules["edgedla_beep"]
    run(work)
    assert sorted(path.name for path in (work / "build/beep/onnxruntime/onnx").iterdir()) == [
        "boop.onnx",
        "boop_sim.onnx",
    ]


def test_an_observer_that_fails_is_a_warning(site: Site, work: Path) -> None:
    site.beep()
    site.add(
        "watcher",
        "from edgedla import hookimpl\n"
        "@hookimpl\ndef edgedla_after_stage(stage, artifacts):\n    raise OSError(stage)\n",
    )
    assert "plugin 'watcher' failed in edgedla_after_stage: OSError: export" in run(work).warnings


def test_a_folder_that_cannot_be_written(site: Site, work: Path) -> None:
    site.beep()
    (work / "file").write_text("")
    with pytest.raises(EdgedlaError, match="cannot be made"):
        run(work, out=work / "file" / "below")


def test_a_copied_bundle_opens_elsewhere(site: Site, work: Path) -> None:
    site.beep()
    run(work)
    shutil.move(work / "build/beep/onnxruntime", work / "moved")
    space = Workspace(Config.load(cwd=work, environ=os.environ))
    opened = space.open(work / "moved", "build it")
    assert opened.model.name == "beep"
    assert opened.network == work / "moved/convert/beep_fast.onnx"
