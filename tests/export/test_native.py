"""What the C++ core takes of graphs as they are exported, whatever the network's options."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from export.fold import array
from export.graphs import GRAPHS
from export.verify import devices_for, left_out_of
from mol_edge import _core
from mol_edge.backends.native_weights import native_weights
from mol_edge.errors import BundleError, DeviceError
from training.model import Mol, MolConfig

Floats = NDArray[np.float32]


def lite(**options: object) -> Mol:
    torch.manual_seed(8)
    return Mol(MolConfig.lite(classes=3, **options)).eval()


@pytest.mark.parametrize("half", [False, True], ids=["single", "half"])
@pytest.mark.parametrize("neighbours", [1, 2, 8])
def test_every_graph_is_taken_with_its_neighbours(neighbours: int, half: bool) -> None:
    model = lite(neighbours=neighbours)
    for graph in ("features", "encoder", "flow", "head"):
        read = native_weights(graph, GRAPHS[graph](model, half).SerializeToString())
        assert read.neighbours == (neighbours if graph == "features" else 0)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_predictions_are_those_of_the_network(level: int) -> None:
    model = lite()
    read = native_weights("flow", GRAPHS["flow"](model, False).SerializeToString())
    name = f"predict_flow{level}.weight"
    wanted = array(model.flownet.get_parameter(name))
    np.testing.assert_allclose(read.values[f"flow.{name}"], wanted, atol=1e-7)


def test_a_graph_of_channels_is_verified_and_run_elsewhere() -> None:
    model = lite(graph="channels")
    assert devices_for(model) == ("onnxruntime:cpu", "openvino:CPU")
    with pytest.raises(DeviceError, match="or a graph of channels"):
        native_weights("features", GRAPHS["features"](model, False).SerializeToString())


def test_ragged_landmark_maps_are_verified_and_run_elsewhere() -> None:
    assert devices_for(lite(landmark_channels=48))[-1] == "native:cpu"
    assert devices_for(lite(landmark_channels=20)) == ("onnxruntime:cpu", "openvino:CPU")


def changed(graph: str, change: Callable[[onnx.ModelProto], None]) -> bytes:
    proto = onnx.ModelProto.FromString(GRAPHS[graph](lite(), False).SerializeToString())
    change(proto)
    return proto.SerializeToString()


def steeper(proto: onnx.ModelProto) -> None:
    next(n for n in proto.graph.node if n.op_type == "LeakyRelu").attribute[0].f = 0.2


def farthest(proto: onnx.ModelProto) -> None:
    top = next(n for n in proto.graph.node if n.op_type == "TopK")
    top.attribute.append(onnx.helper.make_attribute("largest", 0))


def rewired(proto: onnx.ModelProto) -> None:
    add = next(n for n in proto.graph.node if n.name == "first.second.ccc.sum")
    add.input[0], add.input[1] = add.input[1], add.input[1]


def other_k(proto: onnx.ModelProto) -> None:
    next(n for n in proto.graph.node if n.op_type == "TopK").input[1] = "k.3"


@pytest.mark.parametrize(
    ("graph", "change"),
    [("flow", steeper), ("features", farthest), ("features", rewired), ("features", other_k)],
)
def test_a_graph_that_computes_something_else_is_refused(
    graph: str, change: Callable[[onnx.ModelProto], None]
) -> None:
    with pytest.raises(DeviceError, match="native must compute the nodes of"):
        native_weights(graph, changed(graph, change))


def without(name: str) -> Callable[[onnx.ModelProto], None]:
    def change(proto: onnx.ModelProto) -> None:
        kept = [t for t in proto.graph.initializer if t.name != name]
        del proto.graph.initializer[:]
        proto.graph.initializer.extend(kept)

    return change


@pytest.mark.parametrize("name", ["flow.predict_flow1.weight", "flow.raise_to_flow0.weight"])
def test_a_prediction_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(BundleError, match=f"'{name}' of flow must have four dimensions, got none"):
        native_weights("flow", changed("flow", without(name)))


def computed(model: Mol, graph: str) -> list[tuple[str, Floats, Floats]]:
    """What the core and what ONNX Runtime compute of noise, by output."""
    content = GRAPHS[graph](model, False).SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(3)

    def shape(value: onnxruntime.NodeArg) -> list[int]:
        return [size if isinstance(size, int) else 2 for size in value.shape]

    given = {
        each.name: random.standard_normal(shape(each)).astype(np.float32)
        for each in session.get_inputs()
    }
    wanted = session.run(None, given)
    came = [np.zeros_like(each) for each in wanted]
    kind = {"encoder": _core.EncoderGraph, "flow": _core.FlowGraph}[graph]
    made = kind(native_weights(graph, content).values)
    made.run(_core.Team(2, 50), *given.values(), *came)
    names = [each.name for each in session.get_outputs()]
    return list(zip(names, came, wanted))


@pytest.mark.parametrize("width", [0.17, 0.375, 0.63, 0.75, 0.9, 1.125])
def test_channels_of_every_width_are_computed(width: float) -> None:
    """Some layers of these widths have channels in 16s and not in 32s, or in 8s."""
    model = lite(flow_width=width)
    for graph in ("encoder", "flow"):
        for name, came, wanted in computed(model, graph):
            near = 3e-6 * float(np.abs(wanted).max())
            np.testing.assert_allclose(came, wanted, rtol=0, atol=near, err_msg=name)


def test_many_neighbours_are_verified_and_run_elsewhere() -> None:
    assert devices_for(lite(neighbours=8))[-1] == "native:cpu"
    assert devices_for(lite(neighbours=9)) == ("onnxruntime:cpu", "openvino:CPU")


def test_why_it_is_left_out() -> None:
    assert left_out_of(lite()) == {}
    many = lite(neighbours=9, graph="channels", landmark_channels=13)
    assert left_out_of(many) == {
        "native:cpu": "it computes graphs of positions, and this one is of channels; at most 8 "
        "neighbours, and there are 9; landmark maps of 16 channels or a multiple, and these have 13"
    }
