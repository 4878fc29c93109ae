"""Ranges are taken of networks whose tensors together fill more memory than there should be."""

from __future__ import annotations

import subprocess
import sys

TENSORS, MEGABYTES = 60, 4  # of each
MOST = TENSORS * MEGABYTES // 2  # that the tensors may take, squares and all

SCRIPT = f"""
import resource
import numpy as np
from edgedla_targets.pcupid.emulated.statistics import collect
from onnx import helper, shape_inference, TensorProto

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

shape = [1, {MEGABYTES}, 512, 512]
names = ["x", *(f"t{{index}}" for index in range({TENSORS}))]
nodes = [
    helper.make_node("Abs" if index % 2 else "Neg", [source], [result])
    for index, (source, result) in enumerate(zip(names, names[1:]))
]
ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in (names[0], names[-1])]
model = helper.make_model(helper.make_graph(nodes, "chain", ends[:1], ends[1:]), ir_version=8,
                          opset_imports=[helper.make_opsetid("", 13)])
model = shape_inference.infer_shapes(model)
feed = {{"x": np.linspace(-3, 2, {MEGABYTES} << 18, dtype=np.float32).reshape(shape)}}
before = peak()
ranges = collect(model, [feed])
assert len(ranges) == {TENSORS} + 1
assert (ranges["x"].low, ranges["x"].high, ranges["t0"].low) == (-3, 2, -2)
print(peak() - before)
"""


def test_tensors_are_not_kept_until_the_network_has_ended() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < MOST
