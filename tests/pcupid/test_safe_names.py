"""Names that survive the vendor's parsers."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from edgedla_targets.pcupid.safe.names import PLAIN, plain
from safe_graphs import Safe, graph, noise

if TYPE_CHECKING:
    from pathlib import Path

    import onnx


def _chain(names: list[str]) -> onnx.ModelProto:
    """Relu after Relu from the first of these tensors to the last."""
    nodes = [helper.make_node("Relu", [one], [next_], name=f"/to/{next_}") for one, next_ in pairwise(names)]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in (names[0], names[-1])]
    model = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:]))
    del model.opset_import[:]
    model.opset_import.extend([helper.make_opsetid("", 13)])
    model.ir_version = 8
    return model


@given(st.text(max_size=12))
def test_plain_names(name: str) -> None:
    word = plain(name, "tensor")
    assert PLAIN.fullmatch(word)
    assert plain(word, "tensor") == word
    # What the tools do to the ends of a list of names.
    assert word == word.strip("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ")


def test_paths_of_torch_become_words(tmp_path: Path) -> None:
    safe = Safe(_chain(["input.1", "/enc/0/Relu_output_0", "::x", "/fc/Gemm_output_0"]), tmp_path)
    assert safe.model.graph.input[0].name == "input_1"
    assert safe.model.graph.output[0].name == "fc_Gemm_output_0"
    assert [node.output[0] for node in safe.nodes] == ["enc_0_Relu_output_0", "x", "fc_Gemm_output_0"]
    assert safe.difference() == 0


def test_words_that_collide_are_told_apart_and_plain_ones_stay(tmp_path: Path) -> None:
    model = _chain(["images", "/a", "a", ":a", "a_1", "output"])
    for node in model.graph.node:
        node.name = "the/same"
    safe = Safe(model, tmp_path)
    assert (safe.model.graph.input[0].name, safe.model.graph.output[0].name) == ("images", "output")
    assert [node.output[0] for node in safe.nodes] == ["a_2", "a", "a_3", "a_1", "output"]
    assert len({node.name for node in safe.nodes}) == len(safe.nodes)


def test_numbers_and_trailing_underscores(tmp_path: Path) -> None:
    """The tools strip punctuation from the ends, and an underscore is punctuation."""
    safe = Safe(_chain(["0", "mid", "scores_"]), tmp_path)
    assert [safe.model.graph.input[0].name, safe.model.graph.output[0].name] == ["tensor_0", "scores"]


def test_unnamed_nodes_are_named_after_their_operator(tmp_path: Path) -> None:
    model = graph("g (float[1,4] x) => (float[1,4] y) {a = Relu(x) y = Relu(a)}")
    for node in model.graph.node:
        node.name = ""
    assert [node.name for node in Safe(model, tmp_path).nodes] == ["Relu", "Relu_1"]


def test_outputs_left_out_stay_so(tmp_path: Path) -> None:
    text = "g (float[5,1,4] x) => (float[1,1,3] y) {all, y = GRU<hidden_size=3>(x, w, r)}"
    model = graph(text, w=noise(1, 9, 4), r=noise(1, 9, 3))
    model.graph.node[0].output[0] = ""
    model.graph.node[0].name = "last of all"
    safe = Safe(model, tmp_path)
    assert list(safe.nodes[0].output) == ["", "y"]
    assert safe.nodes[0].name == "last_of_all"
