"""The graphs' form: operators, versions, shapes, node counts."""

from __future__ import annotations

import onnx
import pytest

from export.builder import IR_VERSION, OPSET
from export.graphs import GRAPHS
from mol_edge.graph_info import GRAPH_TENSORS
from training.model import Mol, MolConfig

STANDARD = {
    "Add", "Concat", "Conv", "ConvTranspose", "DepthToSpace", "Div", "Gather", "GatherND", "Gemm",
    "LeakyRelu",
    "MatMul", "Max", "MaxPool", "Mul", "ReduceL2", "ReduceMax", "Relu", "Reshape", "Slice", "Split",
    "TopK", "Transpose", "Cast",
}  # fmt: skip


@pytest.fixture(scope="module")
def model() -> Mol:
    return Mol(MolConfig.lite(classes=3)).eval()


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("half", [False, True])
def test_graphs_are_standard_and_static_but_for_the_batch(
    model: Mol, name: str, half: bool
) -> None:
    graph = GRAPHS[name](model, half)
    assert [(o.domain, o.version) for o in graph.opset_import] == [("", OPSET)] == [("", 17)]
    assert graph.ir_version == IR_VERSION <= 9
    assert {node.op_type for node in graph.graph.node} <= STANDARD
    assert len(graph.graph.node) <= (400 if name == "clip" else 130)
    inferred = onnx.shape_inference.infer_shapes(graph, strict_mode=True, data_prop=True)
    for value in [*inferred.graph.input, *inferred.graph.output]:
        first, *rest = value.type.tensor_type.shape.dim
        assert first.dim_param == "N"
        assert all(d.dim_value > 0 for d in rest)
    inputs = {value.name for value in graph.graph.input}
    outputs = {value.name for value in graph.graph.output}
    assert (inputs, outputs) == GRAPH_TENSORS[name]


def test_unreachable_displacements_are_left_out(model: Mol) -> None:
    graph = GRAPHS["flow"](model, False).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    redir = model.config.flow_channels(32)
    assert shapes["flow.conv3_1.weight"][1] == redir + 225 + 256


def test_node_names_are_unique(model: Mol) -> None:
    for build in GRAPHS.values():
        names = [node.name for node in build(model, True).graph.node]
        assert len(names) == len(set(names))
