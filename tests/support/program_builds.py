"""The board program for tests: compiled, made for small networks, run on the emulated board."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from edgedla.spec import ModelSpec, TensorSpec
from edgedla_targets.pcupid.emulated import container
from edgedla_targets.pcupid.emulated.board import HEADERS, LIBRARY_SOURCES
from edgedla_targets.pcupid.emulated.header import Header, Tensor
from edgedla_targets.pcupid.options import PcupidOptions
from edgedla_targets.pcupid.program.generate import PLACE, write_sources
from edgedla_targets.pcupid.program.values import Made, program_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from edgedla_targets.pcupid.emulated.board import Board
    from edgedla_targets.pcupid.program.golden import Clip

FIXED = Path(__file__).parents[2] / "templates/edgedla_templates/pcupid" / PLACE
STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion")
SANITIZE = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
NOTICE = "emulated: for tests"
ELEMENTS = {
    "FP32": TensorProto.FLOAT,
    "INT16": TensorProto.INT16,
    "U8": TensorProto.UINT8,
    "GRAY": TensorProto.UINT8,
}


def compile_c(*words: str | Path, folder: Path) -> None:
    """Run the C compiler in a folder; what it says is the failure's text."""
    argv = ["gcc", *STRICT, *map(str, words)]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Objects:
    """The fixed files and the board's libraries, compiled once; programs are linked with them."""

    folder: Path
    flags: tuple[str, ...]

    @classmethod
    def make(cls, folder: Path, shape: str, *flags: str) -> Objects:
        objects = cls(folder, (*flags, f"-I{HEADERS[shape]}", f"-I{FIXED}"))
        libraries = [path for paths in LIBRARY_SOURCES.values() for path in paths]
        compile_c(*objects.flags, "-c", *sorted(FIXED.glob("*.c")), *libraries, folder=folder)
        return objects

    def link(self, sources: Path, out: Path, *extra: str | Path) -> Path:
        """The program of generated sources."""
        own = [path for path in sorted(sources.glob("*.c")) if not (FIXED / path.name).exists()]
        objects = sorted(self.folder.glob("*.o"))
        compile_c(*self.flags, *own, *objects, "-o", out, *extra, "-lm", folder=sources)
        return out


@dataclass(frozen=True)
class Ran:
    """What a program left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.out)
        assert self.out.count("\n") == 1
        assert self.out.endswith("\n")
        assert answer["exit_code"] == self.code
        assert answer["ok"] == (self.code == 0)
        assert answer["schema"] == "edgedla.board/1"
        return answer

    def lines(self, head: str) -> list[str]:
        """What follows `head: ` on the lines that begin so."""
        head = f"{head}: "
        return [line.removeprefix(head) for line in self.out.splitlines() if line.startswith(head)]


@dataclass(frozen=True)
class Program:
    """A program, its image, and a board to run it on."""

    path: Path
    image: Path
    board: Board

    def run(
        self,
        *words: str | Path,
        cwd: Path | None = None,
        image: bool = True,
        environment: Mapping[str, str] | None = None,
        out: int | None = None,
    ) -> Ran:
        """Run it in `cwd`; its output goes to the descriptor `out` where one is given."""
        argv: list[str | Path] = [self.path, *(("-m", self.image) if image else ()), *words]
        done = subprocess.run(
            argv,
            cwd=cwd or self.path.parent,
            env={**os.environ, **self.board.environment, **(environment or {})},
            stdout=subprocess.PIPE if out is None else out,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
        texts = [(data or b"").decode(errors="surrogateescape") for data in (done.stdout, done.stderr)]
        assert "Sanitizer" not in texts[1], texts[1]
        assert "runtime error" not in texts[1], texts[1]
        return Ran(done.returncode, *texts)


@dataclass(frozen=True)
class Network:
    """A network of a few nodes as an emulated image, and the spec of the model it would be."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    nodes: tuple[NodeProto, ...]
    labels: tuple[str, ...] = ()
    spec: dict[str, Any] = field(default_factory=dict)
    name: str = "some_net"

    def made(self, folder: Path, **options: Any) -> Made:
        """The image in a folder, and what the generator wants to know."""
        folder.mkdir(parents=True, exist_ok=True)
        header = Header(
            edgedla="0",
            chip="pcupid",
            kind="offline",
            inputs=self.inputs,
            outputs=self.outputs,
            variable_buffer_size=64,
        )
        container.write(folder / "net.img", header, self._graph().SerializeToString())
        spec = ModelSpec(
            inputs=tuple(TensorSpec(name=each.name, shape=each.shape) for each in self.inputs),
            outputs=tuple(TensorSpec(name=each.name, shape=each.shape) for each in self.outputs),
            labels=self.labels,
            **{"stem": "net", **self.spec},
        )
        return Made(self.name, spec, PcupidOptions(**options), folder / "net.img", NOTICE)

    def program(
        self, folder: Path, objects: Objects, board: Board, clips: Sequence[Clip] = (), *link: str | Path
    ) -> Program:
        """The program of this network, compiled in `folder`."""
        made = self.made(folder)
        write_sources(made, clips, folder / "src")
        out = folder / program_name(made.spec, made.options, made.model)
        return Program(objects.link(folder / "src", out, *link), made.image, board)

    def _graph(self) -> ModelProto:
        inputs, outputs = ([_value(tensor) for tensor in side] for side in (self.inputs, self.outputs))
        graph = helper.make_graph(self.nodes, "net", inputs, outputs)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def identity(shape: tuple[int, ...], labels: tuple[str, ...] = (), **spec: Any) -> Network:
    """What goes in comes out."""
    return Network(
        (Tensor(name="x", shape=shape),),
        (Tensor(name="y", shape=shape),),
        (helper.make_node("Identity", ["x"], ["y"]),),
        labels,
        spec,
    )


def tensor_file(path: Path, values: npt.ArrayLike) -> Path:
    """Values as the program reads them."""
    path.write_bytes(np.asarray(values, "<f4").tobytes())
    return path


def _value(tensor: Tensor) -> ValueInfoProto:
    return helper.make_tensor_value_info(tensor.name, ELEMENTS[tensor.format], tensor.shape)
